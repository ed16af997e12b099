"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels has standardised survival with Efron's baseline and its standard errors"
