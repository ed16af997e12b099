"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels decomposes changes of shares"
