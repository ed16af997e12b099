# Counts, risks, categories, areas, matched sets, agreement: everything of regression beside logistic.R.
# Packages beyond those of logistic.R: MASS, nnet, lme4, geepack, vcd, mice (Debian r-cran-mass, r-cran-nnet, ...).
source("reference.R")
suppressMessages({library(sandwich); library(MASS); library(nnet); library(lme4)})

set.seed(20)
area <- rep(1:40, times = sample(10:60, 40, TRUE))
n <- length(area)
simulated <- data.frame(area, x1 = rbinom(n, 1, 0.4), x2 = round(rnorm(n), 2), x3 = sample(0:3, n, TRUE))
u <- round(rnorm(40, sd = 0.7), 3)[area]
simulated$exposure <- round(runif(n, 0.2, 5), 2)
simulated$y <- rbinom(n, 1, plogis(-0.8 + 0.7 * simulated$x1 - 0.3 * simulated$x2 + u))
simulated$count <- rnbinom(n, size = 1.3, mu = simulated$exposure * exp(-0.5 + 0.4 * simulated$x1 + 0.2 * simulated$x2))
simulated$category <- (simulated$y + sample(0:2, n, TRUE, c(0.5, 0.3, 0.2)) + (simulated$x2 > 1)) %% 4
simulated$set <- (seq_len(n) - 1) %/% 5
d <- write_data("areas", simulated)
recid <- read.csv("reference/recid.csv")
recid$home <- recid$age %/% 12
tight <- glm.control(epsilon = 1e-14, maxit = 100)
two <- function(fit, clusters, coefs = coef(fit)) list(coef = I(unname(coefs)), naive = unname(vcov(fit)),
  robust = unname(vcovCL(fit, clusters, type = "HC1")), loglik = as.numeric(logLik(fit)))

poisson_fit <- function(formula, data, clusters) {
  first <- glm(formula, poisson, data, control = tight)
  fit <- glm(formula, poisson, data, control = tight, start = coef(first))
  frame <- model.frame(fit); y <- model.response(frame); given <- model.offset(frame)
  c(two(fit, clusters), list(null = as.numeric(logLik(glm(y ~ 1, poisson, offset = given, control = tight))),
    hc1 = unname(vcovHC(fit, type = "HC1")), hc0 = unname(vcovHC(fit, type = "HC0"))))
}
# glm.nb stops when the log-likelihood stands still; from there both halves are repeated until nothing moves.
nb_fit <- function(formula, data, clusters) {
  fit <- glm.nb(formula, data, control = glm.control(epsilon = 1e-14, maxit = 200))
  y <- model.response(model.frame(fit)); theta <- fit$theta
  for (i in 1:40) {
    g <- glm(formula, negative.binomial(theta), data, control = tight, start = coef(fit))
    theta <- as.numeric(theta.ml(y, fitted(g), eps = 1e-14, limit = 200)); fit$coefficients <- coef(g)
  }
  g <- glm(formula, negative.binomial(theta), data, control = tight, start = coef(g))
  t <- theta.ml(y, fitted(g), eps = 1e-14, limit = 200)
  x <- model.matrix(g); mu <- fitted(g); w <- mu / (1 + mu / theta)
  bread <- solve(crossprod(x * sqrt(w)))
  scores <- rowsum(x * (y - mu) / (1 + mu / theta), clusters); G <- nrow(scores); n <- nrow(x)
  list(coef = I(unname(coef(g))), naive = unname(bread), theta = as.numeric(t), se_theta = attr(t, "SE"),
       robust = unname(bread %*% crossprod(scores) %*% bread) * G / (G - 1) * (n - 1) / (n - ncol(x)),
       loglik = sum(dnbinom(y, size = theta, mu = mu, log = TRUE)),
       glm.nb = I(unname(coef(fit))), package_robust = unname(vcovCL(glm.nb(formula, data), clusters, type = "HC1")))
}
out <- list(
  poisson_areas = poisson_fit(count ~ x1 + x2 + x3 + offset(log(exposure)), d, d$area),
  poisson_recid = poisson_fit(event ~ workprg + priors + felon + alcohol + drugs + black + married + educ + age +
                              offset(log(durat)), recid, recid$home),
  risk_areas = poisson_fit(y ~ x1 + x2 + x3, d, d$area),
  nb_areas = nb_fit(count ~ x1 + x2 + x3 + offset(log(exposure)), d, d$area),
  nb_recid = nb_fit(priors ~ workprg + felon + alcohol + drugs + black + married + educ + age, recid, recid$home))

