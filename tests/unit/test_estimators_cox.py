"""Cox models worked by hand, and what becomes of data that cannot answer."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest
from numpy.testing import assert_allclose

from family_justice.estimators.parts.newton import independent_columns
from family_justice.estimators.survival.cox import baseline_hazard, concordance, fit_cox, proportional_hazards_test

# Six rows; two leave at 1 and two die together at 6.
TIME = np.array([1, 1, 6, 6, 8, 9])
EVENT = np.array([1, 0, 1, 1, 0, 1])
X = np.array([[1], [1], [1], [0], [0], [0]])


def test_efron_by_hand() -> None:
    """With r = exp(b): at 1 the risk set holds 3r + 3. At 6 it holds r + 3, the deaths r and 1, so that Efron's
    denominators are r + 3 and r + 3 - (r + 1)/2 = (r + 5)/2. At 9 the last row is alone.

    log L = 2b - log(3r + 3) - log(r + 3) - log((r + 5)/2)
    U     = 2 - r/(r + 1) - r/(r + 3) - r/(r + 5) = 0   <=>   r^3 - 23 r - 30 = 0
    I     = r/(r + 1)^2 + 3r/(r + 3)^2 + 5r/(r + 5)^2"""
    fit = fit_cox(TIME, EVENT, X)
    r = max(np.roots([1, 0, -23, -30]).real)
    assert_allclose(fit.coef, [np.log(r)], rtol=1e-12)
    assert_allclose(fit.loglik[0], -np.log(6) - np.log(4) - np.log(3))
    assert_allclose(fit.loglik[1], 2 * np.log(r) - np.log(3 * r + 3) - np.log(r + 3) - np.log((r + 5) / 2))
    information = r / (r + 1) ** 2 + 3 * r / (r + 3) ** 2 + 5 * r / (r + 5) ** 2
    assert_allclose(fit.var_model, [[1 / information]])
    # At b = 0: U = 2 - 1/2 - 1/4 - 1/6 = 13/12, I = 1/4 + 3/16 + 5/36.
    assert_allclose(fit.score_test.statistic, (13 / 12) ** 2 / (1 / 4 + 3 / 16 + 5 / 36))
    hazard = baseline_hazard(fit)
    assert hazard.time.tolist() == [1, 6, 9]
    assert_allclose(hazard.cumulative, np.cumsum([1 / (3 * r + 3), 1 / (r + 3) + 2 / (r + 5), 1]))


def test_breslow_by_hand() -> None:
    """U = 2 - r/(r + 1) - 2r/(r + 3) = 0  <=>  r^2 - 3r - 6 = 0,  I = r/(r + 1)^2 + 6r/(r + 3)^2."""
    fit = fit_cox(TIME, EVENT, X, ties="breslow")
    r = (3 + np.sqrt(33)) / 2
    assert_allclose(fit.coef, [np.log(r)], rtol=1e-12)
    assert_allclose(fit.var_model, [[1 / (r / (r + 1) ** 2 + 6 * r / (r + 3) ** 2)]])
    assert_allclose(fit.loglik[1], 2 * np.log(r) - np.log(3 * r + 3) - 2 * np.log(r + 3))


def test_efron_score_residuals_by_hand() -> None:
    """Hazard steps: h1 = 1/(3r + 3) at 1; at 6 h2 = 1/(r + 3), h3 = 2/(r + 5); 1 at 9. Risk-set means of x:
    m1 = r/(r + 1); at 6 m2 = r/(r + 3) and, with half of both deaths gone, m3 = (r/2)/((r + 5)/2) = r/(r + 5).
    A death at 6 is compared with (m2 + m3)/2 and exposed to h2 and half of h3:

    row 1: (1 - m1) - r (1 - m1) h1          row 2: -r (1 - m1) h1
    row 3: (1 - (m2 + m3)/2) - r [(1 - m1) h1 + (1 - m2) h2 + (1 - m3) h3/2]
    row 4: (0 - (m2 + m3)/2) + m1 h1 + m2 h2 + m3 h3/2
    rows 5, 6: m1 h1 + m2 h2 + m3 h3 (row 6 then is alone: x is the mean)"""
    fit = fit_cox(TIME, EVENT, X, robust=True)
    r = np.exp(fit.coef[0])
    h1, h2, h3 = 1 / (3 * r + 3), 1 / (r + 3), 2 / (r + 5)
    m1, m2, m3 = r / (r + 1), r / (r + 3), r / (r + 5)
    residual = np.array(
        [
            (1 - m1) - r * (1 - m1) * h1,
            -r * (1 - m1) * h1,
            1 - (m2 + m3) / 2 - r * ((1 - m1) * h1 + (1 - m2) * h2 + (1 - m3) * h3 / 2),
            -(m2 + m3) / 2 + m1 * h1 + m2 * h2 + m3 * h3 / 2,
            m1 * h1 + m2 * h2 + m3 * h3,
            m1 * h1 + m2 * h2 + m3 * h3,
        ]
    )
    assert_allclose(residual.sum(), 0, atol=1e-12)
    assert_allclose(fit.var_robust, fit.var_model**2 * (residual**2).sum(), rtol=1e-10)
    pairs = fit_cox(TIME, EVENT, X, clusters=[1, 1, 2, 2, 3, 3])
    together = residual.reshape(3, 2).sum(axis=1)
    assert_allclose(pairs.var_robust, fit.var_model**2 * (together**2).sum(), rtol=1e-10)
    assert pairs.n_clusters == 3


def test_delayed_entry_by_hand() -> None:
    """(0,2] x=1 dies, (0,3] x=0 dies, (2,4] x=1 dies, (1,3] x=1, (3,5] x=0 dies, (0,5] x=0. The row that enters at 2
    is not at risk at 2, nor the one that enters at 3 at 3. Risk sets 2r + 2, 2r + 2, r + 2, 2:

    U = 2 - 2r/(r + 1) - r/(r + 2) = 0  <=>  r^2 - r - 4 = 0,  I = 2r/(r + 1)^2 + 2r/(r + 2)^2."""
    exit, entry = [2, 3, 4, 3, 5, 5], [0, 0, 2, 1, 3, 0]
    fit = fit_cox(exit, [1, 1, 1, 0, 1, 0], [[1], [0], [1], [1], [0], [0]], entry=entry)
    r = (1 + np.sqrt(17)) / 2
    assert_allclose(fit.coef, [np.log(r)], rtol=1e-12)
    assert_allclose(fit.var_model, [[1 / (2 * r / (r + 1) ** 2 + 2 * r / (r + 2) ** 2)]])
    assert_allclose(fit.loglik[0], -2 * np.log(4) - np.log(3) - np.log(2))


def test_concordance_by_hand() -> None:
    """x is the risk (its coefficient is positive). The death at 1 (x=1): others at risk have x = 1, 1, 0, 0, 0, of
    which 3 lower, 2 tied. Deaths at 6 meet rows 5 and 6 (x = 0): 2 lower for x=1, 2 tied for x=0. C = (5 + 4/2)/9."""
    c = concordance(fit_cox(TIME, EVENT, X))
    assert (c.concordant, c.discordant, c.tied_risk) == (5, 0, 4)
    assert_allclose(c.estimate, 7 / 9)


def test_proportional_hazards_test_by_hand() -> None:
    """Without ties, b = 0 throughout by symmetry is not to be had in few rows; take the score test of a model with the
    column x * time added, worked with the fit's own hazards (Efron, identity)."""
    time, event = np.array([1.0, 2, 3, 4, 5, 6]), np.array([1, 1, 1, 0, 1, 0])
    x = np.array([1.0, 0, 0, 1, 1, 0])
    fit = fit_cox(time, event, x[:, None])
    r = np.exp(fit.coef[0] * x)
    score, i_bb, i_bg, i_gg = 0.0, 0.0, 0.0, 0.0
    for t in time[event == 1]:
        risk = time >= t
        mean = (r * x)[risk].sum() / r[risk].sum()
        variance = mean * (1 - mean)
        score += t * (x[time == t][0] - mean)
        i_bb, i_bg, i_gg = i_bb + variance, i_bg + t * variance, i_gg + t * t * variance
    test = proportional_hazards_test(fit, "identity")
    assert_allclose(test.overall.statistic, score**2 / (i_gg - i_bg**2 / i_bb), rtol=1e-9)
    assert test.terms[0] == test.overall


