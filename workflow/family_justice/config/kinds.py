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


class Agreement(_Analysis):
    """Agreement of two covariates with the same levels: table of transitions, observed agreement and Cohen's kappa."""

    kind: Literal["agreement"]
    first: Name = Field(description="covariate whose levels are the rows of the table")
    second: Name = Field(description="covariate whose levels are the columns")
    unknown: list[str] = Field(
        default_factory=list, description="levels that are no answer; agreement is given with and without them"
    )
    group_by: list[Name] = Field(default_factory=list)


class _Curve(_Analysis):
    outcomes: list[Name] = Field(min_length=1)
    group_by: list[Name] = Field(default_factory=list)
    every: float = Field(gt=0, description="step of the time grid, in the outcome's time unit")
    until: float = Field(gt=0, description="end of the time grid")
    report_at: list[float] = Field(default_factory=list, description="times that the table shows; multiples of `every`")


class _Compared(_Curve):
    restricted_mean_at: list[float] = Field(
        default_factory=list,
        description="times up to which the mean time is given, for each group and as difference; multiples of `every`",
    )
    risk_difference_at: list[float] = Field(
        default_factory=list,
        description="times at which every group's risk of the event is compared with that of the reference group; "
        "multiples of `every`",
    )


class CumulativeIncidence(_Compared):
    """Aalen-Johansen cumulative incidence with competing events."""

    kind: Literal["cumulative_incidence"]


class KaplanMeier(_Compared):
    """Kaplan-Meier survival; competing events count as censoring."""

    kind: Literal["kaplan_meier"]


class MeanCumulativeCount(_Curve):
    """Mean number of repeated events per member; whoever has a competing event has no more but stays in the mean."""

    kind: Literal["mean_cumulative_count"]


class State(Strict):
    """A state of members and the event that takes them there; each state is entered once, at the first such event."""

    label: str
    entered_by: Name | None = Field(default=None, description="event of the cohort; none for the state at time zero")
    number: int = Field(default=1, ge=1, description="of an event that repeats: 2 for the second time, and so on")
    absorbing: bool = Field(default=False, description="true for a state that nobody leaves, such as death")


class StateOccupation(_Analysis):
    """Probability of each of several states over time (Aalen-Johansen)."""

    kind: Literal["state_occupation"]
    states: dict[Name, State] = Field(
        min_length=2, max_length=6, description="the first is that of everybody at time zero; figures keep this order"
    )
    ordered: bool = Field(
        default=True, description="states follow one another in this order (some may be skipped); false: in any order"
    )
    censoring: list[Name] = Field(min_length=1, description="events that end observation")
    group_by: list[Name] = Field(default_factory=list)
    time_unit: Literal["days", "weeks", "months", "years"] = "years"
    every: float = Field(gt=0, description="step of the time grid, in the time unit")
    until: float = Field(gt=0, description="end of the time grid")
    report_at: list[float] = Field(default_factory=list, description="times that the table shows; multiples of `every`")


class Imputation(Strict):
    """Multiple imputation by chained equations, shown beside the complete cases."""

    variables: list[Name] = Field(min_length=1, description="covariates of the model whose missing values are imputed")
    auxiliary: list[Name] = Field(
        default_factory=list,
        description="covariates of the cohort outside the model that tell of the missing values or of why they are "
        "missing; they help to impute, and their own gaps are imputed along",
    )
    datasets: int = Field(default=20, ge=2, le=200, description="completed data sets")
    iterations: int = Field(default=10, ge=1, le=100, description="rounds of the chained equations")
    seed: int = Field(default=1, ge=0)


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
    offset: Name | None = Field(
        default=None, description="number covariate, a logarithm of a ratio, that enters with the coefficient 1"
    )
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")


class AdjustedSurvival(_Model):
    """Survival curves of a Cox model, averaged over all members as if each had every level of one covariate in turn."""

    kind: Literal["adjusted_survival"]
    outcome: Name
    contrast: Name = Field(description="covariate of the model whose levels are compared")
    ties: Literal["efron", "breslow"] = "efron"
    every: float = Field(gt=0, description="step of the time grid, in the outcome's time unit")
    until: float = Field(gt=0, description="end of the time grid")
    report_at: list[float] = Field(default_factory=list, description="times that the table shows; multiples of `every`")


class RecurrentCox(_Analysis):
    """Cox model of repeated events, with standard errors robust to the member."""

    kind: Literal["recurrent_cox"]
    outcome: Name
    covariates: list[Name] = Field(min_length=1)
    model: Literal["andersen_gill", "pwp_total", "pwp_gap", "wlw"] = Field(
        description="Andersen-Gill; Prentice-Williams-Peterson in total time or in gap time; Wei-Lin-Weissfeld"
    )
    most_events: int | None = Field(
        default=None, ge=1, description="events of a member that are looked at, the last ends follow-up; default: all"
    )
    ties: Literal["efron", "breslow"] = "efron"


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


class _Effects(_Model):
    marginal_effects: bool = Field(
        default=False, description="show average marginal effects (percentage points) beside the ratios"
    )


class _YesNo(_Effects):
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"


class Logistic(_YesNo):
    """Logistic model of a yes/no variable."""

    kind: Literal["logistic"]
    penalty: Literal["none", "firth"] = Field(
        default="none", description="`firth` gives finite odds ratios where outcomes are separated"
    )
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")


