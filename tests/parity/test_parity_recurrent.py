"""Recurrent events and multi-state histories against R's survival and mets: ``recurrent.R`` makes the values."""

from __future__ import annotations

from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from reference_values import COEFFICIENT, STD_ERROR, array, data, std_errors, values

from family_justice.estimators.survival.multistate import audit_histories, state_occupation, time_in_states
from family_justice.estimators.survival.recurrent import RecurrentModel, fit_recurrent, mean_cumulative_count


@pytest.mark.parametrize("model", get_args(RecurrentModel))
def test_recurrent_models_on_the_bladder_cancer_trial(model: Any) -> None:
    """The Wei-Lin-Weissfeld rows are made from those of the other models and are those of R's ``bladder``."""
    b = data("bladder2")
    b = b[b.stop > b.start]
    fit = fit_recurrent(model, b.id, b.start, b.stop, b.event, b.enum, b[["rx", "number", "size"]])
    r = values("recurrent")["marginal"] if model == "wei_lin_weissfeld" else values("bladder2")[model]
    assert fit.n == r["n"]
    assert_allclose(fit.coef, r["coef"], rtol=COEFFICIENT)
    assert_allclose(fit.std_error, std_errors(r["robust"]), rtol=STD_ERROR)


@pytest.mark.parametrize("name", ["bladder2", "cgd"])
def test_mean_cumulative_count(name: str) -> None:
    d, r = data(name), values("recurrent")[name]
    d = d.rename(columns={"tstart": "start", "tstop": "stop", "status": "event"})
    d = d[d.stop > d.start]
    count = mean_cumulative_count(d.id, d.start, d.stop, d.event, times=r["time"])
    assert_allclose(count.estimate, r["estimate"], rtol=1e-12)
    assert_allclose(count.std_error, r["std_error"], rtol=1e-10)


def test_mean_cumulative_count_with_deaths() -> None:
    d, r = data("terminal"), values("recurrent")["terminal"]
    count = mean_cumulative_count(d.id, d.start, d.stop, d.event, d.death, times=r["time"])
    assert_allclose(count.estimate, r["estimate"], rtol=1e-12)
    assert_allclose(count.std_error, r["std_error"], rtol=1e-10)


def test_state_occupation_of_the_myeloma_precursor_cohort() -> None:
    d, r = data("histories"), values("multistate")["mgus2"]
    labels = np.array(["at first", "myeloma", "death"])
    origin = d.groupby("id").to.shift(fill_value=0)
    target = np.where(d.to == 0, "", labels[d.to])
    occupied = state_occupation(d.id, d.start, d.stop, labels[origin], target, times=r["time"])
    columns = [occupied.states.tolist().index(label) for label in labels]
    assert_allclose(occupied.probability[:, columns], r["estimate"], rtol=1e-10, atol=1e-15)
    assert_allclose(occupied.std_error[:, columns], r["std_error"], rtol=1e-10, atol=1e-15)


def test_state_occupation_with_ties_returns_and_two_first_states() -> None:
    d, r = data("pathways"), values("multistate")["pathways"]
    labels = np.array(["", "a", "b", "c"])
    occupied = state_occupation(d.id, d.start, d.stop, labels[d["from"]], labels[d.to], times=r["time"])
    assert occupied.states.tolist() == ["a", "b", "c"]
    assert_allclose(occupied.start, array(r["start"]))
    assert_allclose(occupied.probability, r["estimate"], rtol=1e-12, atol=1e-15)
    assert_allclose(occupied.std_error, r["std_error"], rtol=1e-10, atol=1e-15)


def test_mean_time_in_states_is_the_area_under_the_curves_of_r() -> None:
    """On histories with returns and two first states, up to the middle and to the end of R's curves."""
    d, r = data("pathways"), values("multistate")["pathways"]
    labels = np.array(["", "a", "b", "c"])
    time, curves = array(r["time"]), np.vstack([array(r["start"]), array(r["estimate"])])
    for until in (time[len(time) // 2], time[-1] + 1):
        mean = time_in_states(d.id, d.start, d.stop, labels[d["from"]], labels[d.to], until)
        lengths = np.diff(np.concatenate([[0.0], np.minimum(time, until), [until]]))
        assert_allclose(mean.mean, lengths @ curves, rtol=1e-10)


def test_audit_of_histories() -> None:
    r = values("multistate")
    d = pd.DataFrame(r["wrong"])
    audit = audit_histories(d.id, d.start, d.stop, d["from"].astype(str), d.to.astype(str).replace("0", ""))
    for rule in ("overlap", "gap", "jump", "teleport"):
        assert getattr(audit, rule) == r["flags"][rule] == audit.rows[rule].size
    assert audit.persons == 4
    assert not audit.consistent


def test_audit_of_forty_people_with_many_faults() -> None:
    r = values("multistate")
    d = pd.DataFrame(r["messy"])
    audit = audit_histories(d.id, d.start, d.stop, d["from"].astype(str), d.to.astype(str).replace("0", ""))
    for rule, rows in r["messy_rows"].items():
        assert len(rows) > 3
        assert (audit.rows[rule] + 1).tolist() == sorted(rows)
