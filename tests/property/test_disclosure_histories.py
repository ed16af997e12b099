"""Whatever the counts, what is rebuilt from them is a mean number of events, or probabilities of states."""

from __future__ import annotations

import numpy as np
import pandas as pd
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.rebuild import dispersion
from family_justice.results import tidy

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
LABELS = {"stream": "s", "analysis": "a", "cohort": "c"}


def cumulative(steps: list[int]) -> np.ndarray:
    return np.concatenate([[0], np.cumsum(steps)])


@settings(max_examples=30, deadline=None)
@given(
    st.integers(20, 300),
    st.lists(
        st.tuples(st.integers(0, 30), st.integers(0, 30), st.integers(0, 8), st.integers(0, 8)), min_size=1, max_size=8
    ),
)
def test_mean_counts_rise_and_have_errors(n: int, steps: list[tuple[int, int, int, int]]) -> None:
    first, later, died, left = (cumulative([step[i] for step in steps]) for i in range(4))
    first = np.minimum(first, n)
    died, left = np.minimum(died, n // 2), np.minimum(left, n // 2)
    gone = died + left
    rows = [
        {"measure": measure, "time": float(t), "n": n, "events": int(events[t]), "competing": int(died[t]),
         "censored": int(left[t]), "at_risk": int(n - gone[t - 1] if t else n)}
        for measure, events in (("mean_cumulative_count", first + later * (first > 0)), ("first_events", first))
        for t in range(len(first))
    ]  # fmt: skip
    rows = disclose(tidy(rows, **LABELS, kind="mean_cumulative_count", outcome="o"), POLICY).rows
    mean = rows[(rows["measure"] == "mean_cumulative_count") & (rows["status"] == "ok")]
    if mean.empty:
        return
    assert (mean["estimate"].diff().fillna(0) >= 0).all()
    assert np.isfinite(mean["estimate"]).all()
    assert (mean["std_error"] >= 0).all()
    known = mean[mean["estimate"] > 0]
    assert (known["conf_low"] <= known["estimate"]).all()
    assert (known["estimate"] <= known["conf_high"]).all()
    assert not rows[["n", "events", "competing", "censored", "at_risk"]].stack().between(1, 9).any()


@given(st.floats(0.001, 20), st.floats(0.0, 1.0))
def test_dispersion_is_finite_and_not_negative(mean: float, share: float) -> None:
    found = dispersion(np.array([mean]), np.array([share]))
    assert np.isfinite(found).all()
    assert (found >= 0).all()


@st.composite
def pathways(draw: st.DrawFn) -> pd.DataFrame:
    """Moves among five states in any order, each entered once at most, and ends of observation, on a grid."""
    n = draw(st.integers(20, 200))
    rng = np.random.default_rng(draw(st.integers(0, 2**32 - 1)))
    pace, leaves = rng.uniform(0, 0.5), rng.uniform(0, 0.2)
    times, states = draw(st.integers(1, 6)), 5
    here, seen, been = np.zeros(n, int), np.ones(n, bool), np.zeros((n, states), bool)
    moves: dict[tuple[int, int], list[int]] = {}
    record = []
    for t in range(times + 1):
        if t:
            for person in np.flatnonzero(seen & (here != states - 1)):
                if rng.random() < pace:
                    to = int(rng.integers(1, states))
                    if not been[person, to] and to != here[person]:
                        moves.setdefault((int(here[person]), to), []).append(t)
                        here[person], been[person, to] = to, True
                if here[person] != states - 1 and rng.random() < leaves:
                    seen[person] = False
        record.append((here.copy(), seen.copy()))
    rows = []
    for s in range(states):
        for t in range(times + 1):
            before_here, before_seen = record[t - 1] if t else (np.zeros(n, int), np.ones(n, bool))
            gone = {} if s == states - 1 else {"censored": int(((record[t][0] == s) & ~record[t][1]).sum())}
            inside = int(((before_here == s) & before_seen).sum())
            rows.append(
                {"measure": "state_probability", "term": f"s{s}", "time": float(t), "n": n, "at_risk": inside, **gone}
            )
    for (a, b), when in sorted(moves.items()):
        for t in range(times + 1):
            rows.append(
                {
                    "measure": "transitions",
                    "term": f"s{a}:s{b}",
                    "time": float(t),
                    "n": n,
                    "events": sum(w <= t for w in when),
                }
            )
    return tidy(rows, **LABELS, kind="state_occupation")


@settings(max_examples=30, deadline=None)
@given(pathways())
def test_probabilities_of_states_are_probabilities(frame: pd.DataFrame) -> None:
    if not (frame["measure"] == "transitions").any():
        return
    rows = disclose(frame, POLICY).rows
    shown = rows[(rows["measure"] == "state_probability") & (rows["status"] == "ok")]
    assert shown["estimate"].between(-1e-12, 1 + 1e-12).all()
    assert (shown.groupby("time")["estimate"].sum().sub(1).abs() < 1e-9).all()
    assert (shown["std_error"] >= 0).all()
    assert (shown["std_error"] < 0.6).all()
    assert not rows[["n", "events", "censored", "at_risk"]].stack().between(1, 9).any()
