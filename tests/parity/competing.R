source("reference.R")
suppressMessages(library(cmprsk))

gray <- function(...) { test <- cuminc(..., cencode = 0)$Tests; list(stat = unname(test[, "stat"]), df = unname(test[, "df"]), p = unname(test[, "pv"])) }
weighted_cox <- function(fit) list(coef = unname(coef(fit)), naive = fit$naive.var, robust = fit$var, loglik = fit$loglik)
direct <- function(time, cause, x, ...) {
  fit <- crr(time, cause, as.matrix(x), cencode = 0, gtol = 1e-14, maxiter = 40, ...)
  # Its search may stop a rounding error short: one more Newton step from nearby.
  fit <- crr(time, cause, as.matrix(x), cencode = 0, gtol = 1e-10, maxiter = 40, init = signif(fit$coef, 5), ...)
  list(coef = unname(fit$coef), var = fit$var, naive = fit$invinf, loglik = c(fit$loglik.null, fit$loglik))
}

m <- read.csv("reference/mgus2.csv")
m$band <- cut(m$age, c(0, 60, 70, 80, 120), labels = FALSE)
m$row <- seq_len(nrow(m)); m$state <- factor(m$cause, 0:2)
d <- read.csv("reference/tied.csv")
d$row <- seq_len(nrow(d)); d$cause <- d$event * (1 + d$household %% 2); d$state <- factor(d$cause, 0:2)

# Restricted means: of survival with any first event, and of the time spent after each of the two events.
restricted <- function(data, until) {
  alive <- summary(survfit(Surv(time, cause > 0) ~ 1, data), rmean = until)$table[c("rmean", "se(rmean)")]
  states <- survfit(Surv(time, state) ~ 1, data, influence = TRUE)
  lost <- summary(states, rmean = until)$table[2:3, "rmean"]
  # The infinitesimal jackknife of an area is the area under that of the curve.
  width <- diff(pmin(c(0, states$time, Inf), until))
  jackknife <- sapply(2:3, function(k) states$influence.pstate[, seq_along(width), k] %*% width)
  list(until = until, mean = unname(alive), lost = unname(lost), lost_std_error = sqrt(colSums(jackknife^2)))
}
# Risks of the first event by a time for women and men, and their difference: from the curves of survfit.
risks <- function(data, time) {
  alive <- summary(survfit(Surv(time, cause == 1) ~ female, data), times = time)
  states <- summary(survfit(Surv(time, state) ~ female, data), times = time)
  both <- function(risk, error) list(risk = risk, std_error = error, difference = c(risk[2] - risk[1], sqrt(sum(error^2))))
  list(time = time, survival = both(1 - alive$surv, alive$std.err), incidence = both(states$pstate[, 2], states$std.err[, 2]))
}
t <- setNames(d, sub("^exit$", "time", names(d)))
late <- summary(survfit(Surv(entry, exit, event) ~ 1, d), rmean = 12)$table[c("rmean", "se(rmean)")]

# Fine-Gray by finegray() and weighted coxph. In the sixth the time scale has late entry.
x <- c("x1", "x2", "x3", "x4")
expanded <- list(
  mgus2_1 = finegray(Surv(time, state) ~ age + female + row, m, etype = "1"),
  mgus2_2 = finegray(Surv(time, state) ~ age + female + row, m, etype = "2"),
  tied_1 = finegray(Surv(exit, state) ~ ., d[, c("exit", "state", x, "household", "row")], etype = "1"),
  tied_2 = finegray(Surv(exit, state) ~ ., d[, c("exit", "state", x, "household", "row")], etype = "2"),
  strata_1 = finegray(Surv(exit, state) ~ . + strata(court), d[, c("exit", "state", x, "household", "row", "court")], etype = "1"),
  late_1 = finegray(Surv(entry, exit, state) ~ ., d[, c("entry", "exit", "state", x, "household", "row")], id = row, etype = "1"))
fits <- list()
for (name in names(expanded)) for (ties in c("efron", "breslow")) {
  g <- expanded[[name]]
  right <- if (grepl("mgus2", name)) "age + female" else "x1 + x2 + x3 + x4"
  if (grepl("strata", name)) right <- paste(right, "+ strata(court)")
  f <- as.formula(paste("Surv(fgstart, fgstop, fgstatus) ~", right))
  g$member <- if (grepl("mgus2", name)) g$row else g$household
  fits[[paste(name, ties, sep = "_")]] <- weighted_cox(coxph(f, g, weights = fgwt, cluster = member, ties = ties, control = exact))
}
small <- data.frame(time = c(1, 2, 3, 4, 5, 6), cause = c(2, 1, 0, 1, 2, 1), x = c(1, 0, 1, 1, 0, 0))
write_reference("competing", list(
  gray_mgus2 = gray(m$time, m$cause, m$female), gray_mgus2_bands = gray(m$time, m$cause, m$band),
  gray_mgus2_strata = gray(m$time, m$cause, m$band, m$female),
  gray_tied = gray(d$exit, d$cause, d$household %% 5), gray_tied_strata = gray(d$exit, d$cause, d$household %% 3, d$court),
  gray_small = gray(small$time, small$cause, small$x),
  restricted_mgus2 = restricted(m, 120), restricted_mgus2_women = restricted(m[m$female == 1, ], 240.5),
  risks_mgus2 = lapply(c(60, 120.5), function(time) risks(m, time)),
  restricted_tied = restricted(t, 12), restricted_late = unname(late),
  crr = list(
    mgus2_1 = direct(m$time, m$cause, m[, c("age", "female")]), mgus2_2 = direct(m$time, m$cause, m[, c("age", "female")], failcode = 2),
    tied_1 = direct(d$exit, d$cause, d[, x]), tied_2 = direct(d$exit, d$cause, d[, x], failcode = 2)),
  finegray = fits), c("survival", "cmprsk"))
