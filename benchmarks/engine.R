# One fit by R's survival: Rscript engine.R TASK FOLDER prints JSON. Loading and reading are not timed.
suppressMessages(library(survival))
given <- commandArgs(TRUE)
task <- given[1]
column <- function(name) readBin(file.path(given[2], paste0(name, ".bin")), "double", 1e9)
exit <- column("exit"); event <- column("event"); entry <- column("entry"); cluster <- column("cluster")
x <- matrix(column("x"), nrow = length(exit))
fit <- switch(task,
  model = function() coxph(Surv(exit, event) ~ x),
  entry = function() coxph(Surv(entry, exit, event) ~ x),
  clustered = function() coxph(Surv(exit, event) ~ x, cluster = cluster),
  entry_clustered = function() coxph(Surv(entry, exit, event) ~ x, cluster = cluster),
  ph_test = { fitted <- coxph(Surv(exit, event) ~ x); function() cox.zph(fitted, terms = FALSE) })
spent <- system.time(answer <- fit())
total <- if (task == "ph_test") sum(head(answer$table[, "chisq"], -1)) else sum(sqrt(diag(vcov(answer))))
cat(sprintf('{"seconds": %.6f, "answer": %.15g}\n', spent[["user.self"]] + spent[["sys.self"]], total))
