# Few clusters (lmtest with t degrees of freedom) and Firth's penalty (brglm2; profiles of the penalised likelihood).
source("reference.R")
suppressMessages({library(sandwich); library(lmtest); library(brglm2)})

d <- subset(read.csv("reference/areas.csv"), area <= 12)
tight <- glm.control(epsilon = 1e-14, maxit = 60)
first <- glm(y ~ x1 + x2, binomial, d, control = tight)
fit <- glm(y ~ x1 + x2, binomial, d, control = tight, start = coef(first))
v <- vcovCL(fit, d$area, type = "HC1")
tested <- coeftest(fit, v, df = length(unique(d$area)) - 1)
limits <- coefci(fit, vcov. = v, df = length(unique(d$area)) - 1)
out <- list(few = list(coef = I(unname(tested[, 1])), se = I(unname(tested[, 2])), p = I(unname(tested[, 4])),
                       low = I(unname(limits[, 1])), high = I(unname(limits[, 2]))))
joint <- waldtest(first, . ~ 1, vcov = v, test = "Chisq")
w <- joint$Chisq[2]
out$joint <- list(wald = w, F = w / 2, p = pf(w / 2, 2, length(unique(d$area)) - 1, lower.tail = FALSE),
                  p_chisq = joint[["Pr(>Chisq)"]][2])

# Heinze and Schemper (2002, Statistics in Medicine 21): neovasculation separates.
data("endometrial", package = "brglm2")
e <- write_data("endometrial", endometrial)
f <- glm(HG ~ NV + PI + EH, binomial, e, method = "brglmFit", type = "AS_mean", epsilon = 1e-12, maxit = 500)
x <- model.matrix(f); y <- e$HG
penalised <- function(b) {
  p <- plogis(x %*% b)
  sum(y * log(p) + (1 - y) * log1p(-p)) + determinant(crossprod(x * sqrt(as.vector(p * (1 - p)))))$modulus / 2
}
profile_at <- function(j, value, start) {
  g <- function(rest) -penalised(append(rest, value, after = j - 1))
  for (i in 1:6) { o <- optim(start, g, method = "BFGS", control = list(reltol = 1e-15, maxit = 1000)); start <- o$par }
  -o$value
}
b <- unname(coef(f)); top <- penalised(b); se <- unname(sqrt(diag(vcov(f))))
ends <- sapply(1:4, function(j) sapply(c(-1, 1), function(side)
  uniroot(function(v) 2 * (top - profile_at(j, v, b[-j])) - qchisq(0.95, 1),
          sort(b[j] + side * c(0.5, 6) * se[j]), tol = 1e-9)$root))
p <- sapply(1:4, function(j) pchisq(2 * (top - profile_at(j, 0, b[-j])), 1, lower.tail = FALSE))
out$firth <- list(coef = I(b), se = I(se), low = I(ends[1, ]), high = I(ends[2, ]), p = I(p), loglik = as.numeric(top))
# Areas of a mixed model: what is left uncertain about each, given the coefficients.
suppressMessages(library(lme4))
a <- read.csv("reference/areas.csv")
g <- glmer(y ~ x1 + x2 + (1 | area), a, binomial, nAGQ = 25,
           control = glmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-9, maxfun = 1e5)))
out$areas <- list(effect = I(ranef(g)$area[, 1]), se = I(sqrt(attr(ranef(g, condVar = TRUE)$area, "postVar")[1, 1, ])))
write_reference("small_samples", out, c("sandwich", "lmtest", "brglm2", "lme4"))
