"""How well a Cox model predicts the risk of an event by stated times, with competing events, and how much of that is
optimism.

The risk of a member with linear predictor m is F(t | m), the sum over event times u <= t of S(u- | m) (1 -
exp(-dL(u) e^m)), with S(u- | m) = exp(-L(u-) e^m - C(u-)): L is the baseline hazard of the model, C the Nelson-Aalen
hazard of competing events, the same for everybody. Without these it is 1 - exp(-L(t) e^m), as R's ``survfit``.

Whether a member had the event by t is not known of those who are censored before t; members who are known weigh the
inverse of their probability of being uncensored: 1 / G(T-) if anything happened by t, 1 / G(t) if they were followed
beyond t, with G the Kaplan-Meier curve of the time to censoring, in which events come first (Graf et al. 1999,
Statistics in Medicine 18, 2529-2545; Blanche et al. 2013, Statistics in Medicine 32, 5381-5397).

Optimism is that of Harrell (2015), Regression Modeling Strategies, 5.3.4: the model is fitted to a bootstrap sample of
the members, and is better in that sample than among all members by the optimism, on average over samples.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.estimators.parts.arrays import Floats, Ints
from family_justice.estimators.survival.cox import baseline_hazard, fit_cox
from family_justice.estimators.survival.life_table import cumulative_incidence, event_table

CENSORED, EVENT, COMPETING = 0, 1, 2
#: Linear predictors that are equal to so many digits are equal: rounding must not part members who are alike.
DIGITS = 9
#: Rows of ``Performance.as_array`` that are about calibration.
CALIBRATION = [3, 4]


@dataclass(frozen=True)
class RiskModel:
    """Coefficients (p,), and at the K times of the event the baseline hazard that each adds and the hazard of competing
    events before it."""

    coef: Floats
    time: Floats
    step: Floats
    competing: Floats

    def score(self, x: Floats) -> Floats:
        """Return linear predictors (n,) of members with covariates ``x`` (n, p)."""
        return np.round(x @ self.coef, DIGITS)

    def risk(self, score: Floats, times: Floats) -> Floats:
        """Return the risk (n, m) of the event by each of m times."""
        distinct, place = np.unique(score, return_inverse=True)
        upto = np.searchsorted(self.time, np.asarray(times) + 1e-9, side="right")
        # Where no competing event comes between, the terms of the sum cancel but for the first and the last.
        changes = np.flatnonzero(np.diff(self.competing)) + 1
        cuts = np.unique(np.concatenate([[0], changes[changes < upto.max(initial=0)], upto]))
        hazard = np.concatenate([[0.0], np.cumsum(self.step)])[cuts]
        alive = np.exp(-np.exp(distinct)[:, None] * hazard)
        parts = np.exp(-self.competing[cuts[:-1]]) * (alive[:, :-1] - alive[:, 1:])
        risk = np.column_stack([np.zeros(len(distinct)), np.cumsum(parts, axis=1)])
        return risk[:, np.searchsorted(cuts, upto)][place]


def fit_risk_model(exit: Floats, cause: Ints, x: Floats) -> RiskModel:
    """Fit a Cox model (Efron's ties) to n members: ``exit`` (n,), ``cause`` (n,) 0 censored, 1 the event, 2 competing,
    covariates ``x`` (n, p). A column that is not estimable has the coefficient 0."""
    fit = fit_cox(exit, cause == EVENT, np.nan_to_num(x))
    base = baseline_hazard(fit)
    table = event_table(exit, cause, n_causes=2)
    others = np.cumsum(table.events[:, 1] / table.at_risk)
    before = np.concatenate([[0.0], others])[np.searchsorted(table.time, base.time, side="left")]
    return RiskModel(np.nan_to_num(fit.coef), base.time, np.diff(base.cumulative, prepend=0.0), before)


def censoring_weights(exit: Floats, cause: Ints, times: Floats) -> Floats:
    """Return the weight (n, m) of each member at each of m times; 0 for those censored before it."""
    time, place = np.unique(exit, return_inverse=True)
    ended = np.bincount(place, minlength=len(time))
    censored = np.bincount(place, cause == CENSORED, len(time))
    at_risk = np.cumsum(ended[::-1])[::-1]
    # Events come before censoring at the same time. Where all who are left are censored nobody is followed beyond.
    remaining = np.cumprod(1 - censored / np.maximum(at_risk - (ended - censored), 1))
    curve = np.concatenate([[1.0], remaining])
    before = curve[place]  # just before the exit of each member
    weights = np.zeros((len(exit), len(times)))
    for column, t in enumerate(times):
        beyond = exit > t + 1e-9
        at = curve[np.searchsorted(time, t + 1e-9, side="right")]
        known = ~beyond & (cause != CENSORED)
        weights[known, column] = 1 / before[known]
        if at > 0:
            weights[beyond, column] = 1 / at
    return weights


@dataclass(frozen=True)
class Performance:
    """How well risks were predicted at m times (each (m,)), and the calibration slope.

    Attributes
    ----------
    auc
        Probability that whoever has the event by t had a higher predicted risk than somebody who has not (ties count
        half).
    brier, scaled_brier
        Mean squared distance of the predicted risk from 0 or 1; and 1 less its ratio to that of one risk for everybody.
    observed_over_expected
        Aalen-Johansen risk of all members over their mean predicted risk.
    slope
        Coefficient of the linear predictor in a Cox model of these members: below 1 if predictions are too extreme.
    """

    auc: Floats
    brier: Floats
    scaled_brier: Floats
    observed_over_expected: Floats
    slope: float

    def as_array(self) -> Floats:
        """Return (5, m): the measures in the order of the attributes, the slope at every time."""
        return np.vstack(
            [self.auc, self.brier, self.scaled_brier, self.observed_over_expected, np.full(len(self.auc), self.slope)]
        )


def performance(model: RiskModel, exit: Floats, cause: Ints, x: Floats, times: Floats) -> Performance:
    """Return how well a model predicts the event by ``times`` (m,) among n members; nan where nobody, or everybody who
    is known, has had the event."""
    score = model.score(x)
    risk = model.risk(score, times)
    weights = censoring_weights(exit, cause, times)
    curve = cumulative_incidence(event_table(exit, cause, n_causes=2), EVENT)
    observed = curve.at(times).estimate
    auc, brier, alike = (np.full(len(times), np.nan) for _ in range(3))
    for column, t in enumerate(times):
        case = (cause == EVENT) & (exit <= t + 1e-9)
        weight = weights[:, column]
        auc[column] = area_under_curve(risk[:, column], case, weight)
        brier[column] = float(weight @ (case - risk[:, column]) ** 2) / len(exit)
        alike[column] = float(weight @ (case - observed[column]) ** 2) / len(exit)
    with np.errstate(divide="ignore", invalid="ignore"):
        scaled, ratio = 1 - brier / alike, observed / risk.mean(axis=0)
    slope = fit_cox(exit, cause == EVENT, score[:, None]).coef[0] if np.ptp(score) else np.nan
    return Performance(auc, brier, scaled, ratio, float(slope))


def area_under_curve(marker: Floats, case: np.ndarray, weight: Floats) -> float:
    """Return the weighted share of pairs of a case and another with the higher ``marker`` in the case; ties count half.
    nan without a pair. O(n log n)."""
    own, other = case & (weight > 0), ~case & (weight > 0)
    pairs = weight[own].sum() * weight[other].sum()
    if not pairs > 0:
        return float("nan")
    order = np.argsort(marker[other], kind="stable")
    sorted_, mass = marker[other][order], np.concatenate([[0.0], np.cumsum(weight[other][order])])
    below = mass[np.searchsorted(sorted_, marker[own], side="left")]
    upto = mass[np.searchsorted(sorted_, marker[own], side="right")]
    return float(weight[own] @ (below + upto)) / 2 / float(pairs)


@dataclass(frozen=True)
class Validation:
    """Internal validation at m times: (5, m) each, rows as in ``Performance.as_array``.

    ``optimism`` is the mean over bootstrap samples of the performance in the sample less that among all members,
    ``corrected`` is ``apparent`` less ``optimism``, ``std_error`` the standard deviation of the performance in the
    samples, of calibration (which is right in each of them) that among all members. ``samples`` is how many there were
    with an event, and a pair to compare, at every time.
    """

    model: RiskModel
    apparent: Floats
    optimism: Floats
    std_error: Floats
    samples: int

    @property
    def corrected(self) -> Floats:
        """Performance to be expected among new members like these."""
        return self.apparent - self.optimism


def validate(exit: Floats, cause: Ints, x: Floats, times: Floats, samples: int, seed: int) -> Validation:
    """Fit a model to n members and validate it by bootstrap.

    ``exit``, ``cause`` (n,) and ``x`` (n, p) as in ``fit_risk_model``, ``times`` (m,). Samples in which a measure
    cannot be worked out are left out. The same seed gives the same answer.
    """
    times = np.asarray(times, dtype=np.float64)
    model = fit_risk_model(exit, cause, x)
    apparent = performance(model, exit, cause, x, times).as_array()
    random = np.random.default_rng(seed)
    within, beyond = [], []
    for _ in range(samples):
        rows = random.integers(0, len(exit), len(exit))
        if not (cause[rows] == EVENT).any():
            continue
        again = fit_risk_model(exit[rows], cause[rows], x[rows])
        own = performance(again, exit[rows], cause[rows], x[rows], times).as_array()
        among_all = performance(again, exit, cause, x, times).as_array()
        if np.isfinite(own).all() and np.isfinite(among_all).all():
            within.append(own)
            beyond.append(among_all)
    nothing = np.full_like(apparent, np.nan)
    if len(within) < 2:
        return Validation(model, apparent, nothing, nothing, len(within))
    error = np.std(within, axis=0, ddof=1)
    # A model is calibrated where it was fitted, in every sample: there only its place among all members varies.
    error[CALIBRATION] = np.std(beyond, axis=0, ddof=1)[CALIBRATION]
    return Validation(model, apparent, np.mean(within, axis=0) - np.mean(beyond, axis=0), error, len(within))


def risk_groups(score: Floats, groups: int) -> Ints:
    """Return the group (n,) of each member from 0, lowest: as many in each as equal scores, which stay together,
    allow."""
    ordered = np.sort(score)
    below = np.searchsorted(ordered, score, side="left") + np.searchsorted(ordered, score, side="right")
    return np.minimum((below / 2 * groups / len(score)).astype(np.int64), groups - 1)
