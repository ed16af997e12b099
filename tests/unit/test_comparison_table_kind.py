"""Two groups beside each other: a published table from its counts, other programs, and the door."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kind_samples import members
from kinds_on_the_way import checked, disclosed, one, take
from numpy.testing import assert_allclose
from scipy.stats import chi2_contingency
from statsmodels.stats.contingency_tables import Table2x2

from family_justice.errors import AnalysisError, ConfigError
from family_justice.estimators.groups.two_groups import chi_squared, log_prevalence_ratio, standardised_difference
from family_justice.figures.words import decimal
from family_justice.kinds.comparison_table.derived import rows as derived_rows
from family_justice.results import tidy

KEYS = {"kind": "comparison_table", "variables": ["placed", "fifth"], "compare": "treated"}

#: Table 1 of Johnson et al. 2022, International Journal of Population Data Science 7(1):1723: parents in care
#: proceedings in Wales and matched parents, with the percentages as printed.
JOHNSON = {
    "sex": {"female": (5062, 57.4, 18369, 57.4), "male": (3759, 42.6, 13637, 42.6)},
    "deprivation": {
        "1": (4199, 47.6, 15241, 47.6), "2": (2240, 25.4, 8129, 25.4), "3": (1311, 14.9, 4756, 14.9),
        "4": (701, 7.9, 2541, 7.9), "5": (370, 4.2, 1339, 4.2),
    },
    "age": {
        "15 to 19": (744, 8.4, 413, 1.3), "20 to 24": (1771, 20.1, 7116, 22.2), "25 to 29": (1873, 21.2, 7019, 21.9),
        "30 to 34": (1768, 20.0, 7211, 22.5), "35 to 39": (1248, 14.1, 3730, 11.7), "40 to 44": (763, 8.6, 2779, 8.7),
        "45 and over": (654, 7.4, 3738, 11.7),
    },
}  # fmt: skip
PARENTS, COMPARISON = 8821, 32006


def table(counts: dict[str, dict[str, tuple[int, int]]], totals: tuple[int, int]) -> pd.DataFrame:
    """Rows of shares of two sides, for each variable and level."""
    rows = [
        {"measure": "percent", "group": f"side={side}", "term": term, "level": level, "n": n[place],
         "total": totals[place], "estimate": 100 * n[place] / totals[place]}
        for term, levels in counts.items()
        for place, side in enumerate(("case", "comparison"))
        for level, n in levels.items()
    ]  # fmt: skip
    return tidy(rows)


def test_the_published_table_follows_from_its_counts() -> None:
    counts = {term: {level: (row[0], row[2]) for level, row in levels.items()} for term, levels in JOHNSON.items()}
    shares = table(counts, (PARENTS, COMPARISON))
    printed = [row[column] for levels in JOHNSON.values() for column in (1, 3) for row in levels.values()]
    assert [decimal(value, 1) for value in shares["estimate"]] == [f"{value:.1f}" for value in printed]
    assert all(sum(n for n, _ in levels.values()) == PARENTS for levels in counts.values())
    assert all(sum(n for _, n in levels.values()) == COMPARISON for levels in counts.values())
    found = tidy(derived_rows(shares))
    p_values = {term: one(found, measure="chi_squared_test", term=term)["p_value"] for term in JOHNSON}
    # Matched closely on sex and deprivation; ages differ, because parents that young are rare.
    assert p_values["sex"] > 0.9
    assert p_values["deprivation"] > 0.9
    assert p_values["age"] < 0.001
    youngest = one(found, measure="log_prevalence_ratio", term="age", level="15 to 19")
    assert_allclose(np.exp(youngest["estimate"]), (744 / 8821) / (413 / 32006), rtol=1e-12)
    assert one(found, measure="standardised_difference", term="sex", level="female")["estimate"] == pytest.approx(
        0, abs=1e-3
    )


def test_tests_and_ratios_of_admissions_to_berkeley() -> None:
    """Admitted: 1198 of 2691 men, 557 of 1835 women (Bickel et al. 1975, Science 187; R's UCBAdmissions). R:
    chisq.test(margin.table(UCBAdmissions, c(1, 2)), correct = FALSE) has 92.205, df 1."""
    test = chi_squared([[1198, 557], [1493, 1278]])
    assert round(test.statistic, 3) == 92.205
    assert test.df == 1
    ratio, error = log_prevalence_ratio(1198, 2691, 557, 1835)
    theirs = Table2x2(np.array([[1198, 1493], [557, 1278]]))
    assert_allclose([ratio, error], [theirs.log_riskratio, theirs.log_riskratio_se], rtol=1e-12)


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=5))
def test_the_test_is_that_of_scipy(counts: list[tuple[int, int]]) -> None:
    found = chi_squared(counts)
    kept = np.array([row for row in counts if sum(row)])
    if len(kept) < 2 or (kept.sum(axis=0) == 0).any():
        assert math.isnan(found.statistic)
        return
    statistic, p_value, df, _ = chi2_contingency(kept, correction=False)
    assert_allclose([found.statistic, found.p_value], [statistic, p_value], rtol=1e-9, atol=1e-12)
    assert found.df == df


def test_differences_where_a_side_is_alike() -> None:
    assert math.isnan(standardised_difference(0, 0))
    found = tidy(derived_rows(table({"x": {"yes": (0, 7), "no": (50, 43)}}, (50, 50))))
    ratio = one(found, measure="log_prevalence_ratio", level="yes")
    assert (ratio["status"], ratio["note"]) == ("not estimable", "nobody on one side has it")
    assert one(found, measure="share_difference", level="yes")["estimate"] == pytest.approx(-14)


def test_what_rests_on_a_withheld_number_is_not_there() -> None:
    shares = table({"x": {"yes": (5, 7), "no": (45, 43)}}, (50, 50))
    shares.loc[0, ["n", "total", "estimate"]] = pd.NA
    found = tidy(derived_rows(shares))
    assert set(found["level"]) == {"no"}
    assert "chi_squared_test" not in set(found["measure"])


def test_a_table_through_the_door_follows_from_the_released_counts(tmp_path: Path) -> None:
    way = take(members().drop(columns="order"), KEYS, tmp_path)
    rows, released = way.exact, way.released
    again = tidy(derived_rows(released[released["measure"] == "percent"]))
    for measure in ("log_prevalence_ratio", "standardised_difference", "share_difference"):
        ours = released[(released["measure"] == measure) & (released["status"] == "ok")]
        theirs = again[(again["measure"] == measure) & (again["status"] == "ok")]
        assert len(ours) >= 5
        assert_allclose(ours["estimate"].astype(float), theirs["estimate"].astype(float))
    exact, shown = (one(frame, measure="chi_squared_test", term="placed") for frame in (rows, released))
    assert exact["statistic"] != shown["statistic"]
    assert "Prevalence ratio" in way.page
    assert "Placed" in way.figures["a"]["alt"]


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"compare": "fifth"}, "'fifth' has 6 levels; two are compared"),
        ({"compare": "year"}, "make it the reference"),
        ({"compare": "nothing"}, "there is no covariate 'nothing'"),
    ],
)
def test_what_is_compared_has_two_levels(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        checked(comparison_table={**KEYS, **keys})


def test_a_side_without_members_is_an_error() -> None:
    frame = members()
    with pytest.raises(AnalysisError, match="only one level of 'treated' has members"):
        disclosed(frame[frame["treated"] == "yes"], KEYS)
