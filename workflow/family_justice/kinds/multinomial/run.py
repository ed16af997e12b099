"""Multinomial logistic regression: from members to tidy rows."""

from __future__ import annotations

import itertools
from collections.abc import Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.design import build_design
from family_justice.analyses.left_out import first_missing, member_rows
from family_justice.analyses.model_rows import (
    Rows,
    cluster_codes,
    coefficient_rows,
    estimate_row,
    marginal_rows,
    row_of_test,
    t_degrees,
)
from family_justice.config.schema import Cohort, Covariate
from family_justice.errors import AnalysisError
from family_justice.estimators.parts.chi_square import quadratic_form_test
from family_justice.kinds.multinomial.model import Multinomial


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: Multinomial, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield log odds ratios of each level of a variable against its reference level, and a Wald test of each.

    ``outcome`` is the level. Its rows count the members with that level or the reference level, and as events those
    with that level: the contrast rests on both, and disclosure control must see both.
    """
    from family_justice.estimators.regression.marginal import MarginalEffects, average_marginal_effects
    from family_justice.estimators.regression.multinomial import fit_multinomial

    answered, left_out = first_missing(members, [analysis.variable])
    known = members[answered]
    design = build_design(known, analysis.covariates, covariates)
    used = known.iloc[design.rows]
    outcome = covariates[analysis.variable]
    reference = str(outcome.reference)
    levels = [reference, *(level for level in outcome.levels or [] if level != reference)]
    category = np.array([levels.index(str(level)) for level in used[analysis.variable].cat.categories])[
        used[analysis.variable].cat.codes.to_numpy()
    ]
    present = np.bincount(category, minlength=len(levels))
    if not present[0] or not present[1:].any():
        raise AnalysisError(
            f"{where}: '{analysis.variable}' needs members with its reference level and with another one"
        )
    clusters = cluster_codes(used, analysis.cluster, where)
    df = t_degrees(clusters)
    fit = fit_multinomial(category, design.matrix, len(levels), clusters)
    variance = fit.var_model if fit.var_robust is None else fit.var_robust
    size = fit.coef.shape[1]
    effects = None
    if analysis.marginal_effects:
        effects = average_marginal_effects(fit, design.matrix, list(design.terms.values()))
    for k, level in enumerate(levels[1:]):
        among = (category == 0) | (category == k + 1)
        event = category == k + 1
        if not fit.converged:
            reasons = dict.fromkeys(range(size - 1), "the search for the estimate did not converge")
        else:
            reasons = {column - 1: why for (row, column), why in fit.reasons.items() if row == k and column > 0}
        block = variance[k * size : (k + 1) * size, k * size : (k + 1) * size]
        rows = [coefficient_rows(design, event, fit.coef[k, 1:], block[1:, 1:], reasons, "log_odds_ratio", level, df)]
        if effects:
            own = MarginalEffects(effects.effect[k], effects.std_error[k])
            rows.append(marginal_rows(design, event, own, reasons, level, df))
        for row in itertools.chain(*rows):
            cell = next(c for c in design.cells if (c.term, c.level) == (row["term"], row["level"]))
            yield {**row, "n": int((cell.inside & among).sum())}
        totals = {"outcome": level, "n": int(among.sum()), "events": int(event.sum())}
        intercept = estimate_row("log_odds_ratio", fit.coef[k, 0], float(np.sqrt(block[0, 0])), df)
        yield {**totals, "term": "intercept", **intercept}
        kept = np.flatnonzero(fit.estimable[k, 1:] & fit.converged) + 1
        test = quadratic_form_test(fit.coef[k, kept], block[np.ix_(kept, kept)])
        yield {**totals, "measure": "wald_test", "term": "all", **row_of_test(test, df)}
    yield from member_rows(len(members), left_out, design.left_out)
