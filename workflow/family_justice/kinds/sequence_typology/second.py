"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels has distances of sequences or clusters"
