"""Counts behind single estimates: odds ratios, rates, and an index of inequality."""

from __future__ import annotations

import itertools
import math
from typing import Any

import numpy as np
import pandas as pd

from attacks.release import UNKNOWN, Bounds, Name, Release, named
from attacks.tables import CLOSE

PER = 1000.0  # rates are events per thousand


def _span(bounds: Bounds) -> range:
    return range(bounds[0], min(bounds[1], 9999) + 1)


def from_odds_ratios(release: Release) -> dict[Name, Bounds]:
    """Members and events of both levels, from the odds ratio of a model with one covariate of two levels and its
    standard error, to the digits that are shown: all whole numbers that fit."""
    answer: dict[Name, Bounds] = {}
    for rows in release.rows.values():
        models = rows[(rows["measure"] == "log_odds_ratio") & (rows["kind"] == "logistic") & (rows["level"] != "")]
        for _, model in models.groupby(["analysis", "outcome", "group"], sort=False):
            if len(model) != 2 or model["term"].nunique() != 1:
                continue
            one, other = sorted(model.itertuples(), key=lambda row: row.status == "reference")
            known = [release.table(number) for row in (one, other) for number in (row.n, row.events)]
            found = _odds(one, known) if not pd.isna(one.estimate) else []
            for place, (row, what) in enumerate(itertools.product((one, other), ("n", "events"))):
                values = [counts[place] for counts in found]
                answer[named(row, f"level {what}")] = (min(values), max(values)) if values else known[place]
    return answer


def _odds(row: Any, known: list[Bounds]) -> list[tuple[int, int, int, int]]:
    if max(high for _, high in known) >= UNKNOWN:
        return []  # nothing to enumerate: a blank may be any count
    wrong = [2.5 * 10.0 ** -_decimals(value) for value in (row.estimate, row.std_error)]
    n1, d1, n0, d0 = np.array(list(itertools.product(*map(_span, known)))).T
    inside = (d1 > 0) & (d1 < n1) & (d0 > 0) & (d0 < n0)
    n1, d1, n0, d0 = (part[inside].astype(float) for part in (n1, d1, n0, d0))
    ratio = np.log(d1 / (n1 - d1) * (n0 - d0) / d0)
    error = np.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0))
    fits = (np.abs(ratio - row.estimate) <= wrong[0]) & (np.abs(error - row.std_error) <= wrong[1])
    assert fits.any(), "the attack is faulty: no counts fit an odds ratio"
    return [tuple(map(int, counts)) for counts in np.column_stack([n1, d1, n0, d0])[fits]]  # type: ignore[misc]


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
            exact = not math.isnan(events) and not (abs(events - row.n) < 1e-6) and abs(events - round(events)) < 1e-5
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
