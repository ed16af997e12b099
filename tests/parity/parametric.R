source("reference.R")

tight <- survreg.control(rel.tolerance = 1e-13, maxiter = 60)
values <- function(formula, data, distribution) {
  fit <- survreg(formula, data, dist = distribution, control = tight)
  list(coef = I(unname(coef(fit))), log_scale = log(fit$scale), var = unname(fit$var), loglik = fit$loglik)
}
recid <- read.csv("reference/recid.csv")
rossi <- read.csv("reference/rossi.csv")
d <- read.csv("reference/tied.csv")
f <- Surv(durat, event) ~ workprg + priors + tserved + felon + alcohol + drugs + black + married + educ + age
write_reference("parametric", list(
  recid_weibull = values(f, recid, "weibull"),
  recid_lognormal = values(f, recid, "lognormal"),
  rossi_weibull = values(Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio, rossi, "weibull"),
  tied_weibull = values(Surv(exit, event) ~ x1 + x2 + x3 + x4, d, "weibull"),
  tied_lognormal = values(Surv(exit, event) ~ x1 + x2 + x3 + x4, d, "lognormal")))
