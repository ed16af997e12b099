"""The kinds of analysis that a stream file may ask for, and the keys of each."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from family_justice.config.base import Name, Strict


class _Analysis(Strict):
    title: str
    description: str = Field(description="what the analysis answers, one or two sentences")
    cohort: Name
    restrict_to: dict[Name, list[str]] = Field(
        default_factory=dict, description="levels of covariates; members with other levels are left out"
    )


class TableOne(_Analysis):
    """Characteristics of a cohort: persons and percent per level."""

    kind: Literal["table_one"]
    variables: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(default_factory=list)


class Frequency(_Analysis):
    """Counts and percent of the levels of one or more variables within groups; the first group is the axis."""

    kind: Literal["frequency"]
    variables: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(min_length=1)


class _Curve(_Analysis):
    outcomes: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(default_factory=list)
    every: float = Field(gt=0, description="step of the time grid, in the outcome's time unit")
    until: float = Field(gt=0, description="end of the time grid")
    report_at: list[float] = Field(default_factory=list, description="times that the table shows; multiples of `every`")


class CumulativeIncidence(_Curve):
    """Aalen-Johansen cumulative incidence with competing events."""

    kind: Literal["cumulative_incidence"]


class KaplanMeier(_Curve):
    """Kaplan-Meier survival; competing events count as censoring."""

    kind: Literal["kaplan_meier"]


class _Model(_Analysis):
    covariates: list[Name] = Field(min_length=1)
    cluster: str | None = Field(default=None, description="cohort column; standard errors are robust to its clusters")


class Cox(_Model):
    """Cox model of the cause-specific hazard, with a proportional-hazards test."""

    kind: Literal["cox"]
    outcome: Name
    ties: Literal["efron", "breslow"] = "efron"
    strata: list[Name] = Field(default_factory=list)
    splines: dict[Name, Annotated[int, Field(ge=3, le=7)]] = Field(
        default_factory=dict,
        description="number covariates that enter as restricted cubic splines, and how many knots each has (3 to 7)",
    )


class FineGray(_Model):
    """Fine-Gray model of the subdistribution hazard of an event with competing events."""

    kind: Literal["fine_gray"]
    outcome: Name
    target: Literal["crr", "finegray"] = Field(
        description="R program whose definitions are followed: `crr` (package cmprsk) or `finegray` (package survival)"
    )
    ties: Literal["efron", "breslow"] | None = Field(
        default=None, description="default: Breslow's for `crr`, which has no other, and Efron's for `finegray`"
    )
    strata: list[Name] = Field(default_factory=list, description="`finegray` only")


class AcceleratedFailureTime(_Analysis):
    """Parametric model of the logarithm of time, with the standard errors of the model."""

    kind: Literal["aft"]
    outcome: Name
    covariates: list[Name] = Field(min_length=1)
    distribution: Literal["weibull", "lognormal"]


class _YesNo(_Model):
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"


class Logistic(_YesNo):
    """Logistic model of a yes/no variable."""

    kind: Literal["logistic"]


class RiskRatio(_YesNo):
    """Risk ratios of a yes/no variable: modified Poisson regression, always with robust standard errors."""

    kind: Literal["risk_ratio"]


class MixedLogistic(_Analysis):
    """Logistic model with an intercept of its own for every area: variation that the covariates leave unexplained."""

    kind: Literal["mixed_logistic"]
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"
    covariates: list[Name] = Field(min_length=1)
    area: str = Field(description="cohort column with the areas, such as local_authority")


class Multinomial(_Model):
    """Multinomial logistic model: each level of a variable against its reference level."""

    kind: Literal["multinomial"]
    variable: Name = Field(description="covariate that is the outcome")


class Poisson(_Model):
    """Rate ratios of an event per time at risk."""

    kind: Literal["poisson"]
    outcome: Name


class NegativeBinomial(_Model):
    """Rate ratios of a count that varies more than a Poisson count."""

    kind: Literal["negative_binomial"]
    count: Name = Field(description="number covariate that is counted")
    exposure: Name | None = Field(default=None, description="number covariate with the time in which it was counted")


Analysis = Annotated[
    TableOne
    | Frequency
    | CumulativeIncidence
    | KaplanMeier
    | Cox
    | FineGray
    | AcceleratedFailureTime
    | Logistic
    | RiskRatio
    | MixedLogistic
    | Multinomial
    | Poisson
    | NegativeBinomial,
    Field(discriminator="kind"),
]
