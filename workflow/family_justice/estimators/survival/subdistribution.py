"""The risk sets and the partial likelihood of a subdistribution hazard, without writing out a row per weight.

Whoever has a competing event at T stays in the risk sets of later event times s of the same stratum with the weight
G(s-)/G(T-), the probability not to have been censored since (Fine and Gray 1999, JASA 94). The weight is a product of
a function of the risk set and one of the row. Sums over all risk sets are therefore ordinary ones plus one running sum
over those who had a competing event, and cost no more than those of a Cox model; R's ``finegray`` writes some hundred
rows for each such person instead.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, combine, cross_product, inner, sums_by
from family_justice.estimators.survival.life_table import event_table
from family_justice.estimators.survival.risk_sets import RiskSets

OWN, COMPETING = 1, 2


def observed_before(stop: Floats, kind: Ints, start: Floats | None, events_first: bool, at: Floats) -> Floats:
    """Return (m,): the probability to be under observation just before each time in ``at``.

    Without delayed entry it is the Kaplan-Meier curve of the time to censoring. With ``events_first`` whoever has an
    event at a time is not at risk of being censored then (R ``finegray``), otherwise he is (R ``cmprsk::crr``). With
    delayed entry it is multiplied by the probability to have entered, from the Kaplan-Meier curve of the entry times
    in reversed time (Geskus 2011, Biometrics 67).
    """
    table = event_table(stop, np.minimum(kind, 1), start)
    at_risk = table.at_risk - (table.events[:, 0] if events_first else 0)
    left = np.where(table.censored > 0, table.censored / np.maximum(at_risk, 1), 0.0)
    curve = np.concatenate([[1.0], np.cumprod(1 - left)])
    probability: Floats = curve[np.searchsorted(table.time, at, side="left")]
    if start is None:
        return probability
    entries, entering = np.unique(start, return_counts=True)
    present = np.searchsorted(np.sort(start), entries, side="right") - np.searchsorted(
        np.sort(stop), entries, side="right"
    )
    since = np.append(np.cumprod((1 - entering / present)[::-1])[::-1], 1.0)
    return probability * since[np.searchsorted(entries, at, side="left")]


class SubdistributionRisk:
    """The weighted risk sets of n rows; ``order`` lists the rows that are ever in one. All vectors given to and
    returned by the methods are in that order."""

    def __init__(self, stop: Floats, kind: Ints, start: Floats | None, stratum: Ints, events_first: bool) -> None:
        risk = self.risk = RiskSets(stop, kind == OWN, start, stratum)
        self.size = risk.size
        times = np.unique(risk.time)
        step = times.size + 1
        pairs = risk.stratum * step + np.searchsorted(times, risk.time)
        later = np.searchsorted(pairs, stratum * step + np.searchsorted(times, stop, side="right"))
        end = np.searchsorted(pairs, (stratum + 1) * step)

        before_exit, self.factor = np.zeros(stop.size), np.zeros(risk.size)
        for s in np.unique(risk.stratum):
            rows, here = np.flatnonzero(stratum == s), risk.stratum == s
            entry = None if start is None else start[rows]
            ask = np.concatenate([stop[rows], risk.time[here]])
            found = observed_before(stop[rows], kind[rows], entry, events_first, ask)
            before_exit[rows], self.factor[here] = found[: rows.size], found[rows.size :]

        stay = (kind == COMPETING) & (later < end) & (before_exit > 0)
        extra = stay.copy()
        extra[risk.order] = False
        self.order: Ints = np.concatenate([risk.order, np.flatnonzero(extra)])
        self.ordinary = risk.order.size
        self.staying: Ints = np.flatnonzero(stay[self.order])
        self.later: Ints = later[self.order[self.staying]]
        self.inverse: Floats = 1 / before_exit[self.order[self.staying]]
        edges = np.flatnonzero(np.diff(risk.stratum, prepend=-1, append=-1))
        self._strata = list(zip(edges[:-1].tolist(), edges[1:].tolist(), strict=True))

    def sums(self, columns: Iterable[Floats], count: int) -> Floats:
        """Return (count, K): for each of ``count`` vectors over rows its weighted sum over each risk set."""
        total = np.zeros((count, self.size))
        if not self.size:
            return total
        for j, values in enumerate(columns):
            total[j] = self.risk.sums([values[: self.ordinary]], 1)[0] + self.factor * self.stayed(values)
        return total

    def stayed(self, values: Floats) -> Floats:
        """Return (K,): sums of values/G(T-) over those whose competing event came before each event time."""
        bins = sums_by(self.later, values[self.staying] * self.inverse, self.size)
        for low, high in self._strata:
            bins[low:high] = np.cumsum(bins[low:high])
        return bins

    def accumulate(self, increments: Floats) -> Floats:
        """Return (n,): for each row the weighted sum of ``increments`` (K,) over the risk sets that it is in."""
        total = np.zeros(self.order.size)
        if self.size:
            total[: self.ordinary] = self.risk.accumulate(increments)
            still = self.factor * increments
            for low, high in self._strata:
                still[low:high] = np.cumsum(still[low:high][::-1])[::-1]
            total[self.staying] += still[self.later] * self.inverse
        return total


@dataclass(frozen=True)
class Pass:
    """What one pass over the rows gives at a parameter value; ``A`` to ``c`` as in ``partial_likelihood``."""

    loglik: float
    score_risk: Floats  # (n,)
    s0: Floats  # (K,)
    s1: Floats  # (p, K) means of the risk sets
    d1: Floats  # (p, K) those of the events, in shares of s0
    A: Floats
    B: Floats
    a: Floats
    b: Floats
    c: Floats


class SubdistributionLikelihood:
    """The partial likelihood over weighted risk sets: ``x`` (p, n) in the order of ``weighted``.

    Those who have the event have weight 1, so that ties are treated as in a Cox model without weights. The scalars
    A, B, a, b, c of an event time are sums of f^k/(1 - f d0)^m over its tied events (see ``partial_likelihood``).
    """

    def __init__(self, weighted: SubdistributionRisk, x: Floats, efron: bool) -> None:
        self.weighted, self.x = weighted, x
        risk = self.risk = weighted.risk
        self.fraction = risk.tie_rank / risk.tied[risk.death_pair] if efron else np.zeros(risk.deaths.size)
        self.death_x = x[:, risk.deaths]
        self.observed = risk.death_sums(self.death_x)

    def objective(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the log partial likelihood, its gradient (p,) and the information (p, p)."""
        with np.errstate(all="ignore"):  # a step too long gives infinities, which the search turns away
            now = self.at(beta)
            return (
                now.loglik,
                np.add.reduce(self.observed - now.s1 * now.A + now.d1 * now.B, axis=1),
                self.information(now),
            )

    def at(self, beta: Floats) -> Pass:
        """Make the pass over the rows at ``beta`` (p,)."""
        risk = self.risk
        eta = combine(beta, self.x)
        eta -= eta.max(initial=-np.inf) if eta.size else 0.0
        r = np.exp(eta)
        s0 = self.weighted.sums([r], 1)[0]
        s1 = self.weighted.sums((row * r for row in self.x), len(self.x)) / s0
        d0 = risk.death_sums(r[risk.deaths]) / s0
        d1 = risk.death_sums(r[risk.deaths] * self.death_x) / s0
        f, share = self.fraction, 1 - self.fraction * d0[risk.death_pair]
        loglik = float(eta[risk.deaths].sum() - inner(np.log(s0), risk.tied.astype(np.float64)) - np.log(share).sum())
        once, twice = 1 / share, 1 / share**2
        A, B, a, b, c = risk.death_sums(np.stack([once, f * once, twice, f * twice, f * f * twice]))
        return Pass(loglik, r, s0, s1, d1, A, B, a, b, c)

    def information(self, now: Pass) -> Floats:
        """Return the information (p, p)."""
        second = cross_product(self.x, self.x, now.score_risk * self._hazard(now.A / now.s0, now.B / now.s0))
        mixed = cross_product(now.s1, now.d1, now.b)
        squares = cross_product(now.s1, now.s1, now.a) + cross_product(now.d1, now.d1, now.c)
        return second - (squares - mixed - mixed.T)

    def _hazard(self, A: Floats, B: Floats) -> Floats:
        total = self.weighted.accumulate(A)
        total[self.risk.deaths] -= B[self.risk.death_pair]
        return total

    def score_residuals(self, now: Pass) -> Iterator[Floats]:
        """Yield the score residuals (n,) of each column; the weights of the risk sets count as known."""
        deaths, pair = self.risk.deaths, self.risk.death_pair
        hazard = self._hazard(now.A / now.s0, now.B / now.s0)
        for j, x in enumerate(self.x):
            s1, d1 = now.s1[j], now.d1[j]
            drift = self._hazard((now.a * s1 - now.b * d1) / now.s0, (now.b * s1 - now.c * d1) / now.s0)
            row = now.score_risk * (drift - x * hazard)
            row[deaths] += self.death_x[j] - ((now.A * s1 - now.B * d1) / self.risk.tied)[pair]
            yield row

    def censoring_residuals(self, now: Pass, stop: Floats, censored: NDArray[np.bool_]) -> Iterator[Floats]:
        """Yield for each column what the estimate of G adds to the influence of all N rows, in the order given.

        psi_i of Fine and Gray (1999), section 4: the integral of q(u)/Y(u) over the censoring martingale of the row,
        with q(u) the sum over event times s >= u of the weighted deviations of those with a competing event before u.
        One stratum, Breslow's ties, no delayed entry.
        """
        times, moment = np.unique(stop[censored], return_inverse=True)
        leaving = np.bincount(moment, minlength=times.size)
        at_risk = stop.size - np.searchsorted(np.sort(stop), times, side="left")
        from_here = np.searchsorted(self.risk.time, times, side="left")
        stays = self.weighted.staying
        when = np.searchsorted(times, stop[self.weighted.order[stays]], side="right")
        jump = self.weighted.factor * now.A / now.s0
        mass = now.score_risk[stays] * self.weighted.inverse

        def before(values: Floats) -> Floats:  # sums over competing events before each u
            return np.cumsum(sums_by(when, values, times.size + 1))[:-1]

        def after(values: Floats) -> Floats:  # sums over event times from each u on
            return np.append(np.cumsum(values[::-1])[::-1], 0.0)[from_here]

        zero, future = before(mass), after(jump)
        passed = np.searchsorted(times, stop, side="right")
        for j, x in enumerate(self.x):
            q = before(mass * x[stays]) * future - zero * after(jump * now.s1[j])
            psi = -np.concatenate([[0.0], np.cumsum(q * leaving / at_risk**2)])[passed]
            psi[censored] += (q / at_risk)[moment]
            yield psi