class RiskRatio(_YesNo):
    """Risk ratios of a yes/no variable: modified Poisson regression, always with robust standard errors."""

    kind: Literal["risk_ratio"]
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")


class MixedLogistic(_Analysis):
    """Logistic model with an intercept of its own for every area: variation that the covariates leave unexplained."""

    kind: Literal["mixed_logistic"]
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"
    covariates: list[Name] = Field(min_length=1)
    area: str = Field(
        description="cohort column with the areas, such as local_authority; a covariate whose levels are their names "
        "is shown area by area"
    )


class Gee(_Analysis):
    """Generalised estimating equations for a yes/no variable: odds ratios averaged over the population."""

    kind: Literal["gee"]
    variable: Name = Field(description="covariate that is the outcome; its level `yes` is the event")
    event_level: str = "yes"
    covariates: list[Name] = Field(min_length=1)
    cluster: str = Field(description="cohort column; members with the same value may be alike")
    correlation: Literal["exchangeable", "independence"] = Field(
        default="exchangeable", description="working correlation of two members of a cluster"
    )


class _Share(_Analysis):
    variable: Name | None = Field(default=None, description="yes/no covariate whose share is looked at; or `outcome`")
    event_level: str = "yes"
    outcome: Name | None = Field(default=None, description="outcome whose rate per time at risk is looked at")


class Inequality(_Share):
    """Slope and relative index of inequality of a share or a rate over ordered groups."""

    kind: Literal["inequality"]
    over: Name = Field(description="covariate with ordered levels, such as fifths of deprivation")
    worst_off: Literal["first", "last"] = Field(
        default="first", description="which end of the levels of `over` is worst off; it is compared with the other"
    )
    group_by: list[Name] = Field(default_factory=list, description="indices are given for each group, such as a year")


class Funnel(_Share):
    """Funnel plot: the share or rate of every area over its size, with the limits of chance."""

    kind: Literal["funnel"]
    area: Name = Field(description="covariate whose levels are the names of the areas")


class _Matched(_Analysis):
    treatment: Name = Field(description="covariate with two levels; members with one are matched to members without")
    treatment_level: str = Field(default="yes", description="level of `treatment` that is matched to the other")
    match_on: list[Name] = Field(default_factory=list, description="covariates on which all of a set agree exactly")
    nearest_on: list[Name] = Field(
        default_factory=list, description="covariates of a propensity score; comparisons are nearest in its logit"
    )
    caliper: float | None = Field(
        default=None, gt=0, description="with `nearest_on`: largest distance, in standard deviations of the logit"
    )
    ratio: int = Field(default=1, ge=1, le=10, description="comparisons of each matched member")
    seed: int = Field(default=1, ge=0, description="of the random choice among members who match exactly")
    covariates: list[Name] = Field(default_factory=list, description="further covariates of the model")


class MatchedLogistic(_Matched):
    """Odds ratios within matched sets: conditional logistic regression."""

    kind: Literal["matched_logistic"]
    variable: Name | None = Field(
        default=None,
        description="covariate that is the outcome; without it the outcome is `treatment` itself, as in a case-control "
        "study, and `covariates` are the exposures",
    )
    event_level: str = "yes"


class MatchedCox(_Matched):
    """Hazard ratios within matched sets: Cox regression stratified by set."""

    kind: Literal["matched_cox"]
    outcome: Name
    ties: Literal["efron", "breslow"] = "efron"


class LatentClasses(_Analysis):
    """Latent classes: profiles of members whose answers to several variables go together. Needs the packages of
    requirements-extras.lock."""

    kind: Literal["latent_classes"]
    variables: list[Name] = Field(min_length=2, description="covariates with levels that the classes are made of")
    classes: (
        Annotated[int, Field(ge=1, le=9)] | Annotated[list[Annotated[int, Field(ge=1, le=9)]], Field(min_length=1)]
    ) = Field(description="number of classes, or several to compare; the one with the lowest BIC is shown")
    seed: int = Field(default=1, ge=0, le=2**32 - 1, description="of the random starts")
    starts: int = Field(default=20, ge=1, le=500, description="random starts of the search; the best is kept")


class Multinomial(_Effects):
    """Multinomial logistic model: each level of a variable against its reference level."""

    kind: Literal["multinomial"]
    variable: Name = Field(description="covariate that is the outcome")


class Poisson(_Model):
    """Rate ratios of an event per time at risk."""

    kind: Literal["poisson"]
    outcome: Name
    imputation: Imputation | None = Field(default=None, description="imputation of missing covariates")


class NegativeBinomial(_Model):
    """Rate ratios of a count that varies more than a Poisson count."""

    kind: Literal["negative_binomial"]
    count: Name = Field(description="number covariate that is counted")
    exposure: Name | None = Field(default=None, description="number covariate with the time in which it was counted")


Analysis = Annotated[
    TableOne
    | Frequency
    | Agreement
    | CumulativeIncidence
    | KaplanMeier
    | MeanCumulativeCount
    | StateOccupation
    | Cox
    | AdjustedSurvival
    | RecurrentCox
    | FineGray
    | AcceleratedFailureTime
    | Logistic
    | RiskRatio
    | MixedLogistic
    | Gee
    | Inequality
    | Funnel
    | MatchedLogistic
    | MatchedCox
    | LatentClasses
    | Multinomial
    | Poisson
    | NegativeBinomial,
    Field(discriminator="kind"),
]
