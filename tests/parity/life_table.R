source("reference.R")
suppressMessages(library(cmprsk))

curve <- function(fit, column = NULL) {
  pick <- function(x) if (is.null(column)) x else x[, column]
  list(time = fit$time, at_risk = if (is.null(column)) fit$n.risk else rowSums(fit$n.risk),
       estimate = if (is.null(column)) fit$surv else pick(fit$pstate),
       std_error = if (is.null(column)) fit$surv * fit$std.err else pick(fit$std.err),
       low = pick(fit$lower), high = pick(fit$upper))
}
quantiles <- function(fit, probs = c(0.05, 0.1, 0.25, 0.5, 0.75)) {
  q <- quantile(fit, probs)
  list(p = probs, estimate = unname(q$quantile), low = unname(q$lower), high = unname(q$upper))
}
loglog <- function(...) survfit(..., conf.type = "log-log")

# Multiple myeloma precursor cohort: progression competes with death; months, heavy ties.
m <- mgus2[, c("age", "sex", "ptime", "pstat", "futime", "death")]
m$time <- ifelse(m$pstat == 1, m$ptime, m$futime)
m$cause <- ifelse(m$pstat == 1, 1, 2 * m$death)
m <- write_data("mgus2", data.frame(time = m$time, cause = m$cause, female = as.integer(m$sex == "F"), age = m$age))
km <- loglog(Surv(time, cause > 0) ~ 1, m)
aj <- loglog(Surv(time, factor(cause, 0:2)) ~ 1, m)
gray <- timepoints(cuminc(m$time, m$cause, cencode = 0), c(60, 120, 240))
# Events before censorings at the same time: move them a little earlier.
reverse <- loglog(Surv(time - 1e-3 * (cause > 0), cause == 0) ~ 1, m)
lr <- survdiff(Surv(time, cause == 1) ~ female, m)
m$band <- cut(m$age, c(0, 60, 70, 80, 120), labels = FALSE)
lrs <- survdiff(Surv(time, cause == 2) ~ band + strata(female), m)
rank_test <- function(x) list(observed = if (is.matrix(x$obs)) rowSums(x$obs) else x$obs,
                              expected = if (is.matrix(x$exp)) rowSums(x$exp) else x$exp,
                              chisq = x$chisq, p = pchisq(x$chisq, length(x$n) - 1, lower.tail = FALSE), var = x$var)
at <- c(0, 1, 60, 61.5, 120, 500)
few <- function(x) { i <- seq(1, length(x$time), by = 7); lapply(x, function(v) v[i]) }
write_reference("mgus2", list(
  km = few(curve(km)), km_quantiles = quantiles(km),
  km_at = { s <- summary(km, times = at[at <= max(m$time)], extend = TRUE); list(time = s$time, estimate = s$surv, at_risk = s$n.risk) },
  cif1 = few(curve(aj, 2)), cif2 = few(curve(aj, 3)),
  gray = list(time = c(60, 120, 240), estimate = gray$est, variance = gray$var),
  reverse = few(curve(reverse)), reverse_median = quantiles(reverse, 0.5),
  log_rank = rank_test(lr), log_rank_strata = rank_test(lrs)), c("survival", "cmprsk"))

# The tied simulated data: late entry, weights, two causes.
d <- read.csv("reference/tied.csv")
d$row <- seq_len(nrow(d)); d$cause <- d$event * (1 + d$x1)
late <- loglog(Surv(entry, exit, event) ~ 1, d)
weighted <- survfit(Surv(exit, event) ~ 1, d, weights = weight, robust = FALSE, conf.type = "log-log")
late_aj <- survfit(Surv(entry, exit, factor(cause, 0:2)) ~ 1, d, id = row, conf.type = "log-log")
right_aj <- loglog(Surv(exit, factor(cause, 0:2)) ~ 1, d)
small <- data.frame(time = c(1, 2, 2, 3, 4, 6, 6, 8), event = c(1, 1, 0, 1, 0, 1, 1, 0))
write_reference("tied_curves", list(
  late = curve(late), late_quantiles = quantiles(late), weighted = curve(weighted),
  late_cif1 = curve(late_aj, 2), late_cif2 = curve(late_aj, 3), cif1 = curve(right_aj, 2), cif2 = curve(right_aj, 3),
  log_rank = rank_test(survdiff(Surv(exit, event) ~ household %% 5 + strata(court), d)),
  small = curve(loglog(Surv(time, event) ~ 1, small)),
  small_quantiles = quantiles(loglog(Surv(time, event) ~ 1, small), c(0.125, 0.25, 0.5, 0.75, 0.9))))
