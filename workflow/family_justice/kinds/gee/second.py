"""Why this kind has no second program."""

NONE = "the model is statsmodels' own"
