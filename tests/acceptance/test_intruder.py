"""An intruder reads what was released, knows all rules, and tries to solve for counts under the threshold.

The intruder does not use the code of disclosure control: it enumerates the whole numbers that could stand behind the
released ones. Each attack is shown to bite on output that was only rounded, with the estimates left exact.
"""

from __future__ import annotations

import itertools
import math
from collections import defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.config.schema import Policy
from family_justice.disclosure.coarsen import significant, step_below
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.ledger import Ledger
from family_justice.results import tidy

POLICIES = Path(__file__).parents[2] / "config" / "policies"
COURT = Policy(**yaml.safe_load((POLICIES / "court_records.yaml").read_text()))
MIDPOINT = COURT.model_copy(update={"rounding": "midpoint", "rounding_base": 6})
THRESHOLD = 10


def nearest(count: int) -> int:
    return 5 * ((count + 2) // 5)


def shown_as(count: int, policy: Policy) -> int:
    return nearest(count) if policy.rounding == "nearest" else 6 * -(-count // 6) - 3 * (count > 0)


def behind(number: int) -> range:
    """Counts that a released number of a table can stand for."""
    return range(1) if number == 0 else range(max(THRESHOLD, number - 2), number + 3)


def behind_cumulative(number: int) -> range:
    """Counts that a released cumulative count can stand for."""
    return range(5) if number == 0 else range(5, 13) if number == 10 else range(number - 2, number + 3)


def sums(sets: Iterable[Iterable[int]]) -> set[int]:
    total = {0}
    for numbers in sets:
        total = {a + b for a in total for b in numbers}
    return total


# --- margins of tables -------------------------------------------------------------------------------------------


def table(cells: Sequence[int], term: str = "age") -> pd.DataFrame:
    total = sum(cells)
    rows = [
        {"level": str(i), "n": n, "total": total, "estimate": 100 * n / total if total else math.nan}
        for i, n in enumerate(cells)
    ]
    return tidy(rows, stream="s", analysis="t", kind="table_one", cohort="c", measure="percent", term=term)


def naive(rows: pd.DataFrame) -> pd.DataFrame:
    """The usual mistake: hide small cells, round the others, keep the estimates."""
    rows = rows.copy()
    small = rows["n"].between(1, THRESHOLD - 1)
    rows[["n", "total"]] = rows[["n", "total"]].map(lambda count: nearest(int(count)))
    rows.loc[small, "n"] = pd.NA
    rows.loc[small, "estimate"] = math.nan
    return rows


def solve_margin(rows: pd.DataFrame) -> dict[int, set[int]]:
    """Possible counts of each hidden cell of a margin, from the other cells, the denominator and the percentages."""
    shown = rows[rows["n"].notna()]
    hidden = [row for row in rows.index if row not in shown.index]
    if shown.empty or not shown["total"].iloc[0]:
        return {}
    totals = behind(int(shown["total"].iloc[0]))
    cells = [set(behind(int(n))) for n in shown["n"]]
    estimates = shown["estimate"].to_numpy(dtype=float)
    computed = 100 * shown["n"].to_numpy(dtype=float) / float(shown["total"].iloc[0])
    possible: dict[int, set[int]] = {row: set() for row in hidden}
    for total in totals:
        here = cells
        if np.abs(estimates - computed).max() > 1e-6:
            # The percentages do not come from the rounded counts: then they come from the exact ones.
            here = [{n for n in c if abs(100 * n / total - e) < 1e-6} for c, e in zip(cells, estimates, strict=True)]
        rest = {total - seen for seen in sums(here)} if all(here) else set()
        others = len(hidden) - 1
        for row in hidden:
            # Alone it is the rest; beside others, each at least one, anything up to the rest.
            possible[row] |= set(range(1, max(rest, default=0) - others + 1)) if others else {n for n in rest if n > 0}
    return possible


def solved(rows: pd.DataFrame, cells: Sequence[int]) -> bool:
    """True if the intruder finds a small count."""
    possible = solve_margin(rows)
    assert all(cells[row] in values for row, values in possible.items()), "the attack is faulty: it misses the truth"
    return any(len(values) == 1 and cells[row] < THRESHOLD for row, values in possible.items())


@settings(max_examples=40, deadline=None)
@given(st.lists(st.one_of(st.integers(0, 12), st.integers(10, 400)), min_size=2, max_size=7))
def test_no_small_cell_follows_from_a_margin(cells: list[int]) -> None:
    assert not solved(disclose(table(cells), COURT).rows, cells)


def test_the_margin_attack_bites_on_naive_output() -> None:
    rng = np.random.default_rng(20240101)
    tables = [[int(rng.integers(1, 10)), *map(int, rng.integers(10, 400, 3))] for _ in range(80)]
    assert sum(solved(naive(table(cells)), cells) for cells in tables) > 60
    # All in one run, each a cohort of its own: they have nothing in common.
    frame = pd.concat([table(cells).assign(cohort=f"c{i}") for i, cells in enumerate(tables)], ignore_index=True)
    released = [rows.reset_index(drop=True) for _, rows in disclose(frame, COURT).rows.groupby("cohort", sort=False)]
    assert not any(solved(rows, cells) for rows, cells in zip(released, tables, strict=True))


@pytest.mark.parametrize("policy", [COURT, MIDPOINT], ids=["nearest 5", "midpoint 6"])
def test_an_intruder_who_runs_the_program_on_all_tables_learns_no_small_count(policy: Policy) -> None:
    """Every table of three cells up to 22, grouped by what is released of it: no group agrees on a small count."""
    released = defaultdict(list)
    for cells in itertools.product(range(23), repeat=3):
        ledger = Ledger(policy)
        whole = ledger.add("total", sum(cells), anchored=True)
        ledger.add_sum(whole, [ledger.add(level, n) for level, n in enumerate(cells)], margin=True)
        ledger.protect()
        seen = tuple(shown_as(n, policy) if ledger.shown(level) else None for level, n in enumerate(cells))
        released[(*seen, None if ledger.hidden(whole) else shown_as(sum(cells), policy))].append(cells)
    assert len(released) > 100
    for tables in released.values():
        for values in map(set, zip(*tables, strict=True)):
            assert len(values) > 1 or not 1 <= values.pop() < THRESHOLD


# --- steps of a cohort -------------------------------------------------------------------------------------------


def attrition(counts: Sequence[int]) -> pd.DataFrame:
    rows = [{"term": f"s{i}", "n": n} for i, n in enumerate(counts)]
    return tidy(rows, stream="s", analysis="a", kind="attrition", cohort="c", measure="count")


def solve_steps(numbers: Sequence[int], exact_percent: Sequence[float] | None = None) -> list[set[int]]:
    """Possible numbers excluded at each step: steps shown alike differ by less than the threshold, others by more."""
    paths = (
        [[n] for n in behind(numbers[0])] if exact_percent else [[n] for n in range(numbers[0] - 12, numbers[0] + 13)]
    )
    for j, (before, after) in enumerate(itertools.pairwise(numbers)):
        longer = []
        for path in paths:
            for n in range(path[-1] + 1):
                if exact_percent is not None:
                    fits = n in behind(after) and abs(100 * n / path[-1] - exact_percent[j]) < 1e-6
                else:
                    fits = (path[-1] - n < THRESHOLD) if before == after else abs(n - after) < 12
                if fits:
                    longer.append([*path, n])
        paths = [list(path) for path in {(p[0], p[-2], p[-1]) for p in longer}] if len(longer) > 5000 else longer
    return [{path[j] - path[j + 1] for path in paths} for j in range(len(numbers) - 1)]


@settings(max_examples=15, deadline=None)
@given(st.integers(60, 90), st.integers(0, 14), st.integers(0, 14))
def test_no_small_exclusion_follows_from_the_steps(first: int, second: int, third: int) -> None:
    counts = [first, first - second, first - second - third]
    numbers = [int(n) for n in disclose(attrition(counts), COURT).rows["n"]]
    assert all(a == b or a - b >= THRESHOLD for a, b in itertools.pairwise(numbers))
    for excluded, values in zip((second, third), solve_steps(numbers), strict=True):
        assert excluded in values
        assert len(values) > 1 or excluded >= THRESHOLD


def test_the_step_attack_bites_on_rounded_counts_with_exact_percentages() -> None:
    counts = [503, 497, 461]
    percent = [100 * b / a for a, b in itertools.pairwise(counts)]
    assert solve_steps([nearest(n) for n in counts], percent)[0] == {6}


# --- curves ------------------------------------------------------------------------------------------------------


def curve(n: int, events: np.ndarray, competing: np.ndarray, censored: np.ndarray, outcome: str = "o") -> pd.DataFrame:
    """Exact cumulative incidence where all exits happen on the grid: the kindest case for the intruder."""
    gone = events + competing + censored
    before = n - np.concatenate([[0], gone[:-1]])
    new = [np.diff(counts, prepend=0) for counts in (events, competing)]
    survival = np.cumprod(1 - (new[0] + new[1]) / before)
    estimate = np.cumsum(np.concatenate([[1.0], survival[:-1]]) * new[0] / before)
    rows = [
        {"time": float(t), "n": n, "events": int(events[t]), "competing": int(competing[t]),
         "censored": int(censored[t]), "at_risk": int(n - gone[t]), "estimate": estimate[t]}
        for t in range(len(events))
    ]  # fmt: skip
    return tidy(rows, stream="s", analysis="a", kind="cumulative_incidence", cohort="c",
                measure="cumulative_incidence", outcome=outcome)  # fmt: skip


def solve_curve(rows: pd.DataFrame) -> list[set[int]]:
    """Possible numbers of events between grid times of a curve without competing events: d = n (1 - S(t)/S(t-)).

    If the curve is what the released counts give, it adds nothing to them.
    """
    survival = 1 - rows["estimate"].to_numpy(dtype=float)
    drops = 1 - survival[1:] / survival[:-1]
    events, censored = (rows[c].to_numpy(dtype=int) for c in ("events", "censored"))
    at_risk = rows["at_risk"].to_numpy(dtype=int)
    computed = np.diff(events) / (at_risk[:-1] - np.diff(censored) / 2)
    if np.abs(drops - computed).max() < 1e-9:
        low = [min(behind_cumulative(n)) for n in events]
        high = [max(behind_cumulative(n)) for n in events]
        return [set(range(max(0, low[j + 1] - high[j]), high[j + 1] - low[j] + 1)) for j in range(len(drops))]
    answers = []
    for drop, near in zip(drops, at_risk[:-1], strict=True):
        whole = {n: n * drop for n in range(max(1, near - 8), near + 9)}
        answers.append({round(d) for d in whole.values() if abs(d - round(d)) < 1e-6})
    return answers


def random_curve(seed: int) -> tuple[int, np.ndarray, np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    n = int(rng.integers(200, 3000))
    left, counts = n, []
    for _ in range(12):
        d = int(rng.binomial(left, rng.uniform(0.0005, 0.02)))
        c = int(rng.binomial(left - d, rng.uniform(0, 0.03)))
        left -= d + c
        counts.append((d, c))
    events, censored = np.cumsum([(0, 0), *counts], axis=0).T
    return n, events, np.zeros_like(events), censored


def test_the_curve_attack_bites_on_naive_output_and_not_on_released_curves() -> None:
    found = small = 0
    for seed in range(40):
        n, events, competing, censored = random_curve(seed)
        exact, new = curve(n, events, competing, censored), np.diff(events)
        rounded = exact.copy()
        for column in ("n", "events", "competing", "censored", "at_risk"):
            rounded[column] = [nearest(int(count)) for count in rounded[column]]
        answers = solve_curve(rounded)
        small += int(((new > 0) & (new < THRESHOLD)).sum())
        found += sum(answer == {d} for answer, d in zip(answers, new, strict=True) if 0 < d < THRESHOLD)
        released = disclose(exact, COURT).rows
        if released["status"].eq("suppressed").all():
            continue
        for answer, d in zip(solve_curve(released), new, strict=False):
            assert int(d) in answer
            assert len(answer) > 1 or d == 0 or d >= THRESHOLD
    assert found > small / 2 > 40


def outcomes(new: int, existing: int, death: int) -> pd.DataFrame:
    """Three outcomes over the same 400 persons at one time, with enough of each later on."""
    a, b, d = (np.array([0, count, count + 60]) for count in (new, existing, death))
    none = np.zeros(3, dtype=int)
    return pd.concat(
        [curve(400, a, b + d, none, "new"), curve(400, b, a + d, none, "existing"), curve(400, a + b, d, none, "any")],
        ignore_index=True,
    )


def test_no_small_count_follows_from_outcomes_over_the_same_persons() -> None:
    """All (new, existing, death) up to 16, grouped by what is shown; rounding each series by itself would tell many."""
    rule, separate = defaultdict(list), defaultdict(list)
    every = list(itertools.product(range(17), repeat=3))
    rng = np.random.default_rng(1)
    # What is shown of one outcome depends on that number alone; run the whole program on a sample to confirm it.
    for a, b, d in every:
        parts = (a, b, d, a + b, a + d, b + d, a + b + d)
        separate[tuple(map(nearest, parts))].append((a, b, d))
    for i in rng.choice(len(every), 15, replace=False):
        a, b, d = every[i]
        rows = disclose(outcomes(a, b, d), COURT).rows
        at_one = rows[rows["time"] == 1].set_index("outcome")
        seen = [int(at_one.at[o, c]) for o, c in (("new", "events"), ("existing", "events"), ("any", "competing"))]
        for count, number in zip((a, b, d), seen, strict=True):
            assert count in behind_cumulative(number)
        assert at_one["events"].add(at_one["competing"]).nunique() == 1
        assert at_one.at["any", "events"] == seen[0] + seen[1], "the sum tells nothing that its parts do not"
        rule[tuple(seen)].append((a, b, d))
    told = sum(
        any(len(values) == 1 and 1 <= min(values) < THRESHOLD for values in map(set, zip(*group, strict=True)))
        for group in separate.values()
    )
    assert told > 100
    assert all(len(behind_cumulative(number)) > 1 for seen in rule for number in seen)


# --- models ------------------------------------------------------------------------------------------------------


def solve_odds_ratio(row: pd.Series, whole: tuple[int, int]) -> set[int]:
    """Possible numbers of events in the level, from a log odds ratio and its standard error to the digits shown."""
    steps = [10.0 ** -len(f"{row[c]:.10g}".partition(".")[2]) for c in ("estimate", "std_error")]
    found = set()
    n_all, events_all = (np.array(behind(number)) for number in whole)
    for n1, d1 in itertools.product(behind(int(row["n"])), behind(int(row["events"]))):
        n0, d0 = np.meshgrid(n_all - n1, events_all - d1)
        with np.errstate(divide="ignore", invalid="ignore"):
            estimate = np.log(d1 / (n1 - d1) * (n0 - d0) / d0)
            error = np.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0))
        fits = (np.abs(estimate - row["estimate"]) <= steps[0]) & (np.abs(error - row["std_error"]) <= steps[1])
        if fits.any():
            found.add(d1)
    return found


def test_the_odds_ratio_does_not_give_its_counts_away() -> None:
    rng = np.random.default_rng(7)
    pinned = {"naive": 0}
    for _ in range(20):
        n1, n0 = (int(x) for x in rng.integers(150, 900, 2))
        d1, d0 = (int(rng.integers(20, n - 20)) for n in (n1, n0))
        estimate = math.log(d1 / (n1 - d1) * (n0 - d0) / d0)
        error = math.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0))
        level = {"term": "x", "n": n1, "events": d1, "level": "yes", "estimate": estimate, "std_error": error}
        other = {"term": "x", "n": n0, "events": d0, "level": "no", "estimate": 0.0, "status": "reference"}
        rows = tidy([level, other], stream="s", analysis="m", kind="logistic", cohort="c",
                    measure="log_odds_ratio", outcome="o")  # fmt: skip
        rounded = rows.copy()
        rounded[["n", "events"]] = rounded[["n", "events"]].map(lambda count: nearest(int(count)))
        whole = nearest(n1 + n0), nearest(d1 + d0)
        answer = solve_odds_ratio(rounded.iloc[0], whole)
        pinned["naive"] += answer == {d1}
        # What is released is the odds ratio of the released counts: the intruder can compute it from these already.
        row = disclose(rows, COURT).rows.iloc[0]
        a, b, c, d = nearest(d1), nearest(n1) - nearest(d1), nearest(d0), nearest(n0) - nearest(d0)
        # Counts of five neighbours are rounded to one number: a variance of two, times the squared slopes.
        slopes = [1 / a + 1 / b, 1 / b, 1 / c + 1 / d, 1 / d]
        error = math.sqrt(1 / a + 1 / b + 1 / c + 1 / d + 2 * sum(slope**2 for slope in slopes))
        assert abs(row["estimate"] - math.log(a / b * d / c)) <= error / 20 + 1e-9
        assert abs(row["std_error"] - error) <= error / 100 + 1e-9
    assert pinned["naive"] >= 18


