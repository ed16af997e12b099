"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels has the mean cumulative count of repeated events"
