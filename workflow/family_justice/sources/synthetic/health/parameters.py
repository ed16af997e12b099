"""Parameters of the health records (section ``health``)."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from pydantic import Field, model_validator

from family_justice.sources.synthetic.parameters.types import Amount, Leaf, Share, Shares, Strict, exactly

ADULTS = ("parents", "private_law", "comparison")
CHILDREN = ("public_law", "private_law", "comparison")
SEXES = ("male", "female")
#: Ages at which rates of children change, and what the pieces are called. Younger children have none of these events.
CHILD_AGES = {"5 to 9": (5, 10), "10 to 13": (10, 14), "14 to 17": (14, 18)}
SERVICES = ("routine", "outpatient", "admission")
#: Kinds of event whose place of record is drawn.
CONDITIONS = ("depression", "anxiety", "severe_mental_illness", "substance_use")
PLACES = ("general_practice", "admission", "substance_treatment")
RATIOS = tuple(
    f"{condition}_child_{law}" for condition in ("depression", "anxiety", "self_harm") for law in ("public", "private")
)
#: What is coded in which way: system of record -> kinds of event that need codes.
CODED = {
    "general_practice": (
        *CONDITIONS, "behaviour", "self_harm", "domestic_abuse", "own_child_removed", "looked_after",
        "child_protection", "routine",
    ),
    "admission": (
        *CONDITIONS, "psychiatric_admission",
        "self_harm_emergency", "injury_admission", "other_admission", "delivery",
    ),
    "admission_second": ("severe_mental_illness", "self_harm_emergency", "injury_admission", "delivery"),
    "operation": ("injury_admission", "other_admission", "delivery"),
    "emergency_group": ("self_harm_emergency", "assault_emergency", "injury_emergency", "injury_admission",
                        "other_emergency"),
    "emergency_diagnosis": ("self_harm_emergency", "assault_emergency", "injury_emergency", "injury_admission",
                            "other_emergency"),
    "substance": ("substance_use",),
}  # fmt: skip

BySex = Annotated[dict[str, Share], exactly(SEXES)]
ByAdults = Annotated[dict[str, BySex], exactly(ADULTS)]
ByChildren = Annotated[dict[str, Share], exactly(CHILDREN)]
ByAge = Annotated[dict[str, Amount], exactly(tuple(CHILD_AGES))]
ByAgeAndSex = Annotated[dict[str, ByAge], exactly(SEXES)]
PerYear = Annotated[dict[str, Amount], exactly(SERVICES)]
Weights = Annotated[dict[str, Amount], Field(min_length=1)]


#: Periods around the first issue of parents in care proceedings; the first is the one that changes are counted from.
BEFORE = ("13 to 24 months before", "4 to 12 months before", "3 months before")
AFTER = ("first year after", "second year after")
COURSES = ("mental_health", "substance_use", "other")
HOMES = ("at home", "away")
Ratio = Annotated[float, Field(gt=0, le=20, strict=True)]
AfterBySex = Annotated[dict[str, Annotated[dict[str, Ratio], exactly(AFTER)]], exactly(SEXES)]
AfterByHome = Annotated[dict[str, AfterBySex], exactly(HOMES)]


class CourseOfParents(Strict):
    """Planted course of parents in care proceedings: factors before the issue, and rate ratios after it to the first of
    the periods before, by condition, by whether a child was placed away, and by sex."""

    before: Leaf[Annotated[dict[str, Ratio], exactly(BEFORE)]]
    after: Leaf[Annotated[dict[str, AfterByHome], exactly(COURSES)]]


class Needs(Strict):
    """How needs are spread over adults: some are prone to a condition, all have some frailty."""

    correlation: Leaf[Share]
    frailty_shape: Leaf[Annotated[float, Field(ge=0.1, le=100, strict=True)]]
    mental_health_records_per_year: Leaf[Annotated[float, Field(gt=0, strict=True)]]
    substance_use_records_per_year: Leaf[Annotated[float, Field(gt=0, strict=True)]]
    mental_health_in_pregnancy: Leaf[Share]
    #: Factors on all rates of adults in court, by time from the first issue.
    long_before_issue: Leaf[Amount]
    two_years_after_issue: Leaf[Amount]
    long_after_issue: Leaf[Amount]
    course_of_parents: CourseOfParents


class Adults(Strict):
    """Shares of adults with any record in the two years before the first issue, or in any two years."""

    mental_health: Leaf[ByAdults]
    depression: Leaf[ByAdults]
    anxiety: Leaf[ByAdults]
    severe_mental_illness: Leaf[ByAdults]
    substance_use: Leaf[ByAdults]
    self_harm: Leaf[ByAdults]
    self_harm_emergency: Leaf[ByAdults]
    assault_emergency: Leaf[ByAdults]
    injury: Leaf[ByAdults]
    injury_admission: Leaf[ByAdults]
    emergency: Leaf[ByAdults]
    domestic_abuse: Leaf[ByAdults]
    own_child_removed: Leaf[Share]


class Children(Strict):
    """Rates and planted rate ratios of children; shares with any record in two years."""

    depression_per_1000_years: Leaf[ByAgeAndSex]
    anxiety_per_1000_years: Leaf[ByAgeAndSex]
    self_harm_per_1000_years: Leaf[ByAgeAndSex]
    rate_ratios: Annotated[dict[str, Leaf[Annotated[float, Field(gt=0, strict=True)]]], exactly(RATIOS)]
    mental_health_at_10_to_17: Leaf[ByChildren]
    psychiatric_admission_at_10_to_17: Leaf[ByChildren]
    injury_admission_at_10_to_17: Leaf[ByChildren]
    injury: Leaf[ByChildren]
    assault_emergency: Leaf[ByChildren]
    emergency: Leaf[ByChildren]
    looked_after_code: Leaf[Share]
    child_protection_code: Leaf[Share]


class Services(Strict):
    """Contacts without a particular need, per person and year, and where conditions are recorded."""

    adults_per_year: Leaf[Annotated[dict[str, PerYear], exactly(ADULTS)]]
    children_per_year: Leaf[Annotated[dict[str, PerYear], exactly(CHILDREN)]]
    recorded_in: Leaf[Annotated[dict[str, Annotated[Shares, exactly(PLACES)]], exactly(CONDITIONS)]]
    self_harm_admitted: Leaf[Share]
    second_episode: Leaf[Share]
    emergency_diagnosis_missing: Leaf[Share]
    outpatient_attended: Leaf[Share]
    outpatient_diagnosis: Leaf[Share]
    treatment_begun: Leaf[Share]
    median_days_of_treatment: Leaf[Annotated[int, Field(ge=1, strict=True)]]


class HealthDefects(Strict):
    """Rates of labelled defects of the health records."""

    duplicate_event: Leaf[Share]
    event_before_registration: Leaf[Share]
    placeholder_date: Leaf[Share]
    event_after_death: Leaf[Share]
    linkage_missing: Leaf[Share]
    status_99_with_number: Leaf[Share]
    diagnosis_missing: Leaf[Share]
    episode_date_missing: Leaf[Share]
    fourth_character_missing: Leaf[Share]
    unusual_form: Leaf[Share]


class Codes(Strict):
    """Codes with their weights, by kind of event."""

    general_practice: Leaf[Annotated[dict[str, Weights], exactly(CODED["general_practice"])]]
    admission: Leaf[Annotated[dict[str, Weights], exactly(CODED["admission"])]]
    admission_second: Leaf[Annotated[dict[str, Weights], exactly(CODED["admission_second"])]]
    operation: Leaf[Annotated[dict[str, Weights], exactly(CODED["operation"])]]
    emergency_group: Leaf[Annotated[dict[str, Weights], exactly(CODED["emergency_group"])]]
    emergency_diagnosis: Leaf[Annotated[dict[str, Weights], exactly(CODED["emergency_diagnosis"])]]
    substance: Leaf[Annotated[dict[str, Weights], exactly(CODED["substance"])]]


class HealthParameters(Strict):
    """Health needs of residents, and how the services record them."""

    records_from: Leaf[date]
    practices_that_supply_data: Leaf[Share]
    needs: Needs
    adults: Adults
    children: Children
    services: Services
    defects: HealthDefects
    codes: Codes

    @model_validator(mode="after")
    def _parts_fit_in_wholes(self) -> HealthParameters:
        """A part may not be larger than the whole it is of."""
        problems = []
        for part, whole in (
            ("depression", "mental_health"), ("anxiety", "mental_health"), ("severe_mental_illness", "anxiety"),
            ("self_harm_emergency", "self_harm"), ("injury", "emergency"),
        ):  # fmt: skip
            for group in ADULTS:
                for sex in SEXES:
                    smaller, larger = (getattr(self.adults, name).value[group][sex] for name in (part, whole))
                    if smaller > larger:
                        problems.append(f"adults.{part}.{group}.{sex}: {smaller:g} is more than {whole}, {larger:g}")
        for group in CHILDREN:
            smaller, larger = self.children.injury.value[group], self.children.emergency.value[group]
            if smaller > larger:
                problems.append(f"children.injury.{group}: {smaller:g} is more than emergency, {larger:g}")
        if problems:
            raise ValueError("; ".join(problems))
        return self