def rows(n: int = 200, seed: int = 7) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    g = np.random.default_rng(seed)
    return g.integers(1, 12, n).astype(float), g.integers(0, 2, n), g.normal(size=(n, 2))


def test_no_events() -> None:
    time, _, x = rows()
    fit = fit_cox(time, np.zeros(200), x, clusters=np.arange(200) // 2)
    assert not fit.estimable.any()
    assert fit.reasons == {0: "no events", 1: "no events"}
    assert np.isnan(fit.coef).all()
    assert np.isnan(fit.std_error).all()
    assert np.isnan(fit.likelihood_ratio_test.p_value)
    assert np.isnan(proportional_hazards_test(fit).overall.p_value)
    assert baseline_hazard(fit).time.size == 0
    assert np.isnan(concordance(fit).estimate)


def test_no_rows_no_columns_one_row() -> None:
    assert fit_cox([], [], np.zeros((0, 2))).reasons == {0: "no events", 1: "no events"}
    time, event, _ = rows()
    empty = fit_cox(time, event, np.zeros((200, 0)), robust=True)
    assert empty.coef.shape == (0,)
    assert empty.loglik[0] == empty.loglik[1]
    assert proportional_hazards_test(empty).terms == ()
    assert fit_cox([1], [1], [[3.0]]).reasons == {0: "constant among those at risk"}


def test_every_column_that_has_no_estimate_says_why() -> None:
    time, event, x = rows()
    court = np.arange(200) % 3
    columns = np.column_stack(
        [np.ones(200), x[:, 0], court == 1, x[:, 1], 2 * x[:, 0] - x[:, 1] + 4, (time < 2) & (event == 0)]
    )
    fit = fit_cox(time, event, columns, strata=court)
    assert fit.reasons == {
        0: "constant among those at risk",
        2: "constant within every risk set",
        4: "a combination of columns 1, 3",
        5: "the likelihood rises without end as the coefficient goes to minus infinity",
    }
    # Those who leave at 1 without an event are at risk at 1 only: in the limit they leave that risk set.
    kept = ~((time < 2) & (event == 0))
    alone = fit_cox(time[kept], event[kept], x[kept], strata=court[kept])
    assert_allclose(fit.coef[[1, 3]], alone.coef, rtol=1e-8)
    assert_allclose(fit.std_error[[1, 3]], alone.std_error, rtol=1e-7)


def test_a_reference_level_without_events_takes_all_levels_with_it() -> None:
    time, event, x = rows()
    level = np.where(event == 1, 1 + np.arange(200) % 2, np.arange(200) % 3)
    fit = fit_cox(time, event, np.column_stack([level == 1, level == 2, x[:, 0]]))
    upwards = "the likelihood rises without end as the coefficient goes to plus infinity"
    assert fit.reasons == {0: upwards, 1: upwards}
    assert np.isfinite(fit.coef[2])
    assert fit.converged


def test_a_direction_of_separation_takes_both_of_its_columns() -> None:
    """Whoever has the larger a + b/2 dies first: neither column separates alone, their sum does."""
    a, b = np.tile([0, 0, 0, 1, 1, 1], 20), np.tile([0, 1, 2, 0, 1, 2], 20)
    total = a + b / 2
    fit = fit_cox(np.where(total >= 1, 10 - total, 60.0), total >= 1, np.column_stack([a, b]))
    assert sorted(fit.reasons) == [0, 1]


def test_a_perfect_ordering_by_a_continuous_column() -> None:
    time = np.arange(1.0, 41)
    fit = fit_cox(time, np.ones(40), np.column_stack([-time]))
    assert fit.reasons == {0: "the likelihood rises without end as the coefficient goes to plus infinity"}
    assert_allclose(fit.loglik[1], 0, atol=0.01)


def test_a_large_but_finite_coefficient_is_not_taken_for_infinity() -> None:
    """One of 500 with x = 1 has the event among 400 of 500: the estimate is far out, and finite."""
    g = np.random.default_rng(3)
    x = np.repeat([0, 1], 500)
    event = np.concatenate([g.random(500) < 0.8, np.arange(500) == 0])
    fit = fit_cox(g.integers(1, 30, 1000), event, x[:, None])
    assert fit.reasons == {}
    assert fit.coef[0] < -5


def test_strata_that_are_empty_of_events_or_hold_one_row() -> None:
    time, event, x = rows()
    stratum = np.arange(200) % 4
    quiet = stratum == 3
    alone = fit_cox(time[~quiet], event[~quiet], x[~quiet], strata=stratum[~quiet])
    silent = fit_cox(time, np.where(quiet, 0, event), x, strata=stratum)
    lonely = fit_cox(np.append(time[~quiet], 5), np.append(event[~quiet], 1), np.vstack([x[~quiet], [9, 9]]),
                     strata=np.append(stratum[~quiet], 99))  # fmt: skip
    for fit in (silent, lonely):
        assert_allclose(fit.coef, alone.coef, rtol=1e-10)
        assert_allclose(fit.var_model, alone.var_model, rtol=1e-10)


def test_rows_of_weight_zero_are_left_out() -> None:
    time, event, x = rows()
    weight = (np.arange(200) % 3).astype(float)
    cluster = np.arange(200) // 4
    kept = weight > 0
    all_rows = fit_cox(time, event, x, weights=weight, clusters=cluster)
    some = fit_cox(time[kept], event[kept], x[kept], weights=weight[kept], clusters=cluster[kept])
    assert_allclose(all_rows.coef, some.coef, rtol=1e-12)
    assert_allclose(all_rows.std_error, some.std_error, rtol=1e-10)


def test_columns_of_very_different_size() -> None:
    time, event, x = rows()
    plain = fit_cox(time, event, x, robust=True)
    moved = fit_cox(time, event, x * [1e8, 1e-8] + [1e10, 0], robust=True)
    assert_allclose(moved.coef * [1e8, 1e-8], plain.coef, rtol=1e-6)
    assert_allclose(moved.std_error * [1e8, 1e-8], plain.std_error, rtol=1e-6)


def test_independent_columns_in_order() -> None:
    information = np.array([[4.0, 2, 6], [2, 1, 3], [6, 3, 10]])  # the second is half the first
    every = np.ones(3, dtype=bool)
    assert independent_columns(information, every, np.zeros(3)).tolist() == [True, False, True]


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"covariates": [[1], [np.nan]]}, "missing or infinite values in columns 0"),
        ({"covariates": [[1], [2], [3]]}, "shape"),
        ({"entry": [0, 2]}, "entry must be before exit; it is not in 1 rows"),
        ({"weights": [1, -1]}, "negative"),
        ({"strata": [1]}, "strata has shape"),
        ({"clusters": [1, 2, 3]}, "clusters has shape"),
        ({"event": [1]}, "event has 1 rows where exit has 2"),
        ({"ties": "exact"}, "efron or breslow"),
    ],
)
def test_bad_arrays(change: dict, message: str) -> None:
    arguments = {"exit": [1, 2], "event": [1, 0], "covariates": [[1], [2]], **change}
    with pytest.raises(ValueError, match=message):
        fit_cox(**arguments)


