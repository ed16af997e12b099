"""Sentences of the methods: kinds for grouped, matched and imputed data, and options that several models share."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from family_justice.analyses.latent import class_name, model_name
from family_justice.analyses.rows import FEW_CLUSTERS
from family_justice.config.kinds import Funnel, Gee, Inequality, LatentClasses, MatchedCox, MatchedLogistic
from family_justice.config.models import Covariate, Outcome

#: Keys of these kinds that figures, tables and the door read.
KEPT = ("marginal_effects", "variable", "outcome", "over", "worst_off", "area", "treatment", "match_on")

#: What holds for every analysis of a kind, said once.
NOTES = {
    "gee": (
        "Generalised estimating equations (Liang and Zeger 1986) give odds ratios averaged over the population, with "
        "robust standard errors without a small-sample factor."
    ),
    "clusters": (
        f"With fewer than {FEW_CLUSTERS} clusters, G, coefficients have the t distribution with G-1 degrees of freedom "
        "(Cameron and Miller 2015) and joint Wald tests of q coefficients the F distribution with q and G-1; with "
        "more, the normal and the chi-squared distribution."
    ),
    "imputation": (
        "Imputation models hold the outcome (of times the event and the Nelson-Aalen cumulative hazard: White and "
        "Royston 2009), all covariates and strata of the model, and auxiliary variables where named; parameters are "
        "drawn, and results pooled by Rubin's rules with the degrees of freedom of Barnard and Rubin (1999). Clustered "
        "standard errors enter these rules; the imputation itself takes members of a cluster as independent. Counts "
        "beside imputed results are of recorded values: where a number is imputed they are of all members."
    ),
    "matched": (
        "Tables of matched sets count the members of sets with both outcomes and more than one level of the covariate: "
        "in pairs the discordant ones. Standardised differences (Austin 2009) compare shares before and after matching "
        "over the standard deviation before; after matching every set counts once: each comparison weighs one over the "
        "number of comparisons in its set, and numbers of comparisons are so weighted, rounded to whole sets."
    ),
    "funnel": (
        "Limits of funnel plots are interpolated binomial (rates: Poisson) ones at 95% and 99.8% (Spiegelhalter 2005) "
        "around the average of all members; of many areas some lie outside by chance, and "
        "more small ones above the upper limit than stated: of areas with 20 to 50 members and an expected share of a "
        "fifth up to 6% above that of 95%, where 2.5% are meant. Where counts are rounded, limits "
        "rest on released counts."
    ),
    "latent_classes": (
        "Latent class models (Goodman 1974) take answers as independent within a class and were fitted by the EM "
        "algorithm (StepMix) to members with a value of every variable; classes are numbered by size. Sizes and "
        "answers of classes are expected numbers of members. Where counts are rounded, shares and probabilities are "
        "computed from rounded expected numbers, and log-likelihoods and information criteria are not released."
    ),
    "inequality": (
        "Indices of inequality (Mackenbach and Kunst 1997) are regressions on the share of persons in better-off "
        "groups: the slope index is the difference, the relative index the ratio, between the worst off and the best "
        "off end. Where counts are rounded, both are computed from the released counts."
    ),
}


def of_kind(analysis: Any, who: str, covariates: Mapping[str, Covariate], outcomes: Mapping[str, Outcome]) -> str:
    """Return the sentence of one analysis; ``who`` are the members it is about. Raises ``ValueError`` for others."""
    named = listed([covariates[name].label.lower() for name in getattr(analysis, "covariates", [])])
    match analysis:
        case Gee():
            return (
                f"The odds of {covariates[analysis.variable].label.lower()} for {who} were modelled by generalised "
                f"estimating equations on {named}, with {analysis.correlation} correlation of members with the same "
                f"{analysis.cluster.replace('_', ' ')}."
            )
        case Inequality():
            what = named_outcome(analysis, outcomes, covariates)
            over = covariates[analysis.over].label.lower()
            by = listed([covariates[name].label.lower() for name in analysis.group_by])
            return (
                f"Inequality in {what} over {over} was described for {who}{' by ' + by if by else ''} by the slope and "
                "the relative index of inequality."
            )
        case Funnel():
            area = covariates[analysis.area].label.lower()
            return (
                f"A funnel plot shows {named_outcome(analysis, outcomes, covariates)} for {who} in every {area} over "
                "its size, with the limits of chance around the average."
            )
        case LatentClasses():
            of = listed([covariates[name].label.lower() for name in analysis.variables])
            numbers = [analysis.classes] if isinstance(analysis.classes, int) else sorted(analysis.classes)
            several = " (the number with the lowest BIC is shown)" if len(numbers) > 1 else ""
            return (
                f"Latent classes of {who} were fitted to {of}, with {listed([str(k) for k in numbers])} "
                f"class{'' if numbers == [1] else 'es'}{several} and {analysis.starts} random starts (seed "
                f"{analysis.seed})."
            )
        case MatchedLogistic() | MatchedCox():
            return _matched(analysis, who, covariates, outcomes)
    raise ValueError(f"no methods sentence for kind '{analysis.kind}'")


def _matched(analysis: Any, who: str, covariates: Mapping[str, Covariate], outcomes: Mapping[str, Outcome]) -> str:
    def labels(names: list[str]) -> str:
        return listed([covariates[name].label.lower() for name in names])

    treated = f"{covariates[analysis.treatment].label.lower()} ({analysis.treatment_level})"
    exactly = f" who agreed on {labels(analysis.match_on)}" if analysis.match_on else ""
    nearest = f", nearest in the logit of a propensity score on {labels(analysis.nearest_on)}"
    reach = f" within {analysis.caliper:g} of its standard deviations" if analysis.caliper else ""
    chance = f", drawn at random (seed {analysis.seed})"
    how = exactly + (nearest + reach if analysis.nearest_on else chance)
    own = labels(analysis.covariates)
    if isinstance(analysis, MatchedCox):
        what = f"the hazard of {outcomes[analysis.outcome].label.lower()} was modelled by Cox regression within sets"
        on = labels([analysis.treatment, *analysis.covariates])
    elif analysis.variable is None:
        what, on = "the odds of being such a member were modelled by conditional logistic regression", own
    else:
        label = covariates[analysis.variable].label.lower()
        what = f"the odds of {label} were modelled by conditional logistic regression"
        on = labels([analysis.treatment, *analysis.covariates])
    others = "one other" if analysis.ratio == 1 else f"up to {analysis.ratio} others"
    return f"Of {who}, those with {treated} were matched, without replacement, to {others}{how}; {what} on {on}."


def named_outcome(analysis: Any, outcomes: Mapping[str, Outcome], covariates: Mapping[str, Covariate]) -> str:
    """Return what share or rate an analysis is about."""
    if analysis.outcome is None:
        return f"the share with {covariates[analysis.variable].label.lower()}"
    return f"the rate of {outcomes[analysis.outcome].label.lower()}"


def words_of(analysis: Any, terms: list[str]) -> dict[str, Any]:
    """Return terms and levels of result rows that are no covariate's, for the vocabulary of the door."""
    if isinstance(analysis, MatchedLogistic | MatchedCox):
        levels = ["yes", "full set", "smaller set", "no comparison"]
        outcome = getattr(analysis, "outcome", None) or getattr(analysis, "variable", None) or analysis.treatment
        return {"terms": [*terms, "matching", "matched"], "levels": levels, "outcomes": [outcome]}
    if isinstance(analysis, LatentClasses):
        numbers = [analysis.classes] if isinstance(analysis.classes, int) else sorted(analysis.classes)
        levels = [model_name(k) for k in numbers] + [class_name(k) for k in range(1, max(numbers) + 1)]
        return {"terms": ["class", "fit"], "levels": levels}
    if getattr(analysis, "imputation", None):
        return {"terms": [*terms, "missing_values"], "levels": ["complete cases", "imputed"]}
    return {}


