"""Cox models by lifelines; by statsmodels with Breslow's ties, delayed entry or an offset.

Compared: coefficients, log-likelihoods, the curve of a spline, and standard errors where they are those of the model.
Clustered ones are not: lifelines ignores ties in them, statsmodels too, and both are up to some percent off R's.

Delayed entry: lifelines is right but takes minutes for 100,000 rows. statsmodels' ``PHReg`` is faster, but counts a row
as at risk at its very entry, on the day of an event too; entry is therefore put half a day later, which changes nothing
else in whole days.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.second_program import design, splines
from family_justice.second_program.follow_up import Observed, observe
from family_justice.second_program.refit import LIFELINES, STATSMODELS, Refit, Refits
from family_justice.second_program.words import CLUSTERED, LIKELIHOOD_OF_OTHERS

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate
    from family_justice.kinds.cox.model import Cox

PROGRAMS = (LIFELINES, STATSMODELS)
TOLERANCE = 1e-5  # Newton's method on both sides: what is left is below the digits of the results


@dataclass(frozen=True)
class Fit:
    """Coefficients (p,), their covariance matrix (p, p) from the model, and both log-likelihoods."""

    program: str
    estimates: np.ndarray
    variance: np.ndarray
    null: float
    fitted: float


def refit(
    members: pd.DataFrame, cohort: Cohort, analysis: Cox, covariates: Mapping[str, Covariate], shell: pd.DataFrame
) -> Refits:
    """Yield log hazard ratios, those along splines, and log-likelihoods."""
    observed = observe(members, cohort.outcomes[analysis.outcome])
    needed = [*analysis.covariates, *analysis.strata, *([analysis.offset] if analysis.offset else [])]
    observed = observed.among(design.complete(observed.members, needed))
    curves = {n: splines.Spline.of(observed.members[n].to_numpy(float), k) for n, k in analysis.splines.items()}
    plain = [name for name in analysis.covariates if name not in curves]
    columns = design.columns(observed.members, plain, covariates)
    for name, curve in curves.items():
        basis = curve.basis(observed.members[name].to_numpy(float))
        columns |= {(name, f"spline {j}"): column for j, column in enumerate(basis.T)}
    frame = design.frame(columns, design.left_out(shell), observed.event)
    used = observed.among(frame.used)
    fit = partial_likelihood(
        used,
        frame.x,
        strata=design.strata(used.members, analysis.strata) if analysis.strata else None,
        offset=used.members[analysis.offset].to_numpy(float) if analysis.offset else None,
        ties=analysis.ties,
    )
    why = CLUSTERED if analysis.cluster else ""
    errors = np.full(len(frame.keys), np.nan) if analysis.cluster else np.sqrt(np.diag(fit.variance))
    for (term, level), estimate, error in zip(frame.keys, fit.estimates, errors, strict=True):
        if term not in curves:
            yield Refit(
                fit.program, "log_hazard_ratio", analysis.outcome, term=term, level=level,
                estimate=float(estimate), std_error=float(error), why=why,
            )  # fmt: skip
    for name, curve in curves.items():
        at = frame.columns_of(name)
        known = None if analysis.cluster else fit.variance[np.ix_(at, at)]
        about = {"program": fit.program, "outcome": analysis.outcome, "term": name, "why": why}
        yield from curve.ratios(shell, about, fit.estimates[at], known)
    yield from likelihoods(fit, frame, analysis.outcome)


def robust(fit: Fit, frame: design.Frame, outcome: str) -> Refits:
    """Yield log hazard ratios, without errors because ours are robust to the person, and log-likelihoods."""
    for (term, level), estimate in zip(frame.keys, fit.estimates, strict=True):
        yield Refit(
            fit.program, "log_hazard_ratio", outcome, term=term, level=level, estimate=float(estimate), why=CLUSTERED
        )
    yield from likelihoods(fit, frame, outcome)


def likelihoods(fit: Fit, frame: design.Frame, outcome: str) -> Refits:
    """Yield both log-likelihoods; no values where a level was left out."""
    for term, value in (("without_covariates", fit.null), ("fitted", fit.fitted)):
        value, why = (value, "") if frame.whole else (np.nan, LIKELIHOOD_OF_OTHERS)
        yield Refit(fit.program, "log_likelihood", outcome, term=term, estimate=value, why=why)


def partial_likelihood(
    observed: Observed, x: np.ndarray, strata: np.ndarray | None, offset: np.ndarray | None, ties: str
) -> Fit:
    """Fit the model to columns ``x`` (n, p) with the program that has what it needs."""
    if ties == "efron" and observed.start is None and offset is None:
        return _lifelines(observed, x, strata)
    return by_statsmodels(observed, x, strata, offset, ties)


def _lifelines(observed: Observed, x: np.ndarray, strata: np.ndarray | None) -> Fit:
    from lifelines import CoxPHFitter

    names = [f"x{j}" for j in range(x.shape[1])]
    frame = pd.DataFrame(x, columns=names).assign(stop=observed.stop, event=observed.event)
    if strata is not None:
        frame["stratum"] = strata
    # By default lifelines stops before a step of 4e-4 of a standard error; so it is one of 1e-9.
    options = {"precision": 1e-18, "r_precision": 1e-16, "max_steps": 50}
    by = None if strata is None else ["stratum"]
    fitter = CoxPHFitter().fit(frame, "stop", "event", strata=by, fit_options=options)
    fitted = float(fitter.log_likelihood_)
    null = fitted - float(fitter.log_likelihood_ratio_test().test_statistic) / 2
    return Fit(LIFELINES, fitter.params_[names].to_numpy(), fitter.variance_matrix_.to_numpy(), null, fitted)


def by_statsmodels(
    observed: Observed, x: np.ndarray, strata: np.ndarray | None, offset: np.ndarray | None, ties: str
) -> Fit:
    """Fit the model with ``PHReg``; arguments as ``partial_likelihood``."""
    from statsmodels.duration.hazard_regression import PHReg

    # PHReg has who enters at a time in the risk set of that time, which is not at risk before it has passed.
    start = None if observed.start is None else np.where(observed.start > 0, np.nextafter(observed.start, np.inf), 0.0)
    model = PHReg(
        observed.stop, x, status=observed.event.astype(int), entry=start, strata=strata, offset=offset, ties=ties
    )  # fmt: skip
    result = model.fit(disp=0, tol=1e-10)
    return Fit(STATSMODELS, result.params, result.cov_params(), model.loglike(np.zeros(x.shape[1])), result.llf)
