"""Statistics on plain arrays: survival curves, Cox, logistic and accelerated failure time models.

Nothing here knows of courts. Arrays go in, small frozen dataclasses come out. Importing these modules costs an
import of numpy and nothing else; scipy is imported inside the few functions that need it.

- ``life_table``: Kaplan-Meier, Aalen-Johansen, quantiles, follow-up, the actuarial table
- ``log_rank``: the stratified log-rank test (also to be had from ``life_table``)
- ``cox``: the Cox model with delayed entry, strata, weights, offsets, clusters, Efron ties
- ``cox_checks``: proportional hazards, concordance, baseline hazard (also to be had from ``cox``)
- ``cox_residuals``, ``cox_curves``: residuals, and survival at covariates or of a population
- ``gray``: Gray's test of cumulative incidence; ``restricted_mean``: areas under curves; ``risk_difference``
- ``fine_gray`` (with ``subdistribution``): the Fine-Gray model by two named targets
- ``recurrent``: Cox models of repeated events, the mean cumulative count
- ``multistate``: audit of histories, Aalen-Johansen state occupation
- ``splines``: restricted cubic splines
- ``logistic``: logistic regression with clustered standard errors; ``firth``: with Firth's penalty
- ``marginal``: average marginal effects of logistic, risk ratio and multinomial models
- ``poisson``, ``negative_binomial``: rates, and risk ratios by modified Poisson
- ``multinomial``, ``mixed``: several categories; random intercepts of areas
- ``conditional_logistic``: logistic regression within matched sets
- ``gee``: estimating equations, by statsmodels
- ``matching``, ``funnel``: matched sets and their balance; ratios of areas and control limits
- ``inequality``, ``agreement``: slope and relative index; kappa
- ``latent_classes``: profiles of members who answer alike, by StepMix
- ``imputation``, ``pooling``: chained equations, Rubin's rules
- ``proportions``, ``t_distribution``: limits of shares; few clusters
- ``parametric``: Weibull and lognormal accelerated failure time models
- ``arrays``, ``chi_square``, ``newton``, ``regression``, ``partial_likelihood``, ``risk_sets``, ``distinct_rows``: what
  these are built on
"""
