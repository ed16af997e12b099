"""The door: it opens for what is declared and known, and for nothing else."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
import yaml
from behind_samples import write_behind

from family_justice.analyses.left_out import REASONS
from family_justice.config.schema import Policy
from family_justice.disclosure import door as gate
from family_justice.disclosure.vocabulary import vocabulary
from family_justice.errors import ConfigError, DisclosureError
from family_justice.files import write_csv
from family_justice.results import read_results, tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))

STUDY: dict[str, Any] = {
    "stream": "recurrence",
    "title": "Returns",
    "source": {"fingerprint": "a12345678901b"},
    "cohorts": {"mothers": {"label": "Mothers", "steps": [{"name": "in_s31", "label": "Mothers in s31"}]}},
    "covariates": {
        "age_band": {"label": "Age", "levels": ["under 20", "20 to 24", "25 and over"], "reference": "20 to 24"}
    },
    "outcomes": {"return_any": {"label": "Return"}},
    "analyses": {
        "ages": {"kind": "table_one", "variables": ["age_band"], "group_by": ["issue_year"]},
        "attrition.mothers": {"kind": "attrition"},
    },
}


class House:
    """Two analyses of one stream in a folder, and the door between its rooms."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        levels = {"under 20": 4, "20 to 24": 40, "25 and over": 30}
        self.ages = tidy(
            [{"level": level, "n": n, "total": 74, "estimate": 100 * n / 74} for level, n in levels.items()],
            stream="recurrence", analysis="ages", kind="table_one", cohort="mothers", measure="percent",
            term="age_band", group="issue_year=2016/17",
        )  # fmt: skip
        self.steps = tidy(
            [{"term": "in_s31", "n": 74}],
            stream="recurrence", analysis="attrition.mothers", kind="attrition", cohort="mothers", measure="count",
        )  # fmt: skip
        self.study = STUDY

    def open(self, policy: Policy = COURT, minimum: Policy = COURT, text: str | None = None) -> list[str]:
        internal = {name: self.folder / "internal" / name / "results.csv" for name in ("ages", "attrition.mothers")}
        write_csv(self.ages, internal["ages"])
        write_csv(self.steps, internal["attrition.mothers"])
        if text is not None:
            internal["ages"].write_text(text)
        for file in internal.values():
            write_behind(file)
        study = self.folder / "study.json"
        study.write_text(json.dumps(self.study))
        release = self.folder / "release"
        targets = {name: release / name / "results.csv" for name in internal}
        try:
            gate.open_door(
                internal, targets, policy, minimum, study, release / "study.json", release / "suppressions.csv"
            )
        finally:
            self.released = sorted(str(f.relative_to(release)) for f in release.rglob("*") if f.is_file())
        return self.released


@pytest.fixture
def house(tmp_path: Path) -> House:
    return House(tmp_path)


ALL = ["ages/results.csv", "attrition.mothers/results.csv", "study.json", "suppressions.csv"]


def test_everything_is_released_together(house: House) -> None:
    assert house.open() == ALL
    rows = read_results(str(house.folder / "release/ages/results.csv"))
    assert rows["status"].tolist() == ["suppressed", "ok", "suppressed"]
    sealed = {
        name: hashlib.sha256((house.folder / "release" / name / "results.csv").read_bytes()).hexdigest()
        for name in ("ages", "attrition.mothers")
    }
    study = json.loads((house.folder / "release/study.json").read_text())
    assert study.pop("people")["attrition.mothers"] == {"people": 75, "rows_of_one": 1, "share": 5, "steps": []}
    assert study == {**STUDY, "sealed": sealed}
    summary = pd.read_csv(house.folder / "release/suppressions.csv")
    assert summary["suppressed"].tolist() == [2, 0]


def test_same_input_same_bytes(house: House) -> None:
    house.open()
    first = {name: (house.folder / "release" / name).read_bytes() for name in ALL}
    house.open()
    assert first == {name: (house.folder / "release" / name).read_bytes() for name in ALL}


def closed(house: House, match: str, **how: Any) -> str:
    house.open()
    with pytest.raises(DisclosureError, match=match) as error:
        house.open(**how)
    assert house.released == [], "nothing may stay, not even of an earlier run"
    return str(error.value)


@pytest.mark.parametrize(
    ("column", "text"),
    [
        ("stream", "infants"),
        ("analysis", "other"),
        ("cohort", "fathers"),
        ("outcome", "return_none"),
        ("group", "issue_year=Cardiff"),
        ("group", "person_id=2016"),
        ("group", "2016"),
        ("term", "alf_e"),
        ("level", "Jane Smith"),
        ("level", "1995-03-06"),
        ("level", "06.03.1995"),
        ("level", "1234567890"),
    ],
)
def test_words_that_the_study_does_not_declare_close_the_door(house: House, column: str, text: str) -> None:
    house.open()
    house.ages.loc[0, column] = text
    with pytest.raises(DisclosureError, match=column) as error:
        house.open()
    assert house.released == []
    assert text not in str(error.value)


def test_declared_words_that_look_like_records_close_the_door(house: House) -> None:
    bad = json.loads(json.dumps(STUDY))
    bad["covariates"]["age_band"]["levels"].append("born 06/03/1995")
    house.study = bad
    with pytest.raises(DisclosureError, match="looks like an identifier or a date"):
        house.open()


