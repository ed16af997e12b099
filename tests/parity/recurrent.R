source("reference.R")
suppressMessages(library(mets))

# Wei, Lin and Weissfeld: four times at risk for everybody, each from the start.
marginal <- function(f) cox_values(coxph(f, bladder, cluster = id, control = exact), zph = FALSE)
b <- read.csv("reference/bladder2.csv")
g <- read.csv("reference/cgd.csv")

# Mean cumulative count: without a terminal event survfit's cumulative hazard with a jackknife over persons.
count <- function(fit) list(time = fit$time, estimate = fit$cumhaz, std_error = fit$std.chaz)
# With a terminal event: Ghosh and Lin (2000), by mets, which breaks ties by the order of rows: no ties here.
set.seed(71)
rows <- do.call(rbind, lapply(1:60, function(i) {
  end <- round(runif(1, 8, 40), 4); events <- sort(round(runif(rpois(1, 2.2), 1, 39), 4)); events <- events[events < end]
  data.frame(id = i, start = c(0, events), stop = c(events, end), event = c(rep(1, length(events)), 0), death = c(rep(0, length(events)), rbinom(1, 1, 0.5)))
}))
rows <- write_data("terminal", rows)
rows$status <- ifelse(rows$death == 1, 2, rows$event)
marginal_count <- recurrentMarginal(phreg(Surv(start, stop, status == 1) ~ cluster(id), rows), phreg(Surv(start, stop, status == 2) ~ cluster(id), rows))
write_reference("recurrent", list(
  marginal = marginal(Surv(stop, event) ~ rx + number + size + strata(enum)),
  bladder2 = count(survfit(Surv(start, stop, event) ~ 1, b[b$stop > b$start, ], id = id)),
  cgd = count(survfit(Surv(tstart, tstop, status) ~ 1, g, id = id)),
  terminal = list(time = marginal_count$times, estimate = marginal_count$mu, std_error = marginal_count$se.mu)), c("survival", "mets"))

# Multi-state: the myeloma precursor cohort with death after progression.
m <- mgus2; m$row <- seq_len(nrow(m)); m$ptime <- ifelse(m$pstat == 1 & m$ptime == m$futime, m$ptime - 0.1, m$ptime)
h <- tmerge(m[, c("row", "sex")], m, id = row, death = event(futime, 2 * death), pcm = event(ptime, pstat))
h$to <- ifelse(h$death > 0, h$death, h$pcm)
h <- write_data("histories", data.frame(id = h$row, start = h$tstart, stop = h$tstop, to = h$to, female = as.integer(h$sex == "F")))
h$state <- factor(h$to, 0:2, c("censored", "pcm", "death"))
states <- function(fit) { i <- seq(1, length(fit$time), by = 9); list(time = fit$time[i], estimate = fit$pstate[i, ], std_error = fit$std.err[i, ]) }
# Three states with returns, heavy ties and different first states.
set.seed(5)
w <- do.call(rbind, lapply(1:80, function(i) {
  cuts <- sort(unique(c(sample(1:11, 3), sample(12:14, 1)))); now <- sample(1:2, 1); k <- length(cuts)
  out <- data.frame(id = i, start = c(0, cuts[-k]), stop = cuts, from = 0, to = 0)
  for (j in 1:k) { out$from[j] <- now; other <- setdiff(1:3, now); out$to[j] <- if (j < k || runif(1) < 0.4) sample(c(other, 0), 1) else 0; if (out$to[j] == 3) { out <- out[1:j, ]; break }; if (out$to[j] != 0) now <- out$to[j] }
  out
}))
w <- write_data("pathways", w)
w$state <- factor(w$to, 0:3, c("censored", "a", "b", "c")); w$istate <- factor(w$from, 1:3, c("a", "b", "c"))
path <- survfit(Surv(start, stop, state) ~ 1, w, id = id, istate = istate)
wrong <- data.frame(id = c(1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 5, 6), start = c(0, 3, 0, 6, 0, 6, 0, 5, 0, 4, 7, 0), stop = c(5, 8, 4, 9, 4, 9, 5, 9, 4, 7, 9, 9),
                    from = c(1, 1, 1, 1, 1, 2, 1, 2, 1, 2, 2, 1), to = c(0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 3, 0))
check <- survcheck(Surv(start, stop, factor(to, 0:3, c("censored", "1", "2", "3"))) ~ 1, wrong, id = id, istate = factor(from))
messy <- data.frame(id = rep(1:40, each = 4), start = sample(0:5, 160, TRUE) + 4 * rep(0:3, 40), from = sample(1:2, 160, TRUE, c(0.8, 0.2)), to = sample(0:2, 160, TRUE, c(0.8, 0.1, 0.1)))
messy$stop <- messy$start + sample(3:5, 160, TRUE); messy$start[seq(2, 160, 2)] <- messy$stop[seq(1, 159, 2)]; messy$stop <- pmax(messy$stop, messy$start + 1)
found <- survcheck(Surv(start, stop, factor(to, 0:2, c("censored", "1", "2"))) ~ 1, messy, id = id, istate = factor(from))
write_reference("multistate", list(
  messy = messy, messy_rows = lapply(found[c("overlap", "gap", "jump", "teleport")], function(x) I(x$row)),
  mgus2 = states(survfit(Surv(start, stop, state) ~ 1, h, id = id)), pathways = list(time = path$time, estimate = path$pstate, std_error = path$std.err, start = path$p0),
  wrong = wrong, flags = as.list(check$flag)), "survival")
