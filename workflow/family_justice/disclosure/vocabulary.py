"""The words that may leave: labels of results must come from the study description.

Disclosure control of numbers is worth nothing if a name, a date of birth or an identifier leaves in a label. Labels
are therefore not searched for what looks dangerous but compared with what the study description declares.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pandas as pd

from family_justice.analyses.left_out import REASONS
from family_justice.errors import DisclosureError
from family_justice.results import LABELS

# A calendar or financial year, and a span of years: 2016, 2016/17, 2014 to 2016.
_YEAR = re.compile(r"(19|20)\d\d(/\d\d)?( to (19|20)\d\d(/\d\d)?)?")
_LONG_NUMBER = re.compile(r"\d(?:[ -]?\d){7,}")
_DATE = re.compile(r"\b\d{4}[-./]\d\d[-./]\d\d\b|\b\d{1,2}[-./]\d{1,2}[-./]\d{2,4}\b")
# A spreadsheet takes a cell that begins so for a formula, and runs it (OWASP, CSV injection).
_FORMULA = re.compile(r"\s*[=+@-](?![\d.]+$)")
_LONGEST_NOTE = 200


@dataclass(frozen=True)
class Vocabulary:
    """What each label column may contain."""

    stream: str
    cohorts: frozenset[str]
    outcomes: frozenset[str]
    terms: frozenset[str]
    levels: frozenset[str]

    def allows_level(self, level: str) -> bool:
        """True for a declared level, a year or a span of years."""
        return level in self.levels or bool(_YEAR.fullmatch(level))

    def allows_group(self, group: str) -> bool:
        """True for ``column=level`` pairs of declared columns and levels."""
        pairs = [pair.partition("=") for pair in group.split("; ")] if group else []
        return all(column in self.terms and between and self.allows_level(level) for column, between, level in pairs)

    def safe_note(self, note: str) -> str:
        """The note, or nothing if it holds a number that is not part of a declared level: it could be a count."""
        rest = note
        for word in sorted(self.levels | self.terms, key=len, reverse=True):
            rest = rest.replace(word, " ") if word and not word.isdigit() else rest
        return "" if re.search(r"\d", rest.replace("95%", "")) else note


def vocabulary(study: Mapping[str, Any]) -> Vocabulary:
    """Read the vocabulary from a study description; sections that it does not have count as empty.

    Raises ``DisclosureError`` if a declared word itself looks like an identifier or a date.
    """
    cohorts = _section(study, "cohorts")
    covariates = _section(study, "covariates")
    outcomes = set(_section(study, "outcomes"))
    analyses = _section(study, "analyses")
    terms, levels = {"", *covariates}, {"", *REASONS}
    for covariate in covariates.values():
        levels |= set(_texts(covariate.get("levels"))) | set(_texts(covariate.get("missing")))
    for cohort in cohorts.values():
        outcomes |= set(_section(cohort, "outcomes")) | set(_section(cohort, "events"))
        steps = cohort.get("steps") or []
        steps = steps.values() if isinstance(steps, Mapping) else steps
        terms |= {step["name"] for step in steps if isinstance(step, Mapping) and "name" in step}
        for row in _section(cohort, "matching").get("rows") or []:
            column, _, level = str(row["group"]).partition("=")
            terms |= {row["name"], column}
            levels.add(level)
    named = {str(analysis["cohort"]) for analysis in analyses.values() if "cohort" in analysis}
    for analysis in analyses.values():
        for key in ("terms", "variables", "covariates", "group_by", "strata", "variable"):
            terms |= set(_texts(analysis.get(key)))
        outcomes |= set(_texts(analysis.get("outcomes"))) | set(_texts(analysis.get("outcome")))
        outcomes |= set(_texts(analysis.get("variable")))
        levels |= set(_texts(analysis.get("levels")))
    if any(looks_like_record(word) for word in (*terms, *levels, *outcomes, *cohorts)):
        raise DisclosureError("study description: a declared level, term or outcome looks like an identifier or a date")
    if any(is_unsafe(word) for word in (*terms, *levels, *outcomes, *cohorts)):
        raise DisclosureError(
            "study description: a declared level, term or outcome begins like a formula of a spreadsheet or holds an "
            "invisible character; write it in plain letters"
        )
    return Vocabulary(
        stream=str(study.get("stream", "")),
        cohorts=frozenset({*cohorts, *named}),  # the records themselves belong to no cohort
        outcomes=frozenset(outcomes | {""}),
        terms=frozenset(terms),
        levels=frozenset(levels),
    )


def _section(part: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    section = part.get(name) or {}
    return section if isinstance(section, Mapping) else {}


def _texts(value: Any) -> list[str]:
    if isinstance(value, str):
        return [value]
    return [str(item) for item in value] if isinstance(value, list | tuple) else []


def check_labels(frame: pd.DataFrame, words: Vocabulary, analysis: str) -> None:
    """Raise ``DisclosureError`` that names the columns (not the words) with labels outside the vocabulary."""
    allowed = {
        "stream": lambda text: text == words.stream,
        "analysis": lambda text: text == analysis,
        "cohort": words.cohorts.__contains__,
        "outcome": words.outcomes.__contains__,
        "group": words.allows_group,
        "term": lambda text: all(part in words.terms for part in text.split(":")),
        "level": lambda text: words.allows_level(text) or all(map(words.allows_level, text.split(":"))),
    }
    strange = {column: sum(not test(str(text)) for text in set(frame[column])) for column, test in allowed.items()}
    found = [f"{column} ({count})" for column, count in strange.items() if count]
    if found:
        raise DisclosureError(
            f"{analysis}: labels that the study description does not declare, in {', '.join(found)}. "
            "Declare the levels of the covariate, or give the covariate to the analysis under its own name."
        )
    for column in (*LABELS, "note"):
        if any(looks_like_record(str(text)) for text in set(frame[column])):
            raise DisclosureError(f"{analysis}: a text in {column} looks like an identifier or a date")
        if any(is_unsafe(str(text)) for text in set(frame[column])):
            raise DisclosureError(
                f"{analysis}: a text in {column} begins like a formula of a spreadsheet or holds an invisible character"
            )
    if any(len(str(text)) > _LONGEST_NOTE for text in set(frame["note"])):
        raise DisclosureError(f"{analysis}: notes may not be longer than {_LONGEST_NOTE} letters")


def looks_like_record(text: str) -> bool:
    """True for texts with a long number or a date in them."""
    return bool(_LONG_NUMBER.search(text) or _DATE.search(text))


def is_unsafe(text: str) -> bool:
    """True for texts that a spreadsheet would run, or that hold characters nobody sees (control, format, no glyph)."""
    return bool(_FORMULA.match(text)) or any(unicodedata.category(letter)[0] == "C" for letter in text)
