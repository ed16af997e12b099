"""Why this kind has no second program."""

NONE = "neither lifelines nor statsmodels has latent classes"