def extra_versions(analyses: Iterable[Any]) -> dict[str, str]:
    """Return the version of the package that only latent classes need, if a study has them and it is installed."""
    if not any(isinstance(analysis, LatentClasses) for analysis in analyses):
        return {}
    try:
        return {"stepmix": version("stepmix")}
    except PackageNotFoundError:
        return {}  # the analysis itself says what to install


def of_options(analysis: Any) -> str:
    """Return what the options of a model add to its sentence in the methods, with a space before it."""
    said = []
    if getattr(analysis, "marginal_effects", False):
        said.append(
            "Average marginal effects, differences in probability averaged over the members, have standard errors by "
            "the delta method."
        )
    if getattr(analysis, "penalty", "none") == "firth":
        said.append(
            "The likelihood has Firth's penalty (Heinze and Schemper 2002); intervals and p values are its profiles."
        )
    imputation = getattr(analysis, "imputation", None)
    if imputation:
        others = listed([name.replace("_", " ") for name in imputation.auxiliary])
        helped = f"; auxiliary: {others}" if others else ""
        gaps = listed([name.replace("_", " ") for name in imputation.variables])
        said.append(
            f"Beside the complete cases, missing values of {gaps} were imputed by chained equations "
            f"({imputation.datasets} data sets, {imputation.iterations} iterations, seed {imputation.seed}{helped})."
        )
    return "".join(f" {sentence}" for sentence in said)


def listed(words: list[str]) -> str:
    """Join words as a sentence does."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""
