"""Describe a study in words and names, from its configuration alone: ``study.json`` in the release room.

Figures, tables, report and the door's vocabulary are all drawn from it; it holds nothing of any record.
"""

from __future__ import annotations

import platform
from collections.abc import Mapping
from importlib.metadata import PackageNotFoundError, version
from typing import Any

from family_justice import __version__
from family_justice.cohorts.reads import tables_read
from family_justice.config.schema import CaseMatching, Cohort, Covariate, Policy, Stream
from family_justice.contracts import contracts
from family_justice.kinds.attrition.model import Attrition, matching_rows
from family_justice.kinds.families.keys import Analysis
from family_justice.kinds.families.notes import FOLLOW_UP
from family_justice.kinds.families.wording import Wording, entry
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.quality.model import analyses_of_records
from family_justice.kinds.quality.words import described
from family_justice.kinds.registry import KINDS
from family_justice.kinds.second_program.model import SecondProgram

#: What every stream needs.
PACKAGES = ("snakemake", "duckdb", "numpy", "pandas", "scipy", "matplotlib")


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
        "source": {**_source(source_name, settings), "fingerprint": fingerprints.get("data", "")},
        "policy": policy.model_dump(),
        "versions": {
            "pipeline": __version__,
            "python": platform.python_version(),
            **_versions(stream),
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
        "covariates": {name: _covariate(covariate) for name, covariate in used.items()},
        "outcomes": {
            name: {"label": o.label, "short_label": o.short_label or o.label}
            for cohort in stream.cohorts.values()
            for name, o in cohort.outcomes.items()
        },
        "analyses": _analyses(stream, covariates, settings),
        "data_guide": stream.data_guide,
        "notes": _notes(stream),
        "findings": {
            name: {
                "text": " ".join(finding.text.split()),
                "cells": {cell: c.model_dump(exclude_none=True) for cell, c in finding.cells.items()},
            }
            for name, finding in stream.findings.items()
        },
        "figure": stream.figure or "",
        "comparisons": {
            name: {"title": c.title, "kind": c.kind, "description": c.description}
            for name, c in stream.comparisons.items()
            # Only a synthetic source has planted truth.
            if settings.kind == "synthetic" or not c.reference.startswith("truth:")
        },
    }


def _source(name: str, settings: Any) -> dict[str, Any]:
    citations = [" ".join(table.source.split()) for table in getattr(settings, "tables", {}).values()]
    return {
        "name": name,
        "kind": settings.kind,
        "description": " ".join(settings.description.split()),
        "is_synthetic": settings.kind == "synthetic",
        "refresh_date": str(settings.refresh_date) if settings.refresh_date else "",
        "fingerprint": "",
        "citation": "; ".join(citations),
        "scale": getattr(settings, "scale", None),
        "seed": getattr(settings, "seed", None),
    }


def _covariate(covariate: Covariate) -> dict[str, Any]:
    look_back = f" Look-back: {covariate.look_back}." if covariate.look_back else ""
    return {
        "label": covariate.label,
        "definition": covariate.definition + look_back,
        "levels": covariate.levels,
        "reference": covariate.reference,
        "unit": covariate.unit,
        "source": covariate.source or "",
    }


def _versions(stream: Stream) -> dict[str, str]:
    """Return the versions of the packages that every stream needs, and of those that only its kinds load."""
    found = {package: version(package) for package in PACKAGES}
    kinds = _kinds(stream)
    own = [package for kind in kinds for package in KINDS[kind].keys.packages]
    for package in dict.fromkeys([*own, *(program for kind in kinds for program in KINDS[kind].programs)]):
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue  # the analysis itself says what to install
    return found


def _kinds(stream: Stream) -> list[str]:
    """Return the kinds of a stream's analyses and of the follow-up of its cohorts, each once."""
    followed = [FollowUpSummary.kind for cohort in stream.cohorts.values() if cohort.follow_up]
    return list(dict.fromkeys([*(analysis.kind for analysis in stream.analyses.values()), *followed]))


