"""Matched sets from a stream's words to the page: how sets are drawn, their balance, and the models within them."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COHORT, COVARIATES, POLICY, as_categories, checked, disclosed, one, stream_of
from numpy.testing import assert_allclose

from family_justice.config.schema import Outcome
from family_justice.disclosure.coarsen import step_below
from family_justice.errors import AnalysisError, ConfigError
from family_justice.kinds.families.balance import balance_rows
from family_justice.kinds.matched_cox.run import run as matched_cox
from family_justice.kinds.matched_logistic.run import run as matched_logistic
from family_justice.kinds.registry import KINDS
from family_justice.results import tidy

CASES = {"kind": "matched_logistic", "treatment": "treated", "match_on": ["sex", "area"], "covariates": ["placed"]}
COX = {"kind": "matched_cox", "treatment": "treated", "outcome": "back", "match_on": ["sex"], "ratio": 2}


def members(n: int = 1500, treated: float = 0.2) -> pd.DataFrame:
    g = np.random.default_rng(4)
    sex, age = g.integers(0, 2, n), g.normal(30, 6, n).round()
    case = g.random(n) < treated * np.exp(0.05 * (age - 30) + 0.4 * sex)
    return as_categories(pd.DataFrame({
        "treated": np.where(case, "yes", "no"), "sex": np.where(sex, "female", "male"), "age": age,
        "area": g.choice(["Anglesey", "Bridgend", "Cardiff"], n), "duration": g.uniform(0.1, 3, n),
        "placed": np.where(g.random(n) < 0.3 + 0.2 * case, "yes", "no"),
        "came_back": (g.random(n) < 0.4 + 0.2 * case).astype(int),
    }))  # fmt: skip


def rows_of(frame: pd.DataFrame, keys: dict[str, Any]) -> pd.DataFrame:
    made = stream_of(a=keys)
    return tidy(KINDS[keys["kind"]].run(frame, COHORT, made.analyses["a"], COVARIATES, "a"),
                stream="s", analysis="a", kind=keys["kind"], cohort="children")  # fmt: skip


def pairs(exposed_case: int, exposed_other: int, alike: int) -> pd.DataFrame:
    """Pairs of a case and a comparison; each pair is an area of its own, so that matching finds exactly it."""
    placed = [("yes", "no")] * exposed_case + [("no", "yes")] * exposed_other + [("no", "no")] * alike
    count = len(placed)
    frame = pd.DataFrame({
        "treated": ["yes", "no"] * count, "placed": [v for pair in placed for v in pair],
        "area": np.repeat([f"area {i}" for i in range(count)], 2), "sex": "male",
    })  # fmt: skip
    frame["area"] = pd.Categorical(frame["area"])
    frame["treated"] = pd.Categorical(frame["treated"], categories=["yes", "no"])
    frame["placed"] = pd.Categorical(frame["placed"], categories=["yes", "no"])
    return frame


def test_pairs_give_the_ratio_of_discordant_ones() -> None:
    """30 pairs with the exposure in the case only, 12 in the comparison only: log(30/12), variance 1/30 + 1/12."""
    areas = COVARIATES["area"].model_copy(update={"levels": [f"area {i}" for i in range(62)]})
    analysis = stream_of(a={**CASES, "match_on": ["area"]}).analyses["a"]
    rows = tidy(matched_logistic(pairs(30, 12, 20), COHORT, analysis, {**COVARIATES, "area": areas}, "a"))
    row = one(rows, term="placed", level="yes", measure="log_odds_ratio")
    assert_allclose([row["estimate"], row["std_error"]], [math.log(30 / 12), math.sqrt(1 / 30 + 1 / 12)], rtol=1e-8)
    # Counts are those of the discordant pairs: 42 members with the exposure, 30 of them cases.
    assert (row["n"], row["events"]) == (42, 30)
    other = one(rows, term="placed", level="no", measure="log_odds_ratio")
    assert (other["n"], other["events"], other["status"]) == (42, 12, "reference")
    assert one(rows, term="matching", level="full set")["n"] == 62


def test_balance_before_and_after_by_hand() -> None:
    frame = members()
    rows = rows_of(frame, CASES)
    treated = frame["treated"] == "yes"
    share = [(frame["sex"][side] == "female").mean() for side in (treated, ~treated)]
    unit = math.sqrt(sum(p * (1 - p) for p in share) / 2)
    before = one(rows, measure="standardised_difference", group="", term="sex", level="female")
    assert_allclose(before["estimate"], (share[0] - share[1]) / unit)
    assert before["estimate"] > 0.1
    after = one(rows, measure="standardised_difference", group="matched=yes", term="sex", level="female")
    assert after["estimate"] == 0
    cells = rows[(rows["term"] == "sex") & (rows["measure"] == "percent")].set_index(["group", "level"])["n"]
    assert cells["matched=yes; treated=yes", "female"] == cells["matched=yes; treated=no", "female"]


def test_sets_of_unequal_size_count_once() -> None:
    """Six sets: in three one comparison, female; in three two, of which three in all are female and three male. By
    member 6 of 9 comparisons are female, by set 3 + 3/2 = 4.5 of 6: as MatchIt weighs them, rounded to whole sets. Age,
    which is 1 for female, has the exact difference."""
    single = [("yes", "male"), ("no", "female")]
    double = [("yes", "male"), ("no", "female"), ("no", "male")]
    people = [(f"area {i}", *one) for i in range(6) for one in (single if i < 3 else double)]
    frame = pd.DataFrame(people, columns=["area", "treated", "sex"])
    frame["placed"] = np.resize(["yes", "no"], len(frame))
    frame["age"] = (frame["sex"] == "female").astype(float)
    for name, levels in (("treated", ["yes", "no"]), ("placed", ["yes", "no"]), ("sex", ["female", "male"])):
        frame[name] = pd.Categorical(frame[name], categories=levels)
    frame["area"] = pd.Categorical(frame["area"])
    known = {**COVARIATES, "area": COVARIATES["area"].model_copy(update={"levels": sorted(frame["area"].unique())})}
    keys = {**CASES, "variable": "placed", "match_on": ["area"], "ratio": 2, "covariates": ["sex", "age"]}
    analysis = stream_of(a=keys).analyses["a"]
    rows = tidy(matched_logistic(frame, COHORT, analysis, known, "a"))
    cells = rows[(rows["term"] == "sex") & (rows["measure"] == "percent")].set_index(["group", "level"])
    shown = cells[["n", "total"]].apply(tuple, axis=1).to_dict()
    assert shown["treated=no", "female"] == (6, 9)
    assert shown["matched=yes; treated=no", "female"] == (5, 6)  # 4.5 and 1.5: of equal fractions the first rounds up
    assert shown["matched=yes; treated=no", "male"] == (1, 6)
    assert shown["matched=yes; treated=yes", "male"] == (6, 6)
    unit = math.sqrt((6 / 9 * 3 / 9) / 2)
    after = one(rows, measure="standardised_difference", group="matched=yes", term="sex", level="female")
    assert_allclose(after["estimate"], -(5 / 6) / unit)
    number = one(rows, measure="standardised_difference", group="matched=yes", term="age")
    assert_allclose(number["estimate"], -0.75 / math.sqrt(np.var([1] * 6 + [0] * 3, ddof=1) / 2))


def test_the_nearest_score_balances_a_number() -> None:
    frame = members()
    keys = {**COX, "match_on": [], "nearest_on": ["age", "sex"], "ratio": 1}
    rows = rows_of(frame, keys)
    before, after = (
        one(rows, measure="standardised_difference", group=g, term="age")["estimate"] for g in ("", "matched=yes")
    )
    assert before > 0.2
    assert abs(after) < 0.05
    # A caliper leaves members without a comparison rather than pairing far ones.
    near = rows_of(frame, {**keys, "ratio": 3, "caliper": 0.01})
    assert one(near, term="matching", level="no comparison")["n"] > 0
    assert one(near, term="matching", level="no comparison")["note"] == "fewer comparisons than asked for"
    assert near[near["term"] == "matching"]["n"].sum() == (frame["treated"] == "yes").sum()


@pytest.mark.parametrize("keys", [CASES, COX, {**CASES, "variable": "placed", "covariates": [], "ratio": 2}])
def test_released_models_are_shown_in_wide_steps_and_their_balance_follows(keys: dict[str, Any]) -> None:
    way = disclosed(members(), keys)
    term = "placed" if keys == CASES else "treated"
    measure = "log_hazard_ratio" if keys["kind"] == "matched_cox" else "log_odds_ratio"
    before, after = (one(f, term=term, level="yes", measure=measure) for f in (way.exact, way.released))
    # A single coefficient in matched sets: steps of half and of a fifth of its standard error.
    unit, fine = step_below(before["std_error"] / 2), step_below(before["std_error"] / 5)
    assert after["estimate"] == pytest.approx(unit * round(before["estimate"] / unit))
    assert after["std_error"] == pytest.approx(fine * round(before["std_error"] / fine))
    assert (way.released[["n", "total", "events"]].fillna(0) % 5 == 0).all(axis=None)
    balance = way.released[way.released["measure"] == "standardised_difference"]
    balance = balance[balance["level"] == "female"]
    shares = way.released[way.released["measure"] == "percent"].set_index(["group", "term", "level"])
    share = [(s["n"] / s["total"]) for s in (shares.loc[(f"treated={t}", "sex", "female")] for t in ("yes", "no"))]
    unit = math.sqrt(sum(p * (1 - p) for p in share) / 2)
    assert_allclose(balance["estimate"].iloc[0], (share[0] - share[1]) / unit)


def test_the_seed_decides_and_nothing_else() -> None:
    frame = members()
    first, again = rows_of(frame, COX), rows_of(frame, COX)
    pd.testing.assert_frame_equal(first, again)
    other = rows_of(frame, {**COX, "seed": 2})
    assert one(first, term="treated", level="yes")["estimate"] != one(other, term="treated", level="yes")["estimate"]


def test_few_discordant_pairs_withhold_the_ratio() -> None:
    """In 8 pairs only the comparison has the exposure: with the exact ratio and its error they could be told."""
    frame = members()
    frame["placed"] = pd.Categorical(np.where(frame["treated"] == "yes", "yes", "no"), categories=["yes", "no"])
    frame.loc[frame[frame["treated"] == "yes"].index[8:16], "placed"] = "no"
    way = disclosed(frame, CASES)
    row = one(way.released, term="placed", level="yes", measure="log_odds_ratio")
    assert row["status"] in ("suppressed", "not estimable")
    assert pd.isna(row["estimate"])


def discordant(b: np.ndarray, c: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    return np.log(b / c), np.sqrt(1 / b + 1 / c)


def test_pairs_do_not_give_their_counts_away() -> None:
    """The ratio of discordant pairs and its error are two numbers made of two: in the usual steps most are solved."""
    rng = np.random.default_rng(3)
    left: dict[str, list[int]] = {"usual steps": [], "released": []}
    for _ in range(200):
        b, c = (int(x) for x in rng.integers(10, 150, 2))
        near = [range(max(10, 5 * ((x + 2) // 5) - 2), 5 * ((x + 2) // 5) + 3) for x in (b, c)]
        guesses = np.array([(x, y) for x in near[0] for y in near[1] if (x + y + 2) // 5 == (b + c + 2) // 5])
        truth, told = discordant(np.array([b]), np.array([c])), discordant(*guesses.T)
        for name, parts in (("usual steps", (10, 50)), ("released", (2, 5))):
            same = np.ones(len(guesses), dtype=bool)
            for i in (0, 1):
                unit = step_below(float(truth[1][0]) / parts[i])
                same &= np.rint(told[i] / unit) == np.rint(truth[i] / unit)
            left[name].append(int(same.sum()))
    alone = {name: sum(n == 1 for n in counts) / 200 for name, counts in left.items()}
    assert alone["usual steps"] > 0.5
    assert alone["released"] <= 0.12


@pytest.mark.parametrize("rounding", [1, 5])
@pytest.mark.parametrize("unmatched", [1, 4, 9])
def test_few_without_a_comparison_do_not_follow(rounding: int, unmatched: int) -> None:
    """Those without a comparison all live in one area: 20 of it before matching, 20 less a few after."""
    n = 400
    frame = as_categories(pd.DataFrame({
        "treated": ["yes", "no"] * (n // 2), "sex": ["female", "female", "male", "male"] * (n // 4),
        "area": "Bridgend", "placed": ["yes", "yes", "yes", "no", "no"] * (n // 5),
    }))  # fmt: skip
    frame.loc[(np.arange(n) % 20) == 0, "area"] = "Cardiff"
    frame.loc[frame[(frame["area"] == "Bridgend") & (frame["treated"] == "no")].index[: 20 - unmatched], "area"] = (
        "Cardiff"
    )
    policy = POLICY.model_copy(update={"rounding_base": rounding})
    way = disclosed(frame, {**CASES, "match_on": ["area"]}, policy)
    exact = one(way.exact, term="matching", level="no comparison")
    assert exact["n"] == unmatched

    def numbers(**wanted: Any) -> list[int]:
        """Return what the released number can stand for; nothing if it is withheld."""
        row = one(way.released, measure="percent", **wanted)
        if pd.isna(row["n"]):
            return []
        return list(range(int(row["n"]) - rounding // 2, int(row["n"]) + rounding // 2 + 1))

    for level in ("Cardiff", "Bridgend"):
        before = numbers(group="treated=yes", term="area", level=level)
        after = numbers(group="matched=yes; treated=yes", term="area", level=level)
        differences = {a - b for a in before for b in after if 0 < a - b < 10}
        assert not before or not after or level == "Bridgend" or len(differences) >= 3
    assert numbers(term="matching", level="no comparison", group="treated=yes") == []
    totals = way.released[(way.released["measure"] == "percent") & (way.released["term"] == "area")]
    totals = totals.groupby("group")["total"].max()
    both = [totals.get(group) for group in ("treated=yes", "matched=yes; treated=yes")]
    assert rounding > 1 or any(pd.isna(total) for total in both)


def test_what_cannot_be_matched() -> None:
    frame = members()
    with pytest.raises(AnalysisError, match="no treated member found a comparison"):
        rows_of(frame[(frame["sex"] == "female") == (frame["treated"] == "yes")], COX)
    with pytest.raises(AnalysisError, match="has to have members with either level"):
        rows_of(frame[frame["treated"] == "no"], COX)


def test_wrong_words() -> None:
    for keys, words in (
        ({"match_on": []}, "name in 'match_on' or 'nearest_on'"),
        ({"covariates": []}, "'covariates' must name the exposures"),
        ({"treatment": "area", "match_on": ["sex"]}, "'area' must have two levels"),
        ({"caliper": 0.2}, "it goes with 'nearest_on'"),
        ({"nearest_on": ["height"]}, "there is no covariate 'height'"),
        ({"match_on": ["age"]}, "'age' is a number"),
    ):
        with pytest.raises(ConfigError, match=words):
            checked(a={**CASES, **keys})


def test_late_observation_counts_from_its_start() -> None:
    """A member observed from time 1 on is at risk only then: a rate has its time, a matched hazard ratio its entry."""
    frame = members().assign(seen_from=0.0, end=1.0)
    frame["duration"] += 1
    late = COHORT.model_copy(update={"time_zero": "zero", "outcomes": {"back": Outcome(
        label="Return", event="event", censoring=["over"], entry="seen_from", time_unit="days")}})  # fmt: skip
    days = frame.assign(event=np.where(frame["came_back"] == 1, 10 + np.arange(len(frame)) % 50, np.nan), over=80.0)
    days["seen_from"] = np.where(np.arange(len(frame)) % 3 == 0, 5.0, 0.0)
    made = stream_of(a=COX).analyses["a"]
    shifted, plain = (
        one(tidy(matched_cox(f, late, made, COVARIATES, "a")), term="treated", level="yes")["estimate"]
        for f in (days, days.assign(seen_from=0.0))
    )
    # Nobody leaves before day 5, so that late entry changes who is at risk at no event.
    assert_allclose(shifted, plain, rtol=1e-9)
    days["seen_from"] = np.where(np.arange(len(frame)) % 3 == 0, 30.0, 0.0)
    moved = one(tidy(matched_cox(days, late, made, COVARIATES, "a")), term="treated", level="yes")["estimate"]
    assert abs(moved - plain) > 1e-6


def test_members_who_are_infinitely_far_apart_are_not_matched() -> None:
    """Everybody in Anglesey is treated, nobody in Bridgend: the score of either area has no end."""
    frame = members()
    frame = frame[(frame["area"] != "Anglesey") | (frame["treated"] == "yes")]
    frame = frame[(frame["area"] != "Bridgend") | (frame["treated"] == "no")]
    rows = rows_of(frame, {**COX, "match_on": [], "nearest_on": ["age", "area"], "ratio": 1})
    anglesey = ((frame["area"] == "Anglesey") & (frame["treated"] == "yes")).sum()
    assert one(rows, term="matching", level="no comparison")["n"] == anglesey
    after = rows[rows["group"].str.startswith("matched=yes; ") & (rows["term"] == "area")].set_index(["group", "level"])
    for side in ("yes", "no"):
        assert after.loc[(f"matched=yes; treated={side}", "Cardiff"), "estimate"] == 100


def test_sides_without_overlap_are_not_called_alike() -> None:
    rows = tidy(balance_rows(tidy([
        {"measure": "percent", "group": f"treated={side}", "term": "sex", "level": "female", "n": n, "total": 50}
        for side, n in (("yes", 50), ("no", 0))
    ])))  # fmt: skip
    assert rows["note"].tolist() == ["the members of each side are all alike"]
