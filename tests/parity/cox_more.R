source("reference.R")

# Beyond the fit: offsets, residuals, adjusted curves, concordance, robust score test, restricted cubic splines.
d <- read.csv("reference/tied.csv")
newdata <- data.frame(x1 = c(0, 1), x2 = c(0.3, -1), x3 = c(0, 1), x4 = c(1, 0), court = 2)
times <- c(0, 2, 5, 9, 14)
curves <- function(fit, strata) {
  s <- if (strata) summary(survfit(fit, newdata), times = times, extend = TRUE) else
    summary(survfit(fit, newdata[, 1:4]), times = times, extend = TRUE)
  shaped <- function(v) matrix(v, length(times))  # a column for each set of covariates
  list(survival = shaped(s$surv), std_error = shaped(s$std.err))
}
out <- list(times = times)
for (name in c("efron_pooled_unweighted", "efron_strata_weights", "breslow_strata_weights")) {
  ties <- sub("_.*", "", name); strat <- grepl("strata", name); weighted <- grepl("_weights", name)
  f <- as.formula(paste("Surv(entry, exit, event) ~ x1 + x2 + x3 + x4", if (strat) "+ strata(court)" else ""))
  d$w <- if (weighted) d$weight else 1
  fit <- coxph(f, d, weights = w, ties = ties, control = exact)
  clustered <- coxph(f, d, weights = w, ties = ties, cluster = household, control = exact)
  s <- residuals(fit, "schoenfeld")
  out[[name]] <- list(
    schoenfeld = unname(s), scaled = unname(residuals(fit, "scaledsch")), time = as.numeric(rownames(s)),
    martingale = unname(residuals(fit, "martingale")), deviance = unname(residuals(fit, "deviance")),
    score = unname(residuals(fit, "score")), dfbeta = unname(residuals(fit, "dfbeta")),
    robust_score = unname(summary(clustered)$robscore["test"]),
    concordance = c(concordance(fit)$concordance, sqrt(concordance(fit)$var)),
    concordance_clustered = sqrt(concordance(clustered, cluster = d$household)$var),
    curves = curves(fit, strat), curves_clustered = curves(clustered, strat))
}

offset <- coxph(Surv(entry, exit, event) ~ x1 + x3 + x4 + offset(0.3 * x2), d, cluster = household, control = exact)
out$offset <- c(cox_values(offset, zph = FALSE), list(
  basehaz = basehaz(offset, centered = FALSE), martingale = unname(residuals(offset, "martingale")),
  fixed = coxph(Surv(entry, exit, event) ~ offset(0.3 * x2), d)$loglik))

rossi <- read.csv("reference/rossi.csv")
suppressMessages(library(Hmisc))
out$splines <- list()
for (k in 3:7) {
  basis <- rcspline.eval(rossi$age, nk = k, inclx = TRUE)
  out$splines[[paste0("k", k)]] <- list(knots = attr(basis, "knots"), basis = unname(basis[1:40, ]))
}
small <- rossi$age[1:60] + seq(0, 0.59, by = 0.01)
out$splines$small <- list(knots = attr(rcspline.eval(small, nk = 4), "knots"))
basis <- rcspline.eval(rossi$age, knots = c(18, 21, 25, 35), inclx = TRUE)
spline <- coxph(Surv(week, arrest) ~ basis + fin + prio, rossi, control = exact)
curved <- 2:3
out$splines$cox <- c(cox_values(spline, zph = FALSE), list(nonlinear = as.numeric(
  coef(spline)[curved] %*% solve(vcov(spline)[curved, curved]) %*% coef(spline)[curved])))
write_reference("cox_more", out, c("survival", "Hmisc"))
