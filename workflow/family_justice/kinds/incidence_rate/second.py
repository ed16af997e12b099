"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels splits person-time; rates and ratios are recomputed from the released counts"
