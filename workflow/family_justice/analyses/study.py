"""Describe a study in words and names, from its configuration alone: ``study.json`` in the release room.

Figures, tables, report and the door's vocabulary are all drawn from it; it holds nothing of any record.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from family_justice import __version__
from family_justice.config.kinds import (
    AcceleratedFailureTime,
    Cox,
    CumulativeIncidence,
    FineGray,
    Frequency,
    KaplanMeier,
    Logistic,
    MixedLogistic,
    Multinomial,
    NegativeBinomial,
    Poisson,
    RiskRatio,
    TableOne,
)
from family_justice.config.models import Cohort, Covariate, Policy, Stream

PACKAGES = ("snakemake", "duckdb", "numpy", "pandas", "scipy", "statsmodels", "lifelines", "matplotlib")

#: Terms of result rows that are no covariate and no step.
MODEL_TERMS = ["all", "without_covariates", "fitted", "intercept", "shape", "scale"]

_MODELS = (
    Cox,
    FineGray,
    Logistic,
    AcceleratedFailureTime,
    Poisson,
    NegativeBinomial,
    RiskRatio,
    Multinomial,
    MixedLogistic,
)

#: The two programs whose Fine-Gray models differ slightly.
PROGRAMS = {"crr": "R cmprsk::crr", "finegray": "R survival::finegray"}

#: What holds for every analysis of a kind, said once in the methods.
NOTES = {
    "follow_up": "Follow-up was summarised by the reverse Kaplan-Meier method (Schemper and Smith 1996).",
    "cox": (
        "Proportional hazards were tested by score tests (Grambsch and Therneau 1994; as R's cox.zph since 3.0), "
        "with the errors of the model."
    ),
    "fine_gray": (
        "Subdistribution hazard ratios say how covariates change the cumulative incidence; persons with a competing "
        "event stay at risk, weighted by the probability of still being observed."
    ),
    "logistic": (
        "Clustered standard errors of logistic models carry the small-sample factor G/(G-1) times (n-1)/(n-p), "
        "as R's vcovCL of type HC1."
    ),
    "negative_binomial": (
        "In negative binomial models the variance of a count is mean + mean^2/theta (NB2, as R's glm.nb); the number "
        "of events shown is that of members with a count above zero."
    ),
    "risk_ratio": "Risk ratios are those of modified Poisson regression (Zou 2004), with robust standard errors.",
    "multinomial": (
        "Multinomial models compare each level of the outcome with its reference level; the numbers shown are of the "
        "members with either of the two."
    ),
    "mixed_logistic": (
        "Logistic models with random intercepts were fitted by maximum likelihood with adaptive quadrature (Pinheiro "
        "and Bates 1995, as R's glmer); their odds ratios compare members of the same area."
    ),
    "rates": (
        "Clustered standard errors of rate, risk and multinomial models carry the factor G/(G-1) times (n-1)/(n-p); "
        "without clusters, robust ones carry n/(n-p)."
    ),
    "model": "Models leave out members with a missing covariate (complete cases).",
}


def describe_study(
    stream: Stream,
    covariates: Mapping[str, Covariate],
    source: tuple[str, Any],
    policy: Policy,
    fingerprints: Mapping[str, str],
) -> dict[str, Any]:
    """Return the description of a study as plain data, ready for JSON.

    ``source`` is the name of the source and its configuration; ``fingerprints`` those of code, settings and data.
    """
    source_name, settings = source
    used = {name: covariates[name] for cohort in stream.cohorts.values() for name in cohort.covariates}
    return {
        "stream": stream.stream,
        "title": stream.title,
        "question": stream.question,
        "summary": " ".join(stream.summary.split()),
        "source": {
            "name": source_name,
            "kind": settings.kind,
            "description": " ".join(settings.description.split()),
            "is_synthetic": settings.kind == "synthetic",
            "refresh_date": str(settings.refresh_date) if settings.refresh_date else "",
            "fingerprint": fingerprints.get("data", ""),
            "citation": "; ".join(" ".join(table.source.split()) for table in getattr(settings, "tables", {}).values()),
            "scale": getattr(settings, "scale", None),
            "seed": getattr(settings, "seed", None),
        },
        "policy": policy.model_dump(),
        "versions": {
            "pipeline": __version__,
            "python": platform.python_version(),
            **{package: version(package) for package in PACKAGES},
        },
        "code": fingerprints.get("code", ""),
        "settings": fingerprints.get("settings", ""),
        "definitions": [
            {"name": name, "label": d.label, "text": str(d.value), "source": d.source}
            for name, d in stream.definitions.items()
        ],
        "cohorts": {name: _cohort(name, cohort, stream) for name, cohort in stream.cohorts.items()},
        "covariates": {
            name: {
                "label": c.label,
                "definition": c.definition + (f" Look-back: {c.look_back}." if c.look_back else ""),
                "levels": c.levels,
                "reference": c.reference,
                "unit": c.unit,
                "source": c.source or "",
            }
            for name, c in used.items()
        },
        "outcomes": {
            name: {"label": o.label, "short_label": o.short_label or o.label}
            for cohort in stream.cohorts.values()
            for name, o in cohort.outcomes.items()
        },
        "analyses": {
            **{
                f"attrition.{name}": {
                    "kind": "attrition",
                    "title": f"{cohort.label}: who is included",
                    "description": "Members left after each step of the cohort.",
                    "cohort": name,
                    "method": "",
                }
                for name, cohort in stream.cohorts.items()
            },
            **{
                f"follow_up.{name}": {
                    "kind": "follow_up",
                    "title": f"{cohort.label}: follow-up",
                    "description": (
                        "For how long members could be observed; whoever has an event leaves the number at risk."
                    ),
                    "cohort": name,
                    "time_unit": cohort.outcomes[cohort.follow_up].time_unit,
                    "method": "",
                }
                for name, cohort in stream.cohorts.items()
                if cohort.follow_up
            },
            **{name: _analysis(analysis, stream, covariates) for name, analysis in stream.analyses.items()},
        },
        "notes": _notes(stream),
        "comparisons": {
            name: {"title": c.title, "kind": c.kind, "description": c.description}
            for name, c in stream.comparisons.items()
            # Only a synthetic source has planted truth.
            if settings.kind == "synthetic" or not c.reference.startswith("truth:")
        },
    }


def _notes(stream: Stream) -> list[str]:
    kinds: set[str] = {analysis.kind for analysis in stream.analyses.values()}
    kinds |= {"follow_up" for cohort in stream.cohorts.values() if cohort.follow_up}
    rates = {"poisson", "negative_binomial", "risk_ratio", "multinomial"}
    kinds |= {"rates" for kind in kinds if kind in rates}
    kinds |= {"model" for kind in kinds if kind in {"cox", "fine_gray", "aft", "logistic", "mixed_logistic", *rates}}
    return [note for kind, note in NOTES.items() if kind in kinds]


def _cohort(name: str, cohort: Cohort, stream: Stream) -> dict[str, Any]:
    base = stream.cohorts[cohort.base].label if cohort.base else ""
    return {
        "label": cohort.label,
        "unit": cohort.unit,
        "description": " ".join(cohort.description.split()) + (f" Starts from: {base}." if base else ""),
        "base": cohort.base,
        "time_zero": cohort.time_zero or "",
        "steps": [
            *([{"name": "base", "label": base}] if base else []),
            *({"name": step.name, "label": step.label} for step in cohort.steps),
        ],
        "outcomes": {
            outcome: {
                "label": o.label,
                "entry": f"{o.at_risk_after_days} days after time zero" if o.at_risk_after_days else "time zero",
                "event": cohort.events[o.event].label if o.event else o.label,
                "competing": [cohort.events[e].label for e in o.competing],
                "censoring": [cohort.events[e].label for e in o.censoring] or ["end of the recorded duration"],
            }
            for outcome, o in cohort.outcomes.items()
        },
    }


def _analysis(analysis: Any, stream: Stream, covariates: Mapping[str, Covariate]) -> dict[str, Any]:
    cohort = stream.cohorts[analysis.cohort]
    described: dict[str, Any] = {
        "kind": analysis.kind,
        "title": analysis.title,
        "description": " ".join(analysis.description.split()),
        "cohort": analysis.cohort,
        "restrict_to": analysis.restrict_to,
        "method": _method(analysis, cohort, covariates),
        "terms": MODEL_TERMS if isinstance(analysis, _MODELS) else [],
    }
    for key in ("group_by", "variables", "covariates", "outcomes", "report_at", "every", "until", "cluster", "strata"):
        if getattr(analysis, key, None):
            described[key] = getattr(analysis, key)
    outcomes = getattr(analysis, "outcomes", None) or [getattr(analysis, "outcome", None)]
    if outcomes[0]:
        described["time_unit"] = cohort.outcomes[outcomes[0]].time_unit
    if isinstance(analysis, Logistic | RiskRatio | MixedLogistic):
        described["outcomes"] = [analysis.variable]
    if isinstance(analysis, Multinomial):
        variable = covariates[analysis.variable]
        described["outcomes"] = [level for level in variable.levels or [] if level != variable.reference]
    if isinstance(analysis, NegativeBinomial):
        described["outcomes"] = [analysis.count]
    return described


def _method(analysis: Any, cohort: Cohort, covariates: Mapping[str, Covariate]) -> str:
    """Return the sentences of the methods paragraph for one analysis."""
    among = "".join(
        f" ({covariates[name].label.lower()}: {_listed(levels)})" for name, levels in analysis.restrict_to.items()
    )
    named = [covariates[name].label.lower() for name in getattr(analysis, "covariates", [])]
    clustered = (
        f", with standard errors robust to clusters ({_words(analysis.cluster)})"
        if getattr(analysis, "cluster", None)
        else ""
    )
    by = [covariates[name].label.lower() for name in getattr(analysis, "group_by", [])]
    within = f" by {_listed(by)}" if by else ""
    match analysis:
        case TableOne():
            return f"{cohort.label}{among} were described{within} by numbers and percentages."
        case Frequency():
            of = _listed([covariates[name].label.lower() for name in analysis.variables])
            return f"Numbers and percentages of {of} were computed for {cohort.unit}{among}{within}."
        case CumulativeIncidence():
            return (
                f"The cumulative incidence of {_outcomes(analysis, cohort)} was estimated by the Aalen-Johansen method "
                f"for {cohort.unit}{among}{within}, with {_competing(analysis.outcomes, cohort)}."
                + (" Groups were compared by Gray's test." if by else "")
            )
        case KaplanMeier():
            event = _outcomes(analysis, cohort)
            return f"Time to {event} was described by the Kaplan-Meier method for {cohort.unit}{among}{within}." + (
                " Groups were compared by the log-rank test." if by else ""
            )
        case Cox():
            curves = "".join(
                f" {covariates[name].label} entered as a restricted cubic spline with {knots} knots at the quantiles "
                "of Harrell (2015)."
                for name, knots in analysis.splines.items()
            )
            strata = (
                f", stratified by {_listed([covariates[n].label.lower() for n in analysis.strata])}"
                if analysis.strata
                else ""
            )
            competing = cohort.outcomes[analysis.outcome].competing
            specific = "cause-specific hazard" if competing else "hazard"
            return (
                f"The {specific} of {cohort.outcomes[analysis.outcome].label.lower()} for {cohort.unit}{among} was "
                f"modelled by Cox regression ({analysis.ties.capitalize()}'s method for ties) on "
                f"{_listed(named)}{strata}{clustered}.{curves}"
            )
        case FineGray():
            strata = f", stratified by {_listed([covariates[n].label.lower() for n in analysis.strata])}"
            variance = clustered or ", with robust standard errors"
            ties = analysis.ties or ("breslow" if analysis.target == "crr" else "efron")
            return (
                f"The subdistribution hazard of {cohort.outcomes[analysis.outcome].label.lower()} for "
                f"{cohort.unit}{among}, with {_competing([analysis.outcome], cohort)}, was modelled by Fine-Gray "
                f"regression (definitions of {PROGRAMS[analysis.target]}; {ties.capitalize()}'s method for "
                f"ties) on {_listed(named)}{strata if analysis.strata else ''}{variance}."
            )
        case AcceleratedFailureTime():
            return (
                f"The logarithm of the time to {cohort.outcomes[analysis.outcome].label.lower()} was modelled with "
                f"{analysis.distribution} errors on {_listed(named)}."
            )
        case Logistic():
            return (
                f"The odds of {covariates[analysis.variable].label.lower()} for {cohort.unit}{among} were modelled by "
                f"logistic regression on {_listed(named)}{clustered}."
            )
        case RiskRatio():
            return (
                f"The risk of {covariates[analysis.variable].label.lower()} for {cohort.unit}{among} was modelled by "
                f"Poisson regression with a robust variance on {_listed(named)}{clustered}."
            )
        case MixedLogistic():
            return (
                f"The odds of {covariates[analysis.variable].label.lower()} for {cohort.unit}{among} were modelled by "
                f"logistic regression on {_listed(named)} with a random intercept for each {_words(analysis.area)}."
            )
        case Poisson():
            return (
                f"The rate of {cohort.outcomes[analysis.outcome].label.lower()} per time at risk for "
                f"{cohort.unit}{among} was modelled by Poisson regression on {_listed(named)}{clustered}."
            )
        case NegativeBinomial():
            per = f" per {covariates[analysis.exposure].label.lower()}" if analysis.exposure else ""
            return (
                f"The {covariates[analysis.count].label.lower()}{per} for {cohort.unit}{among} was modelled by "
                f"negative binomial regression on {_listed(named)}{clustered}."
            )
        case Multinomial():
            variable = covariates[analysis.variable]
            return (
                f"The {variable.label.lower()} of {cohort.unit}{among} was modelled by multinomial logistic regression "
                f"on {_listed(named)}, each level against '{variable.reference}'{clustered}."
            )
    raise ValueError(f"no methods sentence for kind '{analysis.kind}'")


def _competing(outcomes: list[str], cohort: Cohort) -> str:
    names = list(dict.fromkeys(e for o in outcomes for e in cohort.outcomes[o].competing if e not in outcomes))
    between = len(outcomes) > 1
    others = _listed([cohort.events[name].label.lower() for name in names])
    if between and others:
        return f"each of these and {others} as competing events"
    if between:
        return "each of these competing with the other"
    return f"{others} as competing event" if others else "no competing event"


def _outcomes(analysis: Any, cohort: Cohort) -> str:
    return _listed([cohort.outcomes[name].label.lower() for name in analysis.outcomes])


def _listed(words: list[str]) -> str:
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""


def _words(name: str) -> str:
    return {"case_id": "the index case"}.get(name, name.replace("_", " "))
