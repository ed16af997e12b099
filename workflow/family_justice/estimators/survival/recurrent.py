"""Recurrent events: four ways to fit a Cox model to them, and the mean cumulative count.

Rows are (start, stop] intervals of a person; ``event`` says whether one of the repeated events ended the interval and
``number`` whether it is the first, second, ... that the person was waiting for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, codes, design_matrix, follow_up, numbers, sums_by
from family_justice.estimators.survival.cox import CoxFit, fit_cox

RecurrentModel = Literal["andersen_gill", "prentice_total", "prentice_gap", "wei_lin_weissfeld"]


def fit_recurrent(
    model: RecurrentModel,
    id: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    event: ArrayLike,
    number: ArrayLike,
    covariates: ArrayLike,
    ties: Literal["efron", "breslow"] = "efron",
) -> CoxFit:
    """Fit a Cox model to repeated events, with standard errors robust to persons.

    - ``andersen_gill``: one hazard for all events (Andersen and Gill 1982); R ``coxph(Surv(start, stop, event) ~ x,
      cluster = id)``; ``number`` plays no part.
    - ``prentice_total``, ``prentice_gap``: a baseline hazard for each number, time from the beginning or from the event
      before (Prentice, Williams and Peterson 1981); ``+ strata(number)``, with ``Surv(stop - start, event)`` for gaps.
    - ``wei_lin_weissfeld``: everybody waits for every event from the beginning (Wei, Lin and Weissfeld 1989). The
      rows come from ``marginal_rows``: the highest number in the data is the last event looked at.

    ``covariates`` (n, p) may change between the rows of a person, except for ``wei_lin_weissfeld``, which takes those
    of the person's first row. Raises ``ValueError`` for missing values, start at or after stop, and unequal lengths.
    """
    end, begin = follow_up(stop, start)
    assert begin is not None
    n = end.size
    design = design_matrix(covariates, n)
    order = numbers("number", number, n)
    if model == "andersen_gill":
        return fit_cox(end, event, design, entry=begin, clusters=id, ties=ties)
    if model == "prentice_total":
        return fit_cox(end, event, design, entry=begin, strata=order, clusters=id, ties=ties)
    if model == "prentice_gap":
        return fit_cox(end - begin, event, design, strata=order, clusters=id, ties=ties)
    if model == "wei_lin_weissfeld":
        rows = marginal_rows(id, begin, end, event, order)
        return fit_cox(rows.stop, rows.event, design[rows.first], strata=rows.number, clusters=rows.person, ties=ties)
    raise ValueError("model must be andersen_gill, prentice_total, prentice_gap or wei_lin_weissfeld")


class MarginalRows(NamedTuple):
    """One row per person and number of event."""

    person: Ints  # (m,) position of the person in sorted order
    first: Ints  # (m,) position of the first row of the person in the data
    number: Ints  # (m,) 1, 2, ...
    stop: Floats  # (m,) time of that event, or the end of observation
    event: np.ndarray  # (m,)


def marginal_rows(
    id: ArrayLike, start: ArrayLike, stop: ArrayLike, event: ArrayLike, number: ArrayLike
) -> MarginalRows:
    """Return for each person and each number up to the highest the time of that event, or of the end of observation."""
    end, begin = follow_up(stop, start)
    assert begin is not None
    person, labels = codes("id", id, end.size)
    happened = numbers("event", event, end.size) > 0
    place = numbers("number", number, end.size).astype(np.int64)
    top = int(place.max(initial=1))
    if place.size and place.min() < 1:
        raise ValueError("number must count from 1")
    last = np.full(labels.size, -np.inf)
    np.maximum.at(last, person, end)
    times = np.repeat(last[:, None], top, axis=1)
    events = np.zeros((labels.size, top), dtype=bool)
    times[person[happened], place[happened] - 1] = end[happened]
    events[person[happened], place[happened] - 1] = True
    by_time = np.lexsort((begin, person))
    first = by_time[np.flatnonzero(np.diff(person[by_time], prepend=-1))]
    everybody = np.repeat(np.arange(labels.size), top)
    return MarginalRows(
        everybody, first[everybody], np.tile(np.arange(1, top + 1), labels.size), times.ravel(), events.ravel()
    )


@dataclass(frozen=True)
class MeanCount:
    """Mean number of events per person up to each time, with its standard error and 95% limits on the log scale."""

    time: Floats
    estimate: Floats
    std_error: Floats
    low: Floats
    high: Floats
    at_risk: Ints


def mean_cumulative_count(
    id: ArrayLike,
    start: ArrayLike,
    stop: ArrayLike,
    event: ArrayLike,
    terminal: ArrayLike | None = None,
    times: Sequence[float] | Floats | None = None,
) -> MeanCount:
    """Return the mean cumulative count of recurrent events at ``times`` (by default at every time of an event).

    Without ``terminal`` the count is the sum of events / persons at risk (Nelson 1988) with the robust variance of
    Lawless and Nadeau (1995, Technometrics 37): ``cumhaz`` and ``std.chaz`` of R ``survfit(..., id = id)``. With
    ``terminal`` (n,), 1 where death ends the interval, nobody has events after death: the sum of S(u-) events / persons
    at risk, S the Kaplan-Meier curve of death (Cook and Lawless 1997), with the variance of Ghosh and Lin (2000,
    Biometrics 56): R ``mets::recurrentMarginal`` without ties. Events come before deaths at the same time.

    The standard error costs one pass over the rows for each of ``times``. Raises ``ValueError`` for missing values and
    for start at or after stop.
    """
    from family_justice.estimators.survival.life_table import Z95

    end, begin = follow_up(stop, start)
    assert begin is not None
    n = end.size
    person, labels = codes("id", id, n)
    happened = numbers("event", event, n) > 0
    died = np.zeros(n, dtype=bool) if terminal is None else numbers("terminal", terminal, n) > 0

    grid = np.unique(end[happened | died])
    here = np.searchsorted(grid, end)  # position of the own time where something happened
    first, last = np.searchsorted(grid, begin, side="right"), np.searchsorted(grid, end, side="right")
    change = np.bincount(first, minlength=grid.size + 1) - np.bincount(last, minlength=grid.size + 1)
    at_risk = np.cumsum(change)[: grid.size]
    events = np.bincount(here[happened], minlength=grid.size + 1)[: grid.size]
    deaths = np.bincount(here[died], minlength=grid.size + 1)[: grid.size]

    after = np.cumprod(1 - deaths / at_risk)
    before = np.concatenate([[1.0], after])[:-1]
    mean = np.cumsum(before * events / at_risk)
    wanted = grid[events > 0] if times is None else np.asarray(times, dtype=np.float64)
    upto = np.searchsorted(grid, wanted, side="right")
    rows = (person, happened, died, here, first, last)
    std_error = _influence_errors(upto, rows, labels.size, at_risk, events, deaths, before, mean)
    estimate = np.concatenate([[0.0], mean])[upto]
    with np.errstate(divide="ignore", invalid="ignore"):
        width = np.exp(Z95 * std_error / estimate)
    return MeanCount(
        time=wanted,
        estimate=estimate,
        std_error=std_error,
        low=estimate / width,
        high=estimate * width,
        at_risk=_at_risk(begin, end, wanted),
    )


def _influence_errors(
    upto: Ints,
    rows: tuple[NDArray, ...],
    persons: int,
    at_risk: Ints,
    events: Ints,
    deaths: Ints,
    before: Floats,
    mean: Floats,
) -> Floats:
    """Return (times,): roots of the sums over persons of squared influences on the mean after the first ``upto``
    (times,) times of the grid. All other arrays but ``rows`` run over the grid."""
    person, happened, died, here, first, last = rows
    # What a row that is at risk at each time of the grid takes off its person's influence there; and through S.
    count_drift = np.concatenate([[0.0], np.cumsum(before * events / at_risk**2)])
    death_drift = np.concatenate([[0.0], np.cumsum(deaths / at_risk**2)])
    mean_drift = np.concatenate([[0.0], np.cumsum(deaths / at_risk**2 * mean)])
    std_error = np.empty(upto.size)
    for j, k in enumerate(upto):
        low, high = np.minimum(first, k), np.minimum(last, k)
        influence = count_drift[low] - count_drift[high]
        seen = happened & (here < k)
        influence[seen] += (before / at_risk)[here[seen]]
        if k and deaths.any():
            now = mean[k - 1]
            # A death at u lowers what is counted after u: mean(t) - mean(u).
            influence += now * (death_drift[high] - death_drift[low]) - (mean_drift[high] - mean_drift[low])
            seen = died & (here < k)
            influence[seen] -= ((now - mean) / at_risk)[here[seen]]
        by_person = sums_by(person, influence, persons)
        std_error[j] = np.sqrt(np.add.reduce(by_person**2))
    return std_error


def _at_risk(begin: Floats, end: Floats, times: Floats) -> Ints:
    """Return how many rows are at risk just before each time."""
    entered = np.searchsorted(np.sort(begin), times, side="left")
    return entered - np.searchsorted(np.sort(end), times, side="left")
