"""Checks of kinds that compare groups."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from typing import Any

from family_justice.config.kinds import (
    Funnel,
    Imputation,
    Inequality,
    LatentClasses,
    MatchedLogistic,
    _Matched,
    _Share,
)
from family_justice.config.models import Cohort, Covariate
from family_justice.errors import did_you_mean


def names(analysis: object) -> dict[str, list[str]]:
    """Return the covariates with levels that an analysis names under keys of its own."""
    found: dict[str, list[str]] = {}
    if isinstance(analysis, Inequality):
        found["over"] = [analysis.over]
    if isinstance(analysis, Funnel):
        found["area"] = [analysis.area]
    if isinstance(analysis, _Matched):
        found["treatment"], found["match_on"] = [analysis.treatment], list(analysis.match_on)
    return found


def problems(where: str, analysis: object, cohort: Cohort, covariates: Mapping[str, Covariate]) -> list[str]:
    """Say what does not fit together in one analysis."""
    found: list[str] = []
    if isinstance(analysis, _Share) and (analysis.variable is None) == (analysis.outcome is None):
        found.append(f"{where}: write either 'variable' (a share) or 'outcome' (a rate per time at risk)")
    if isinstance(analysis, Inequality) and analysis.over in covariates:
        over = covariates[analysis.over]
        if over.levels and len([level for level in over.levels if level != over.missing]) < 2:
            found.append(f"{where}.over: '{analysis.over}' has fewer than two levels to compare")
    if getattr(analysis, "penalty", "none") == "firth":
        found += [
            f"{where}.penalty: 'firth' has no '{key}'; remove one of the two"
            for key in ("cluster", "imputation")
            if getattr(analysis, key, None) is not None
        ]
    imputation = getattr(analysis, "imputation", None)
    if isinstance(imputation, Imputation):
        if getattr(analysis, "splines", None):
            found.append(f"{where}.splines: curves of imputed data are not pooled; remove 'imputation' or 'splines'")
        found += [
            f"{where}.imputation.variables: '{name}' is no covariate of this model"
            for name in imputation.variables
            if name not in getattr(analysis, "covariates", [])
        ]
        found += _auxiliary(f"{where}.imputation.auxiliary", analysis, cohort)
        found += [
            f"{where}.imputation.variables: the reference level of '{name}' is that of missing values; choose another"
            for name in imputation.variables
            if name in covariates
            and covariates[name].missing
            and covariates[name].missing == covariates[name].reference
        ]
    if isinstance(analysis, _Matched):
        found += _matched(where, analysis, cohort, covariates)
    if isinstance(analysis, LatentClasses):
        found += _latent(where, analysis, covariates)
    return found


def _auxiliary(where: str, analysis: Any, cohort: Cohort) -> list[str]:
    """Auxiliary variables are of the cohort, and the model does not hold them already."""
    model = {*analysis.covariates, *getattr(analysis, "strata", []), getattr(analysis, "variable", None)}
    found = [
        f"{where}: '{name}' is named more than once; once is enough"
        for name, times in Counter(analysis.imputation.auxiliary).items()
        if times > 1
    ]
    for name in dict.fromkeys(analysis.imputation.auxiliary):
        if name not in cohort.covariates:
            found.append(f"{where}: '{name}' is no covariate of the cohort. {did_you_mean(name, cohort.covariates)}")
        elif name in model:
            found.append(f"{where}: '{name}' is in the model, and in the imputation with it; remove it here")
    return found


def _latent(where: str, analysis: LatentClasses, covariates: Mapping[str, Covariate]) -> list[str]:
    """A model needs more patterns of answers than it has parameters."""
    numbers = [analysis.classes] if isinstance(analysis.classes, int) else analysis.classes
    found = [
        f"{where}.classes: {number} is named more than once"
        for number in sorted({k for k in numbers if numbers.count(k) > 1})
    ]
    levels = [len(covariates[name].levels or []) for name in analysis.variables if name in covariates]
    if len(levels) < len(analysis.variables) or 0 in levels:
        return found  # said elsewhere
    patterns = math.prod(levels)
    for number in sorted(set(numbers)):
        parameters = number - 1 + number * sum(count - 1 for count in levels)
        if parameters > patterns - 1:
            found.append(
                f"{where}.classes: {number} classes have {parameters} parameters, but the variables only {patterns} "
                "patterns of answers; ask for fewer classes or name more variables"
            )
    return found


def _matched(where: str, analysis: _Matched, cohort: Cohort, covariates: Mapping[str, Covariate]) -> list[str]:
    found = [
        f"{where}.nearest_on: there is no covariate '{name}' in the cohort. {did_you_mean(name, cohort.covariates)}"
        for name in analysis.nearest_on
        if name not in cohort.covariates
    ]
    taken = {analysis.treatment, *analysis.match_on}
    found += [f"{where}.nearest_on: '{name}' is matched on already" for name in analysis.nearest_on if name in taken]
    if not analysis.match_on and not analysis.nearest_on:
        found.append(f"{where}: name in 'match_on' or 'nearest_on' what members are matched on")
    if analysis.caliper is not None and not analysis.nearest_on:
        found.append(f"{where}.caliper: it goes with 'nearest_on'; remove it")
    if isinstance(analysis, MatchedLogistic) and analysis.variable is None and not analysis.covariates:
        found.append(f"{where}: without 'variable' (a case-control study) 'covariates' must name the exposures")
    levels = covariates[analysis.treatment].levels if analysis.treatment in covariates else None
    if levels and (len(levels) != 2 or analysis.treatment_level not in levels):
        found.append(f"{where}.treatment: '{analysis.treatment}' must have two levels, one of them 'treatment_level'")
    return found
