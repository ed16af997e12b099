"""Describe a study in words and names, from its configuration alone: ``study.json`` in the release room.

Figures, tables, report and the door's vocabulary are all drawn from it; it holds nothing of any record.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

from family_justice import __version__
from family_justice.analyses import event_methods, quality, sentences
from family_justice.analyses.sentences import listed as _listed
from family_justice.cohorts.reads import tables_read
from family_justice.config.kinds import (
    AcceleratedFailureTime,
    Agreement,
    Cox,
    CumulativeIncidence,
    FineGray,
    Frequency,
    Gee,
    KaplanMeier,
    Logistic,
    MatchedCox,
    MatchedLogistic,
    MixedLogistic,
    Multinomial,
    NegativeBinomial,
    Poisson,
    RecurrentCox,
    RiskRatio,
    TableOne,
)
from family_justice.config.models import Cohort, Covariate, Policy, Stream
from family_justice.contracts import contracts

PACKAGES = ("snakemake", "duckdb", "numpy", "pandas", "scipy", "statsmodels", "lifelines", "matplotlib")

_MODELS = (
    Cox,
    RecurrentCox,
    FineGray,
    Logistic,
    AcceleratedFailureTime,
    Poisson,
    NegativeBinomial,
    RiskRatio,
    Multinomial,
    MixedLogistic,
    Gee,
    MatchedLogistic,
    MatchedCox,
)

#: The two programs whose Fine-Gray models differ slightly.
PROGRAMS = {"crr": "R cmprsk::crr", "finegray": "R survival::finegray"}

#: What holds for every analysis of a kind, said once in the methods.
NOTES = {
    "agreement": (
        "Cohen's kappa has the large-sample standard error of Fleiss, Cohen and Everitt (1969, as R's vcd::Kappa). "
        "Where counts are rounded, agreement and kappa are computed from the released table; withheld cells off the "
        "diagonal are filled in from the released margins by iterative proportional fitting (Deming and Stephan 1940)."
    ),
    "follow_up": "Follow-up was summarised by the reverse Kaplan-Meier method (Schemper and Smith 1996).",
    "cox": (
        "Proportional hazards were tested by score tests (Grambsch and Therneau 1994; as R's cox.zph since 3.0), "
        "with the model's information: members of a cluster count as independent."
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
    tables = getattr(settings, "tables", {}) or contracts()["research_ready"].tables
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
            **sentences.extra_versions(stream.analyses.values()),
        },
        "code": fingerprints.get("code", ""),
        "settings": fingerprints.get("settings", ""),
        "definitions": [
            {"name": name, "label": d.label, "text": str(d.value), "source": d.source}
            for name, d in stream.definitions.items()
        ],
        "cohorts": {
            name: {**_cohort(name, cohort, stream), "tables": tables_read(cohort, tables)}
            for name, cohort in stream.cohorts.items()
        },
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
            **{
                name: _quality(name)
                for name in quality.analyses_of_records(settings.kind == "synthetic")
                if stream.data_guide
            },
        },
        "data_guide": stream.data_guide,
        "notes": _notes(stream),
        "comparisons": {
            name: {"title": c.title, "kind": c.kind, "description": c.description}
            for name, c in stream.comparisons.items()
            # Only a synthetic source has planted truth.
            if settings.kind == "synthetic" or not c.reference.startswith("truth:")
        },
    }


def _quality(name: str) -> dict[str, Any]:
    title, description, _ = quality.ANALYSES[name]
    about = {"kind": "quality", "title": title, "description": description, "cohort": "", "method": ""}
    return {**about, **quality.words(name)}


def _notes(stream: Stream) -> list[str]:
    kinds: set[str] = {analysis.kind for analysis in stream.analyses.values()}
    kinds |= {"restricted_mean" for a in stream.analyses.values() if getattr(a, "restricted_mean_at", None)}
    kinds |= {"risk_difference" for a in stream.analyses.values() if getattr(a, "risk_difference_at", None)}
    kinds |= {"follow_up" for cohort in stream.cohorts.values() if cohort.follow_up}
    rates = {"poisson", "negative_binomial", "risk_ratio", "multinomial"}
    kinds |= {"rates" for kind in kinds if kind in rates}
    models = {"cox", "recurrent_cox", "fine_gray", "aft", "logistic", "mixed_logistic", "gee", *rates}
    models |= {"matched_logistic", "matched_cox"}
    kinds |= {"model" for kind in kinds if kind in models}
    kinds |= {"clusters" for analysis in stream.analyses.values() if getattr(analysis, "cluster", None)}
    kinds |= {"imputation" for analysis in stream.analyses.values() if getattr(analysis, "imputation", None)}
    kinds |= {"matched" for kind in kinds if kind.startswith("matched_")}
    return [note for kind, note in {**NOTES, **event_methods.NOTES, **sentences.NOTES}.items() if kind in kinds]


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
                "entry": event_methods.entry(o, cohort),
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
        "method": _method(analysis, cohort, covariates)
        + sentences.of_options(analysis)
        + event_methods.mean_times(analysis, cohort)
        + event_methods.risk_differences(analysis, cohort)
        + event_methods.offset(analysis, covariates),
        "terms": event_methods.MODEL_TERMS if isinstance(analysis, _MODELS) else [],
    }
    kept = ("group_by", "variables", "covariates", "outcomes", "report_at", "every", "until", "cluster", "strata")
    for key in (*kept, "first", "second", "unknown", *sentences.KEPT):
        if getattr(analysis, key, None):
            described[key] = getattr(analysis, key)
    described |= event_methods.names(analysis) | sentences.words_of(analysis, described["terms"])
    outcomes = getattr(analysis, "outcomes", None) or [getattr(analysis, "outcome", None)]
    if outcomes[0]:
        described["time_unit"] = cohort.outcomes[outcomes[0]].time_unit
    if getattr(analysis, "event_level", None) and analysis.variable:
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
        case Agreement():
            pair = [f"'{covariates[name].label}'" for name in (analysis.first, analysis.second)]
            without = f", with and without those {_listed(analysis.unknown)}" if analysis.unknown else ""
            return (
                f"Agreement of {' and '.join(pair)} was described for {cohort.unit}{among}{within} by the table of "
                f"transitions, the observed agreement and Cohen's kappa{without}."
            )
        case CumulativeIncidence():
            return (
                f"The cumulative incidence of {event_methods.outcomes(analysis, cohort)} was estimated by the "
                f"Aalen-Johansen method for {cohort.unit}{among}{within}, with "
                f"{event_methods.competing(analysis.outcomes, cohort)}."
                + (" Groups were compared by Gray's test." if by else "")
            )
        case KaplanMeier():
            event = event_methods.outcomes(analysis, cohort)
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
                f"{cohort.unit}{among}, with {event_methods.competing([analysis.outcome], cohort)}, was modelled by "
                f"Fine-Gray regression (definitions of {PROGRAMS[analysis.target]}; {ties.capitalize()}'s method for "
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
    if event_methods.describes(analysis):
        return event_methods.sentence(analysis, cohort, f"{cohort.unit}{among}{within}", _listed(named))
    return sentences.of_kind(analysis, f"{cohort.unit}{among}", covariates, cohort.outcomes)


def _words(name: str) -> str:
    return {"case_id": "the index case"}.get(name, name.replace("_", " "))