def test_logarithm_of_time_zero() -> None:
    fit = fit_cox([0, 1, 2, 3], [1, 1, 1, 0], [[1], [0], [1], [1]])
    with pytest.raises(ValueError, match="after zero"):
        proportional_hazards_test(fit, "log")
    with pytest.raises(ValueError, match="km, identity"):
        proportional_hazards_test(fit, "sqrt")  # type: ignore[arg-type]


def test_one_and_two_threads_give_the_same_bytes() -> None:
    code = """
import numpy as np
from family_justice.estimators.survival.cox import fit_cox
g = np.random.default_rng(1)
n = 30_000
exit = g.integers(2, 900, n)
entry, family = exit * g.random(n) * 0.9, g.integers(0, n, n)
fit = fit_cox(exit, g.integers(0, 2, n), g.normal(size=(n, 12)), entry=entry, clusters=family)
print((fit.coef.tobytes() + fit.var_model.tobytes() + fit.var_robust.tobytes()).hex())
"""

    def run(threads: int) -> str:
        count = {"OPENBLAS_NUM_THREADS": str(threads), "OMP_NUM_THREADS": str(threads)}
        environment = {**os.environ, **count, "PYTHONPATH": os.pathsep.join(sys.path)}
        command = [sys.executable, "-c", code]
        return subprocess.run(command, env=environment, capture_output=True, text=True, check=True).stdout

    assert run(1) == run(2)
