"""Multiple imputation by chained equations: categories and numbers, each drawn from a model of all others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from family_justice.estimators.parts.arrays import Floats, combine, cross_product, follow_up, inner, numbers

# Precision of a normal prior, standard deviation 10, for every coefficient: worth a twenty-fifth of one person. It
# decides nothing but what the data leave open, as where columns are collinear.
PRIOR = 0.01
CONVERGED = 1e-8  # twice the penalised log-likelihood still to gain


@dataclass(frozen=True, eq=False)
class Incomplete:
    """A variable to be completed: ``values`` (n,), nan where missing; codes 0, ..., ``levels`` - 1, or numbers if
    ``levels`` is 0."""

    values: Floats
    levels: int = 0

    @property
    def missing(self) -> NDArray[np.bool_]:
        """Rows without a value (n,)."""
        return np.isnan(self.values)


def chained_equations(
    variables: Mapping[str, Incomplete], always: ArrayLike, datasets: int, iterations: int, seed: int
) -> Iterator[dict[str, Floats]]:
    """Yield ``datasets`` completed sets of ``variables``, each a mapping of names to (n,).

    ``always`` (n, q) are complete predictors: the outcome (for times, the event and the Nelson-Aalen cumulative hazard,
    White and Royston 2009, Statistics in Medicine 28) and complete covariates. Missing values start as random recorded
    ones; ``iterations`` times every variable, that with the fewest gaps first, is drawn anew given all others (van
    Buuren 2007, Statistical Methods in Medical Research 16): categories from a logistic or multinomial model, numbers
    from a linear one with normal errors. The draws are proper: the parameters of each model are drawn first from their
    approximate posterior distribution (R ``mice`` methods ``logreg`` and ``norm``; its ``polyreg`` leaves the drawing
    of parameters out). Variables without gaps come back as they are. Each data set has its own stream of random
    numbers: the same seed gives the same answer, and more data sets leave the first ones unchanged.

    Raises ``ValueError`` for a variable without recorded values.
    """
    columns = {name: (v.values - _mean(v)) / _spread(v) if not v.levels else v.values for name, v in variables.items()}
    gaps = sorted((name for name, v in variables.items() if v.missing.any()), key=lambda n: variables[n].missing.sum())
    for name in gaps:
        if variables[name].missing.all():
            raise ValueError(f"'{name}' has no recorded value to learn from")
    shared = _standardised(np.asarray(always, dtype=np.float64))
    for number in range(datasets):
        draw = np.random.default_rng([seed, number])
        now = {name: column.copy() for name, column in columns.items()}
        for name in gaps:
            missing = variables[name].missing
            now[name][missing] = draw.choice(columns[name][~missing], int(missing.sum()))
        models = {name: _Categories(v.levels) if v.levels else _Numbers() for name, v in variables.items()}
        for _ in range(iterations):
            for name in gaps:
                missing = variables[name].missing
                rows = np.stack([*shared, *_others(name, now, variables)])
                now[name][missing] = models[name].draw(
                    rows[:, ~missing], columns[name][~missing], rows[:, missing], draw
                )
        yield {
            name: np.where(v.missing, now[name] if v.levels else now[name] * _spread(v) + _mean(v), v.values)
            for name, v in variables.items()
        }


def _standardised(fixed: Floats) -> list[Floats]:
    """Return a constant and the columns of ``fixed`` (n, q) that vary, each with mean 0 and standard deviation 1."""
    sd = fixed.std(axis=0) if fixed.size else np.ones(fixed.shape[1])
    return [np.ones(len(fixed)), *((c - c.mean()) / s for c, s in zip(fixed.T, sd, strict=True) if s > 0)]


def _others(name: str, now: Mapping[str, Floats], variables: Mapping[str, Incomplete]) -> list[Floats]:
    """Return the columns of all variables but ``name``, as they are completed now."""
    return [part for other in variables if other != name for part in _parts(now[other], variables[other])]


def nelson_aalen(exit: ArrayLike, event: ArrayLike, entry: ArrayLike | None = None) -> Floats:
    """Return (n,): the cumulative hazard that every row went through, the sum of d/n over event times in (entry, exit].

    ``event`` (n,) 0/1; without ``entry`` (n,) everybody is at risk from the start. Times that differ by rounding
    are tied, see ``arrays.follow_up``, which also says what is refused.
    """
    stop, entered = follow_up(exit, entry)
    happened = numbers("event", event, stop.size) > 0
    start = np.full(stop.size, -np.inf) if entered is None else entered
    times = np.unique(stop[happened])
    deaths = np.bincount(np.searchsorted(times, stop[happened]), minlength=times.size)
    at_risk = np.searchsorted(np.sort(start), times, side="left") - np.searchsorted(np.sort(stop), times, side="left")
    total = np.concatenate([[0.0], np.cumsum(deaths / at_risk)])
    ends = (np.searchsorted(times, ends, side="right") for ends in (stop, start))
    after, before = (total[place] for place in ends)
    return after - before


def _mean(variable: Incomplete) -> float:
    return float(variable.values[~variable.missing].mean()) if not variable.missing.all() else 0.0


def _spread(variable: Incomplete) -> float:
    known = variable.values[~variable.missing]
    return float(known.std()) or 1.0 if known.size else 1.0


def _parts(values: Floats, variable: Incomplete) -> list[Floats]:
    """Return the columns of a completed variable: one per level after the first, or the number itself."""
    if not variable.levels:
        return [values]
    return [(values == level).astype(np.float64) for level in range(1, variable.levels)]


class _Numbers:
    """A linear model with normal errors."""

    def draw(self, x: Floats, y: Floats, gaps: Floats, draw: np.random.Generator) -> Floats:
        """Return values for the columns of ``gaps`` (p, m), learnt from ``y`` (n,) over ``x`` (p, n)."""
        root = np.linalg.cholesky(cross_product(x, x) + PRIOR * np.eye(len(x)))
        mean = np.linalg.solve(root.T, np.linalg.solve(root, inner(x, y)))
        squares = float(inner(y - combine(mean, x), y - combine(mean, x)))
        sigma = np.sqrt(squares / draw.chisquare(max(y.size - len(x), 1)))
        beta = mean + sigma * np.linalg.solve(root.T, draw.standard_normal(len(x)))
        return combine(beta, gaps) + sigma * draw.standard_normal(gaps.shape[1])


class _Categories:
    """A logistic or multinomial model; each fit starts where the one before ended."""

    def __init__(self, levels: int) -> None:
        self.levels = levels
        self.beta: Floats | None = None

    def draw(self, x: Floats, y: Floats, gaps: Floats, draw: np.random.Generator) -> Floats:
        """Return codes for the columns of ``gaps`` (p, m), learnt from codes ``y`` (n,) over ``x`` (p, n)."""
        present = np.flatnonzero(np.bincount(y.astype(np.int64), minlength=self.levels))
        x, y, weight = _augmented(x, y, present)
        indicator = (y == present[1:, None]).astype(np.float64)
        size = (present.size - 1, len(x))
        beta = self.beta if self.beta is not None else np.zeros(size)
        now, score, information = _posterior(beta, x, indicator, weight)
        for _ in range(25):
            step = np.linalg.solve(information, score).reshape(size)
            left, fraction = float(score @ step.ravel()), 1.0
            trial = _posterior(beta + step, x, indicator, weight)
            while trial[0] < now - 1e-9 * abs(now) and fraction > 1e-3:
                fraction /= 2
                trial = _posterior(beta + fraction * step, x, indicator, weight)
            beta = beta + fraction * step
            now, score, information = trial
            if left < CONVERGED:
                break
        self.beta = beta
        noise = draw.standard_normal(beta.size)
        drawn = beta + np.linalg.solve(np.linalg.cholesky(information).T, noise).reshape(size)
        below = np.cumsum(_shares(drawn, gaps), axis=0)  # of the present levels but the last
        return present[(draw.random(gaps.shape[1]) >= below).sum(axis=0)].astype(np.float64)


def _shares(beta: Floats, x: Floats) -> Floats:
    """Return the probabilities (K - 1, n) of all levels but the last, the first one being the reference."""
    eta = np.stack([np.zeros(x.shape[1]), *(combine(row, x) for row in beta)])
    rise = np.exp(eta - eta.max(axis=0))
    return (rise / rise.sum(axis=0))[:-1]


def _augmented(x: Floats, y: Floats, present: NDArray[np.int64]) -> tuple[Floats, Floats, Floats]:
    """Return ``x`` (p, n), ``y`` (n,) with rows added, and weights: in all as many persons as there are coefficients.

    Where a level is predicted without fail the posterior is flat and one-sided, and normal draws from it would impute
    what never happens. For every column and level two light rows half a standard deviation from the mean prevent it
    (White, Daniel and Royston 2010, Computational Statistics and Data Analysis 54; R ``mice`` does the same).
    """
    varying = np.arange(1, len(x))
    added = 2 * varying.size * present.size
    if not added:
        return x, y, np.ones(y.size)
    rows = np.repeat(x.mean(axis=1)[:, None], added, axis=1)
    low, high, sd = x.min(axis=1), x.max(axis=1), x.std(axis=1)
    for place, j in enumerate(varying):
        own = slice(2 * present.size * place, 2 * present.size * (place + 1))
        rows[j, own] = np.clip(rows[j, own] + sd[j] * np.tile([0.5, -0.5], present.size), low[j], high[j])
    levels = np.tile(np.repeat(present, 2), varying.size).astype(np.float64)
    weight = np.concatenate([np.ones(y.size), np.full(added, len(x) / added)])
    return np.concatenate([x, rows], axis=1), np.concatenate([y, levels]), weight


def _posterior(beta: Floats, x: Floats, indicator: Floats, weight: Floats) -> tuple[float, Floats, Floats]:
    """Return the logarithm of the posterior density, its slope and the negative of its curvature."""
    equations, p = beta.shape
    eta = np.stack([combine(row, x) for row in beta]) if equations else np.zeros((0, x.shape[1]))
    highest = np.maximum(eta.max(axis=0, initial=0.0), 0.0)
    rise = np.exp(eta - highest)
    total = np.exp(-highest) + rise.sum(axis=0)
    share = rise / total
    said = inner(indicator * weight, eta).sum() - (weight * (highest + np.log(total))).sum()
    loglik = float(said - PRIOR / 2 * (beta**2).sum())
    score = np.concatenate(
        [inner(x, weight * (indicator[k] - share[k])) - PRIOR * beta[k] for k in range(equations)] or [np.zeros(0)]
    )
    information = PRIOR * np.eye(equations * p)
    for a in range(equations):
        for b in range(a + 1):
            block = cross_product(x, x, weight * share[a] * ((a == b) - share[b]))
            rows, columns = slice(a * p, (a + 1) * p), slice(b * p, (b + 1) * p)
            information[rows, columns] += block
            if a != b:
                information[columns, rows] += block.T
    return loglik, score, information
