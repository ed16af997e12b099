"""Independent double programming: curves and models fitted again by lifelines and statsmodels, and compared.

Statistics under regulation has every result programmed twice, by two people who share nothing but the data and the
specification. Here the second programmer is a public package: ``kinds/<kind>/second.py`` refits an analysis with it
from the same members, and ``check.check_stream`` compares. Nothing here, nor there, imports an estimator of this
project or the code that prepares its input (follow-up, design matrix, groups): a fault in those would be repeated.
What is shared is the reading of members and the configuration. Of our results a refit sees the labels, the times and
the status of rows (a table shell), never a value.

Trust in a result is then trust that two programs do not make the same mistake. It says nothing about what both are
given: how the cohort was built, and what the covariates mean.
"""
