"""What is computed from a fitted Cox model: proportional hazards, baseline hazard, concordance."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from family_justice.estimators.parts.arrays import Floats, Ints, inner, sums_by
from family_justice.estimators.parts.chi_square import ChiSquareTest, chi_square_test, quadratic_form_test

if TYPE_CHECKING:
    from family_justice.estimators.survival.cox import CoxFit

Transform = Literal["km", "identity", "rank", "log"]


@dataclass(frozen=True)
class ProportionalHazards:
    """A test for each term (nan if none of its columns is estimable) and one for all columns together."""

    terms: tuple[ChiSquareTest, ...]
    overall: ChiSquareTest
    transform: str


def proportional_hazards_test(
    fit: CoxFit, transform: Transform = "km", terms: Sequence[Sequence[int]] | None = None
) -> ProportionalHazards:
    """Test that log hazard ratios do not change with a function of time: R's ``cox.zph`` since survival 3.0.

    This is the score test of g(t) x added to the model (Grambsch and Therneau 1994, Biometrika 81, with the exact
    variance in place of the 1994 approximation). ``transform`` is g: ``km`` is one minus the left-continuous
    Kaplan-Meier curve of all rows pooled over strata, without weights; ``rank`` is that of the exit times of all rows.
    ``terms`` groups columns that are tested jointly, by default each on its own. As in R, clusters play no part: the
    test uses the model's information matrix.

    Raises ``ValueError`` for ``log`` with an event at or before time zero, and for an unknown transform.
    """
    model, likelihood = fit.model, fit.model.likelihood
    p = fit.coef.size
    groups = [[j] for j in range(p)] if terms is None else [list(term) for term in terms]
    nothing = ChiSquareTest(np.nan, 0, np.nan)
    if not fit.estimable.any():
        return ProportionalHazards(tuple(nothing for _ in groups), nothing, transform)

    now = likelihood.at(model.parameters)
    g = _transformed(fit, transform)
    g = g - np.average(g, weights=likelihood.risk.tied)
    kept = np.flatnonzero(fit.estimable)
    both = np.ix_(kept, kept)
    score = likelihood.score(now, g)
    plain, cross, square = (likelihood.information(now, h)[both] for h in (None, g, g * g))
    # Information about the coefficients of g(t) x once those of x have been estimated.
    own = square - cross @ np.linalg.solve(plain, cross)
    place = {int(j): k for k, j in enumerate(kept)}

    def test(columns: list[int]) -> ChiSquareTest:
        at = [place[j] for j in columns if j in place]
        if not at:
            return nothing
        # Jointly with all of x but only this term's g(t) x: the other terms' are taken to be absent.
        u = score[kept[at]]
        try:
            statistic = float(u @ np.linalg.solve(own[np.ix_(at, at)], u))
        except np.linalg.LinAlgError:
            return ChiSquareTest(np.nan, len(at), np.nan)
        return chi_square_test(statistic, len(at))

    return ProportionalHazards(tuple(test(group) for group in groups), test([int(j) for j in kept]), transform)


def _transformed(fit: CoxFit, transform: str) -> Floats:
    """Return g (K,) at the event time of each risk set."""
    model, time = fit.model, fit.model.likelihood.risk.time
    if transform == "identity":
        return time
    if transform == "log":
        if time.min() <= 0:
            raise ValueError("the logarithm of time needs event times after zero")
        return np.log(time)
    if transform == "rank":
        ordered = np.sort(model.exit)
        return (np.searchsorted(ordered, time, "left") + np.searchsorted(ordered, time, "right") + 1) / 2
    if transform == "km":
        from family_justice.estimators.survival.life_table import event_table, kaplan_meier

        curve = kaplan_meier(event_table(model.exit, model.event.astype(np.int64), model.entry))
        before = np.searchsorted(curve.time, time, side="left")
        return 1 - np.concatenate([[1.0], curve.estimate])[before]
    raise ValueError("transform must be km, identity, rank or log")


def robust_score_test(fit: CoxFit) -> ChiSquareTest:
    """Test that all coefficients are zero by the score and its sandwich variance over clusters, both at zero.

    R's ``summary(coxph(..., cluster = ))$robscore``. Columns that are not estimable play no part. Raises
    ``ValueError`` for a fit without clusters.
    """
    model, likelihood = fit.model, fit.model.likelihood
    if model.member is None or fit.n_clusters is None:
        raise ValueError("the model was fitted without clusters and without robust=True")
    from family_justice.estimators.survival.cox import cluster_scores

    kept = np.flatnonzero(fit.estimable)
    zero = np.zeros_like(model.parameters)
    variance = cluster_scores(likelihood, zero, model.member, fit.n_clusters)[np.ix_(kept, kept)]
    return quadratic_form_test(likelihood.score(likelihood.at(zero))[kept], variance)


@dataclass(frozen=True)
class BaselineHazard:
    """Cumulative hazard of a row whose covariates are all zero, after each event time of each stratum."""

    stratum: np.ndarray  # (K,) label
    time: Floats  # (K,) increasing within a stratum
    cumulative: Floats  # (K,)


def baseline_hazard(fit: CoxFit) -> BaselineHazard:
    """Return the cumulative baseline hazard with the ties of the fit: R ``basehaz(fit, centered = FALSE)``."""
    model, risk = fit.model, fit.model.likelihood.risk
    now = model.likelihood.at(model.parameters)
    at_zero = -float(model.parameters @ (model.centre / model.scale)) - now.shift
    increments = now.A / now.s0 * np.exp(at_zero)
    cumulative = np.cumsum(increments)
    first = np.flatnonzero(np.diff(risk.stratum, prepend=-1))
    carried = np.concatenate([[0.0], cumulative])[first]
    cumulative = cumulative - np.repeat(carried, np.diff(np.append(first, risk.size)))
    return BaselineHazard(model.strata[risk.stratum], risk.time, cumulative)


@dataclass(frozen=True)
class Concordance:
    """Harrell's C and the weights of the pairs behind it: one has the event while the other is at risk."""

    estimate: float
    concordant: float
    discordant: float
    tied_risk: float


