"""Rates per person-time: Lexis diagrams and tables by hand, published results, and from words to the page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_samples import COHORT, COVARIATES, members
from kinds_on_the_way import OPEN, POLICY, House, one, take
from numpy.testing import assert_allclose

from family_justice.analyses.rates import rate_limits
from family_justice.analyses.recount import find_behind
from family_justice.behind import Behind
from family_justice.config.schema import Cohort, Covariate, Event, Outcome, Step, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.sets import gather
from family_justice.errors import AnalysisError, ConfigError
from family_justice.estimators.groups import person_time
from family_justice.estimators.groups.inequality import grouped_inequality
from family_justice.kinds.incidence_rate.cells import periods
from family_justice.kinds.incidence_rate.model import EUROPEAN_2013, AgeBands, Calendar, weights
from family_justice.kinds.registry import KINDS
from family_justice.prints import BUCKETS
from family_justice.results import VALUES, tidy

HOUSE = House(COHORT, COVARIATES)
KEYS = {"kind": "incidence_rate", "outcome": "back"}

# Deaths of British doctors from coronary heart disease by smoking and age (Doll and Hill 1966).
SMOKERS = [32, 104, 206, 186, 102], [52_407, 43_248, 28_612, 12_663, 5_317]
OTHERS = [2, 12, 28, 28, 31], [18_790, 10_673, 5_710, 2_585, 1_462]


# --- estimators -------------------------------------------------------------------------------------------------------


def test_a_lexis_diagram_by_hand() -> None:
    """Two members on the scale of their own follow-up. The first passes ages at 1 and 2, and a year at 1.5; the second
    an age at 0.5, and its year ends when it leaves."""
    ages, years = np.array([[1.0, 2.0], [0.5, 9.0]]), np.array([[1.5], [2.5]])
    found = person_time.split_time([0, 0], [3.0, 2.5], [ages, years])
    assert found.member.tolist() == [0, 0, 0, 0, 1, 1]
    assert found.codes.tolist() == [[0, 0], [1, 0], [1, 1], [2, 1], [0, 0], [1, 0]]
    assert_allclose(found.time, [1, 0.5, 0.5, 1, 0.5, 2])
    # The day of a cut is in the cell that begins on it.
    at = person_time.cells_at(np.array([1.0, 0.99, 2.5]), np.array([0, 0, 1]), [ages, years])
    assert at.tolist() == [[1, 0], [0, 0], [1, 1]]


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.floats(0, 5), st.floats(0, 9)), min_size=1, max_size=8),
    st.lists(st.floats(-3, 14), min_size=1, max_size=5),
)
def test_no_time_is_lost_and_nobody_grows_younger(spans: list[tuple[float, float]], cuts: list[float]) -> None:
    start, length = np.array(spans).T
    table = np.sort(np.array(cuts))[None, :] - np.arange(len(start))[:, None]
    found = person_time.split_time(start, start + length, [table])
    total = np.bincount(found.member, weights=found.time, minlength=len(start))
    assert_allclose(total, length, atol=1e-12)
    same = np.diff(found.member) == 0
    assert (np.diff(found.codes[:, 0])[same] >= 0).all()


def test_ratios_of_the_british_doctors() -> None:
    """Stata's manual of epitab prints for ``ir deaths smokes pyears, by(age)``: crude 1.719823; M-H combined 1.424682
    (1.154703 to 1.757784)."""
    log, error = person_time.mantel_haenszel(*SMOKERS, *OTHERS)
    limits = [math.exp(log + z * 1.959964 * error) for z in (0, -1, 1)]
    assert_allclose(limits, [1.424682, 1.154703, 1.757784], rtol=1e-6)
    sums = [(sum(SMOKERS[i]), sum(OTHERS[i])) for i in (0, 1)]
    log, error = person_time.log_rate_ratio(*sums)
    assert_allclose(math.exp(log), 1.719823, rtol=1e-6)
    smokes = np.array([1.0, 0.0])
    fit = sm.GLM(sums[0], sm.add_constant(smokes), family=sm.families.Poisson(), offset=np.log(sums[1])).fit()
    assert_allclose([log, error], [fit.params[1], fit.bse[1]], rtol=1e-6)
    difference, spread = person_time.rate_difference(*sums)
    assert_allclose([difference, spread], [630 / 142_247 - 101 / 39_220, math.sqrt(630 / 142_247**2 + 101 / 39_220**2)])


def test_a_standardised_rate_as_an_r_package_prints_it() -> None:
    """The example of R ``canregtools::ageadjust`` prints a crude rate of 5357.143 (4679.972 to 6104.765), exact limits,
    and an adjusted one of 5394.737 with a variance of 1.306556e-05, per 100,000."""
    cases, people, standard = [50, 60, 45, 70], [1000, 1200, 1100, 900], [800, 1000, 1100, 900]
    assert_allclose(100 * np.array(rate_limits(225, 4200)), [4679.972, 6104.765], rtol=1e-6)
    rate, low, high = person_time.direct_rate(cases, people, standard)
    assert_allclose(1e5 * rate, 5394.737, rtol=1e-6)
    # Dobson's limits are those of the count, stretched by the ratio of the standard errors.
    bottom, top = person_time.byar_limits(225)
    stretch = math.sqrt(1.306556e-05 / 225)
    assert_allclose([low, high], [rate + stretch * (bottom - 225), rate + stretch * (top - 225)], rtol=1e-6)


def test_standardisation_by_hand() -> None:
    """With the group's own time as weights the standardised rate is the crude one; one age alone has Byar's limits."""
    rate, low, high = person_time.direct_rate([20], [400], [7])
    assert_allclose([rate, low, high], [0.05, *(limit / 400 for limit in person_time.byar_limits(20))])
    assert_allclose(person_time.direct_rate([5, 20], [100, 300], [100, 300])[0], 25 / 400)
    # Expected: 100 * 0.1 + 300 * 0.05 = 25.
    assert_allclose(person_time.indirect_ratio(30, [100, 300], [0.1, 0.05])[0], 1.2)
    for events in (10, 50, 400):
        assert_allclose(person_time.byar_limits(events), np.array(rate_limits(events, 1000.0)), rtol=4e-3)
    assert person_time.byar_limits(0)[0] == 0


def test_a_robust_error_is_the_sandwich() -> None:
    """With one event and equal times each it is zero; doubled events of half the people are twice the variance."""
    assert person_time.robust_error([1, 1, 1], [2, 2, 2]) == 0
    events, time = np.array([0, 3, 1, 2, 0, 5]), np.array([1, 2, 1.5, 3, 0.5, 2.0])
    fit = sm.GLM(events, np.ones(6), family=sm.families.Poisson(), offset=np.log(time)).fit(cov_type="HC0")
    assert_allclose(person_time.robust_error(events, time), fit.bse[0], rtol=1e-8)


@pytest.mark.parametrize(("found", "expected"), [
    (person_time.log_rate_ratio((0, 5), (10, 10)), 2), (person_time.mantel_haenszel([0], [5], [3], [5]), 2),
    (person_time.mantel_haenszel([], [], [], []), 2), (person_time.direct_rate([1, 0], [5, 0], [1, 1]), 3),
    (person_time.indirect_ratio(3, [5], [0]), 3), (person_time.rate_difference((1, 1), (0, 1)), 2),
])  # fmt: skip
def test_what_there_is_none_of_is_no_number(found: tuple[float, ...], expected: int) -> None:
    assert len(found) == expected
    assert all(math.isnan(value) for value in found)


def test_the_standard_population() -> None:
    assert sum(EUROPEAN_2013.values()) == 100_000
    assert weights([1, 5, 15, 65]) == [1000, 4000, 11_000, 64_500, 19_500]
    with pytest.raises(ValueError, match="no cut at 16; cut at some of 0, 1, 5"):
        weights([5, 16])


def test_bands_and_periods_have_names() -> None:
    assert AgeBands(born="b", cuts=[1, 2, 5, 18]).labels() == ["under 1", "1", "2 to 4", "5 to 17", "18 and over"]
    day = (pd.Timestamp("2015-02-01") - pd.Timestamp("1970-01-01")).days
    starts, names = periods(Calendar(by="financial_year"), day, day + 500)
    assert names == ["2014/15", "2015/16", "2016/17"]
    assert [str(pd.Timestamp("1970-01-01") + pd.Timedelta(days=d))[:10] for d in starts[1:]] == [
        "2015-04-01",
        "2016-04-01",
    ]
    assert periods(Calendar(by="year", every=3, first=2011), day, day + 1)[1] == ["2014 to 2016"]


# --- the kind ---------------------------------------------------------------------------------------------------------

FEW = Cohort(
    label="C", unit="children", description="d", key=["child_id"], time_zero="day",
    steps=[Step(name="all", label="All", sql="SELECT 1")],
    events={"ill": Event(label="Ill", sql="SELECT 1"), "end": Event(label="End", sql="SELECT 1"),
            "visit": Event(label="Visit", sql="SELECT 1", repeats=True)},
    outcomes={"ill": Outcome(label="Ill", event="ill", censoring=["end"]),
              "visit": Outcome(label="Visit", event="visit", censoring=["end"])},
    covariates=["sex"],
)  # fmt: skip
SEX = {"sex": Covariate(label="Sex", definition="d", value="s", levels=["female", "male"], reference="male")}
YEAR = 365.25


def few(**changes: Any) -> pd.DataFrame:
    """Three children from 1 July 2015: born half a year, two years and no known day before; ill after 1 year, never,
    after 2; observed for 3, 1.5 and 4 years."""
    zero = (pd.Timestamp("2015-07-01") - pd.Timestamp("1970-01-01")).days
    frame = pd.DataFrame({
        "child_id": [1, 2, 3], "day": 0.0, "calendar_day": zero, "born": [-0.5 * YEAR, -2 * YEAR, np.nan],
        "ill": [YEAR, np.nan, 2 * YEAR], "end": [3 * YEAR, 1.5 * YEAR, 4 * YEAR],
        "sex": pd.Categorical(["female", "male", "male"], categories=["female", "male"]),
    }).assign(**changes)  # fmt: skip
    frame["visit"] = [np.array([10.0, 20.0, 900.0]), np.array([]), np.array([30.0])]
    return frame


def rows_of(frame: pd.DataFrame, cohort: Cohort = FEW, known: Any = SEX, **keys: Any) -> pd.DataFrame:
    made = House(cohort, known).stream(a={"kind": "incidence_rate", **keys}).analyses["a"]
    rows = tidy(KINDS["incidence_rate"].run(frame, cohort, made, known, "a"), kind="incidence_rate")
    find_behind(rows, frame, cohort, made, known, "a")
    return rows


def test_three_children_by_hand() -> None:
    rows = rows_of(few(), outcome="ill", age={"born": "born", "cuts": [1, 3]}, by=["age_band"])
    rates = rows[rows["measure"] == "rate"].set_index("group")
    times = rows[rows["measure"] == "time_at_risk"].set_index("group")["estimate"]
    # The first child is ill on its day of 1.5 years; the second is 2 when it comes and leaves at 3.5.
    assert times.to_dict() == pytest.approx(
        {"age_band=under 1": 0.5, "age_band=1 to 2": 1.5, "age_band=3 and over": 0.5}
    )
    assert rates["n"].to_dict() == {"age_band=under 1": 0, "age_band=1 to 2": 1, "age_band=3 and over": 0}
    assert rates["total"].tolist() == [1, 2, 1]
    assert_allclose(rates.loc["age_band=1 to 2", "estimate"], 1000 / 1.5)
    left = one(rows, measure="left_out")
    assert (left["term"], left["level"], left["n"]) == ("born", "no value", 1)
    by_year = rows_of(few(), outcome="ill", calendar={"by": "year"}, by=["period"])
    shown = by_year[by_year["measure"] == "time_at_risk"].set_index("group")["estimate"] * YEAR
    assert_allclose(shown["period=2015"], 3 * 184)  # from 1 July, the day itself included
    assert one(by_year, measure="rate", group="period=2016")["n"] == 1  # 365.25 days after 1 July 2015
    assert one(by_year, measure="rate", group="period=2017")["n"] == 1


def test_every_event_of_those_that_repeat() -> None:
    rows = rows_of(few(), outcome="visit", by=["sex"])
    found = one(rows, measure="rate", group="sex=male")
    assert (found["n"], found["total"]) == (1, 2)
    events, time = np.array([0, 1]), np.array([1.5, 4.0])
    error = person_time.robust_error(events, time)
    assert_allclose(found["std_error"], error * found["estimate"])
    width = math.exp(1.959963984540054 * error)
    assert_allclose([found["conf_low"], found["conf_high"]], [found["estimate"] / width, found["estimate"] * width])
    assert one(rows, measure="rate", group="sex=female")["n"] == 3


def test_comparisons_follow_from_the_released_counts(tmp_path: Path) -> None:
    keys = {**KEYS, "compare": "sex", "age": {"born": "born", "cuts": [4, 8]}, "standardise": "cohort"}
    way = take(members(), keys, tmp_path, POLICY, HOUSE)
    rates = way.released[way.released["measure"] == "rate"].set_index("group")
    times = way.released[way.released["measure"] == "time_at_risk"].set_index("group")["estimate"]
    (a, b), (s, t) = ([float(frame[f"sex={sex}"]) for sex in ("female", "male")] for frame in (rates["n"], times))
    ratio = one(way.released, measure="log_incidence_rate_ratio")
    assert_allclose([ratio["estimate"], ratio["std_error"]], person_time.log_rate_ratio((a, b), (s, t)))
    bands = ["under 4", "4 to 7", "8 and over"]
    cells = [[f"sex={sex}; age_band={band}" for band in bands] for sex in ("female", "male")]
    sides = [values for names in cells for values in (rates.loc[names, "n"].astype(float), times[names])]
    stratified = one(way.released, measure="log_stratified_rate_ratio")
    assert_allclose([stratified["estimate"], stratified["std_error"]], person_time.mantel_haenszel(*sides))
    standard = times[[f"age_band={band}" for band in bands]]
    direct = one(way.released, measure="standardised_rate", group="sex=female")
    assert_allclose(direct["estimate"], 1000 * person_time.direct_rate(sides[0], sides[1], standard)[0])
    assert one(way.exact, measure="log_incidence_rate_ratio")["estimate"] != ratio["estimate"]
    assert "Stratified ratio (95% CI)" in way.page
    assert "split by age as it passes (Lexis)" in way.page
    assert "sex=" not in way.figures["a"]["alt"]


def test_what_rests_on_a_hidden_stratum_is_left_out_or_withheld() -> None:
    frame = members().copy()
    frame["born"] = frame["born"].where(frame.index % 20 > 0, -100.0)
    few_ = (frame.index % 20 == 0) & (frame["sex"] == "male").to_numpy()
    frame.loc[few_, "back"] = 9000.0
    frame.loc[np.flatnonzero(few_)[:3], "back"] = 60.0
    keys = {**KEYS, "compare": "sex", "age": {"born": "born", "cuts": [1]}, "standardise": "cohort"}
    made = HOUSE.checked(a=keys)
    rows = HOUSE.rows(made, frame)["a"]
    sets = gather({"a": rows}, {"a": HOUSE.behind(made, frame, "a", rows)})
    about = {"a": made.analyses["a"].words_of_rows(COHORT, COVARIATES)}
    released = disclose(rows, POLICY, {}, sets, about).rows
    hidden = one(released, measure="rate", group="sex=male; age_band=under 1")
    assert hidden["status"] == "suppressed"
    assert one(released, measure="standardised_rate", group="sex=male")["status"] == "suppressed"
    stratified, crude = (one(released, measure=f"log_{which}_rate_ratio") for which in ("stratified", "incidence"))
    assert (stratified["status"], crude["status"]) == ("ok", "ok")
    old = [one(released, measure=m, group=f"sex={s}; age_band=1 and over") for s in ("female", "male")
           for m in ("rate", "time_at_risk")]  # fmt: skip
    pairs = (old[0]["n"], old[2]["n"]), (old[1]["estimate"], old[3]["estimate"])
    assert_allclose(stratified["estimate"], person_time.log_rate_ratio(*pairs)[0])


def test_repeated_events_pass_the_door(tmp_path: Path) -> None:
    way = take(members(), {**KEYS, "outcome": "again", "compare": "sex"}, tmp_path, POLICY, HOUSE)
    for place in (way.exact, way.released):
        rate = one(place, measure="rate", group="sex=female")
        other = one(place, measure="rate", group="sex=male")
        ratio = one(place, measure="log_incidence_rate_ratio")
        error = math.hypot(rate["std_error"] / rate["estimate"], other["std_error"] / other["estimate"])
        assert_allclose(ratio["std_error"], error)
    relative = rate["std_error"] / rate["estimate"]
    assert_allclose(relative, float(f"{relative:.2g}"))
    exact = one(way.exact, measure="rate", group="sex=female")
    assert_allclose(relative, exact["std_error"] / exact["estimate"], rtol=0.06)  # two digits, and a rounded count
    assert_allclose(rate["estimate"], exact["estimate"], rtol=0.05)


@pytest.mark.parametrize("outcome", ["back", "again"])
def test_rates_of_an_open_policy_are_the_exact_ones(outcome: str, tmp_path: Path) -> None:
    way = take(members(), {**KEYS, "outcome": outcome, "compare": "sex"}, tmp_path, OPEN, HOUSE)
    pd.testing.assert_frame_equal(way.exact[["n", *VALUES]], way.released[["n", *VALUES]])


# --- rows that are areas ----------------------------------------------------------------------------------------------

NUMBERS = {name: Covariate(label=name.title(), definition="d", value=name, unit="child-years")
           for name in ("cases", "people")}  # fmt: skip
FIFTH = {
    "fifth": Covariate(label="Deprivation", definition="d", value="f", levels=["most", "least"], reference="least")
}
AREAS = Cohort(
    label="Areas", unit="areas", description="d", key=["area"], counts="cases",
    steps=[Step(name="all", label="All", sql="SELECT 1")], covariates=["cases", "people", "fifth"],
)  # fmt: skip
COUNTED = {"count": "cases", "exposure": "people", "compare": "fifth"}


def areas(most: list[int], least: list[int]) -> pd.DataFrame:
    cases = [*most, *least]
    level = ["most"] * len(most) + ["least"] * len(least)
    return pd.DataFrame({
        "area": range(len(cases)), "cases": np.array(cases, dtype=float), "people": 1000.0,
        "fifth": pd.Categorical(level, categories=["most", "least"]),
    })  # fmt: skip


def released_areas(frame: pd.DataFrame) -> pd.DataFrame:
    house = House(AREAS, {**NUMBERS, **FIFTH})
    made: Stream = house.stream(a={"kind": "incidence_rate", **COUNTED})
    rows = rows_of(frame, AREAS, {**NUMBERS, **FIFTH}, **COUNTED).assign(analysis="a", stream="s", cohort="children")
    behind = find_behind(rows, frame, AREAS, made.analyses["a"], house.covariates, "a")
    about = {"a": made.analyses["a"].words_of_rows(AREAS, house.covariates)}
    return disclose(rows, POLICY, {}, gather({"a": rows}, {"a": behind}), about).rows


def test_children_are_counted_in_areas() -> None:
    found = released_areas(areas([22, 31, 40], [13, 8, 11]))
    most = one(found, measure="rate", group="fifth=most")
    assert (most["n"], most["estimate"]) == (95, 95 / 3)
    assert one(found, measure="log_incidence_rate_ratio")["estimate"] == pytest.approx(math.log(95 / 30))


@pytest.mark.parametrize("number", [1, 9, 10, 11, 16])
def test_how_many_areas_it_is_of_is_public_and_shown_as_it_is(number: int) -> None:
    """Everywhere: beside a rate and its time, and of whom the analysis is; children are rounded."""
    found = released_areas(areas([22] * number, [13, 8, 11]))
    most = found[found["group"] == "fifth=most"].set_index("measure")
    assert (most.at["rate", "total"], most.at["time_at_risk", "n"]) == (number, number)
    assert most.at["rate", "n"] % 5 == 0
    assert (most.at["rate", "n"] == 22 * number) == (22 * number % 5 == 0)
    assert found.loc[found["measure"].isin(["members", "analysed"]), "n"].tolist() == [number + 3] * 2


def test_in_how_many_areas_something_happened_is_not_public() -> None:
    """A model over 47 areas, of which 37 have a case; steps of the cohort of areas leave nobody out."""
    number = np.array([0.0] * 10 + [3.0] * 37)
    level = np.where(np.arange(47) % 3 == 0, "most", "least")
    frame = pd.DataFrame({"area": range(47), "cases": number, "people": 1000.0 + np.arange(47),
                          "fifth": pd.Categorical(level, categories=["most", "least"])})  # fmt: skip
    house = House(AREAS, {**NUMBERS, **FIFTH})
    keys = {"kind": "negative_binomial", "count": "cases", "exposure": "people", "covariates": ["fifth"]}
    made = house.checked(a=keys)
    rows = house.rows(made, frame)["a"]
    found = disclose(rows, POLICY, {}, gather({"a": rows}, {"a": house.behind(made, frame, "a", rows)})).rows
    shown = found[found["term"] == "fifth"].set_index("level")
    assert shown["n"].to_dict() == {"most": 16, "least": 31}
    assert (shown["events"] % 5 == 0).all()
    labels = {"stream": "s", "analysis": "attrition.c", "kind": "attrition", "cohort": "c", "measure": "count"}
    steps = tidy([{"term": "all", "n": 47}, {"term": "some", "n": 43}], **labels)
    none = np.zeros(BUCKETS, dtype=np.int64)
    behind = Behind.of([(row, "n", n, 400, 0, True, none) for row, n in enumerate((47, 43))], AREAS)
    left = disclose(steps, POLICY, {}, gather({"attrition.c": steps}, {"attrition.c": behind})).rows
    assert (left["n"].tolist(), left["note"].tolist()) == ([47, 43], ["", ""])


def test_few_children_are_hidden_however_many_areas_they_are_in() -> None:
    found = released_areas(areas([22, 31, 40], [1, 2, 1]))
    assert one(found, measure="rate", group="fifth=least")["status"] == "suppressed"
    # 97 and 93 are both shown as 95: the few are known to be 1 to 4, no nearer.
    assert [one(found, measure="rate", group=g)["n"] for g in ("", "fifth=most")] == [95, 95]
    assert one(found, measure="log_incidence_rate_ratio")["status"] == "suppressed"


def test_inequality_over_fifths_of_areas_ranks_the_people_in_them() -> None:
    """Two groups of areas with 1000 and 4000 people: ranks are those of the people, whatever the number of areas."""
    frame = areas([30], [20, 20, 20, 20])
    keys = {"kind": "inequality", "count": "cases", "exposure": "people", "over": "fifth"}
    house = House(AREAS, {**NUMBERS, **FIFTH})
    made = house.checked(a=keys).analyses["a"]
    rows = tidy(KINDS["inequality"].run(frame, AREAS, made, house.covariates, "a"), kind="inequality")
    find_behind(rows, frame, AREAS, made, house.covariates, "a")
    expected = grouped_inequality([80, 30], [4000, 1000], [4000, 1000])
    slope, relative = (one(rows, measure=measure) for measure in ("slope_index", "log_relative_index"))
    assert_allclose([slope["estimate"], relative["estimate"]], [1000 * expected.slope, expected.log_relative])
    # Rates of 0.02 and 0.03 at ranks 0.4 and 0.9: the line rises by 0.01 over half of all ranks.
    assert_allclose(slope["estimate"], 20)


@pytest.mark.parametrize(("changes", "says"), [
    ({"exposure": None}, "go together; write both"),
    ({"variable": "fifth"}, "write either 'variable'"),
    ({"count": None, "exposure": None}, "write either 'variable'"),
    ({"count": "fifth"}, "'fifth' has levels"),
])  # fmt: skip
def test_numbers_of_areas_go_together(changes: dict[str, Any], says: str) -> None:
    keys = {"kind": "inequality", "count": "cases", "exposure": "people", "over": "fifth", **changes}
    with pytest.raises(ConfigError, match=says):
        House(AREAS, {**NUMBERS, **FIFTH}).checked(a=keys)


def test_numbers_of_areas_have_to_make_sense() -> None:
    wrong = areas([22], [13])
    with pytest.raises(AnalysisError, match="'cases' is no whole number from 0 in 1 rows"):
        rows_of(wrong.assign(cases=[1.5, 3]), AREAS, {**NUMBERS, **FIFTH}, **COUNTED)
    with pytest.raises(AnalysisError, match="'people' is not above zero in 1 rows"):
        rows_of(wrong.assign(people=[0.0, 3]), AREAS, {**NUMBERS, **FIFTH}, **COUNTED)


# --- what does not go together ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(("changes", "says"), [
    ({"outcome": None}, "either 'outcome'"),
    ({"count": "visits"}, "either 'outcome'"),
    ({"outcome": None, "count": "visits", "exposure": "years"}, "say under 'counts' of cohort"),
    ({"outcome": None, "count": "sex", "exposure": "years"}, "'sex' has levels"),
    ({"outcome": "recorded", "age": {"born": "born", "cuts": [1]}}, "one with dates"),
    ({"age": {"born": "born", "cuts": [5, 1]}}, "increasing order"),
    ({"age": {"born": "born", "cuts": [5, 16]}, "standardise": "european_2013"}, "no cut at 16"),
    ({"calendar": {"by": "year", "every": 2}}, "in which a period of 2 years begins"),
    ({"by": ["period"]}, "'period' is not split; write 'calendar'"),
    ({"strata": ["sex"]}, "there is nothing to adjust"),
    ({"standardise": "cohort"}, "there is nothing to standardise for"),
    ({"standardise": "european_2013", "strata": ["sex"]}, "let 'age' be the only stratum"),
    ({"outcome": "again", "compare": "sex", "strata": ["fifth"]}, "are not independent"),
    ({"by": ["period", "period"], "calendar": {"by": "year"}}, "named more than once"),
    ({"compare": "age"}, "is a number"),
])  # fmt: skip
def test_keys_that_do_not_go_together(changes: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError, match=says):
        HOUSE.checked(a={**KEYS, **changes})
