source("reference.R")
suppressMessages(library(sandwich))

tight <- glm.control(epsilon = 1e-14, maxit = 60)
values <- function(formula, data, clusters) {
  # Once more from the answer: glm keeps the weights of the step before the last for its covariance matrix.
  first <- glm(formula, binomial, data, control = tight)
  fit <- glm(formula, binomial, data, control = tight, start = coef(first))
  list(coef = I(unname(coef(fit))), naive = unname(vcov(fit)), robust = unname(vcovCL(fit, clusters, type = "HC1")),
       loglik = c(as.numeric(logLik(glm(update(formula, . ~ 1), binomial, data))), as.numeric(logLik(fit))))
}
d <- read.csv("reference/tied.csv")
recid <- read.csv("reference/recid.csv")
recid$home <- recid$age %/% 12  # a cluster for the sake of one
separated <- d
separated$x5 <- as.integer(d$event == 0 & d$household %% 3 == 0)
without <- separated[separated$x5 == 0, ]
write_reference("logistic", list(
  tied = values(event ~ x1 + x2 + x3 + x4, d, d$household),
  recid = values(event ~ workprg + priors + tserved + felon + alcohol + drugs + black + married + educ + age,
         recid, recid$home),
  separated_without = values(event ~ x1 + x2, without, without$household)),
  c("survival", "sandwich"))