@pytest.mark.parametrize(
    "word", ["=HYPERLINK(here)", "@SUM(A:A)", "+cmd", " -cmd", "under\u202e 20", "under\u200b 20", "under\t20"]
)
def test_declared_words_that_a_spreadsheet_runs_or_nobody_sees_close_the_door(house: House, word: str) -> None:
    bad = json.loads(json.dumps(STUDY))
    bad["covariates"]["age_band"]["levels"].append(word)
    house.study = bad
    with pytest.raises(DisclosureError, match="begins like a formula of a spreadsheet or holds an invisible character"):
        house.open()
    house.study = STUDY
    house.ages.loc[0, "note"] = word
    with pytest.raises(DisclosureError, match="a text in note begins like a formula") as error:
        house.open()
    assert word not in str(error.value)
    assert house.released == []


@pytest.mark.parametrize("field", ["threshold", "minimum_events_per_level", "minimum_residual_df", "minimum_at_risk"])
def test_each_looser_number_closes_the_door(house: House, field: str) -> None:
    with pytest.raises(ConfigError, match=field):
        house.open(policy=COURT.model_copy(update={field: 9}))
    assert house.released == []


@pytest.mark.parametrize(("field", "value"), [("rounding_base", 7), ("maximum_rows", 20_001)])
def test_a_finer_grid_or_more_rows_close_the_door(house: House, field: str, value: int) -> None:
    with pytest.raises(ConfigError, match=field):
        house.open(policy=COURT.model_copy(update={field: value}))
    assert house.released == []


def test_notes_with_identifiers_close_the_door(house: House) -> None:
    house.ages.loc[0, "note"] = "person 12345678 left out"
    with pytest.raises(DisclosureError, match="note"):
        house.open()


def test_notes_with_counts_are_left_out(house: House) -> None:
    house.ages["note"] = ["", "3 persons left out", "compared with 20 to 24"]
    house.ages.loc[0, ["n", "total"]] = [40, 110]
    house.ages["total"], house.ages["estimate"] = 110, 100 * house.ages["n"].astype(float) / 110
    house.open()
    rows = read_results(str(house.folder / "release/ages/results.csv"))
    assert rows["note"].tolist() == ["", "", "compared with 20 to 24"]


@pytest.mark.parametrize(
    ("change", "match"),
    [
        (lambda text: text.replace("estimate,", "guess,", 1), "columns"),
        (lambda text: text.replace("20 to 24,", "20 to 24,x", 1), "wrong type in time"),
        (lambda text: text.replace("under 20", "under 20,", 1), "value for every column"),
        (lambda text: text.replace("percent", "per cent", 1), "wrong type in measure"),
        (lambda text: text.replace(",40,", ",40.5,", 1), "wrong type in n"),
        (lambda text: text.replace(",40,", ",-40,", 1), "wrong type in n"),
        (lambda text: text.replace(",ok,", ",fine,", 1), "wrong type in status"),
        (lambda text: "", "columns"),
        (lambda text: text.replace(",40,", ",\u0664\u0660,", 1), "wrong type in n"),
        (lambda text: text.replace(",40,", ",9999999999999,", 1), "wrong type in n"),
        (lambda text: text.replace(",40,", ",nan,", 1), "wrong type in n"),
        (lambda text: text.replace(",40,", ",=1+39,", 1), "wrong type in n"),
    ],
)
def test_files_that_break_the_schema_close_the_door(house: House, change: Any, match: str) -> None:
    house.open()
    text = (house.folder / "internal/ages/results.csv").read_text()
    closed(house, match, text=change(text))


def test_unforeseen_errors_close_the_door_without_values(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object) -> None:
        raise KeyError("Jane Smith")

    house.open()
    monkeypatch.setattr(gate, "disclose", fail)
    with pytest.raises(DisclosureError, match="KeyError") as error:
        house.open()
    assert house.released == []
    assert "Jane" not in str(error.value)
    assert error.value.__cause__ is None


def test_a_failing_disk_leaves_nothing(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = []
    replace = gate.rooms.os.replace

    def fail_late(source: Path, target: Path) -> None:
        calls.append(target)
        if len(calls) > 2:
            raise OSError("disk full")
        replace(source, target)

    monkeypatch.setattr(gate, "_publish", fail_late)
    with pytest.raises(DisclosureError, match="OSError"):
        house.open()
    assert len(calls) == 3
    assert house.released == []


def test_looser_policy_closes_the_door(house: House) -> None:
    with pytest.raises(ConfigError, match="threshold"):
        house.open(policy=PUBLIC, minimum=COURT)
    assert house.released == []


def test_public_policy_releases_exact_counts(house: House) -> None:
    house.open(policy=PUBLIC, minimum=PUBLIC)
    rows = read_results(str(house.folder / "release/ages/results.csv"))
    assert rows["n"].tolist() == [4, 40, 30]


def test_vocabulary_of_an_empty_study_has_reasons_alone() -> None:
    words = vocabulary({})
    assert words.levels == frozenset({"", *REASONS})
    assert words.terms == words.outcomes == frozenset({""})
    assert not words.cohorts
    assert words.allows_level("2016/17")
    assert words.allows_level("2014 to 2016")
    assert not words.allows_level("1234")
    assert not words.allows_group("a=2016")
