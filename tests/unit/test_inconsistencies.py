"""Published figures that do not reconcile: the arithmetic is the code's, the expected values are worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from family_justice.errors import PipelineError
from family_justice.report.inconsistencies import COLUMNS, recomputed, table, verdict

PUBLISHED = Path(__file__).resolve().parents[2] / "config/references/inconsistencies.csv"


def row(**values: str) -> dict[str, str]:
    return {**dict.fromkeys(COLUMNS, ""), **values}


@pytest.mark.parametrize(
    ("printed", "numerator", "denominator", "expected"),
    [
        ("82.8%", "92891", "112927", "82.26% (92\u202f891 of 112\u202f927)"),  # 92891 / 112927 = 0.822575
        ("66%", "2317", "3226", "71.8% (2\u202f317 of 3\u202f226)"),
        ("0.94%", "53", "5563", "0.953% (53 of 5\u202f563)"),
        ("249,500", "289300", "249500", "116.0% (289\u202f300 of 249\u202f500)"),
        ("802", "802", "", ""),
    ],
)
def test_shares_follow_from_the_counts(printed: str, numerator: str, denominator: str, expected: str) -> None:
    assert recomputed(printed, numerator, denominator) == expected


@pytest.mark.parametrize(
    ("printed", "numerator", "denominator", "elsewhere", "expected"),
    [
        ("82.8%", "92891", "112927", "", "should be 82.3%, off by 0.5 points"),
        ("66%", "2137", "3226", "", "agrees"),
        ("66%", "2317", "3226", "66%", "should be 72%, off by 6 points"),
        ("0.94%", "53", "5563", "", "should be 0.95%, off by 0.01 points"),
        ("12.5%", "1", "8", "", "agrees"),
        ("13%", "1", "8", "", "agrees"),  # 12.5 rounds half up
        ("12%", "1", "8", "", "should be 13%, off by 1 points"),
        ("24,460", "24460", "165550", "25,457", "the two differ by 997 (4.1%)"),
        ("802", "802", "", "1,039", "the two differ by 237 (29.6%)"),
        ("over half", "", "", "63%", "no counts are printed"),
        (
            "249,500", "289300", "249500", "349,600",
            "impossible: the part is larger than the whole; the two differ by 100\u202f100 (40.1%)",
        ),
    ],
)  # fmt: skip
def test_verdicts(printed: str, numerator: str, denominator: str, elsewhere: str, expected: str) -> None:
    assert verdict(row(printed=printed, numerator=numerator, denominator=denominator, elsewhere=elsewhere)) == expected


def test_the_file_has_seven_with_a_source_each() -> None:
    found, notes = table(PUBLISHED)
    assert len(found.rows) == 7
    assert len(notes) == 7
    assert all(len(line.cells) == len(found.heads) - 1 for line in found.rows)
    assert not any(line.cells[3].text == "agrees" for line in found.rows)


def test_other_columns_and_separators_are_errors(tmp_path: Path) -> None:
    path = tmp_path / "some.csv"
    path.write_text("id,printed\n1,2\n")
    with pytest.raises(PipelineError, match="the columns are id, printed; needed: id, published"):
        table(path)
    path.write_text(",".join(COLUMNS) + '\n1,,,5%,"1,000",20,,,,,,\n')
    with pytest.raises(PipelineError, match="row 1, numerator: write a whole number"):
        table(path)
