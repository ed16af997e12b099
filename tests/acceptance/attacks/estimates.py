"""Counts behind single estimates and tests: odds ratios, p values, rank tests, rates, and an index of inequality."""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable
from typing import Any

import numpy as np
import pandas as pd

from attacks.release import SERIES, UNKNOWN, Bounds, Name, Release, curves_of, named
from attacks.tables import CLOSE

PER = 1000.0  # rates are events per thousand


def _span(bounds: Bounds) -> range:
    return range(bounds[0], min(bounds[1], 9999) + 1)


Fits = Callable[[Any, np.ndarray, np.ndarray], np.ndarray]


def from_odds_ratios(release: Release) -> dict[Name, Bounds]:
    """Members and events of both levels, from the odds ratio of a model with one covariate of two levels and its
    standard error, to the digits that are shown: all whole numbers that fit."""

    def fits(row: Any, ratio: np.ndarray, error: np.ndarray) -> np.ndarray:
        wrong = [2.5 * 10.0 ** -_decimals(value) for value in (row.estimate, row.std_error)]
        return (np.abs(ratio - row.estimate) <= wrong[0]) & (np.abs(error - row.std_error) <= wrong[1])

    return _from_models(release, fits)


def from_p_values(release: Release) -> dict[Name, Bounds]:
    """The same from the p value alone. A careful one belongs to the estimate and error as shown, and is shorter."""

    def fits(row: Any, ratio: np.ndarray, error: np.ndarray) -> np.ndarray:
        p_values = np.array([math.erfc(z) for z in np.abs(ratio / error) / math.sqrt(2)])
        own = math.erfc(abs(row.estimate / row.std_error) / math.sqrt(2))
        follows = release.careful and abs(own - row.p_value) <= max(0.1 * own, 0.005)
        return np.abs(p_values - row.p_value) <= (math.inf if follows else CLOSE * row.p_value)

    return _from_models(release, fits)


def _from_models(release: Release, fits: Fits) -> dict[Name, Bounds]:
    answer: dict[Name, Bounds] = {}
    for rows in release.rows.values():
        models = rows[(rows["measure"] == "log_odds_ratio") & (rows["kind"] == "logistic") & (rows["level"] != "")]
        for _, model in models.groupby(["analysis", "outcome", "group"], sort=False):
            if len(model) != 2 or model["term"].nunique() != 1:
                continue
            one, other = sorted(model.itertuples(), key=lambda row: row.status == "reference")
            known = [release.table(number) for row in (one, other) for number in (row.n, row.events)]
            found = _odds(one, known, fits) if not pd.isna(one.estimate) else []
            for place, (row, what) in enumerate(itertools.product((one, other), ("n", "events"))):
                values = [counts[place] for counts in found]
                answer[named(row, f"level {what}")] = (min(values), max(values)) if values else known[place]
    return answer


def _odds(row: Any, known: list[Bounds], fits: Fits) -> list[tuple[int, int, int, int]]:
    if max(high for _, high in known) >= UNKNOWN:
        return []  # nothing to enumerate: a blank may be any count
    n1, d1, n0, d0 = np.array(list(itertools.product(*map(_span, known)))).T
    inside = (d1 > 0) & (d1 < n1) & (d0 > 0) & (d0 < n0)
    n1, d1, n0, d0 = (part[inside].astype(float) for part in (n1, d1, n0, d0))
    ratio = np.log(d1 / (n1 - d1) * (n0 - d0) / d0)
    error = np.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0))
    chosen = fits(row, ratio, error)
    assert chosen.any(), "the attack is faulty: no counts fit a model"
    return [tuple(map(int, counts)) for counts in np.column_stack([n1, d1, n0, d0])[chosen]]  # type: ignore[misc]


def from_rank_tests(release: Release) -> dict[Name, Bounds]:
    """Events of two groups at two times, from their log-rank test: all whole numbers that fit, unless the test is that
    of persons who have the released life tables."""
    answer: dict[Name, Bounds] = {}
    for rows in release.rows.values():
        every = curves_of(rows)
        for test in rows[(rows["measure"] == "log_rank_test") & rows["statistic"].notna()].itertuples():
            pair = [c for c in every if tuple(c[["analysis", "outcome"]].iloc[0]) == (test.analysis, test.outcome)]
            if len(pair) != 2 or {len(curve) for curve in pair} != {3}:
                continue
            events = [list(curve.itertuples())[1:] for curve in pair]
            known = [release.table(curve["n"].iloc[0]) for curve in pair]
            known += [release.cumulative(row.events) for group in events for row in group]
            found = list(itertools.product(*known)) if _is_of_released(pair, test.statistic) else []
            if not found:
                every_guess = np.array(list(itertools.product(*map(_span, known))))
                wrong = CLOSE * test.statistic if not release.careful else 0.006 * test.statistic
                found = every_guess[np.abs(log_rank(*every_guess.T) - test.statistic) <= wrong].tolist()
            assert found, "the attack is faulty: no counts fit a rank test"
            for place, row in enumerate((*events[0], *events[1]), start=2):
                values = [guess[place] for guess in found]
                answer[named(row, "events")] = min(values), max(values)
    return answer


