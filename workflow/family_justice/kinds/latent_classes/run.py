"""Profiles of members who answer alike: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import (
    Rows,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.kinds.latent_classes.model import LatentClasses, class_name, model_name

if TYPE_CHECKING:
    from family_justice.estimators.groups.latent_classes import LatentClasses as ClassFit

ONCE = "the best of the starts was reached only once; raise 'starts' to be sure of it"


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: LatentClasses, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield the fit of every number of classes and, of that with the lowest BIC, shares and answers of the classes.

    Members with a missing variable are left out. ``n`` is the expected number of members to the nearest one: of a
    class, and in a group ``class=...`` of a level among the class, whose expected size is ``total``. Raises
    ``AnalysisError`` if nobody has all variables or no model could be fitted, or if the classes are not told apart well
    enough for what is related to them.
    """
    from family_justice.estimators.groups.latent_classes import answer_patterns, fit_latent_classes

    answered, left_out = first_missing(members, [*analysis.variables, *analysis.related])
    known = members[answered]
    if known.empty:
        raise AnalysisError(f"{where}: no member has a value of every variable; name fewer")
    levels = [list(covariates[name].levels or []) for name in analysis.variables]
    codes = pd.DataFrame({name: known[name].cat.codes for name in analysis.variables}).to_numpy()
    counts = [len(own) for own in levels]
    n, distinct = len(known), len(answer_patterns(codes)[0])
    best = None
    for number in analysis.numbers:
        row = {"term": "fit", "level": model_name(number), "n": n}
        fit = None if distinct < number else fit_latent_classes(codes, counts, number, analysis.seed, analysis.starts)
        if fit is None or not fit.converged:
            why = "fewer distinct answers than classes" if fit is None else "the search did not converge"
            yield {**row, "measure": "log_likelihood", "status": "not estimable", "note": why}
            continue
        note = ONCE if fit.reached == 1 < fit.starts else ""
        for measure in ("log_likelihood", "aic", "bic", "entropy"):
            value = getattr(fit, measure)
            if not math.isnan(value):
                yield {**row, "measure": measure, "estimate": value, "note": note}
        if best is None or fit.bic < best.bic:
            best = fit
    if best is None:
        raise AnalysisError(f"{where}: no model could be fitted; ask for fewer classes")
    yield from _classes(best, analysis.variables, levels, n)
    yield from _related(best, codes, known, analysis, where)
    yield from member_rows(len(members), left_out)


def _classes(fit: ClassFit, variables: Sequence[str], levels: list[list[str]], n: int) -> Rows:
    """Yield the share of every class among ``n`` members, and the answers within it."""
    sizes = fit.shares * n
    for place, share in enumerate(fit.shares):
        size = {"n": round(float(sizes[place])), "total": n}
        yield {
            **size,
            "measure": "class_share",
            "term": "class",
            "level": class_name(place + 1),
            "estimate": 100 * share,
        }
    for place in range(fit.classes):
        for name, own, answers in zip(variables, levels, fit.probabilities, strict=True):
            yield from _answers(place, float(sizes[place]), name, own, answers[place])


def _answers(place: int, size: float, name: str, levels: list[str], shares: np.ndarray) -> Rows:
    """Yield the share of every level of a variable within the class of a place."""
    for level, share in zip(levels, shares, strict=True):
        yield {
            "measure": "item_probability",
            "group": f"class={class_name(place + 1)}",
            "term": name,
            "level": level,
            "estimate": 100 * float(share),
            "n": round(size * float(share)),
            "total": round(size),
        }


def _related(fit: ClassFit, codes: np.ndarray, known: pd.DataFrame, analysis: LatentClasses, where: str) -> Rows:
    """Yield the shares within every class of what is related to classes."""
    from family_justice.estimators.groups.latent_classes import corrected_weights, posterior, shares_within

    if not analysis.related:
        return
    weights = corrected_weights(posterior(fit, codes))
    if weights is None:
        raise AnalysisError(f"{where}.related: the classes are not told apart well enough; ask for fewer classes")
    for name in analysis.related:
        levels = list(known[name].cat.categories)
        shares = shares_within(weights, known[name].cat.codes.to_numpy(), len(levels))
        for place in range(fit.classes):
            yield from _answers(place, float(fit.shares[place] * len(known)), name, levels, shares[place])
