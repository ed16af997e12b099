"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels has the slope and relative index of inequality"
