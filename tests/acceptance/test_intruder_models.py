"""The intruder has all models of one outcome: ratios, effects and errors are functions of the same four counts.

With one yes/no covariate all of them have closed forms. The intruder tries out every whole number behind the released
counts and keeps what is released of it as it was.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence

import numpy as np
import pandas as pd
from numpy.testing import assert_allclose
from test_intruder import COURT, behind, nearest

from family_justice.disclosure.coarsen import step_below
from family_justice.disclosure.disclose import disclose
from family_justice.estimators.regression.logistic import fit_logistic
from family_justice.estimators.regression.marginal import average_marginal_effects
from family_justice.estimators.regression.poisson import fit_risk_ratio
from family_justice.results import tidy

Table = tuple[int, int, int, int]  # persons and events of the reference level, persons and events of the other
MEASURES = ("log_odds_ratio", "log_risk_ratio", "marginal_effect", "log_rate_ratio")


def estimates(n0: int, d0: int, n1: int, d1: int) -> dict[str, tuple[float, float]]:
    """Estimate and standard error of the models of one yes/no covariate. Of a rate ratio the intruder knows the error
    alone: the time at risk is not released."""
    p0, p1 = d0 / n0, d1 / n1
    return {
        "log_odds_ratio": (
            math.log(d1 / (n1 - d1) * (n0 - d0) / d0),
            math.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0)),
        ),
        "log_risk_ratio": (math.log(p1 / p0), math.sqrt((1 - p1) / d1 + (1 - p0) / d0)),
        "marginal_effect": (100 * (p1 - p0), 100 * math.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0)),
        "log_rate_ratio": (math.log(d1 / d0) + 0.3, math.sqrt(1 / d1 + 1 / d0)),
    }  # fmt: skip


def test_the_closed_forms_are_those_of_the_estimators() -> None:
    n0, d0, n1, d1 = 61, 22, 45, 31
    x = np.repeat([0.0, 1.0], [n0, n1])[:, None]
    y = np.concatenate([np.arange(n) < d for n, d in ((n0, d0), (n1, d1))]).astype(float)
    truth = estimates(n0, d0, n1, d1)
    logistic, ratio = fit_logistic(y, x), fit_risk_ratio(y, x)
    effect = average_marginal_effects(logistic, x)
    found = {
        "log_odds_ratio": (logistic.coef[1], math.sqrt(logistic.var_model[1, 1])),
        "log_risk_ratio": (ratio.coef[1], math.sqrt(ratio.var_robust[1, 1])),
        "marginal_effect": (100 * effect.effect[0], 100 * effect.std_error[0]),
    }
    for measure, values in found.items():
        assert_allclose(values, truth[measure], rtol=0.01 if measure == "log_risk_ratio" else 1e-6)


def models(table: Table, measures: Sequence[str], cohort: str = "c") -> pd.DataFrame:
    """The rows of the models that give the measures; odds ratio and marginal effect are of one."""
    n0, d0, n1, d1 = table
    rows = []
    for measure in measures:
        estimate, error = estimates(*table)[measure]
        kind = {"log_risk_ratio": "risk_ratio", "log_rate_ratio": "poisson"}.get(measure, "logistic")
        about = {"analysis": f"{kind} {cohort}", "kind": kind, "measure": measure, "term": "x"}
        rows.append({**about, "level": "no", "n": n0, "events": d0, "estimate": 0.0, "status": "reference"})
        wald = {"statistic": estimate / error, "p_value": math.erfc(abs(estimate / error) / math.sqrt(2))}
        rows.append({**about, "level": "yes", "n": n1, "events": d1, "estimate": estimate, "std_error": error, **wald})
    return tidy(rows, stream="s", cohort=cohort, outcome="o")


def tables(count: int, least: int, most: int) -> list[Table]:
    """Random tables with ten events and ten non-events in both levels at least."""
    rng = np.random.default_rng(20260101)
    found: list[Table] = []
    while len(found) < count:
        n0, n1 = (int(math.exp(rng.uniform(math.log(least), math.log(most)))) for _ in range(2))
        d0, d1 = (int(rng.binomial(n, rng.uniform(0.05, 0.95))) for n in (n0, n1))
        if min(d0, n0 - d0, d1, n1 - d1) >= 10:
            found.append((n0, d0, n1, d1))
    return found


def guesses(table: Table) -> list[Table]:
    """All tables that are behind the same rounded counts."""
    n0, d0, n1, d1 = table
    return [
        (a, b, c, d) for a, b, c, d in itertools.product(*(behind(nearest(count)) for count in table))
        if nearest(a + c) == nearest(n0 + n1) and nearest(b + d) == nearest(d0 + d1) and min(a - b, c - d) >= 10
    ]  # fmt: skip


def shortened(table: Table, measure: str) -> tuple[float, ...]:
    """The usual way: a tenth of a standard error, of which a fiftieth."""
    estimate, error = estimates(*table)[measure]
    unit, fine = step_below(error / 10), step_below(error / 50)
    known = () if measure == "log_rate_ratio" else (round(unit * round(estimate / unit), 9),)
    return (*known, round(fine * round(error / fine), 9))


def values_left(answers: Sequence[Table]) -> list[int]:
    return [len(set(column)) for column in zip(*answers, strict=True)]


def test_several_models_that_are_only_shortened_single_out_most_counts() -> None:
    """What the attack finds if estimates are shortened and not moved: the more models, the more."""
    found = []
    for measures in (MEASURES[:1], MEASURES[:2], MEASURES[:3], MEASURES):
        left = []
        for table in tables(40, 40, 600):
            seen = [shortened(table, measure) for measure in measures]
            answers = [g for g in guesses(table) if [shortened(g, measure) for measure in measures] == seen]
            assert table in answers, "the attack is faulty: it misses the truth"
            left += values_left(answers)
        found.append(np.mean(np.array(left) == 1))
    assert found == sorted(found)
    assert found[0] > 0.15
    assert found[-1] > 0.5


def test_released_models_tell_no_more_than_the_released_counts() -> None:
    """Every guess is released as the truth is, whether one model is released or four: nothing is narrowed down."""
    chosen = tables(6, 40, 600)
    every = [(i, guess) for i, table in enumerate(chosen) for guess in guesses(table)[::80]]
    for measures in (MEASURES[:1], MEASURES):
        frame = pd.concat([models(table, measures, f"truth {i}") for i, table in enumerate(chosen)]
                          + [models(guess, measures, f"guess {k}") for k, (_, guess) in enumerate(every)])  # fmt: skip
        released = disclose(frame.reset_index(drop=True), COURT).rows
        order, shown = ["analysis", "measure", "level"], ["n", "events", "estimate", "std_error", "p_value"]
        numbers = {
            str(name): rows.sort_values(order)[shown].to_numpy(dtype=float) for name, rows in released.groupby("cohort")
        }
        for k, (i, _) in enumerate(every):
            assert_allclose(numbers[f"guess {k}"], numbers[f"truth {i}"], atol=1e-9)


def test_the_loss_of_accuracy_is_a_fraction_of_the_standard_error() -> None:
    """The largest shift stands beside ten events; with some hundred it is a tenth of a standard error."""
    for least, most, middle, largest in ((40, 600, 0.3, 1.0), (400, 4000, 0.12, 0.8), (4000, 40_000, 0.05, 0.5)):
        chosen = tables(60, least, most)
        frame = pd.concat([models(table, MEASURES[:1], f"c{i:02}") for i, table in enumerate(chosen)])
        released = disclose(frame.reset_index(drop=True), COURT).rows
        shown = released.loc[released["level"] == "yes", "estimate"]
        truth = [estimates(*table)["log_odds_ratio"] for table in chosen]
        off = [abs(value - estimate) / error for value, (estimate, error) in zip(shown, truth, strict=True)]
        assert np.median(off) < middle
        assert max(off) < largest


def test_five_without_the_event_do_not_follow_from_395_of_400() -> None:
    """Non-events count like events: in a table the level is hidden, in a model its estimate is."""
    table = (500, 120, 400, 395)
    rows = models(table, MEASURES[:3])
    released = disclose(rows, COURT).rows
    assert released.loc[released["level"] == "yes", "status"].eq("suppressed").all()
    assert released.loc[released["level"] == "yes", ["n", "events", "estimate"]].isna().all(axis=None)
    percent = tidy([{"level": "yes", "n": 395, "total": 400, "estimate": 98.75}], stream="s", analysis="t",
                   kind="frequency", cohort="c", measure="percent", term="placed")  # fmt: skip
    assert disclose(percent, COURT).rows["status"].tolist() == ["suppressed"]


def test_two_models_of_an_outcome_do_not_tell_the_events_of_a_hidden_level() -> None:
    """Events by sex add up to all events, those by age but for a hidden level too: exact sums would tell it."""
    rng = np.random.default_rng(3)
    for _ in range(10):
        small = int(rng.integers(1, 10))
        ages = [int(d) for d in rng.integers(20, 60, 2)]
        men = int(rng.integers(15, sum(ages) + small - 15))
        sexes = [men, sum(ages) + small - men]
        parts = []
        for term, events in (("age", [*ages, small]), ("sex", sexes)):
            levels = [
                {"term": term, "level": f"{term} {i}", "n": 240 if term == "sex" else 160, "events": d,
                 "estimate": 0.2 * i, **({"std_error": 0.2} if i else {"status": "reference"})}
                for i, d in enumerate(events)
            ]  # fmt: skip
            parts.append(tidy(levels, stream="s", analysis=term, kind="logistic", cohort="c",
                              measure="log_odds_ratio", outcome="o"))  # fmt: skip
        released = disclose(pd.concat(parts, ignore_index=True), COURT).rows.set_index("level")
        assert released.at["age 2", "status"] == "suppressed"
        whole = [a + b for a, b in itertools.product(*(behind(int(released.at[f"sex {i}", "events"])) for i in (0, 1)))]
        # The intruder may even work out what is behind a number that is withheld beside its estimate.
        others = [a + b for a, b in itertools.product(*(behind(nearest(d)) for d in ages))]
        assert len({a - b for a, b in itertools.product(whole, others)} & set(range(1, 10))) >= 3
