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

from dataclasses import dataclass

import numpy as np

from family_justice.estimators.arrays import Floats, combine, cross_product, inner
from family_justice.estimators.risk_sets import RiskSets


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
    """``x`` (p, n) and ``weight`` (n,) in the order of ``risk``; ``offset`` (n,) is added to the linear predictor."""

    def __init__(self, risk: RiskSets, x: Floats, weight: Floats, efron: bool) -> None:
        self.risk, self.x, self.weight = risk, x, weight
        self.fraction = risk.tie_rank / risk.tied[risk.death_pair] if efron else np.zeros(risk.deaths.size)
        self.death_weight = weight[risk.deaths]
        self.mean_weight = risk.death_sums(self.death_weight) / risk.tied
        self.death_x = x[:, risk.deaths]
        self.observed = risk.death_sums(self.death_weight * self.death_x)  # (p, K)

    def objective(self, beta: Floats) -> tuple[float, Floats, Floats]:
        """Return the log partial likelihood, its gradient (p,) and the information (p, p)."""
        with np.errstate(all="ignore"):  # a step too long gives infinities, which the search turns away
            now = self.at(beta)
            return now.loglik, self.score(now), self.information(now)

    def at(self, beta: Floats) -> Pass:
        """Make the pass over the rows at ``beta`` (p,)."""
        risk = self.risk
        eta = combine(beta, self.x)
        shift = float(eta.max(initial=-np.inf)) if eta.size else 0.0
        eta -= shift
        r = self.weight * np.exp(eta)
        s0 = risk.sums([r], 1)[0]
        s1 = risk.sums((row * r for row in self.x), len(self.x)) / s0
        d0 = risk.death_sums(r[risk.deaths]) / s0
        d1 = risk.death_sums(r[risk.deaths] * self.death_x) / s0
        m = self.mean_weight[risk.death_pair]
        share = 1 - self.fraction * d0[risk.death_pair]
        loglik = float(
            inner(self.death_weight, eta[risk.deaths])
            - inner(self.mean_weight * risk.tied, np.log(s0))
            - inner(m, np.log(share))
        )
        once = m / share
        twice = once / share
        f = self.fraction
        A, B, a, b, c = risk.death_sums(np.stack([once, f * once, twice, f * twice, f * f * twice]))
        return Pass(loglik, r, s0, s1, d1, A, B, a, b, c, shift)

    def score(self, now: Pass, times: Floats | None = None) -> Floats:
        """Return the gradient (p,), each event time multiplied by ``times`` (K,) if given."""
        g = np.ones(self.risk.size) if times is None else times
        return inner(self.observed - now.s1 * now.A + now.d1 * now.B, g)

    def information(self, now: Pass, times: Floats | None = None) -> Floats:
        """Return the information (p, p), each event time multiplied by ``times`` (K,) if given."""
        A, B, a, b, c = (v if times is None else v * times for v in (now.A, now.B, now.a, now.b, now.c))
        second = cross_product(self.x, self.x, now.score_risk * self.hazard(A / now.s0, B / now.s0))
        mixed = cross_product(now.s1, now.d1, b)
        return second - (cross_product(now.s1, now.s1, a) - mixed - mixed.T + cross_product(now.d1, now.d1, c))

    def hazard(self, A: Floats, B: Floats) -> Floats:
        """Return (n,): sums of A (K,) over the event times at risk, less B (K,) at the row's own event."""
        total = self.risk.accumulate(A)
        total[self.risk.deaths] -= B[self.risk.death_pair]
        return total

    def score_residuals(self, now: Pass) -> Floats:
        """Return the score residuals (p, n) at ``now``, exact for Efron's ties (Therneau and Grambsch 2000, ch. 4).

        A death at a tied time is compared with the mean of its d Efron means, and is exposed to the share 1 - f of
        each of its d hazard increments. Weighted by the case weights they add up to the score.
        """
        risk = self.risk
        hazard = self.hazard(now.A / now.s0, now.B / now.s0)
        deaths, pair = risk.deaths, risk.death_pair
        size = self.mean_weight * risk.tied
        residuals = np.empty_like(self.x)
        for j, x in enumerate(self.x):
            s1, d1 = now.s1[j], now.d1[j]
            drift = self.hazard((now.a * s1 - now.b * d1) / now.s0, (now.b * s1 - now.c * d1) / now.s0)
            row = now.score_risk / self.weight * (drift - x * hazard)
            row[deaths] += self.death_x[j] - ((now.A * s1 - now.B * d1) / size)[pair]
            residuals[j] = row
        return residuals
