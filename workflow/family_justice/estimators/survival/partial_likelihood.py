"""The Cox partial likelihood with Efron's or Breslow's treatment of ties, vectorised over risk sets.

With r = w exp(eta) the risk score, S0, S1 the sums of r, r x over the risk set of an event time, D0, D1 those over its
d deaths, and m the mean weight of the deaths, Efron's approximation replaces one event with d deaths by d events with
denominators S0 - f D0, f = 0, 1/d, ..., (d-1)/d, each of weight m (Efron 1977, JASA 72; Breslow: f = 0 throughout).
In shares of S0 (s1 = S1/S0, d0 = D0/S0, d1 = D1/S0, which neither overflow nor vanish) score, information and score
residuals need per event time only the scalars

    A = sum m/(1 - f d0)       B = sum f m/(1 - f d0)
    a = sum m/(1 - f d0)^2     b = sum f m/(1 - f d0)^2     c = sum f^2 m/(1 - f d0)^2

and the second moments of the risk sets are never formed: summed over event times they are X' diag(r H) X with H the
hazard that each row has accumulated, one matrix product over the rows.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from family_justice.estimators.parts.arrays import Floats, combine, cross_product, inner
from family_justice.estimators.survival.distinct_rows import Rows
from family_justice.estimators.survival.risk_sets import RiskSets


@dataclass(frozen=True)
class Pass:
    """What one pass over the rows gives at a parameter value."""

    loglik: float
    score_risk: Floats  # (n,) r, relative to the largest exp(eta)
    s0: Floats  # (K,)
    s1: Floats  # (p, K)
    d1: Floats  # (p, K)
    A: Floats  # (K,), as B, a, b, c
    B: Floats
    a: Floats
    b: Floats
    c: Floats
    shift: float  # the eta that was subtracted before exponentiation


class PartialLikelihood:
    """``weight`` (n,), None for equal ones, and ``offset`` (n,), which is added to the linear predictor, in the order
    of ``risk``."""

    def __init__(
        self, risk: RiskSets, rows: Rows, weight: Floats | None, efron: bool, offset: Floats | None = None
    ) -> None:
        self.risk, self.rows, self.offset = risk, rows, offset
        self.weighted = weight is not None
        self.weight = weight = np.ones(risk.order.size) if weight is None else weight
        self.fraction = risk.tie_rank / risk.tied[risk.death_pair] if efron else np.zeros(risk.deaths.size)
        self.death_weight = weight[risk.deaths]
        self.mean_weight = risk.death_sums(self.death_weight) / risk.tied
        self.observed = rows.death_sums(weight)  # (p, K)

    def predictor(self, beta: Floats) -> Floats:
        """Return (n,): the linear predictor of each row, offset included."""
        eta = self.rows.spread(combine(beta, self.rows.x))
        return eta if self.offset is None else eta + self.offset

    def objective(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the log partial likelihood, its gradient (p,) and the information (p, p)."""
        with np.errstate(all="ignore"):  # a step too long gives infinities, which the search turns away
            now = self.at(beta)
            return now.loglik, self.score(now), self.information(now)

    def at(self, beta: Floats) -> Pass:
        """Make the pass over the rows at ``beta`` (p,)."""
        risk = self.risk
        eta = combine(beta, self.rows.x)
        if self.offset is None:
            shift = float(eta.max(initial=-np.inf)) if eta.size else 0.0
            r = self.rows.spread(np.exp(eta - shift))
            eta_deaths = self.rows.at_deaths(eta)
        else:
            eta = self.rows.spread(eta) + self.offset
            shift = float(eta.max(initial=-np.inf)) if eta.size else 0.0
            r = np.exp(eta - shift)
            eta_deaths = eta[risk.deaths]
        if self.weighted:
            r = self.weight * r
        r_deaths = r[risk.deaths]
        s0 = risk.sums([r], 1)[0]
        s1, d1 = (sums / s0 for sums in self.rows.risk_and_death_sums(r))
        d0 = risk.death_sums(r_deaths) / s0
        m = self.mean_weight[risk.death_pair]
        share = 1 - self.fraction * d0[risk.death_pair]
        loglik = float(
            inner(self.death_weight, eta_deaths - shift)
            - inner(self.mean_weight * risk.tied, np.log(s0))
            - inner(m, np.log(share))
        )
        once = m / share
        twice = once / share
        f = self.fraction
        A, a = risk.death_sums(once), risk.death_sums(twice)
        twice *= f
        B, b = risk.death_sums(np.multiply(f, once, out=once)), risk.death_sums(twice)
        c = risk.death_sums(np.multiply(f, twice, out=twice))
        return Pass(loglik, r, s0, s1, d1, A, B, a, b, c, shift)

    def score(self, now: Pass, times: Floats | None = None) -> Floats:
        """Return the gradient (p,), each event time multiplied by ``times`` (K,) if given."""
        g = np.ones(self.risk.size) if times is None else times
        return inner(self.observed - now.s1 * now.A + now.d1 * now.B, g)

    def information(self, now: Pass, times: Floats | None = None) -> Floats:
        """Return the information (p, p), each event time multiplied by ``times`` (K,) if given."""
        A, B, a, b, c = (v if times is None else v * times for v in (now.A, now.B, now.a, now.b, now.c))
        hazard = self.hazard(A / now.s0, B / now.s0)
        second = self.rows.second_moments(np.multiply(hazard, now.score_risk, out=hazard))
        mixed = cross_product(now.s1, now.d1, b)
        return second - (cross_product(now.s1, now.s1, a) - mixed - mixed.T + cross_product(now.d1, now.d1, c))

    def hazard(self, A: Floats, B: Floats) -> Floats:
        """Return (n,): sums of A (K,) over the event times at risk, less B (K,) at the row's own event."""
        total = self.risk.accumulate(A)
        total[self.risk.deaths] -= B[self.risk.death_pair]
        return total

    def score_residuals(self, now: Pass) -> Iterator[Floats]:
        """Yield the score residuals (n,) of each column at ``now`` (Therneau and Grambsch 2000, chapter 4).

        They are exact for Efron's ties: a death at a tied time is compared with the mean of its d Efron means, and is
        exposed to the share 1 - f of each of its d hazard increments. Weighted by the case weights they add up to the
        score. One column at a time, so that they never need the memory of a second design matrix.
        """
        risk = self.risk
        hazard = self.hazard(now.A / now.s0, now.B / now.s0)
        deaths, pair = risk.deaths, risk.death_pair
        size = self.mean_weight * risk.tied
        relative = now.score_risk / self.weight
        for x, s1, d1 in zip(self.rows.x, now.s1, now.d1, strict=True):
            residual = self.hazard((now.a * s1 - now.b * d1) / now.s0, (now.b * s1 - now.c * d1) / now.s0)
            residual -= self.rows.spread(x) * hazard
            residual *= relative
            residual[deaths] += self.rows.at_deaths(x) - ((now.A * s1 - now.B * d1) / size)[pair]
            yield residual