def _analyses(stream: Stream, covariates: Mapping[str, Covariate], settings: Any) -> dict[str, Any]:
    """Return what is said of every analysis: those of cohorts first, then those of the file and of the records."""
    cohorts = stream.cohorts
    found = {Attrition.name_of(name): Attrition.described(name, cohort) for name, cohort in cohorts.items()}
    for name, cohort in cohorts.items():
        if cohort.follow_up:
            found[FollowUpSummary.name_of(name)] = FollowUpSummary.described(name, cohort)
    programs = list(dict.fromkeys(program for kind in _kinds(stream) for program in KINDS[kind].programs))
    checked = [*stream.analyses, *(name for name in found if FollowUpSummary.cohort_of(name))]
    found[SecondProgram.kind] = SecondProgram.described(checked, programs)
    found |= {name: _analysis(analysis, stream, covariates) for name, analysis in stream.analyses.items()}
    if stream.data_guide:
        found |= {name: described(name) for name in analyses_of_records(settings.kind == "synthetic")}
    return found


def _notes(stream: Stream) -> list[str]:
    """Return what holds for every analysis of a kind or an option, each once, in the order of the analyses."""
    followed = [FOLLOW_UP] if any(cohort.follow_up for cohort in stream.cohorts.values()) else []
    said = [note for analysis in stream.analyses.values() for note in analysis.notes()]
    return list(dict.fromkeys([*followed, *said]))


def _cohort(name: str, cohort: Cohort, stream: Stream) -> dict[str, Any]:
    base = stream.cohorts[cohort.base].label if cohort.base else ""
    matching = _matching(cohort.matching)
    return {
        "label": cohort.label,
        "unit": cohort.unit,
        "description": " ".join(
            [
                *cohort.description.split(),
                *([f"Starts from: {base}."] if base else []),
                *filter(None, [matching["text"]]),
            ]
        ),
        "base": cohort.base,
        "key": cohort.key,
        "person": cohort.person_column or "",
        "counts": cohort.counts or "",
        "time_zero": cohort.time_zero or "",
        "steps": [
            *([{"name": "base", "label": base}] if base else []),
            *({"name": step.name, "label": step.label, "sql": step.sql} for step in cohort.steps),
            *(_matched_cases(cohort.matching) if cohort.matching else []),
        ],
        "matching": matching,
        "helpers": {helper: definition.sql for helper, definition in cohort.tables.items()},
        "events": {event: {"label": e.label, "sql": e.sql} for event, e in cohort.events.items()},
        "outcomes": {
            outcome: {
                "label": o.label,
                "entry": entry(o, cohort),
                "event": cohort.events[o.event].label if o.event else o.label,
                "competing": o.competing_labels(cohort.events),
                "censoring": [cohort.events[e].label for e in o.censoring] or ["end of the recorded duration"],
            }
            for outcome, o in cohort.outcomes.items()
        },
    }


def _matched_cases(matching: CaseMatching) -> list[dict[str, str]]:
    """Return the step that matching is: cases that find nobody fall out."""
    steps = [row for row in matching_rows(matching) if not row.group]
    return [{"name": row.name, "label": row.label, "sql": matching.pool} for row in steps]


def _matching(matching: CaseMatching | None) -> dict[str, Any]:
    """Return how comparison people were found, and the words of the rows that count them; nothing without any."""
    if matching is None:
        return {"text": "", "rows": []}
    near = [f"{name} within {limit:g}" for name, limit in matching.nearest.items()]
    again = "with" if matching.replacement else "without"
    ways = [f"exactly on {', '.join(matching.exact)}" if matching.exact else "", " and ".join(near)]
    least = f"; cases with fewer than {matching.at_least} were left out" if matching.at_least > 1 else ""
    return {
        "text": (
            f"Each member was given up to {matching.ratio} comparison people, who have its index date and had to fit "
            f"on that day, {again} replacement, matched {', and on '.join(filter(None, ways))}{least}."
        ),
        "rows": [{"group": row.group, "name": row.name, "label": row.label} for row in matching_rows(matching)],
    }


def _analysis(analysis: Analysis, stream: Stream, covariates: Mapping[str, Covariate]) -> dict[str, Any]:
    cohort = stream.cohorts[analysis.cohort]
    words = Wording(analysis, cohort, covariates)
    described: dict[str, Any] = {
        "kind": analysis.kind,
        "title": analysis.title,
        "description": " ".join(analysis.description.split()),
        "cohort": analysis.cohort,
        "restrict_to": analysis.restrict_to,
        "method": analysis.sentence(words) + analysis.more_sentences(words),
        "terms": [],
    }
    described |= {key: getattr(analysis, key) for key in analysis.described_keys if getattr(analysis, key, None)}
    described |= analysis.words_of_rows(cohort, covariates)
    if analysis.outcome_names():
        described["time_unit"] = cohort.outcomes[analysis.outcome_names()[0]].time_unit
    return described
