"""Survival and cumulative incidence curves, rebuilt from rounded cumulative counts.

Hiding the number at risk while showing the exact curve protects nothing: d/n = 1 - S(t)/S(t-). So the cumulative
counts of events, competing events and censorings on the time grid are rounded first, and the curve, its standard error
and limits, and the number at risk are computed from them with the actuarial life table. What is not computed from
released numbers does not leave.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import combinations_with_replacement

import numpy as np
import pandas as pd

from family_justice.config.models import Policy
from family_justice.disclosure.cells import Key, Ledger
from family_justice.disclosure.rounding import Counts, is_open, is_small, round_cumulative, shown
from family_justice.disclosure.rows import (
    CURVES,
    Conditions,
    conditions,
    real,
    require_empty,
    require_present,
    suppress,
    text,
)
from family_justice.disclosure.tables import add_group_sums, person_key
from family_justice.errors import DisclosureError
from family_justice.estimators.life_table import actuarial, log_log_limits

SERIES = ("events", "competing", "censored")
_CURVE = ["analysis", "kind", "cohort", "outcome", "group"]
_LONGEST_GRID = 1000


@dataclass
class Curve:
    """One curve: exact cumulative counts on its grid, and what is shown of them."""

    rows: list[int]
    analysis: str
    kind: str
    cohort: str
    outcome: str
    who: Conditions
    times: tuple[float, ...]
    n: int
    exact: dict[str, Counts]
    suppressed: bool = False
    rounded: dict[str, Counts] = field(default_factory=dict)
    composite: set[str] = field(default_factory=set)  # series shown as the sum of others

    @property
    def total(self) -> int:
        """Events at the end of the grid."""
        return int(self.exact["events"][-1])

    def at_risk(self, policy: Policy) -> Counts:
        """Number at risk after each time, from the shown counts."""
        left = shown(self.n, policy) - sum(self.rounded[name] for name in SERIES)
        return np.maximum(left, 0).astype(np.int64)

    def length(self, policy: Policy) -> int:
        """Number of grid times that are shown: those at which enough persons are at risk, exactly and as shown."""
        # Nothing is hidden under an open policy: its curves go on until nobody is left.
        least = policy.minimum_at_risk if is_open(policy) else max(policy.minimum_at_risk, policy.threshold)
        exact = self.n - sum(self.exact[name] for name in SERIES)
        enough = (exact >= least) & (self.at_risk(policy) >= least)
        return int(np.cumprod(enough).sum())


def read_curves(frame: pd.DataFrame, policy: Policy) -> list[Curve]:
    """Take the curves apart and suppress those over too few persons or events.

    Raises ``DisclosureError`` unless every curve is on a grid from 0 that all curves of its analysis share, and its
    counts are cumulative and give the numbers at risk (with delayed entry they do not: there is no rule for it).
    """
    require_empty(frame, ["total", "statistic", "df", "p_value"], "curves")
    require_present(frame, ["n", "time", "events"], "curves")
    curves = []
    for labels, rows in frame.groupby(_CURVE, sort=False):
        analysis, kind, cohort, outcome, group = map(str, labels)
        if (rows["measure"] != CURVES[kind]).any() or rows["n"].nunique() != 1:
            raise DisclosureError(f"curves of kind {kind}: measure or n is not the same in all rows")
        exact = {name: rows[name].fillna(0).to_numpy(dtype=np.int64) for name in SERIES}
        curve = Curve(
            rows=list(rows.index), analysis=analysis, kind=kind, cohort=cohort, outcome=outcome, who=conditions(group),
            times=tuple(rows["time"].astype(float)), n=int(rows["n"].iloc[0]), exact=exact,
        )  # fmt: skip
        _check(curve, rows["at_risk"])
        curve.suppressed = is_small(curve.n, policy) or is_small(curve.total, policy)
        curves.append(curve)
    grids: dict[str, set[tuple[float, ...]]] = {}
    for curve in curves:
        grids.setdefault(curve.analysis, set()).add(curve.times)
    if any(len(times) > 1 for times in grids.values()):
        raise DisclosureError("curves: the curves of an analysis are not on one grid of times")
    return curves


def _check(curve: Curve, at_risk: pd.Series) -> None:
    gone = np.asarray(sum(curve.exact[name] for name in SERIES))
    steps = np.diff(curve.times)
    if curve.times[0] != 0 or len(curve.times) > _LONGEST_GRID or (steps <= 0).any():
        raise DisclosureError(f"curves: times must increase from 0 in at most {_LONGEST_GRID} steps")
    if steps.size and (np.abs(steps / steps.min() - np.round(steps / steps.min())) > 1e-6).any():
        raise DisclosureError("curves: times are not on a regular grid; event times themselves must not leave")
    if any((np.diff(counts) < 0).any() or (counts < 0).any() for counts in curve.exact.values()):
        raise DisclosureError("curves: counts are not cumulative")
    if (gone > curve.n).any():
        raise DisclosureError("curves: more persons left than there are")
    # "Just before t" lies between those left after the grid time before and those left after t.
    known = at_risk.notna().to_numpy()
    given = at_risk.fillna(0).to_numpy(dtype=np.int64)
    before = curve.n - np.concatenate([[0], gone[:-1]])
    if (known & ((given > before) | (given < curve.n - gone))).any():
        raise DisclosureError("curves: at_risk does not follow from the counts; there is no rule for delayed entry")


def enter_curves(curves: list[Curve], ledger: Ledger) -> dict[int, tuple[Key, Key]]:
    """Enter the persons and final events of all curves; ``suppress_hidden`` reads what became of them."""
    names: dict[int, tuple[Key, Key]] = {}
    families: dict[Key, dict[Conditions, Key]] = {}
    for position, curve in enumerate(curves):
        visible = not curve.suppressed
        persons = person_key(curve.cohort, curve.who, curve.n)
        ledger.add(persons, curve.n, published=visible, anchored=visible)
        events = ("events", curve.cohort, curve.outcome, curve.who, curve.total)
        ledger.add(events, curve.total, published=visible, anchored=visible)
        names[position] = (persons, events)
        families.setdefault((curve.analysis, curve.outcome, "persons"), {})[curve.who] = persons
        families.setdefault((curve.analysis, curve.outcome, "events"), {})[curve.who] = events
    for family in families.values():
        add_group_sums(ledger, family)
    return names


def suppress_hidden(curves: list[Curve], names: dict[int, tuple[Key, Key]], ledger: Ledger) -> None:
    """Suppress the curves whose persons or events the ledger had to hide."""
    for position, keys in names.items():
        curves[position].suppressed |= any(ledger.hidden(key) for key in keys)


def round_curves(curves: list[Curve], policy: Policy) -> None:
    """Round the cumulative counts of all curves that are shown.

    Outcomes over the same persons are tied: a new-child and an existing-child return make a return of either kind, and
    each competes with the other. A series that is the sum of others at every time is therefore shown as the sum of
    what is shown for them, so that crossing the curves tells nothing that the parts do not tell.
    """
    pools: dict[Key, list[Curve]] = {}
    for curve in curves:
        if not curve.suppressed:
            pools.setdefault((curve.cohort, curve.who, curve.n, curve.times), []).append(curve)
    for pool in pools.values():
        series = {tuple(curve.exact[name]): None for curve in pool for name in SERIES}
        parts: list[tuple[int, ...]] = []
        shown_as: dict[tuple[int, ...], Counts] = {}
        composite: set[tuple[int, ...]] = set()
        for counts in sorted(series, key=lambda counts: (counts[-1], counts)):
            found = sum_of(counts, parts)
            if found:
                shown_as[counts] = np.sum([shown_as[part] for part in found], axis=0).astype(np.int64)
                composite.add(counts)
            else:
                shown_as[counts] = round_cumulative(counts, policy)
                parts.append(counts)
        for curve in pool:
            curve.rounded = {name: shown_as[tuple(curve.exact[name])] for name in SERIES}
            curve.composite = {name for name in SERIES if tuple(curve.exact[name]) in composite}


def sum_of(counts: tuple[int, ...], parts: Iterable[tuple[int, ...]]) -> tuple[tuple[int, ...], ...]:
    """Return two to four of the series ``parts`` that add up to ``counts`` at every time, or nothing."""
    candidates = [part for part in parts if 0 < part[-1] < counts[-1]]
    for size in (2, 3, 4):
        for chosen in combinations_with_replacement(candidates, size):
            if sum(part[-1] for part in chosen) == counts[-1] and tuple(np.sum(chosen, axis=0)) == counts:
                return chosen
    return ()


def release_curves(
    frame: pd.DataFrame, curves: list[Curve], policy: Policy
) -> tuple[list[int], dict[Key, pd.DataFrame]]:
    """Write the rebuilt curves into ``frame``.

    Returns the rows beyond the end of their curves, which are to be left out, and the shown rows of the follow-up
    curves by (analysis, cohort, group).
    """
    beyond: list[int] = []
    follow_up: dict[Key, pd.DataFrame] = {}
    for curve in curves:
        if not curve.suppressed and not curve.rounded:
            raise DisclosureError("curves: a curve was not rounded")
        length = 0 if curve.suppressed else curve.length(policy)
        if length == 0:
            suppress(frame, curve.rows, policy)
            continue
        beyond += curve.rows[length:]
        rows = curve.rows[:length]
        if not is_open(policy):
            _rebuild(frame, curve, rows, policy)
        if curve.kind == "follow_up":
            follow_up[(curve.analysis, curve.cohort, curve.who)] = frame.loc[rows]
    return beyond, follow_up


def _rebuild(frame: pd.DataFrame, curve: Curve, rows: list[int], policy: Policy) -> None:
    length, n = len(rows), shown(curve.n, policy)
    cumulative = {name: curve.rounded[name][:length] for name in SERIES}
    at_risk = curve.at_risk(policy)[:length]
    new = {name: np.diff(counts, prepend=0) for name, counts in cumulative.items()}
    at_start = np.concatenate([[n], at_risk[:-1]])
    if curve.kind == "cumulative_incidence":
        table = actuarial(at_start, np.column_stack([new["events"], new["competing"]]), new["censored"])
        estimate, error = table.cumulative_incidence[:, 0], table.cumulative_incidence_std_error[:, 0]
    else:
        table = actuarial(at_start, new["events"], new["censored"] + new["competing"])
        estimate, error = table.survival, table.survival_std_error
    low, high = log_log_limits(estimate, error)
    values = {"estimate": estimate, "std_error": error, "conf_low": low, "conf_high": high}
    for column, numbers in values.items():
        frame.loc[rows, column] = numbers
    for name, counts in cumulative.items():
        given = frame.loc[rows, name].notna().to_numpy()
        frame.loc[rows, name] = pd.array(np.where(given, counts, 0), dtype="Int64")
        frame.loc[[row for row, there in zip(rows, given, strict=True) if not there], name] = pd.NA
    frame.loc[rows, "n"] = n
    frame.loc[rows, "at_risk"] = pd.array(at_risk, dtype="Int64")


def release_medians(frame: pd.DataFrame, follow_up: dict[Key, pd.DataFrame], policy: Policy) -> None:
    """Recompute median follow-up from the released follow-up curves, straight lines between grid times; the limits are
    where the limits of the curve reach one half."""
    if is_open(policy):
        return
    for row in frame.index[frame["measure"] == "median_follow_up"]:
        who = conditions(text(frame, row, "group"))
        curve = follow_up.get((text(frame, row, "analysis"), text(frame, row, "cohort"), who))
        if curve is None:
            suppress(frame, row, policy)
            continue
        times = curve["time"].to_numpy(dtype=float)
        sources = {"estimate": "estimate", "conf_low": "conf_low", "conf_high": "conf_high"}
        for target, source in sources.items():
            frame.at[row, target] = time_of_half(times, curve[source].to_numpy(dtype=float))
        for column in ("std_error", "statistic", "df", "p_value"):
            frame.at[row, column] = np.nan
        for column in ("n", "events", "competing", "censored", "at_risk", "total"):
            kept = column in ("n", *SERIES) and not pd.isna(frame.at[row, column])
            frame.at[row, column] = curve[column].iloc[-1] if kept else pd.NA
        if np.isnan(real(frame, row, "estimate")):
            frame.at[row, "status"], frame.at[row, "note"] = "not estimable", "more than half are still observed"


def time_of_half(times: np.ndarray, survival: np.ndarray) -> float:
    """Return when a falling curve reaches one half, straight lines between its points; nan if it does not."""
    level = np.where(np.isnan(survival) & (times <= times[0]), 1.0, survival)
    known = ~np.isnan(level)
    times, level = times[known], level[known]
    below = np.flatnonzero(level <= 0.5)
    if not below.size:
        return float("nan")
    j = int(below[0])
    if j == 0:
        return float(times[0])
    share = (level[j - 1] - 0.5) / (level[j - 1] - level[j])
    return float(times[j - 1] + share * (times[j] - times[j - 1]))
