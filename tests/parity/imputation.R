# Multiple imputation: categories, a binary variable and a number, with gaps that depend on the outcome (mice).
source("reference.R")
suppressMessages(library(mice))

set.seed(31)
d <- read.csv("reference/areas.csv")[1:900, c("x1", "x2", "x3", "y")]
d$x1[runif(900) < 0.10 + 0.20 * d$y] <- NA
d$x2[runif(900) < 0.20] <- NA
d$x3[runif(900) < 0.30 - 0.20 * d$y] <- NA
d <- write_data("gaps", d)
completed <- transform(d, x1 = factor(x1), x3 = factor(x3))
m <- mice(completed, m = 100, maxit = 10, method = c("logreg", "norm", "polyreg", ""), seed = 7, printFlag = FALSE)
pooled <- summary(pool(with(m, glm(y ~ x1 + x2 + x3, family = binomial))))
all <- pool(with(m, glm(y ~ x1 + x2 + x3, family = binomial)))$pooled
cc <- glm(y ~ x1 + x2 + x3, binomial, completed)
write_reference("imputation", list(estimate = I(pooled$estimate), std_error = I(pooled$std.error), between = I(sqrt(all$b)),
  fmi = I(all$fmi), complete_cases = I(unname(coef(cc)))), c("mice"))