def log_rank(n1: Any, n2: Any, first1: Any, both1: Any, first2: Any, both2: Any) -> np.ndarray:
    """The log-rank statistic of two groups with events at two times, cumulative, and nobody censored before."""
    gap, variance = 0.0, 0.0
    steps = ((n1, n2, first1, first2), (n1 - first1, n2 - first2, both1 - first1, both2 - first2))
    for a, b, d1, d2 in steps:
        n, d = a + b, d1 + d2
        gap = gap + d1 - d * a / n
        variance = variance + a * b * d * (n - d) / (n**2 * (n - 1.0))
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.asarray(gap**2 / variance)


def _is_of_released(pair: list[pd.DataFrame], statistic: float) -> bool:
    from family_justice.estimators.survival.grouped_tests import Grouped, grouped_test

    groups = []
    for curve in pair:
        new = {name: np.diff(curve[name].fillna(0).to_numpy(dtype=float), prepend=0) for name in SERIES}
        left = curve["n"].iloc[0] - sum(new[name].sum() for name in SERIES)
        groups.append(Grouped(curve["time"].to_numpy(dtype=float), *new.values(), np.zeros(len(curve)), left))
    return math.isclose(grouped_test(groups, is_gray=False).test.statistic, statistic, rel_tol=1e-6)


def _decimals(value: float) -> int:
    return len(f"{value:.10g}".partition(".")[2])


def from_rates(release: Release) -> dict[Name, Bounds]:
    """Events, from a rate and its time at risk; a rate of released events tells no more than these."""
    answer = {}
    for rows in release.rows.values():
        times = rows[rows["measure"] == "time_at_risk"].set_index(["analysis", "outcome", "group"])["estimate"]
        for row in rows[rows["measure"] == "rate"].itertuples():
            time = times.get((row.analysis, row.outcome, row.group), math.nan)
            events = row.estimate * time / PER
            # A rate of released events has as many digits as its file, and tells them and no more.
            exact = not math.isnan(events) and abs(events - round(events)) < 1e-5 and round(events) != row.n
            answer[named(row, "n")] = (round(events),) * 2 if exact else release.table(row.n)
    return answer  # type: ignore[return-value]


def from_slopes(release: Release) -> dict[Name, Bounds]:
    """The one hidden group of an ordered row, from the slope index of inequality: the least-squares slope of the share
    on the rank."""
    answer = {}
    for rows in release.rows.values():
        shares = rows[(rows["kind"] == "inequality") & (rows["measure"] == "percent")]
        for index in rows[rows["measure"] == "slope_index"].itertuples():
            place = [index.analysis, index.outcome]
            groups = shares[(shares[["analysis", "outcome"]] == place).all(axis=1)]
            if groups.empty:
                continue  # an index of rates, which have no shares
            groups = groups[[set(g.split("; ")) >= set(filter(None, [index.group])) for g in groups["group"]]]
            groups = groups[[len(g.split("; ")) == len(index.group.split("; ")) * bool(index.group) + 1
                             for g in groups["group"]]]  # fmt: skip
            hidden = [row for row in groups.itertuples() if pd.isna(row.n)]
            if len(hidden) != 1:
                continue
            answer[named(hidden[0], "n")] = release.table(math.nan, positive=not release.careful)
            if release.careful or pd.isna(index.estimate):
                continue  # computed from the released groups, withheld if one of them is
            values = [_pairs(release, row) for row in groups.itertuples()]
            fits = [counts for counts in itertools.product(*values) if abs(_slope(counts) - index.estimate) < CLOSE]
            assert fits, "the attack is faulty: no counts fit a slope"
            at = next(i for i, row in enumerate(groups.itertuples()) if pd.isna(row.n))
            answer[named(hidden[0], "n")] = (min(c[at][0] for c in fits), max(c[at][0] for c in fits))
    return answer


def _pairs(release: Release, row: Any) -> list[tuple[int, int]]:
    """Counts and denominators that fit a percentage, or a blank."""
    every = itertools.product(_span(release.table(row.n)), _span(release.table(row.total)))
    return [(n, t) for n, t in every if pd.isna(row.n) or abs(100 * n / t - row.estimate) < CLOSE]


def _slope(counts: tuple[tuple[int, int], ...]) -> float:
    events, members = np.array(counts, dtype=float).T
    rank = (np.cumsum(members) - members / 2) / members.sum()
    rank -= np.average(rank, weights=members)
    return float(100 * (rank * events).sum() / (members * rank**2).sum())
