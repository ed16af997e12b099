"""Average marginal effects on their way from a stream file to the page, and what an intruder makes of them."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pytest
from numpy.testing import assert_allclose
from test_regression_kinds import COHORT, CONFIG, COVARIATES, POLICY, members, one, stream

from family_justice.analyses import models, regression
from family_justice.analyses.study import describe_study
from family_justice.config.kinds import Logistic
from family_justice.config.models import Stream
from family_justice.disclosure.digits import step_below
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.figures.words import Labels
from family_justice.report.tables import page_tables as tables
from family_justice.results import tidy


def with_effects(kind: str) -> tuple[Stream, str]:
    base = stream(**{kind: {"marginal_effects": True}}) if kind != "logistic" else stream()
    if kind == "logistic":
        added = Logistic(kind="logistic", title="T", description="d", cohort="children", covariates=["side"],
                         variable="placed", marginal_effects=True)  # fmt: skip
        base = base.model_copy(update={"analyses": {**base.analyses, "logistic": added}})
    return base, kind


@pytest.mark.parametrize("kind", ["logistic", "risk_ratio", "multinomial"])
def test_effects_stand_beside_the_ratios(kind: str) -> None:
    made, name = with_effects(kind)
    frame, adapter = members(), models.logistic if kind == "logistic" else getattr(regression, kind)
    rows = tidy(adapter(frame, COHORT, made.analyses[name], COVARIATES, kind),
                stream="s", analysis=name, kind=kind, cohort="children")  # fmt: skip
    outcome = "care" if kind == "multinomial" else "placed"
    event = frame["order"] == "care" if kind == "multinomial" else frame["placed"] == "yes"
    share = event.groupby(frame["side"], observed=True).mean()
    row = one(rows, measure="marginal_effect", level="right", outcome=outcome)
    assert_allclose(row["estimate"], 100 * (share["right"] - share["left"]), rtol=1e-9)
    ratio = one(rows, term="side", level="right", outcome=outcome, measure=rows["measure"].iloc[0])
    assert (row["n"], row["events"]) == (ratio["n"], ratio["events"])

    study = describe_study(made, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    assert "Average marginal effects" in study["analyses"][name]["method"]
    released = disclose(rows, POLICY).rows
    check_labels(released, vocabulary(study), name)
    # The effect of a single covariate is the difference of the shares that are released, those with yet another outcome
    # included, in steps of a fifth of its standard error at most.
    effects = released[released["measure"] == "marginal_effect"]
    shares = [
        100 * float(own["events"]) / float(own["n"] + effects.loc[others, "events"].sum())
        for own, others in (
            (one(effects, level=level, outcome=outcome), (effects["level"] == level) & (effects["outcome"] != outcome))
            for level in ("right", "left")
        )
    ]
    after = one(effects, level="right", outcome=outcome)
    # The error is shown to one percent, which may decide what the step is.
    units = {step_below(2 * after["std_error"] * near / 10) for near in (0.99, 1.01)}
    assert abs(after["estimate"] - (shares[0] - shares[1])) <= max(units) / 2 + 1e-9
    assert any(after["estimate"] == pytest.approx(unit * round(after["estimate"] / unit)) for unit in units)
    table = tables.model(released, study["analyses"][name], Labels(study))
    assert table.heads[-1] == "Marginal effect (95% CI)"
    lines = {line.head: line.cells[-1].text for line in table.rows if line.cells}
    assert lines["Left"] == "0 (reference)"
    assert lines["Right"].startswith(("+", "\u2212", "0"))


def test_a_suppressed_level_takes_its_effect_with_it() -> None:
    made, name = with_effects("logistic")
    frame = members()
    rare = frame[(frame["side"] == "right") & (frame["placed"] == "yes")].index[6:]
    frame.loc[rare, "placed"] = "no"
    rows = tidy(models.logistic(frame, COHORT, made.analyses[name], COVARIATES, name),
                stream="s", analysis=name, kind=name, cohort="children")  # fmt: skip
    released = disclose(rows, POLICY).rows
    right = released[released["level"] == "right"]
    assert list(right["status"]) == ["suppressed", "suppressed"]
    assert right[["estimate", "std_error", "conf_low", "n", "events"]].isna().all(axis=None)
    table = tables.model(released, {"title": "T", "cohort": "children", "kind": name}, Labels({}))
    assert next(line for line in table.rows if line.head == "Right").cells[-1].withheld


def possible(number: int) -> range:
    return range(max(10, number - 2), number + 3)


def told(n0: np.ndarray, d0: np.ndarray, n1: np.ndarray, d1: np.ndarray) -> tuple[np.ndarray, ...]:
    """Log odds ratio, its standard error, difference in percentage points, its standard error."""
    p0, p1 = d0 / n0, d1 / n1
    return (
        np.log(d1 / (n1 - d1) * (n0 - d0) / d0),
        np.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0)),
        100 * (p1 - p0),
        100 * np.sqrt(p1 * (1 - p1) / n1 + p0 * (1 - p0) / n0),
    )


def test_a_ratio_and_its_effect_do_not_give_the_counts_away() -> None:
    """Exactly they would leave one answer; in the steps of the release no more than the ratio alone leaves."""
    rng = np.random.default_rng(11)
    left: dict[str, list[int]] = {"exact": [], "ratio alone": [], "both in its steps": [], "released": []}
    for _ in range(150):
        n0, n1 = (int(x) for x in rng.integers(60, 500, 2))
        d0, d1 = (int(rng.integers(15, n - 15)) for n in (n0, n1))
        guesses = np.array(list(itertools.product(*(possible(5 * ((c + 2) // 5)) for c in (n0, d0, n1, d1)))))
        guesses = guesses[(guesses[:, 1] < guesses[:, 0]) & (guesses[:, 3] < guesses[:, 2])]
        truth, answers = told(*np.array([[n0], [d0], [n1], [d1]])), told(*guesses.T)
        errors = [float(truth[1][0])] * 2 + [float(truth[3][0])] * 2
        for name, parts, shown in (
            ("exact", 10**7, 4), ("ratio alone", 10, 2), ("both in its steps", 10, 4), ("released", 5, 4),
        ):  # fmt: skip
            same = np.ones(len(guesses), dtype=bool)
            for i in range(shown):
                unit = step_below(errors[i] / (parts if i % 2 == 0 else 5 * parts))
                same &= np.rint(answers[i] / unit) == np.rint(truth[i] / unit)
            assert same.any()
            left[name].append(int(same.sum()))
    alone = {name: sum(count == 1 for count in counts) / 150 for name, counts in left.items()}
    assert alone["exact"] > 0.9
    assert alone["both in its steps"] > 2 * alone["ratio alone"]
    assert alone["released"] <= 0.02
    assert np.median(left["released"]) >= 0.8 * np.median(left["ratio alone"])
    assert not math.isnan(np.median(left["exact"]))
