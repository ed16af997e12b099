"""The one table of measures: what the ``estimate`` of a result row is, and how disclosure control has to treat it.

Every list of measures in the library is derived from ``MEASURES``. A new measure is one line here; a role is
mandatory, and the door refuses a role that it has no rule for (``disclosure.disclose``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal, get_args

#: What kind of number a measure is; disclosure control has one rule for each.
Role = Literal[
    "count",  # members, cases or rows
    "members",  # whom an analysis is about, whom it could use, and whom it left out
    "curve_count",  # counts on the time grid of a curve, beside its estimate
    "share",  # 100 n / total
    "rate",  # events per time at risk
    "time",  # time at risk
    "curve",  # a probability or mean on a time grid
    "curve_summary",  # what follows from the curves of groups at one time
    "median",  # of a curve
    "index",  # a function of a table
    "agreement",  # a function of a table of transitions
    "coefficient",  # of a fitted model, one for each level of a covariate
    "effect",  # another view of a coefficient
    "area_effect",  # of an area, drawn towards the average one
    "shape",  # of a distribution
    "curve_point",  # of a fitted curve, at one value of a number
    "model_test",  # of all covariates of a model
    "joint_test",  # of one term, as telling as its coefficients
    "test",  # of an assumption of a model
    "rank_test",  # of the curves of groups
    "fit",  # a likelihood
    "information",  # a likelihood with a penalty
    "discrimination",  # how well a model orders members
    "accuracy",  # of predicted risks
    "correlation",  # of members of a cluster
    "missing_information",  # lost to missing values
    "entropy",  # of a classification
    "class_share",  # share of a latent class, or of an answer within it
    "validity",  # of clusters of members
    "second_program",  # how far another program's answer lies from ours
]
#: ``count``: the row's news is in its counts; ``derived``: follows from counts; ``model``: an estimate of a fit.
Disclosure = Literal["count", "derived", "model"]
#: The formula (``disclosure.rounding_shift``) that gives the crude estimate of a level from its persons and events; the
#: explicit ``"none"`` for a measure of which no counts of levels give one.
Crude = Literal["odds", "share", "log_share", "rate", "time", "none"]
Scale = Literal["number", "percent", "proportion", "log", "time", "none"]


@dataclass(frozen=True)
class Measure:
    """One measure: its role, its type for disclosure control, the scale of its estimate, its crude formula and its
    name in words; and ``difference_of`` which measure it is the difference of two estimates, of a level and of the
    reference: of its level in the group where its own group is the level (changes of a ratio from period to period)."""

    name: str
    role: Role
    disclosure: Disclosure
    scale: Scale
    crude: Crude
    words: str
    difference_of: str = ""

    def __post_init__(self) -> None:
        """Refuse a measure with a word that is not in the lists above."""
        chosen = ((self.role, Role), (self.disclosure, Disclosure), (self.crude, Crude), (self.scale, Scale))
        if self.role in ("coefficient", "effect") and (self.crude == "none" or self.disclosure != "model"):
            raise ValueError(f"measure '{self.name}': an estimate of a level is of type model and has a crude formula")
        wrong = [word for word, allowed in chosen if word not in get_args(allowed)]
        if wrong or not self.words:
            raise ValueError(f"measure '{self.name}': no such role, type, formula or scale: {', '.join(wrong)}")


_TABLE = (
    Measure("count", "count", "count", "none", "none", "Number"),
    Measure("members", "members", "count", "none", "none", "Members"),
    Measure("analysed", "members", "count", "none", "none", "Members analysed"),
    Measure("left_out", "members", "count", "none", "none", "Members left out"),
    Measure("first_events", "curve_count", "count", "none", "none", "Members with an event"),
    Measure("transitions", "curve_count", "count", "none", "none", "Moves between two states"),
    Measure("percent", "share", "derived", "percent", "none", "Percent"),
    Measure("rate", "rate", "derived", "number", "none", "Rate per 1000 units of time"),
    Measure("time_at_risk", "time", "derived", "time", "none", "Time at risk"),
    Measure("survival", "curve", "derived", "proportion", "none", "Survival"),
    Measure("cumulative_incidence", "curve", "derived", "proportion", "none", "Cumulative incidence"),
    Measure("mean_cumulative_count", "curve", "derived", "number", "none", "Mean number of events"),
    Measure("state_probability", "curve", "derived", "proportion", "none", "Probability of a state"),
    Measure("restricted_mean_time", "curve_summary", "derived", "time", "none", "Mean time free of the event"),
    Measure("restricted_mean_time_lost", "curve_summary", "derived", "time", "none", "Mean time lost to the event"),
    Measure("mean_time_in_state", "curve_summary", "derived", "time", "none", "Mean time in a state"),
    Measure("restricted_mean_difference", "curve_summary", "derived", "time", "none", "Difference of mean times"),
    Measure("risk_difference", "curve_summary", "derived", "proportion", "none", "Risk difference"),
    Measure("median_follow_up", "median", "derived", "time", "none", "Median follow-up"),
    Measure("slope_index", "index", "derived", "number", "none", "Slope index of inequality"),
    Measure("log_relative_index", "index", "derived", "log", "none", "Relative index of inequality"),
    Measure("concentration_index", "index", "derived", "number", "none", "Concentration index"),
    Measure("log_incidence_rate_ratio", "index", "derived", "log", "none", "Rate ratio"),
    Measure("log_stratified_rate_ratio", "index", "derived", "log", "none", "Rate ratio over strata"),
    Measure("incidence_rate_difference", "index", "derived", "number", "none", "Rate difference"),
    Measure("standardised_rate", "index", "derived", "number", "none", "Standardised rate per 1000 units of time"),
    Measure("standardised_ratio", "index", "derived", "number", "none", "Observed over expected events"),
    Measure("standardised_difference", "index", "derived", "number", "none", "Standardised difference"),
    Measure("share_difference", "index", "derived", "number", "none", "Difference in percentage points"),
    Measure("log_prevalence_ratio", "index", "derived", "log", "none", "Prevalence ratio"),
    Measure("chi_squared_test", "index", "derived", "none", "none", "Chi-squared test"),
    Measure("control_limits_95", "index", "derived", "number", "none", "95% limits of chance"),
    Measure("control_limits_998", "index", "derived", "number", "none", "99.8% limits of chance"),
    Measure("overdispersion", "index", "derived", "number", "none", "Variation beside that of chance"),
    Measure("trend", "index", "derived", "percent", "none", "Change of a share per step"),
    Measure("mean_time_in_type", "index", "derived", "time", "none", "Mean time of a type in a state"),
    Measure("agreement", "agreement", "derived", "percent", "none", "Observed agreement"),
    Measure("kappa", "agreement", "derived", "number", "none", "Cohen's kappa"),
    Measure("log_hazard_ratio", "coefficient", "model", "log", "rate", "Hazard ratio"),
    Measure("log_subdistribution_hazard_ratio", "coefficient", "model", "log", "rate", "Subdistribution hazard ratio"),
    Measure("log_odds_ratio", "coefficient", "model", "log", "odds", "Odds ratio"),
    Measure("log_time_ratio", "coefficient", "model", "log", "time", "Time ratio"),
    Measure("log_rate_ratio", "coefficient", "model", "log", "rate", "Rate ratio"),
    Measure(
        "log_ratio_of_rate_ratios", "coefficient", "model", "log", "rate", "Ratio of rate ratios", "log_rate_ratio"
    ),
    Measure("log_risk_ratio", "coefficient", "model", "log", "log_share", "Risk ratio"),
    Measure("marginal_effect", "effect", "model", "percent", "share", "Average marginal effect"),
    Measure("log_area_odds_ratio", "area_effect", "model", "log", "none", "Odds ratio beside the average area"),
    Measure("log_shape", "shape", "model", "log", "none", "Shape"),
    Measure("log_scale", "shape", "model", "log", "none", "Scale"),
    Measure("log_hazard_ratio_at", "curve_point", "model", "log", "none", "Hazard ratio along a number"),
    Measure("likelihood_ratio_test", "model_test", "model", "none", "none", "Likelihood-ratio test"),
    Measure("wald_test", "model_test", "model", "none", "none", "Wald test"),
    Measure("association_test", "joint_test", "model", "none", "none", "Test of a curve"),
    Measure("nonlinearity_test", "test", "model", "none", "none", "Test of a straight line"),
    Measure("proportional_hazards_test", "test", "model", "none", "none", "Test of proportional hazards"),
    Measure("log_rank_test", "rank_test", "derived", "none", "none", "Log-rank test"),
    Measure("gray_test", "rank_test", "derived", "none", "none", "Gray's test"),
    Measure("log_likelihood", "fit", "model", "number", "none", "Log-likelihood"),
    Measure("aic", "information", "model", "number", "none", "Akaike's information criterion"),
    Measure("bic", "information", "model", "number", "none", "Bayesian information criterion"),
    Measure("concordance", "discrimination", "model", "proportion", "none", "Concordance"),
    Measure("predicted_risk", "accuracy", "model", "proportion", "none", "Mean predicted risk"),
    Measure("area_under_curve", "accuracy", "model", "number", "none", "Area under the curve"),
    Measure("brier_score", "accuracy", "model", "number", "none", "Brier score"),
    Measure("scaled_brier_score", "accuracy", "model", "number", "none", "Scaled Brier score"),
    Measure("observed_over_expected", "accuracy", "model", "number", "none", "Observed over predicted risk"),
    Measure("calibration_slope", "accuracy", "model", "number", "none", "Calibration slope"),
    Measure("within_cluster_correlation", "correlation", "model", "number", "none", "Correlation within clusters"),
    Measure("missing_information", "missing_information", "model", "proportion", "none", "Information lost"),
    Measure("silhouette", "validity", "model", "number", "none", "Average silhouette width"),
    Measure("adjusted_rand", "validity", "model", "number", "none", "Adjusted Rand index"),
    Measure("entropy", "entropy", "model", "proportion", "none", "Entropy of the classes"),
    Measure("class_share", "class_share", "model", "percent", "none", "Share of a class"),
    Measure("item_probability", "class_share", "model", "percent", "none", "Probability of an answer"),
    Measure(
        "largest_relative_difference", "second_program", "model", "number", "none",
        "Largest relative difference from a second program",
    ),
)  # fmt: skip

MEASURES: Mapping[str, Measure] = {measure.name: measure for measure in _TABLE}
assert len(MEASURES) == len(_TABLE), "a measure stands twice in the table"


def of_role(*roles: Role) -> tuple[str, ...]:
    """Return the measures with one of the roles, in the order of the table."""
    return tuple(name for name, measure in MEASURES.items() if measure.role in roles)


#: Roles of measures that a sentence can tell: a number of members, or an estimate that means something by itself.
TOLD: tuple[Role, ...] = (
    "count", "members", "share", "rate", "curve", "curve_summary", "median", "index", "agreement", "coefficient",
    "effect", "accuracy",
)  # fmt: skip
#: What every analysis says of its members.
MEMBERS = of_role("members")
#: Everything of which a model has one for a level, a distribution or an area: shown in steps of its standard error.
PARAMETERS = of_role("coefficient", "effect", "area_effect", "shape")
#: Logarithms of ratios that tables and figures show as ratios, with their names.
RATIOS: Mapping[str, str] = {name: MEASURES[name].words for name in of_role("coefficient", "area_effect")}
