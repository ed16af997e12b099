"""What must hold of Gray's test, Fine-Gray models, counts and state occupation whatever the data."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.testing import assert_allclose

from family_justice.estimators.survival.cox import fit_cox
from family_justice.estimators.survival.fine_gray import fit_fine_gray
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.life_table import cumulative_incidence, event_table
from family_justice.estimators.survival.multistate import state_occupation
from family_justice.estimators.survival.recurrent import RecurrentModel, fit_recurrent, mean_cumulative_count
from family_justice.estimators.survival.restricted_mean import restricted_mean_survival, restricted_mean_time_lost

CALM = settings(deadline=None, max_examples=30)
seeds = st.integers(0, 10**6)


def people(seed: int, n: int = 80) -> dict[str, Any]:
    """Month-long ties, late entry, two causes and censoring, two columns, three groups, households of about two."""
    g = np.random.default_rng(seed)
    entry = g.integers(0, 4, n)
    return {
        "entry": entry,
        "exit": entry + g.integers(1, 10, n),
        "cause": g.integers(0, 3, n),
        "x": np.column_stack([g.integers(0, 2, n), g.normal(size=n)]),
        "group": g.integers(0, 3, n),
        "household": g.integers(0, n // 2, n),
    }


def fine_gray(p: dict[str, Any], target: str, **more: Any) -> Any:
    return fit_fine_gray(p["exit"], p["cause"], p["x"], target, clusters=p["household"], **more)  # type: ignore[arg-type]


def assert_same(one: Any, other: Any, times: float = 1.0) -> None:
    assert_allclose(other.coef, one.coef, rtol=1e-7, atol=1e-9)
    assert_allclose(other.std_error, times * one.std_error, rtol=1e-7)


@CALM
@given(seeds, st.sampled_from(["crr", "finegray"]))
def test_fine_gray_order_of_rows_and_unit_of_time_do_not_matter(seed: int, target: str) -> None:
    p = people(seed)
    order = np.random.default_rng(seed + 1).permutation(len(p["exit"]))
    shuffled = {name: values[order] for name, values in p.items()}
    assert_same(fine_gray(p, target), fine_gray(shuffled, target))
    assert_same(fine_gray(p, target), fine_gray({**p, "exit": p["exit"] / 365.25}, target))
    late = fine_gray(p, "finegray", entry=p["entry"])
    assert_same(late, fine_gray(shuffled, "finegray", entry=shuffled["entry"]))


@CALM
@given(seeds)
def test_fine_gray_with_everybody_twice_in_the_same_household(seed: int) -> None:
    """Every sum doubles, the weights stay: the same coefficients and, within households, the same standard errors.

    (Breslow's ties; Efron's see twice as many tied events.)
    """
    p = people(seed)
    twice = {name: np.concatenate([values, values]) for name, values in p.items()}
    for target in ("crr", "finegray"):
        assert_same(fine_gray(p, target, ties="breslow"), fine_gray(twice, target, ties="breslow"))


@CALM
@given(seeds)
def test_fine_gray_without_competing_events_is_a_cox_model(seed: int) -> None:
    p = people(seed)
    p["cause"] = p["cause"] % 2
    cox = fit_cox(p["exit"], p["cause"], p["x"], entry=p["entry"], clusters=p["household"])
    assert_same(cox, fine_gray(p, "finegray", entry=p["entry"]))


@CALM
@given(seeds)
def test_fine_gray_without_censoring_keeps_everybody_at_risk(seed: int) -> None:
    """Then both targets are the Cox model in which competing events are times after the last event."""
    p = people(seed)
    p["cause"] = 1 + p["cause"] % 2
    last = p["exit"].max() + 1
    cox = fit_cox(
        np.where(p["cause"] == 2, last, p["exit"]), p["cause"] == 1, p["x"], clusters=p["household"], ties="breslow"
    )
    for target in ("crr", "finegray"):
        assert_same(cox, fine_gray(p, target, ties="breslow"))


@CALM
@given(seeds)
def test_gray_test_does_not_depend_on_order_and_names(seed: int) -> None:
    p = people(seed)
    order = np.random.default_rng(seed + 1).permutation(len(p["exit"]))
    one = gray_test(p["exit"], p["cause"], p["group"], strata=p["household"] % 2)
    names = np.array(["z", "a", "m"])
    other = gray_test(p["exit"][order], p["cause"][order], names[p["group"][order]], strata=p["household"][order] % 2)
    assert_allclose(other.test.statistic, one.test.statistic, rtol=1e-8)
    assert_allclose(other.score[[2, 0, 1]], one.score, atol=1e-9)
    assert_allclose(one.score.sum(), 0, atol=1e-9)
    assert_allclose(one.variance.sum(axis=0), 0, atol=1e-8)


@CALM
@given(seeds, st.integers(1, 12))
def test_times_lost_and_time_without_event_add_up(seed: int, until: int) -> None:
    p = people(seed)
    table = event_table(p["exit"], p["cause"], p["entry"], n_causes=2)
    # With late entry nobody may be at risk at first: from there on.
    parts = [restricted_mean_survival(table, until), *(restricted_mean_time_lost(table, c, until) for c in (1, 2))]
    assert_allclose(sum(part.estimate for part in parts), until)
    assert all(part.std_error > 0 or np.isnan([part.std_error, part.low, part.high]).all() for part in parts)


@CALM
@given(seeds)
def test_state_occupation_of_competing_events_is_the_cumulative_incidence(seed: int) -> None:
    p = people(seed)
    n = len(p["exit"])
    states = np.array(["", "one", "two"])[p["cause"]]
    found = state_occupation(np.arange(n), np.zeros(n), p["exit"], np.full(n, "here"), states)
    for cause, name in ((1, "one"), (2, "two")):
        curve = cumulative_incidence(event_table(p["exit"], p["cause"]), cause).at(found.time)
        column = found.states.tolist().index(name)
        assert_allclose(found.probability[:, column], curve.estimate, atol=1e-12)
        assert_allclose(found.std_error[:, column], curve.std_error, atol=1e-10)


def histories(seed: int) -> dict[str, Any]:
    """Thirty people with up to four intervals and an event at the end of some."""
    g = np.random.default_rng(seed)
    rows = []
    for person in range(30):
        cuts = [0, *sorted(g.choice(np.arange(1, 15), g.integers(1, 5), replace=False))]
        x, here = g.normal(), "a"
        for number, (start, stop) in enumerate(pairwise(cuts), 1):
            event = int(g.random() < 0.6)
            there = "ab"[here == "a"] if event else ""
            rows.append((person, start, stop, event, number, x, here, there))
            here = there or here
    names = ("id", "start", "stop", "event", "number", "x", "here", "there")
    return {name: np.array(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def split(h: dict[str, Any]) -> dict[str, Any]:
    """Cut every interval in two: nothing happens at the end of the first half."""
    middle = (h["start"] + h["stop"]) / 2
    first = {**h, "stop": middle, "event": np.zeros_like(h["event"]), "there": np.full_like(h["there"], "")}
    second = {**h, "start": middle}
    return {name: np.concatenate([first[name], second[name]]) for name in h}


@CALM
@given(seeds)
def test_splitting_intervals_and_the_order_of_rows_change_nothing(seed: int) -> None:
    h = histories(seed)
    order = np.random.default_rng(seed + 1).permutation(2 * len(h["id"]))
    cut = {name: values[order] for name, values in split(h).items()}
    last = np.append(h["id"][1:] != h["id"][:-1], True)
    dies = (last & (h["event"] == 0) & (h["id"] % 3 == 0)).astype(int)
    dies_cut = np.concatenate([np.zeros_like(dies), dies])[order]
    times = np.arange(0.25, 16, 0.5)
    for death, death_cut in ((None, None), (dies, dies_cut)):
        one = mean_cumulative_count(h["id"], h["start"], h["stop"], h["event"], death, times)
        other = mean_cumulative_count(cut["id"], cut["start"], cut["stop"], cut["event"], death_cut, times)
        assert_allclose(other.estimate, one.estimate, atol=1e-12)
        assert_allclose(other.std_error, one.std_error, atol=1e-12)
    whole, halves = (state_occupation(d["id"], d["start"], d["stop"], d["here"], d["there"], times) for d in (h, cut))
    assert_allclose(halves.probability, whole.probability, atol=1e-12)
    assert_allclose(halves.std_error, whole.std_error, atol=1e-12)
    assert_allclose(whole.probability.sum(axis=1), 1)
    models: tuple[RecurrentModel, ...] = ("andersen_gill", "prentice_total")
    for model in models:
        first, second = [
            fit_recurrent(model, d["id"], d["start"], d["stop"], d["event"], d["number"], d["x"][:, None])
            for d in (h, cut)
        ]
        assert_same(first, second)


@CALM
@given(seeds)
def test_the_standard_error_of_a_count_is_the_infinitesimal_jackknife(seed: int) -> None:
    """Giving a person a little more weight moves the count by that person's influence: here by finite difference, with
    every person written often and one of them once more."""
    h = histories(seed)
    often = 400
    times = [5.0, 10.0]

    def estimate(extra: int | None) -> np.ndarray:
        copies = np.full(len(h["id"]), often) + (h["id"] == extra if extra is not None else 0)
        rows = np.repeat(np.arange(len(h["id"])), copies)
        return mean_cumulative_count(rows, h["start"][rows], h["stop"][rows], h["event"][rows], times=times).estimate

    base = estimate(None)
    influence = np.array([often * (estimate(person) - base) for person in np.unique(h["id"])])
    ours = mean_cumulative_count(h["id"], h["start"], h["stop"], h["event"], times=times)
    assert_allclose(ours.std_error, np.sqrt((influence**2).sum(axis=0)), rtol=5e-3, atol=1e-9)
