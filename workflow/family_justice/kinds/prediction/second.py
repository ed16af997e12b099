"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels validates predictions of a risk with competing events"
