"""Covariates with a planted effect: their levels and how they are coded.

Every code is computed from what is recorded (weeks of birth, dates of issue, people on the case), so that a
pipeline that computes the covariate in the same way meets exactly the effect that was planted.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from family_justice.sources.synthetic.clock import Bools, Floats, Ints, year_of

AGE_BANDS = ("under 20", "20 to 24", "25 to 29", "30 to 34", "35 and over")
QUINTILES = ("1 most deprived", "2", "3", "4", "5 least deprived")
PERIODS = ("2007 to 2010", "2011 to 2013", "2014 to 2016", "2017 to 2019", "2020 to 2021")
JURISDICTIONS = ("England", "Wales")
YES_NO = ("yes", "no")

#: Terms of the two hazards of return to care proceedings: levels and reference level.
RETURN_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "age_band": (AGE_BANDS, "25 to 29"),
    "deprivation_quintile": (QUINTILES, "5 least deprived"),
    "youngest_child_age": (("under 1", "1 to 4", "5 to 9", "10 and over"), "1 to 4"),
    "number_of_children": (("1", "2", "3 or more"), "1"),
    "father_is_party": (YES_NO, "yes"),
    "jurisdiction": (JURISDICTIONS, "England"),
    "issue_period": (PERIODS, "2014 to 2016"),
    "mental_health_before": (YES_NO, "no"),
    "substance_use_before": (YES_NO, "no"),
}
#: Terms of the hazard of return to private-law court.
PRIVATE_RETURN_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "first_applicant": (("parent", "not a parent"), "parent"),
    "first_application": (
        ("child arrangements", "specific issue or prohibited steps", "enforcement", "other"),
        "child arrangements",
    ),
    "youngest_child_age": (("under 1", "1 to 4", "5 to 9", "10 and over"), "1 to 4"),
    "deprivation_quintile": (QUINTILES, "5 least deprived"),
}
#: Terms of the odds that a child of a private-law case is heard: by a welfare report or a guardian.
PARTICIPATION_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "number_of_children": (("1", "2", "3 or more"), "1"),
    "deprivation_quintile": (QUINTILES, "5 least deprived"),
}
PLACEMENT_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "age_at_issue": (("under 2 weeks", "2 to 12 weeks", "13 to 51 weeks"), "13 to 51 weeks"),
    "child_sex": (("male", "female"), "male"),
    "mother_age_band": (AGE_BANDS, "25 to 29"),
    "is_subsequent_infant": (("no", "yes"), "no"),
    "father_is_party": (YES_NO, "yes"),
    "deprivation_quintile": (QUINTILES, "5 least deprived"),
    "jurisdiction": (JURISDICTIONS, "England"),
    "issue_period": (PERIODS, "2014 to 2016"),
}
#: Terms of the hazard of coming back into care after leaving it.
RE_ENTRY_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "way_of_leaving": (("returned home", "special guardianship", "other"), "returned home"),
    "age_at_leaving": (("under 1", "1 to 4", "5 to 9", "10 to 15", "16 and over"), "5 to 9"),
    "time_in_care": (("under 6 months", "6 to 23 months", "24 months and over"), "under 6 months"),
}
#: Terms of the rate at which children in care move from one placement to another.
MOVE_TERMS: dict[str, tuple[tuple[str, ...], str]] = {
    "age_at_entry": (("under 1", "1 to 4", "5 to 9", "10 to 13", "14 to 17"), "5 to 9"),
    "entry_route": (("agreement", "order"), "agreement"),
}


def age_band(years: Ints) -> Ints:
    """Code completed years of a parent's age as a place in ``AGE_BANDS``."""
    return np.searchsorted([20, 25, 30, 35], years, side="right").astype(np.int64)


def youngest_child_age(years: Ints) -> Ints:
    """Code completed years of the youngest subject's age; an unborn child is under 1."""
    return np.searchsorted([1, 5, 10], years, side="right").astype(np.int64)


def period(issue: Ints) -> Ints:
    """Code the date of issue as a place in ``PERIODS``."""
    return np.searchsorted([2011, 2014, 2017, 2020], year_of(issue), side="right").astype(np.int64)


def infant_age(days: Ints) -> Ints:
    """Code the age of an infant in days: under 14 (unborn included), 14 to 90, older."""
    return np.searchsorted([14, 91], days, side="right").astype(np.int64)


def yes_code(is_so: Bools) -> Ints:
    """Code whether something is so as a place in ``YES_NO``."""
    return np.where(is_so, 0, 1).astype(np.int64)


def age_at_entry(years: Ints) -> Ints:
    """Code completed years at entry into care as a place in the levels of ``MOVE_TERMS``."""
    return np.searchsorted([1, 5, 10, 14], years, side="right").astype(np.int64)


def age_at_leaving(years: Ints) -> Ints:
    """Code completed years on leaving care as a place in the levels of ``RE_ENTRY_TERMS``."""
    return np.searchsorted([1, 5, 10, 16], years, side="right").astype(np.int64)


def time_in_care(days: Ints) -> Ints:
    """Code the days of a period of care as a place in the levels of ``RE_ENTRY_TERMS``."""
    return np.searchsorted([183, 731], days, side="right").astype(np.int64)


def linear_predictor(
    effects: Mapping[str, Mapping[str, float]], codes: Mapping[str, Ints], terms: dict[str, tuple[tuple[str, ...], str]]
) -> Floats:
    """Return the sum over terms of the planted log ratio of each row's level; zero at the reference levels."""
    total = np.zeros(len(next(iter(codes.values()))))
    for term, (levels, reference) in terms.items():
        by_level = np.array([0.0 if level == reference else effects[term][level] for level in levels])
        total += by_level[codes[term]]
    return total