def concordance(fit: CoxFit) -> Concordance:
    """Return R's ``concordance(fit)``: (concordant + tied/2) / all comparable pairs, within strata, with case weights.

    A death at t is compared with those at risk at t who do not die at t; a pair counts as concordant when the one who
    dies has the higher linear predictor, and half when the predictors are equal. A pair weighs the product of the case
    weights. O(n log n).
    """
    pairs = _pairs_of_deaths(fit)
    own = pairs.weight
    concordant, discordant, tied = (float(inner(own, part)) for part in (pairs.lower, pairs.higher, pairs.tied))
    comparable = concordant + discordant + tied
    estimate = (concordant + tied / 2) / comparable if comparable > 0 else np.nan
    return Concordance(estimate, concordant, discordant, tied)


def concordance_std_error(fit: CoxFit) -> float:
    """Return the standard error of Harrell's C by the infinitesimal jackknife, as R's ``concordance``.

    The jackknife is over clusters if the fit has them. nan without comparable pairs. O(n log n).
    """
    model, risk = fit.model, fit.model.likelihood.risk
    pairs, weight = _pairs_of_deaths(fit), model.likelihood.weight
    rank, deaths = pairs.rank, risk.deaths
    ahead, behind, tied = np.zeros((3, rank.size))
    ahead[deaths], behind[deaths], tied[deaths] = pairs.lower, pairs.higher, pairs.tied
    # And as one of those at risk when others die; those who die at the same time are not compared.
    meeting, until = _Dominance(risk.death_pair, rank[deaths], weight[deaths]), risk.last - risk.died
    lower = meeting.weight_below(risk.first, until, rank)
    upto = meeting.weight_below(risk.first, until, rank + 1)
    everybody = meeting.weight_below(risk.first, until, np.full(rank.size, rank.max(initial=0) + 1))
    ahead, behind, tied = ahead + everybody - upto, behind + lower, tied + upto - lower
    every = ahead + behind + tied
    twice = float(inner(weight, every))  # each pair has been met twice
    if not twice > 0:
        return np.nan
    somers = float(inner(weight, ahead - behind)) / twice
    influence = weight * (ahead - behind - somers * every) / twice
    if model.member is not None:
        influence = sums_by(model.member, influence, fit.n_clusters or 0)
    return float(np.sqrt(inner(influence, influence)))