def logistic_by_hand(n0: int, d0: int, n1: int, d1: int) -> dict[str, float]:
    """Everything a logistic model with one binary covariate tells, in closed form."""

    def part(n: int, d: int) -> float:
        return d * math.log(d / n) + (n - d) * math.log(1 - d / n)

    null, fitted = part(n0 + n1, d0 + d1), part(n0, d0) + part(n1, d1)
    return {
        "estimate": math.log(d1 / (n1 - d1) * (n0 - d0) / d0),
        "std_error": math.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0)),
        "intercept": math.log(d0 / (n0 - d0)),
        "null": null,
        "fitted": fitted,
        "likelihood_ratio": 2 * (fitted - null),
    }


def test_a_whole_model_does_not_give_its_counts_away() -> None:
    """Beside rounded counts, intercept, whole-number log-likelihoods and a three-digit test would leave one answer."""
    rng = np.random.default_rng(11)
    alone = {"with everything": 0, "shortened only": 0}
    for _ in range(12):
        n0, n1 = (int(x) for x in rng.integers(60, 500, 2))
        d0, d1 = (int(rng.integers(15, n - 15)) for n in (n0, n1))
        truth = logistic_by_hand(n0, d0, n1, d1)
        unit, fine = (step_below(truth["std_error"] / parts) for parts in (10, 50))
        shown = {
            "estimate": lambda v, u=unit: u * round(v / u),
            "std_error": lambda v, u=fine: u * round(v / u),
            "intercept": lambda v: round(v, 2),
            "null": round,
            "fitted": round,
            "likelihood_ratio": lambda v: significant(v, 3),
        }
        left = dict.fromkeys(alone, 0)
        for guess in itertools.product(*(behind(nearest(count)) for count in (n0, d0, n1, d1))):
            told = logistic_by_hand(*map(int, guess))
            same = {
                name: math.isclose(rule(told[name]), rule(truth[name]), abs_tol=1e-9) for name, rule in shown.items()
            }
            left["with everything"] += all(same.values())
            left["shortened only"] += same["estimate"] and same["std_error"]
        for name, number in left.items():
            assert number >= 1
            alone[name] += number == 1
    assert alone["with everything"] >= 9
    assert alone["shortened only"] <= 1
    # What the door lets out of a model is the second kind: neither intercept nor log-likelihood, and no test statistic.
    whole = {"n": 400, "events": 150}
    kept_inside = [
        {**whole, "measure": "log_odds_ratio", "term": "intercept", "estimate": -0.71, "std_error": 0.1},
        {**whole, "measure": "log_likelihood", "term": "fitted", "estimate": -250.3},
        {
            **whole,
            "measure": "likelihood_ratio_test",
            "term": "all",
            "statistic": 12.34,
            "df": 1,
            "p_value": math.erfc(math.sqrt(12.34 / 2)),
        },
    ]
    level = {"term": "x", "n": 200, "events": 90, "level": "yes", "measure": "log_odds_ratio", "estimate": 0.6,
             "std_error": 0.2}  # fmt: skip
    other = {**level, "n": 200, "events": 60, "level": "no", "estimate": 0.0, "status": "reference"}
    rows = tidy([level, other, *kept_inside], stream="s", analysis="m", kind="logistic", cohort="c", outcome="o")
    released = disclose(rows, COURT).rows
    assert released["status"].tolist() == ["ok", "reference", "suppressed", "suppressed", "suppressed"]
