"""Statistics on plain arrays: survival curves, Cox, logistic and accelerated failure time models.

Nothing here knows of courts. Arrays go in, small frozen dataclasses come out. Importing these modules costs an
import of numpy and nothing else; scipy is imported inside the few functions that need it.

- ``life_table``: Kaplan-Meier, Aalen-Johansen, quantiles, follow-up, the actuarial table
- ``log_rank``: the stratified log-rank test (also to be had from ``life_table``)
- ``cox``: the Cox model with delayed entry, strata, weights, clusters, Efron ties
- ``cox_checks``: what is computed from a Cox fit (also to be had from ``cox``)
- ``logistic``: logistic regression with clustered standard errors
- ``parametric``: Weibull and lognormal accelerated failure time models
- ``arrays``, ``chi_square``, ``newton``, ``partial_likelihood``: what these are built on
"""
