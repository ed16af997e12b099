"""Types of careers: from members to released rows."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from test_reentered_states import KEYS, OPEN, POLICY, STATES, crowd, study

from family_justice.analyses.left_out import NOT_TO_THE_END
from family_justice.analyses.recount import find_behind
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.schema import Covariate, Stream
from family_justice.disclosure.disclose import Disclosed, disclose
from family_justice.disclosure.families import validity
from family_justice.disclosure.rounding import possible
from family_justice.disclosure.sets import gather
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import AnalysisError, ConfigError, DisclosureError
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.registry import KINDS
from family_justice.kinds.sequence_typology.types import find_types
from family_justice.results import tidy

OTHERS = ("every", "until", "restricted_mean_at")
SIDES = Covariate(label="Side", definition="d", value="s", levels=["left", "right"], reference="left")
TYPES: dict[str, Any] = {"kind": "sequence_typology", "until": 24, "every": 2, "clusters": [3], "variables": ["side"]}


def typology(**keys: Any) -> Stream:
    stream = study().model_dump(exclude_none=True, exclude_unset=True)
    base = {key: value for key, value in KEYS.items() if key not in OTHERS}
    stream["analyses"] = {"a": {"title": "T", "description": "d", "cohort": "people", **base, **TYPES, **keys}}
    stream["covariates"] = {"side": SIDES.model_dump(exclude_none=True)}
    stream["cohorts"]["people"]["covariates"] = ["side"]
    return Stream.model_validate(stream)


def sided(frame: pd.DataFrame) -> pd.DataFrame:
    at_home = frame["places_state"].map(lambda own: own[0] == "home").to_numpy()
    return frame.assign(side=pd.Categorical(np.where(at_home, "left", "right"), ["left", "right"]))


def three_kinds(n: int = 60) -> pd.DataFrame:
    """Members who stay at home, who stay away, and who come home half way; in turn, and one not seen to the end."""
    days = [np.array([0]), np.array([0]), np.array([0, 12])] * n
    words = [["home"], ["foster"], ["kin", "home"]] * n
    frame = pd.DataFrame({"person": np.arange(3 * n), "ends": [40.0] * (3 * n - 1) + [23.0]})
    frame["places"], frame["places_state"] = days, [np.array(own, dtype=object) for own in words]
    # Members of a kind differ by days of moving.
    for row in range(2, 3 * n, 6):
        frame.at[row, "places"] = np.array([0, 14])
    return sided(frame)


def rows_of(frame: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    kind = KINDS["sequence_typology"]
    rows = kind.run(frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind="sequence_typology", cohort="people")


def released(frame: pd.DataFrame, stream: Stream) -> tuple[pd.DataFrame, Disclosed]:
    exact = rows_of(frame, stream)
    behind = find_behind(exact, frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return exact, disclose(exact, POLICY, sets=gather({"a": exact}, {"a": behind}))


def test_three_kinds_of_careers_are_three_types() -> None:
    stream = typology()
    rows = disclose(rows_of(three_kinds(), stream), OPEN).rows
    shares = rows[rows["measure"] == "percent"].set_index(["group", "term", "level"])["n"]
    # The last member was not seen for 24 days: one of those who came home.
    assert shares[""]["type"].to_dict() == {"type 1": 60, "type 2": 60, "type 3": 59}
    left = rows[rows["measure"] == "left_out"]
    assert left[["level", "n"]].to_numpy().tolist() == [[NOT_TO_THE_END, 1]]
    (came_home,) = (t for t in ("type 1", "type 2", "type 3") if shares[f"type={t}"]["time_0"]["away"] and
                    shares[f"type={t}"]["time_22"]["home"])  # fmt: skip
    assert came_home == "type 3"
    here = shares["type=type 3"]
    assert [here[f"time_{t}"]["home"] for t in range(0, 24, 2)] == [0] * 6 + [29] + [59] * 5
    assert here["side"].to_dict() == {"left": 0, "right": 59}
    means = rows[rows["measure"] == "mean_time_in_type"].set_index(["group", "term"])["estimate"]
    assert means["type=type 3"]["home"] == pytest.approx(2 * (29 + 5 * 59) / 59)
    assert means.groupby(level="group").sum().tolist() == pytest.approx([24] * 3)
    alike = rows[rows["measure"] == "adjusted_rand"]
    assert alike["estimate"].tolist() == [1]
    assert alike["level"].tolist() == ["3 types"]


def test_the_number_of_types_is_that_with_the_largest_silhouette() -> None:
    rows = disclose(rows_of(three_kinds(), typology(clusters=[2, 3])), OPEN).rows
    widths = rows[rows["measure"] == "silhouette"].set_index("level")["estimate"]
    assert widths["3 types"] > widths["2 types"] > 0
    assert len(rows[(rows["term"] == "type") & (rows["measure"] == "percent")]) == 3


def test_types_do_not_depend_on_the_order_of_members_and_a_draw_of_sequences_finds_them() -> None:
    frame = sided(crowd(400).assign(ends=50.0))
    stream = typology(every=1, clusters=[4])
    analysis: Any = stream.analyses["a"]
    whole = find_types(frame, analysis, "a")
    order = np.random.default_rng(1).permutation(len(frame))
    turned = find_types(frame.iloc[order].reset_index(drop=True), analysis, "a", compared=False)
    assert (turned.type == whole.type[order]).all()
    assert np.isnan(turned.alike)
    # Of more distinct sequences than may be compared, a draw of those that occur often; the others go to the nearest.
    drawn = analysis.model_copy(update={"largest": 80})
    some = find_types(frame, drawn, "a", compared=False)
    again = find_types(frame.iloc[order].reset_index(drop=True), drawn, "a", compared=False)
    assert (again.type == some.type[order]).all()
    assert (some.type > 0).all()
    assert pd.crosstab(some.type, whole.type).max(axis=1).sum() > 0.75 * len(frame)


def test_there_must_be_more_careers_than_types() -> None:
    with pytest.raises(AnalysisError, match="not more different careers"):
        rows_of(three_kinds(), typology(clusters=[4]))


def test_what_is_released_leaves_three_values_to_every_small_cell() -> None:
    """A cell may be withheld alone among rounded ones: these and the rounded total must not tell its number."""
    frame = sided(crowd(700).assign(ends=50.0))
    exact, found = released(frame, typology(every=1, clusters=[5]))
    rows = found.rows
    cells = rows[rows["measure"] == "percent"]
    assert not cells[["n", "total"]].stack().between(1, 9).any()
    assert (cells[["n", "total"]].stack() % 5 == 0).all()
    alone = 0
    for _, margin in cells.groupby(["group", "term"], sort=False):
        numbers = exact.loc[margin.index, "n"].to_numpy()
        hidden = margin["n"].isna().to_numpy()
        sizes = margin["total"].dropna()
        low, high = possible(int(sizes.iloc[0]), POLICY) if len(sizes) else (0, 10**6)
        bounds = [
            possible(int(n), POLICY) if not h else (1, 9) for n, h in zip(margin["n"].fillna(0), hidden, strict=True)
        ]
        for place in np.flatnonzero((numbers > 0) & (numbers < 10)):
            assert hidden[place]
            alone += int(hidden.sum() == 1)
            others = [bound for k, bound in enumerate(bounds) if k != place]
            least, most = max(1, low - sum(b for _, b in others)), min(9, high - sum(a for a, _ in others))
            assert least <= numbers[place] <= most
            assert most - least + 1 >= 3
    assert alone > 5
    widths = rows[rows["measure"].isin(["silhouette", "adjusted_rand"])]["estimate"]
    assert (widths.round(2) == widths).all()
    means = rows[rows["measure"] == "mean_time_in_type"].dropna(subset="estimate")
    both = means.merge(exact, on=["group", "term", "measure"])
    assert (both["estimate_x"] - both["estimate_y"]).abs().max() < 1.5
    few = disclose(rows_of(three_kinds(20), typology()), POLICY).rows
    assert few.loc[few["measure"] == "silhouette", "status"].eq("suppressed").all()


def sizes_of(*sizes: int) -> list[dict[str, Any]]:
    """Return the rows of types of these sizes."""
    row, total = {"measure": "percent", "term": "type"}, sum(sizes)
    return [
        {**row, "level": f"type {k}", "n": n, "total": total, "estimate": 100 * n / total}
        for k, n in enumerate(sizes, start=1)
    ]


@pytest.mark.parametrize(("n", "step"), [(100, 0.1), (119, 0.1), (120, 0.05), (299, 0.05), (300, 0.02), (599, 0.02),
                                         (600, 0.01), (5000, 0.01)])  # fmt: skip
def test_three_members_are_within_a_step_of_a_silhouette(n: int, step: float) -> None:
    assert validity.step(n) == step
    assert n < 100 or step * n / 2 >= 3


@pytest.mark.parametrize(("total", "is_shown"), [(95, False), (100, True), (105, True)])
def test_silhouettes_of_few_members_stay_inside(total: int, is_shown: bool) -> None:
    cells = sizes_of(total - 40, 40)
    found = [{"measure": "silhouette", "term": "type", "level": "2 types", "estimate": 0.8267}]
    whole = [{"measure": name, "n": total} for name in ("members", "analysed")]
    frame = tidy([*cells, *found, *whole], stream="s", analysis="a", kind="sequence_typology", cohort="people")
    row = disclose(frame, POLICY).rows.set_index("measure").loc["silhouette"]
    assert (row["status"] == "ok") == is_shown
    assert np.isnan(row["estimate"]) or row["estimate"] == 0.8


@pytest.mark.parametrize(
    ("sizes", "is_alone"), [((82, 9, 8), False), ((82, 9, 9), False), ((82, 5, 4), True), ((90, 10, 4), True)]
)
def test_types_are_numbered_by_size_and_everybody_knows(sizes: tuple[int, ...], is_alone: bool) -> None:
    """80 of 100 leave 16 to 24 for two types of 7 to 9 each: the second is the larger, and so has 8 or 9."""
    total = sum(sizes)
    cells = [*sizes_of(*sizes), *({"measure": name, "n": total} for name in ("members", "analysed"))]
    labels = {"stream": "s", "analysis": "a", "kind": "sequence_typology", "cohort": "people"}
    rows = disclose(tidy(cells, **labels), POLICY).rows
    shown = rows[rows["measure"] == "percent"]["n"]
    span = [(1, 9) if pd.isna(n) else possible(int(n), POLICY) for n in shown]
    hidden_large = [n >= 10 and pd.isna(out) for n, out in zip(sizes, shown, strict=True)]
    span = [(10, total) if large else bounds for large, bounds in zip(hidden_large, span, strict=True)]
    low, high = possible(int(rows.loc[rows["measure"] == "members", "n"].iloc[0]), POLICY)
    fits = [(a, b, c) for a in range(span[0][0], span[0][1] + 1) for b in range(span[1][0], span[1][1] + 1)
            for c in range(span[2][0], span[2][1] + 1) if a >= b >= c and low <= a + b + c <= high]  # fmt: skip
    assert sizes in fits
    for place, n in enumerate(sizes):
        assert n >= 10 or len({counts[place] for counts in fits}) >= 3
    assert (not any(hidden_large)) == is_alone


def test_values_of_types_come_by_themselves() -> None:
    exact = rows_of(three_kinds(), typology())
    exact.loc[exact["measure"] == "silhouette", "estimate"] = 1.5
    with pytest.raises(DisclosureError, match="beyond 1"):
        disclose(exact, POLICY)


WRONG = [
    ({"every": 5}, "'until' must be 3 to 120 steps of it"),
    ({"show_every": 3}, "write a multiple of 'every' of which 'until' is one"),
    ({"clusters": [5, 3]}, "write the least number of types first"),
    ({"group_by": ["side"], "variables": []}, "compare them under 'variables'"),
    ({"states": {**STATES, "type": {"label": "t", "spells": ["kin"]}}}, "the name 'type' stands for the types"),
    ({"variables": ["sid"]}, "there is no covariate 'sid'"),
]


@pytest.mark.parametrize(("keys", "says"), WRONG)
def test_keys_that_cannot_be(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(typology(**keys), {}, Path("s.yaml"))
    assert says in str(caught.value)


def test_a_reader_meets_areas_and_tables(tmp_path: Path) -> None:
    stream = typology()
    check_stream(stream, {}, Path("s.yaml"))
    source: Any = type("Source", (), {"kind": "files", "description": "d", "refresh_date": None})()
    about = describe_study(stream, stream.covariates, ("toy", source), svg_only(POLICY), {})
    _, found = released(three_kinds(), stream)
    check_labels(found.rows, vocabulary(about), "a")
    drawn = draw_analysis(about, "a", found.rows, tmp_path)
    assert "Type 1 (33.3%), at 22: At home 100.0%" in drawn["alt"]
    types, sides, months, fit = (
        KINDS["sequence_typology"].show.page(found.rows, about["analyses"]["a"], Labels(about)).tables
    )
    assert types.heads == ["", "Type 1", "Type 2", "Type 3"]
    assert [cell.text for cell in types.rows[2].cells[:2]] == ["24.0", "0.0"]
    assert [cell.text for cell in sides.rows[1].cells] == ["33.3%", "100.0%", "0.0%", "0.0%"]
    assert months.heads[:3] == ["Days", "0", "2"]
    assert months.rows[1].cells[0].text == "100.0%"
    assert fit.rows[0].head == "3 types"
    assert "adjusted Rand index 1.00" in fit.notes[1]
    nobody = found.rows.assign(estimate=np.nan, n=pd.NA, status="suppressed")
    assert "All types are withheld" in draw_analysis(about, "a", nobody, tmp_path / "none")["caption"]
