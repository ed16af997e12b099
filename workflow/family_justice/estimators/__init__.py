"""Statistics on plain arrays: survival curves, Cox, logistic and accelerated failure time models.

Nothing here knows of courts. Arrays go in, small frozen dataclasses come out. Importing these modules costs an
import of numpy and nothing else; scipy is imported inside the few functions that need it.

``survival``

- ``life_table``: Kaplan-Meier, Aalen-Johansen, quantiles, follow-up, the actuarial table
- ``log_rank``: the stratified log-rank test (also to be had from ``life_table``)
- ``cox``: the Cox model with delayed entry, strata, weights, offsets, clusters, Efron ties
- ``cox_checks``: proportional hazards, concordance, baseline hazard (also to be had from ``cox``)
- ``cox_residuals``, ``cox_curves``: residuals, and survival at covariates or of a population
- ``gray``: Gray's test of cumulative incidence; ``restricted_mean``: areas under curves; ``risk_difference``
- ``fine_gray`` (with ``subdistribution``): the Fine-Gray model by two named targets
- ``recurrent``: Cox models of repeated events, the mean cumulative count
- ``multistate``: audit of histories, Aalen-Johansen state occupation, mean time in each state
- ``accelerated_failure_time``: Weibull and lognormal models of log time
- ``prediction``: risks by a Cox model, how well they are predicted, and optimism by bootstrap
- ``partial_likelihood``, ``risk_sets``, ``distinct_rows``: what the Cox model is built on

``regression``

- ``logistic``: logistic regression with clustered standard errors; ``firth``: with Firth's penalty
- ``conditional_logistic``: logistic regression within matched sets
- ``marginal``: average marginal effects of logistic, risk ratio and multinomial models
- ``poisson``, ``negative_binomial``: rates, and risk ratios by modified Poisson
- ``multinomial``, ``mixed``: several categories; random intercepts of areas
- ``gee``: estimating equations, by statsmodels
- ``splines``: restricted cubic splines
- ``columns``: columns brought to one scale and back, the clustered sandwich

``groups``: ``matching`` (matched sets and their balance), ``inequality`` (slope, relative and concentration index),
``agreement`` (kappa), ``proportions`` (limits of shares), ``funnel`` (ratios of areas and control limits),
``latent_classes`` (profiles of members who answer alike, and what goes with them), ``sequences`` (how far careers are
apart), ``clusters`` (Ward's method, silhouettes), ``trend`` (of a share over ordered groups), ``decomposition`` (of the
change of a share)

``missing``: ``imputation`` (chained equations), ``pooling`` (Rubin's rules)

``parts``: ``arrays``, ``newton``, ``chi_square``, ``t_distribution`` (few clusters)
"""
