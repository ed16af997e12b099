"""Why this kind has no second program."""

NONE = "statsmodels has mixed logistic models by variational Bayes only, which is another estimate"
