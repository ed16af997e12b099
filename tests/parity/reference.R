# What the reference scripts share: where values go and how they are written.
# Run from this folder:  for f in cox life_table logistic parametric competing recurrent; do Rscript $f.R; done
suppressMessages({library(survival); library(jsonlite)})

write_reference <- function(name, value, packages = "survival") {
  value$session <- as.list(c(R = R.version.string, sapply(packages, function(p) as.character(packageVersion(p)))))
  write_json(value, file.path("reference", paste0(name, ".json")), digits = NA, auto_unbox = TRUE, na = "null")
}

write_data <- function(name, data) {
  write.csv(data, file.path("reference", paste0(name, ".csv")), row.names = FALSE, quote = FALSE)
  read.csv(file.path("reference", paste0(name, ".csv")))
}

# Everything a Cox fit offers. The convergence criterion is far below R's default, so that the values are those of the
# maximum and not of the last but one Newton step.
exact <- suppressWarnings(coxph.control(eps = 1e-14, iter.max = 60, toler.chol = 1e-14))

cox_values <- function(fit, zph = TRUE, terms = FALSE) {
  s <- summary(fit)
  p <- length(coef(fit))
  tests <- list()
  if (zph) for (transform in c("km", "identity", "rank", "log")) {
    z <- cox.zph(fit, transform = transform, terms = terms)$table
    tests[[transform]] <- list(chisq = unname(z[, "chisq"]), df = unname(z[, "df"]), p = unname(z[, "p"]))
  }
  list(
    call = paste(deparse(fit$call), collapse = " "),
    coef = I(unname(coef(fit))),
    naive = matrix(if (is.null(fit$naive.var)) fit$var else fit$naive.var, p),
    robust = if (is.null(fit$naive.var)) NULL else matrix(fit$var, p),
    loglik = fit$loglik, score = fit$score, wald = fit$wald.test, n = fit$n, nevent = fit$nevent,
    concordance = unname(fit$concordance[c("concordant", "discordant", "tied.x", "concordance")]),
    zph = tests
  )
}