@dataclass(frozen=True)
class _Pairs:
    """For each death the weight of those it is compared with, by their rank, and its own weight."""

    rank: Ints  # (n,) of the linear predictor of all rows at risk
    weight: Floats
    lower: Floats
    higher: Floats
    tied: Floats


def _pairs_of_deaths(fit: CoxFit) -> _Pairs:
    model, risk = fit.model, fit.model.likelihood.risk
    likelihood = model.likelihood
    # Rounding must not part rows with the same covariates: equal to nine digits is equal.
    eta = np.round(likelihood.predictor(model.parameters), 9)
    rank = np.unique(eta, return_inverse=True)[1]
    weight = likelihood.weight
    deaths, pair = risk.deaths, risk.death_pair
    end = np.searchsorted(risk.stratum, risk.stratum[pair], side="right")  # where the stratum of the pair ends
    mine, other = rank[deaths], weight[deaths]
    leaving, dying = _Dominance(risk.last, rank, weight), _Dominance(pair, mine, other)
    entering = _Dominance(risk.first, rank, weight) if risk.delayed else None

    def at_risk_below(limit: Ints) -> Floats:
        """For each death the weight of those who are at risk then, do not die then, and have a rank below the limit."""
        below = leaving.weight_below(pair + 1, end + 1, limit) - dying.weight_below(pair, pair + 1, limit)
        return below if entering is None else below - entering.weight_below(pair + 1, end, limit)

    lower, upto = at_risk_below(mine), at_risk_below(mine + 1)
    everybody = at_risk_below(np.full(deaths.size, rank.max(initial=0) + 1))
    return _Pairs(rank, other, lower, everybody - upto, upto - lower)


class _Dominance:
    """Sums of weights over positions in a range and ranks below a limit: a wavelet matrix, O(log n) per question."""

    def __init__(self, position: NDArray, rank: NDArray, weight: Floats) -> None:
        order = np.argsort(position, kind="stable")
        self.position = position[order]
        self.bits = max(int(rank.max(initial=0)).bit_length(), 1) + 1
        current, mass = rank[order], weight[order]
        self.levels: list[tuple[Ints, Floats, int]] = []
        for bit in range(self.bits - 1, -1, -1):
            zero = (current >> bit) & 1 == 0
            zeros = np.concatenate([[0], np.cumsum(zero)])
            zero_mass = np.concatenate([[0.0], np.cumsum(np.where(zero, mass, 0.0))])
            self.levels.append((zeros, zero_mass, int(zeros[-1])))
            both = np.concatenate([np.flatnonzero(zero), np.flatnonzero(~zero)])
            current, mass = current[both], mass[both]

    def weight_below(self, low: NDArray, high: NDArray, limit: NDArray) -> Floats:
        """For each question: the weight of items with low <= position < high and rank < limit."""
        left = np.searchsorted(self.position, low, side="left")
        right = np.searchsorted(self.position, high, side="left")
        total = np.zeros(left.size)
        for level, (zeros, zero_mass, split) in enumerate(self.levels):
            one = (limit >> (self.bits - 1 - level)) & 1 == 1
            total += np.where(one, zero_mass[right] - zero_mass[left], 0.0)
            left = np.where(one, split + left - zeros[left], zeros[left])
            right = np.where(one, split + right - zeros[right], zeros[right])
        return total
