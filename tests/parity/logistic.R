source("reference.R")
suppressMessages(library(sandwich))

tight <- glm.control(epsilon = 1e-14, maxit = 60)
values <- function(fit, clusters) list(
  coef = I(unname(coef(fit))), naive = unname(vcov(fit)), robust = unname(vcovCL(fit, clusters)),
  loglik = c(as.numeric(logLik(update(fit, . ~ 1))), as.numeric(logLik(fit))))
d <- read.csv("reference/tied.csv")
recid <- read.csv("reference/recid.csv")
recid$home <- recid$age %/% 12  # a cluster for the sake of one
separated <- d
separated$x5 <- as.integer(d$event == 0 & d$household %% 3 == 0)
without <- separated[separated$x5 == 0, ]
write_reference("logistic", list(
  tied = values(glm(event ~ x1 + x2 + x3 + x4, binomial, d, control = tight), d$household),
  recid = values(glm(event ~ workprg + priors + tserved + felon + alcohol + drugs + black + married + educ + age, binomial,
                     recid, control = tight), recid$home),
  separated_without = values(glm(event ~ x1 + x2, binomial, without, control = tight), without$household)),
  c("survival", "sandwich"))
