"""The kind `agreement` from stream file to page: worked by hand, and computed from released counts alone."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose
from release_study import SVG_ONLY
from release_study import study as released_study

from family_justice.config.schema import Cohort, Covariate, Policy, Step
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.agreement import fill
from family_justice.errors import DisclosureError
from family_justice.estimators.survival.life_table import Z95
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.agreement.model import Agreement
from family_justice.kinds.agreement.run import run as agreement
from family_justice.kinds.table_one.model import TableOne
from family_justice.kinds.table_one.run import run as table_one
from family_justice.measures import MEMBERS
from family_justice.report.tables import transitions_table as transitions
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
PUBLIC = Policy(**yaml.safe_load((POLICIES / "public_records.yaml").read_text()))
COHORT = Cohort(
    label="People", unit="people", description="D", key=["person_id"],
    steps=[Step(name="all", label="All", sql="SELECT 1")], covariates=["cms", "ecms"],
)  # fmt: skip
LEVELS = ["White", "Black", "Unknown"]
ANALYSIS = Agreement(
    kind="agreement", title="Two systems", description="D", cohort="people", first="cms", second="ecms",
    unknown=["Unknown"],
)  # fmt: skip
TABLE = [[400, 23, 100], [17, 150, 30], [60, 50, 170]]


def rows_of(table: Sequence[Sequence[int]], analysis: Agreement = ANALYSIS, side: Sequence[int] = ()) -> pd.DataFrame:
    """Return the tidy rows of an agreement analysis of made-up people; ``side`` puts the first so many left."""
    pairs = [(a, b) for i, a in enumerate(LEVELS) for j, b in enumerate(LEVELS) for _ in range(table[i][j])]
    members = pd.DataFrame(pairs, columns=["cms", "ecms"])
    for name in ("cms", "ecms"):
        members[name] = pd.Categorical(members[name], categories=LEVELS)
    if side:
        left = np.arange(len(members)) < side[0]
        members["side"] = pd.Categorical(np.where(left, "left", "right"), categories=["left", "right"])
    labels = {"stream": "recurrence", "analysis": "agree", "kind": "agreement", "cohort": "people"}
    return tidy(agreement(members, COHORT, analysis, {}, "agree"), **labels)


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


def value(rows: pd.DataFrame, measure: str, level: str, column: str = "estimate") -> float:
    found = rows[(rows["measure"] == measure) & (rows["level"] == level)]
    assert len(found) == 1
    return float(found.iloc[0][column])


def covariate(levels: list[str]) -> Covariate:
    return Covariate(label="Group", definition="D", value="x", levels=levels, reference=levels[0])


def about() -> dict[str, Any]:
    return {
        "kind": "agreement", "title": "Two systems", "description": "D", "cohort": "parents", "first": "cms",
        "second": "ecms", "unknown": ["Unknown"],
    }  # fmt: skip


def study() -> dict[str, Any]:
    described = released_study(SVG_ONLY)
    described["analyses"]["agree"] = about()
    for name, label in (("cms", "Ethnic group in CMS"), ("ecms", "Ethnic group in ECMS")):
        described["covariates"][name] = {"label": label, "levels": LEVELS, "reference": "White"}
    return described


def test_the_rows_are_the_table_its_margins_and_two_kappas() -> None:
    rows = rows_of(TABLE)
    # Known levels only: 400, 23, 17, 150 of 590; agreement 550/590, by chance (423*417 + 167*173)/590^2 = 0.589727.
    assert_allclose(value(rows, "agreement", "White:Black"), 100 * 550 / 590)
    by_chance = (423 * 417 + 167 * 173) / 590**2
    assert_allclose(value(rows, "kappa", "White:Black"), (550 / 590 - by_chance) / (1 - by_chance))
    assert value(rows, "agreement", "White:Black:Unknown", "n") == 720
    cell = rows[(rows["group"] == "cms=White") & (rows["level"] == "Black")].iloc[0]
    assert (cell["n"], cell["total"], cell["term"]) == (23, 523, "ecms")
    assert_allclose(cell["estimate"], 100 * 23 / 523)
    assert set(own(rows).loc[rows["group"] == "", "term"]) == {"cms", "ecms", "cms:ecms"}


def test_groups_have_tables_of_their_own() -> None:
    rows = rows_of(TABLE, ANALYSIS.model_copy(update={"group_by": ["side"]}), side=[523])
    left = rows[(rows["group"] == "side=left") & (rows["measure"] == "agreement")]
    assert list(left["n"]) == [400, 400]
    assert len(rows[rows["measure"] == "kappa"]) == 4


def test_everybody_in_one_level_has_no_kappa() -> None:
    rows = rows_of([[50, 0, 0], [0, 0, 0], [0, 0, 0]])
    kappa = rows[rows["measure"] == "kappa"].iloc[0]
    assert (kappa["status"], kappa["note"]) == ("not estimable", "all units are in one class")
    assert value(rows, "agreement", "White:Black") == 100


def test_released_agreement_is_that_of_the_released_table() -> None:
    rows = disclose(rows_of(TABLE), COURT).rows
    # 23 is shown as 25, 17 as 15: known levels 400, 25, 15, 150.
    assert value(rows, "agreement", "White:Black", "n") == 550
    assert value(rows, "agreement", "White:Black", "total") == 590
    by_chance = (425 * 415 + 165 * 175) / 590**2
    assert_allclose(value(rows, "kappa", "White:Black"), (550 / 590 - by_chance) / (1 - by_chance))


def test_tables_that_are_shown_alike_are_released_alike() -> None:
    """Nothing of the exact counts is left: another table that rounds to the same numbers gives the same rows."""
    other = [[401, 24, 98], [16, 149, 31], [60, 50, 171]]
    one, two = (disclose(rows_of(table), COURT).rows for table in (TABLE, other))
    pd.testing.assert_frame_equal(one, two)
    assert not one.equals(rows_of(TABLE))


@pytest.mark.slow
@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 60), min_size=9, max_size=9), st.floats(-1, 1))
def test_nothing_but_the_released_table_decides_what_is_released(cells: list[int], made_up: float) -> None:
    """Whatever the exact agreement and kappa were: what leaves is computed from the cells that leave."""
    if not sum(cells):
        return
    rows = rows_of([cells[:3], cells[3:6], cells[6:]])
    other = rows.copy()
    agreement, kappa = (other["measure"] == name for name in ("agreement", "kappa"))
    other.loc[agreement & (other["status"] == "ok"), "estimate"] = 50 + 40 * made_up
    of_kappa = [made_up, 0.2, made_up - 0.2 * Z95, made_up + 0.2 * Z95]
    other.loc[kappa & (other["status"] == "ok"), ["estimate", "std_error", "conf_low", "conf_high"]] = of_kappa
    other.loc[agreement | kappa, ["n", "total"]] = 77
    pd.testing.assert_frame_equal(disclose(rows, COURT).rows, disclose(other, COURT).rows)


def test_hidden_cells_off_the_diagonal_share_what_the_margins_leave() -> None:
    rows = disclose(rows_of([[400, 4, 6], [20, 150, 30], [60, 50, 170]]), COURT).rows
    cells = rows[(rows["group"] == "cms=White") & (rows["term"] == "ecms")].set_index("level")["n"]
    assert cells.isna().to_dict() == {"White": False, "Black": True, "Unknown": True}
    # The released total of White is 410, of which 400 are shown; columns leave 5 and 5. Known: 400, 5, 20, 150.
    assert value(rows, "agreement", "White:Black", "total") == 575
    assert_allclose(value(rows, "agreement", "White:Black"), 100 * 550 / 575)


def test_a_large_hidden_cell_does_not_pass_for_disagreement() -> None:
    # 196 of unknown group are hidden for the sake of 4. Row: 600 less 400; columns leave 5 and 195.
    rows = disclose(rows_of([[400, 4, 196], [20, 150, 30], [60, 50, 170]]), COURT).rows
    assert rows[(rows["group"] == "cms=White") & (rows["term"] == "ecms")]["n"].isna().sum() == 2
    assert value(rows, "agreement", "White:Black", "total") == 575  # exact: 574


def test_filling_in_meets_the_margins_and_leaves_one_to_each_hidden_cell() -> None:
    nan = float("nan")
    table = np.array([[50, nan, nan], [nan, 40, nan], [10, 20, 30]])
    filled = fill(table, np.array([100.0, 70.0, 60.0]), np.array([75.0, 90.0, 65.0]))
    assert_allclose(filled.sum(axis=1), [100, 70, 60])
    assert_allclose(filled.sum(axis=0), [75, 90, 65], rtol=1e-6)
    assert (filled >= 1).all()
    # Nothing is left by the columns: the row keeps its rest, spread evenly.
    alone = fill(np.array([[50, nan, nan], [0, 40, 0], [0, 0, 30]]), np.array([60.0, 40, 30]), np.array([50.0, 40, 30]))
    assert_allclose(alone[0], [50, 5, 5])
    # Without a released total a row stays as it is.
    kept = fill(np.array([[nan, nan], [1, 5]]), np.array([nan, 6]), np.array([nan, nan]))
    assert np.isnan(kept[0]).all()


def test_a_hidden_cell_of_the_diagonal_withholds_agreement_and_kappa() -> None:
    rows = disclose(rows_of([[400, 40, 60], [20, 6, 30], [60, 50, 170]]), COURT).rows
    chosen = rows[rows["measure"].isin(["agreement", "kappa"])]
    assert set(chosen["status"]) == {"suppressed"}
    assert chosen[["estimate", "std_error", "n", "total"]].isna().all(axis=None)


def test_public_records_keep_exact_agreement() -> None:
    exact = rows_of(TABLE)
    assert_allclose(disclose(exact, PUBLIC).rows["estimate"], exact["estimate"])


def test_the_door_closes_on_agreement_without_its_table() -> None:
    rows = rows_of(TABLE)
    with pytest.raises(DisclosureError, match="no table of transitions"):
        disclose(rows[rows["term"] != "ecms"], COURT)
    rows.loc[rows["level"] == "White:Black", "level"] = "White:Asian"
    with pytest.raises(DisclosureError, match="does not have"):
        disclose(rows, COURT)


@pytest.mark.parametrize(
    ("second", "unknown", "said"),
    [
        (["White", "Unknown", "Black"], [], "the same levels in the same order"),
        (LEVELS, ["Unknwon"], "Did you mean 'Unknown'"),
        (LEVELS, ["Unknown", "Black"], "fewer than two levels are left"),
    ],
)
def test_what_cannot_be_compared_is_said(second: list[str], unknown: list[str], said: str) -> None:
    analysis = ANALYSIS.model_copy(update={"unknown": unknown})
    problems = analysis.problems("here", COHORT, {"cms": covariate(LEVELS), "ecms": covariate(second)})
    assert [problem for problem in problems if said in problem]


def test_two_levels_that_hold_a_colon_are_refused() -> None:
    levels = ["a:b", "c"]
    problems = ANALYSIS.problems("here", COHORT, {"cms": covariate(levels), "ecms": covariate(levels)})
    assert any("colon" in problem for problem in problems)


def test_the_page_shows_agreement_kappa_and_transitions() -> None:
    rows = disclose(rows_of([[400, 4, 6], [20, 150, 30], [60, 50, 170]]), COURT).rows
    summary, table = transitions.agreement(rows, about(), Labels(study()))
    assert [row.head for row in summary.rows] == ["All levels", "Known levels only"]
    assert summary.rows[1].cells[0].text == "95.7%"
    assert table.caption == "Ethnic group in CMS (rows) and ethnic group in ECMS (columns)"
    white = table.rows[0].cells
    assert (white[0].text, white[0].sub, white[1].text, white[3].text) == ("97.6%", "400", "withheld", "410")


def test_the_figure_says_what_agrees_and_hatches_what_is_withheld(tmp_path: Path) -> None:
    rows = disclose(rows_of([[400, 4, 6], [20, 150, 30], [60, 50, 170]]), COURT).rows
    drawn = draw_analysis(study(), "agree", rows, tmp_path)
    assert "known levels only, agreement 95.7%" in drawn["alt"]
    assert "White 97.6%; Black 75.0%; Unknown 60.7%" in drawn["alt"]
    assert "fill: url(#" in (tmp_path / "figure.svg").read_text()  # hatching
    again = tmp_path / "again"
    draw_analysis(study(), "agree", rows, again)
    assert (again / "figure.svg").read_bytes() == (tmp_path / "figure.svg").read_bytes()


def test_a_table_withheld_as_a_whole_is_said_in_words(tmp_path: Path) -> None:
    rows = disclose(rows_of([[3, 2, 1], [1, 4, 1], [1, 0, 2]]), COURT).rows
    assert draw_analysis(study(), "agree", rows, tmp_path)["caption"].startswith("All cells are withheld")


def test_a_variable_that_nobody_has_is_labelled() -> None:
    frame = pd.DataFrame({"first": pd.Categorical([None, None], categories=["yes", "no"])})
    keys = {"kind": "table_one", "title": "T", "description": "d", "cohort": "c", "variables": ["first"]}
    rows = tidy(table_one(frame, COHORT, TableOne.model_validate(keys), {}, "a"))
    assert own(rows)["status"].eq("not estimable").all()
    assert own(rows)[["n", "total"]].eq(0).all(axis=None)
