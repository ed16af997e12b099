"""Words of the rows about the second program; they are released, so that all there are stand here.

Notes are put together of these: ``BOTH`` or ``ESTIMATES``, then ``NOT_COMPARED: <part of LACKING>``, joined by "; "; or
``NONE: <part of REASONS, or NONE of a kind>``.
"""

from __future__ import annotations

NONE = "no second program"
BOTH, ESTIMATES = "estimates and standard errors", "estimates"
NOT_COMPARED = "not compared"

# Why one value has no counterpart.
CLUSTERED = "clustered standard errors of a Cox model"
NO_ERROR_OF_AREA = "standard errors of mean times and their differences"
EVERYBODY_GONE = "the standard error once nobody is at risk"
NO_EFFECT_OF_SEPARATED = "marginal effects beside levels in which all or none have the event"
NO_ENTRY_IN_TEST = "log-rank tests with delayed entry"
LIKELIHOOD_OF_OTHERS = "the likelihood where a level without events is left out"
IMPUTED = "estimates from imputed values"
ALL_AGREE = "the standard error of kappa where all agree, which is rounding of zero"
ERROR_OF_SHAPE = "the standard error of the shape"
LACKING = (
    CLUSTERED, NO_ERROR_OF_AREA, EVERYBODY_GONE, NO_EFFECT_OF_SEPARATED, NO_ENTRY_IN_TEST, LIKELIHOOD_OF_OTHERS,
    IMPUTED, ALL_AGREE, ERROR_OF_SHAPE,
)  # fmt: skip

# Why an analysis of a kind that has a second program is not refitted.
DELAYED_ENTRY = "statsmodels' cumulative incidence does not know delayed entry"
PENALISED = "neither lifelines nor statsmodels has Firth's penalty"
NEAREST = "nearest-neighbour sets hang on the last digit of the score"
MONOTONE = "a coefficient has no end, and its members cannot be set aside"
NOTHING = "our program estimated nothing"
NOT_FITTED = "the second program came to no end"
MARGINAL = "the Wei-Lin-Weissfeld model is not refitted"
NO_SHAPE = "counts vary no more than Poisson counts"
KNOTS = "the knots of a spline could not be placed"
REASONS = (DELAYED_ENTRY, PENALISED, NEAREST, MONOTONE, NOTHING, NOT_FITTED, MARGINAL, NO_SHAPE, KNOTS)
