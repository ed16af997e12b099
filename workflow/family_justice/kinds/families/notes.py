"""Notes of the methods that several kinds share."""

from __future__ import annotations

#: With fewer clusters intervals come from the t distribution ("fewer than 20 to 50", Cameron and Miller 2015).
FEW_CLUSTERS = 50

COMPLETE_CASES = "Models leave out members with a missing covariate (complete cases)."
CLUSTERS = (
    f"With fewer than {FEW_CLUSTERS} clusters, G, coefficients have the t distribution with G-1 degrees of freedom "
    "(Cameron and Miller 2015) and joint Wald tests of q coefficients the F distribution with q and G-1; with "
    "more, the normal and the chi-squared distribution."
)
CLUSTER_FACTOR = (
    "Clustered standard errors of rate, risk and multinomial models carry the factor G/(G-1) times (n-1)/(n-p); "
    "without clusters, robust ones carry n/(n-p)."
)
IMPUTATION = (
    "Imputation models hold the outcome (of times the event and the Nelson-Aalen cumulative hazard: White and "
    "Royston 2009), all covariates and strata of the model, and auxiliary variables where named; parameters are "
    "drawn, and results pooled by Rubin's rules with the degrees of freedom of Barnard and Rubin (1999). Clustered "
    "standard errors enter these rules; the imputation itself takes members of a cluster as independent. Counts "
    "beside imputed results are of recorded values: where a number is imputed they are of all members."
)
MATCHED_SETS = (
    "Tables of matched sets count the members of sets with both outcomes and more than one level of the covariate: "
    "in pairs the discordant ones. Standardised differences (Austin 2009) compare shares before and after matching "
    "over the standard deviation before; after matching every set counts once: each comparison weighs one over the "
    "number of comparisons in its set, and numbers of comparisons are so weighted, rounded to whole sets."
)
MEAN_TIMES = (
    "Mean times up to a given time are areas under or above the curves (Uno et al. 2014; Andersen 2013), compared "
    "between groups by differences. Where counts are rounded they are the areas under the released life tables, "
    "with straight lines between the times of the grid."
)
RISK_DIFFERENCES = (
    "Risk differences are those of the curves at given times, of each group from its reference, with the standard "
    "errors of the curves and normal limits (Klein et al. 2007). Where counts are rounded they follow from the "
    "released life tables."
)
RANK_TESTS = (
    "Where counts are rounded, log-rank and Gray's tests are those of the released life tables, up to the end of each "
    "curve, with the events of a step of the grid spread evenly over it."
)
FOLLOW_UP = "Follow-up was summarised by the reverse Kaplan-Meier method (Schemper and Smith 1996)."