# multinom stops early; Newton steps from its answer, with the exact information, end at the maximum.
polish <- function(formula, data) {
  fit <- multinom(formula, data, trace = FALSE, maxit = 1000, reltol = 1e-14)
  x <- model.matrix(formula, data); y <- class.ind(data$category)[, -1]; b <- coef(fit); p <- ncol(x); k <- ncol(y)
  for (i in 1:6) {
    e <- exp(x %*% t(b)); q <- e / (1 + rowSums(e))
    score <- as.vector(crossprod(x, y - q)); info <- matrix(0, p * k, p * k)
    for (r in 1:k) for (s in 1:k) info[(r - 1) * p + 1:p, (s - 1) * p + 1:p] <-
      crossprod(x, x * (q[, r] * ((r == s) - q[, s])))
    b <- b + matrix(solve(info, score), k, byrow = TRUE)
  }
  list(coef = unname(b), naive = unname(solve(info)), loglik = as.numeric(logLik(fit)), multinom = unname(coef(fit)))
}
out$multinomial <- polish(category ~ x1 + x2 + x3, d)

glmer_values <- function(nodes) {
  fit <- glmer(y ~ x1 + x2 + (1 | area), d, binomial, nAGQ = nodes,
               control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
  list(coef = I(unname(fixef(fit))), vcov = unname(as.matrix(vcov(fit))), sd = attr(VarCorr(fit)$area, "stddev")[[1]],
       modes = I(ranef(fit)$area[, 1]))
}
out$glmer <- list(laplace = glmer_values(1), agq = glmer_values(25))
g <- geepack::geeglm(y ~ x1 + x2, binomial, d, id = area, corstr = "exchangeable",
                     control = geepack::geese.control(epsilon = 1e-12, maxit = 100))
h <- geepack::geeglm(y ~ x1 + x2, binomial, d, id = area, corstr = "independence",
                     control = geepack::geese.control(epsilon = 1e-12, maxit = 100))
out$gee <- list(coef = I(unname(coef(g))), vcov = unname(vcov(g)), alpha = unname(summary(g)$corr[1, 1]),
                independence = unname(vcov(h)))

# Average marginal effects by counterfactual and by derivative; standard errors with a numerical Jacobian.
fit <- glm(y ~ x1 + x2 + x3, binomial, d, control = tight)
x <- model.matrix(fit)
effects <- function(b) c(mean(plogis(replace(x, cbind(1:n, 2), 1) %*% b) - plogis(replace(x, cbind(1:n, 2), 0) %*% b)),
                         mean(dlogis(x %*% b)) * b[3:4])
jacobian <- sapply(1:4, function(j) { h <- replace(numeric(4), j, 1e-5); (effects(coef(fit) + h) - effects(coef(fit) - h)) / 2e-5 })
out$marginal <- list(effect = I(effects(unname(coef(fit)))), se = I(sqrt(diag(jacobian %*% vcov(fit) %*% t(jacobian)))))

# Conditional logistic regression: one case per set, and several.
d$case <- as.integer(ave(d$y + d$x2 / 100, d$set, FUN = function(v) seq_along(v) == which.max(v)))
one <- clogit(case ~ x1 + x3 + strata(set), d, control = exact)
several <- clogit(y ~ x1 + x2 + strata(set), d, method = "exact", control = exact)
lin <- function(f) list(coef = I(unname(coef(f))), vcov = unname(vcov(f)), loglik = f$loglik)
out$clogit <- list(one = lin(one), several = lin(several))

k <- table(pmin(d$category, 2), pmin((d$category + d$x1 * (d$x3 > 1)) %% 4, 2))
kappa <- function(w) { v <- suppressMessages(vcd::Kappa(k, weights = w)); list(k = I(unname(v$Weighted)), u = I(unname(v$Unweighted))) }
out$kappa <- list(table = unclass(unname(k)), equal = kappa("Equal-Spacing"), squared = kappa("Fleiss-Cohen"))

suppressMessages(library(mice))
est <- c(1.21, 1.47, 0.98, 1.33, 1.10); se <- c(0.31, 0.29, 0.35, 0.33, 0.30)
pooled <- pool.scalar(est, se^2, n = 120, k = 4)
out$pool <- pooled[c("qbar", "ubar", "b", "t", "df", "r", "fmi")]

# Funnel limits: quantiles and the tails around them; the interpolation is done in the test.
out$funnel <- list(binomial = qbinom(c(0.001, 0.025, 0.975, 0.999), 50, 0.3), poisson = qpois(c(0.001, 0.025, 0.975, 0.999), 12.5),
  pbinom = pbinom(qbinom(c(0.001, 0.025, 0.975, 0.999), 50, 0.3), 50, 0.3), ppois = ppois(qpois(c(0.001, 0.025, 0.975, 0.999), 12.5), 12.5))
fit <- lm(y ~ r, transform(d, r = as.numeric((cumsum(table(x3)) - table(x3) / 2) / n)[x3 + 1]))  # ridit scores
out$inequality <- list(slope = unname(coef(fit)[2]), se = sqrt(vcovCL(fit, d$area, type = "HC1")[2, 2]))
write_reference("regression", out, c("sandwich", "MASS", "nnet", "lme4", "geepack", "vcd", "mice", "survival"))
