"""Rates before and after a day: published results, another program, algebra, and a design that is wrong."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_samples import COHORT, COVARIATES, SAMPLES, members
from kinds_on_the_way import POLICY, House, one, take
from numpy.testing import assert_allclose
from statsmodels.genmod.cov_struct import Independence
from statsmodels.genmod.families import Poisson
from statsmodels.genmod.generalized_estimating_equations import GEE

from family_justice.disclosure.disclose import disclose
from family_justice.errors import AnalysisError, ConfigError
from family_justice.estimators.regression.before_after import BeforeAfterFit, fit_before_after
from family_justice.figures import words
from family_justice.kinds.before_after.run import run
from family_justice.report.tables import periods_table
from family_justice.results import tidy

EPIL = Path(statsmodels.__file__).parent / "genmod/tests/results/epil.csv"


def seizures() -> pd.DataFrame:
    """Seizures of 59 people in the eight weeks before treatment and the eight after (R MASS::epil; Thall and Vail 1990,
    Biometrics 46): one row for each person and period."""
    visits = pd.read_csv(EPIL)
    after = visits.groupby("subject").agg(y=("y", "sum"), trt=("trt", "first"), base=("base", "first")).reset_index()
    before = after.assign(y=after["base"], period=0)
    return pd.concat([before, after.assign(period=1)], ignore_index=True)


def test_seizures_before_and_after_treatment_are_as_published() -> None:
    """Diggle, Heagerty, Liang and Zeger 2002, Analysis of Longitudinal Data, table 8.10: log rate ratio of the treated
    before 0.027 (standard error 0.22), its change -0.10 (0.21)."""
    frame = seizures()
    treated = (frame["trt"] == "progabide").to_numpy()
    fit = fit_before_after(frame["y"], treated, frame["period"], 2, 0, np.full(len(frame), 8.0), frame["subject"])
    people = 59
    factor = np.sqrt(people / (people - 1) * (2 * people - 1) / (2 * people - 4))
    assert [round(fit.ratio[0], 3), round(fit.ratio_std_error[0] / factor, 2)] == [0.027, 0.22]
    assert [round(fit.change[1], 2), round(fit.change_std_error[1] / factor, 2)] == [-0.10, 0.21]
    # The same by the estimating equations of statsmodels, in other columns.
    y, period = frame["y"].to_numpy(float), frame["period"].to_numpy(float)
    design = np.column_stack([np.ones(len(frame)), period, treated, period * treated])
    theirs = GEE(y, design, groups=frame["subject"], family=Poisson(), cov_struct=Independence()).fit()
    assert_allclose([fit.ratio[0], fit.change[1]], theirs.params[2:], rtol=1e-6)
    errors = np.array([fit.ratio_std_error[0], fit.change_std_error[1]]) / factor
    assert_allclose(errors, theirs.bse[2:], rtol=1e-6)


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 4), st.integers(0, 3), st.integers(0, 2**32 - 1))
def test_ratios_are_those_of_events_over_time(periods: int, reference: int, seed: int) -> None:
    g, reference = np.random.default_rng(seed), min(reference, periods - 1)
    n = 60
    case, period, time = g.integers(0, 2, n), g.integers(0, periods, n), g.uniform(0.2, 2, n)
    count, person = g.poisson(1.5 * time), g.integers(0, 20, n)
    fit = fit_before_after(count, case, period, periods, reference, time, person)
    rate = np.full((periods, 2), np.nan)
    for k in range(periods):
        for side in (0, 1):
            here = (period == k) & (case == side)
            rate[k, side] = count[here].sum() / time[here].sum() if here.any() else np.nan
    with np.errstate(divide="ignore", invalid="ignore"):
        ratio = np.log(rate[:, 1] / rate[:, 0])
    told = np.isfinite(ratio)
    assert set(fit.reasons) == set(np.flatnonzero(~told))
    assert_allclose(fit.ratio[told], ratio[told], atol=1e-8)
    if told[reference]:
        assert_allclose(fit.change[told], (ratio - ratio[reference])[told], atol=1e-8)
        assert fit.change_std_error[reference] == pytest.approx(0, abs=1e-7)
    else:
        assert np.isnan(fit.change).all()


def test_a_period_without_events_leaves_the_others_alone() -> None:
    count, case = np.array([1, 2, 3, 1, 0, 2]), np.array([1, 0, 1, 0, 1, 0])
    period, time, person = np.array([0, 0, 1, 1, 2, 2]), np.ones(6), np.arange(6)
    fit = fit_before_after(count, case, period, 3, 0, time, person)
    assert fit.reasons == {2: "no events among the cases"}
    assert_allclose(np.exp(fit.ratio), [0.5, 3, np.nan])
    assert_allclose(np.exp(fit.change), [1, 6, np.nan])


# --- the design -------------------------------------------------------------------------------------------------------

#: Rates of cases beside those of the comparison: a crisis in the months before, and 1.4 times as many after.
LONG_BEFORE, CRISIS, AFTER, TRUE = 3.0, 6.0, 4.2, 1.4


def crisis(seed: int) -> BeforeAfterFit:
    """A year long before, the half year before, and a year after, of 800 cases and 2400 others with frailties."""
    g = np.random.default_rng(seed)
    case = np.repeat([1, 0], [800, 2400])
    frailty = g.gamma(1.5, 1 / 1.5, case.size)
    rates = np.where(case[:, None] == 1, [LONG_BEFORE, CRISIS, AFTER], 1.0) * 0.4 * frailty[:, None]
    time = np.tile([1.0, 0.5, 1.0], (case.size, 1))
    count, person = g.poisson(rates * time), np.arange(case.size)
    period = np.tile(np.arange(3), (case.size, 1))
    return fit_before_after(count.ravel(), np.repeat(case, 3), period.ravel(), 3, 0, time.ravel(), np.repeat(person, 3))


def test_the_reference_before_the_crisis_finds_what_is_planted_and_the_months_before_do_not() -> None:
    fits = [crisis(seed) for seed in range(40)]
    change = np.array([fit.change[2] for fit in fits])
    error = np.array([fit.change_std_error[2] for fit in fits])
    assert_allclose(np.mean(change), np.log(TRUE), atol=4 * change.std(ddof=1) / np.sqrt(40))
    assert np.mean(np.abs(change - np.log(TRUE)) < 1.96 * error) > 0.85
    # Naive: after beside the months before. It says that court helps.
    naive = np.array([fit.change[2] - fit.change[1] for fit in fits])
    assert np.exp(naive.mean()) == pytest.approx(AFTER / CRISIS, abs=0.05)
    assert (naive < np.log(TRUE) - 0.3).all()


# --- the kind ---------------------------------------------------------------------------------------------------------

HOUSE = House(COHORT, COVARIATES)
KEYS = {"kind": "before_after", **SAMPLES["before_after"]}


def released(frame: pd.DataFrame) -> pd.DataFrame:
    return disclose(exact(frame), POLICY).rows


def exact(frame: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    return HOUSE.rows(HOUSE.checked(a={**KEYS, **keys}), frame)["a"]


def test_rows_have_people_with_a_record_and_both_ratios() -> None:
    frame = members()
    rows = exact(frame)
    here = (frame["year"] == "2016") & (frame["treated"] == "yes")
    case = one(rows, measure="log_rate_ratio", group="year=2016", level="yes")
    assert (case["n"], case["events"]) == (here.sum(), (here & (frame["visits"] > 0)).sum())
    sums = frame.groupby(["year", "treated"], observed=True)[["visits", "years"]].sum()
    rate = sums["visits"] / sums["years"]
    assert case["estimate"] == pytest.approx(np.log(rate["2016", "yes"] / rate["2016", "no"]))
    first = one(rows, measure="log_rate_ratio", group="year=2015", level="yes")
    change = one(rows, measure="log_ratio_of_rate_ratios", level="2016")
    assert change["group"] == "treated=yes"
    assert change["estimate"] == pytest.approx(case["estimate"] - first["estimate"])
    assert one(rows, measure="log_ratio_of_rate_ratios", level="2015")["status"] == "reference"


def test_a_number_that_is_not_shown_beside_a_ratio_is_called_withheld() -> None:
    labels = words.Labels({"stream": "s", "policy": POLICY.model_dump()})
    shown = {"estimate": 0.5, "conf_low": 0.1, "conf_high": 0.9, "n": 45}
    rows = tidy(
        [
            {"measure": "log_rate_ratio", "group": "year=2015", "level": "yes", "events": None, **shown},
            {"measure": "log_rate_ratio", "group": "year=2015", "level": "no", "events": 25, **shown},
            {"measure": "log_ratio_of_rate_ratios", "group": "treated=yes", "level": "2015", "status": "reference"},
        ]
    )
    about = {"title": "T", "case_level": "yes", "period": "year", "reference_period": "2015"}
    (row,) = periods_table.table(rows, about, labels).rows
    assert [(cell.text, cell.sub) for cell in row.cells[:2]] == [("withheld", "of 45"), ("25", "of 45")]


def test_groups_have_models_of_their_own(tmp_path: Path) -> None:
    frame = members()
    rows = exact(frame, group_by=["sex"])
    alone = exact(frame[frame["sex"] == "female"])
    ours = one(rows, measure="log_ratio_of_rate_ratios", group="sex=female; treated=yes", level="2016")
    theirs = one(alone, measure="log_ratio_of_rate_ratios", level="2016")
    # The factor of the errors is that of the clusters and rows of a group.
    assert_allclose(ours[["estimate", "std_error"]].astype(float), theirs[["estimate", "std_error"]].astype(float))
    way = take(frame, {**KEYS, "group_by": ["sex"]}, tmp_path, house=HOUSE)
    assert "Ratio to that of 2015" in way.figures["a"]["alt"]
    assert way.page.count("Change (95% CI)") == 1


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"count": "sex"}, "'sex' has levels; it must be a number"),
        ({"exposure": "yeers"}, "there is no covariate 'yeers'"),
        ({"compare": "order"}, "'order' needs two levels, the second of them its reference"),
        ({"period": "visits"}, "'visits' is a number"),
    ],
)
def test_what_is_compared_and_counted_is_checked(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        HOUSE.checked(a={**KEYS, **keys})


@pytest.mark.parametrize(
    ("column", "value", "says"),
    [
        ("visits", 0.5, "'visits' is no whole number of at least 0 in 600 rows"),
        ("years", 0.0, "'years' is not above zero in 600 rows; leave periods without time under observation out"),
    ],
)
def test_counts_are_whole_and_time_is_above_zero(column: str, value: float, says: str) -> None:
    made = HOUSE.checked(a=KEYS)
    with pytest.raises(AnalysisError, match=says):
        list(run(members().assign(**{column: value}), COHORT, made.analyses["a"], COVARIATES, "a"))


@pytest.mark.parametrize(("having", "is_shown"), [(9, False), (10, True), (11, True)])
def test_a_change_is_shown_where_both_of_its_ratios_are(having: int, is_shown: bool) -> None:
    """In one period few of the comparison group have a count: its ratio would follow from the change and the other."""
    frame = members().copy()
    others = np.flatnonzero((frame["treated"] == "no") & (frame["year"] == "2016"))
    frame.loc[others, "visits"] = 0.0
    frame.loc[others[:having], "visits"] = 4.0
    found = released(frame)
    ratio, change = (one(found, measure="log_rate_ratio", group="year=2016", level="yes"),
                     one(found, measure="log_ratio_of_rate_ratios", level="2016"))  # fmt: skip
    assert [(row["status"] == "ok", bool(np.isfinite(row["estimate"]))) for row in (ratio, change)] == [
        (is_shown, is_shown)
    ] * 2


def test_without_the_ratio_of_the_reference_period_there_is_no_change() -> None:
    frame = members().copy()
    others = np.flatnonzero((frame["treated"] == "no") & (frame["year"] == "2015"))
    frame.loc[others, "visits"] = 0.0
    frame.loc[others[:9], "visits"] = 4.0
    found = released(frame)
    assert one(found, measure="log_rate_ratio", group="year=2016", level="yes")["status"] == "ok"
    assert one(found, measure="log_ratio_of_rate_ratios", level="2016")["status"] == "suppressed"


@pytest.mark.parametrize("having", range(20, 25))
def test_a_change_moves_as_its_ratios_do(having: int) -> None:
    """20 to 24 with a count are shown as 20 or 25. By how much the three do not add up would tell which it is."""
    frame = members().copy()
    others = np.flatnonzero((frame["treated"] == "no") & (frame["year"] == "2016"))
    frame.loc[others, "visits"] = 0.0
    frame.loc[others[:having], "visits"] = 4.0
    found = released(frame)
    after, before = (one(found, measure="log_rate_ratio", group=f"year={y}", level="yes") for y in ("2016", "2015"))
    change = one(found, measure="log_ratio_of_rate_ratios", level="2016")
    steps = sum(row["std_error"] / 10 for row in (after, before, change)) / 2
    assert abs(change["estimate"] - (after["estimate"] - before["estimate"])) <= steps
