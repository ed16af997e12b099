"""The words of a methods sentence: whom an analysis is about, by what it is grouped, and what it is adjusted for."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort, Covariate


def listed(words: list[str]) -> str:
    """Join words as a sentence does: a, b and c."""
    return words[0] if len(words) == 1 else ", ".join(words[:-1]) + " and " + words[-1] if words else ""


class Wording:
    """The words for one analysis of a cohort.

    Attributes
    ----------
    who
        The members: ``mothers (parent: mother)``.
    within
        `` by year and jurisdiction``, or nothing.
    named
        The covariates of a model, in small letters.
    clustered
        ``, with standard errors robust to clusters (...)``, or nothing.
    """

    def __init__(self, analysis: Any, cohort: Cohort, covariates: Mapping[str, Covariate]) -> None:
        self.cohort, self.covariates = cohort, covariates
        among = "".join(f" ({self.label(name)}: {listed(levels)})" for name, levels in analysis.restrict_to.items())
        self.among, self.who = among, f"{cohort.unit}{among}"
        by = self.labels(getattr(analysis, "group_by", []))
        self.within = f" by {by}" if by else ""
        self.named = self.labels(getattr(analysis, "covariates", []))
        cluster = getattr(analysis, "cluster", None)
        self.clustered = f", with standard errors robust to clusters ({column_words(cluster)})" if cluster else ""

    def label(self, name: str) -> str:
        """Return the label of a covariate for the middle of a sentence."""
        return self.covariates[name].label.lower()

    def labels(self, names: list[str]) -> str:
        """Return the labels of covariates, joined."""
        return listed([self.label(name) for name in names])

    def outcome(self, name: str) -> str:
        """Return the label of an outcome for the middle of a sentence."""
        return self.cohort.outcomes[name].label.lower()

    def outcomes(self, names: list[str]) -> str:
        """Return the labels of outcomes, joined."""
        return listed([self.outcome(name) for name in names])

    def competing(self, outcomes: list[str]) -> str:
        """Say what competes with the outcomes of an analysis."""
        known = self.cohort.outcomes
        # What is an outcome of the same analysis is told of as such.
        of_codes = [(s.column, code) for o in outcomes if (s := known[o].status) for code in s.events]
        names = [self.cohort.events[e].label for o in outcomes for e in known[o].competing if e not in outcomes]
        names += [
            label
            for o in outcomes
            if (s := known[o].status)
            for code, label in s.competing.items()
            if (s.column, code) not in of_codes
        ]
        others = listed([label.lower() for label in dict.fromkeys(names)])
        if len(outcomes) > 1 and others:
            return f"each of these and {others} as competing events"
        if len(outcomes) > 1:
            return "each of these competing with the other"
        return f"{others} as competing event" if others else "no competing event"


def column_words(name: str) -> str:
    """Return a column of a cohort in words."""
    return {"case_id": "the index case"}.get(name, name.replace("_", " "))


def entry(outcome: Any, cohort: Cohort) -> str:
    """Say from when members are at risk."""
    start = f"{outcome.at_risk_after_days} days after time zero" if outcome.at_risk_after_days else "time zero"
    if outcome.entry is None:
        return start
    named = cohort.events[outcome.entry].label.lower() if outcome.entry in cohort.events else outcome.entry
    return f"{start}, or {named.replace('_', ' ')} if that is later"
