"""From a stream's words to released rows: Fine-Gray models, and tests of the curves of groups."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration
from family_justice.config.schema import Cohort, Covariate, Event, Outcome, Policy, Step, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import ConfigError
from family_justice.estimators.survival.fine_gray import fit_fine_gray
from family_justice.estimators.survival.gray import gray_test
from family_justice.estimators.survival.life_table import log_rank
from family_justice.figures.words import Labels
from family_justice.kinds.fine_gray.run import run as fine_gray
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEMBERS
from family_justice.report import prose
from family_justice.results import tidy

CONFIG = Configuration(Path(__file__).resolve().parents[2] / "config")
POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
COVARIATES = {
    "side": Covariate(label="Side", definition="A side.", value="side", levels=["left", "right"], reference="left"),
    "age": Covariate(label="Age", definition="Age.", value="age", unit="years"),
}
EVENTS = {name: Event(label=name.capitalize(), sql="SELECT 1") for name in ("back", "death", "end")}
COHORT = Cohort(
    label="Mothers",
    unit="mothers",
    description="Mothers.",
    key=["person_id"],
    time_zero="day",
    steps=[Step(name="all", label="All", sql="SELECT 1")],
    events=EVENTS,
    outcomes={
        "back": Outcome(label="Return", event="back", competing=["death"], censoring=["end"]),
    },
    covariates=list(COVARIATES),
)
MODEL = {"kind": "fine_gray", "outcome": "back", "covariates": ["side", "age"], "target": "finegray"}
CURVE = {"outcomes": ["back"], "group_by": ["side"], "every": 1, "until": 3}


def stream(**analyses: dict[str, Any]) -> Stream:
    shared = {"title": "T", "description": "d", "cohort": "mothers"}
    return Stream.model_validate({
        "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"mothers": COHORT},
        "covariates": COVARIATES, "analyses": {name: {**shared, **keys} for name, keys in analyses.items()},
    })  # fmt: skip


def members(n: int = 600) -> pd.DataFrame:
    g = np.random.default_rng(4)
    side = np.arange(n) % 2
    back, death = np.ceil(g.exponential(900 / (1 + side))), np.ceil(g.exponential(2000, n))
    return pd.DataFrame({
        "back": back, "death": death, "end": g.integers(300, 1500, n), "age": g.normal(30, 6, n),
        "side": pd.Categorical(np.where(side, "right", "left"), categories=["left", "right"]), "case_id": np.arange(n) // 2,
    })  # fmt: skip


def observed(frame: pd.DataFrame) -> tuple[np.ndarray, np.ndarray]:
    ends = frame[["back", "death", "end"]].to_numpy()
    return ends.min(axis=1) / 365.25, np.array([1, 2, 0])[ends.argmin(axis=1)]


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


@pytest.mark.parametrize("target", ["crr", "finegray"])
def test_fine_gray_follows_the_program_that_is_named(target: str) -> None:
    frame, described = members(), stream(m={**MODEL, "target": target, "cluster": "case_id"})
    rows = tidy(
        fine_gray(frame, COHORT, described.analyses["m"], COVARIATES, "m"),  # type: ignore[arg-type]
        stream="s", analysis="m", kind="fine_gray", cohort="mothers",
    )  # fmt: skip
    exit_, cause = observed(frame)
    x = np.column_stack([frame["side"] == "right", frame["age"]])
    fit = fit_fine_gray(exit_, cause, x, target, clusters=frame["case_id"])  # type: ignore[arg-type]
    coefficients = rows[(rows["measure"] == "log_subdistribution_hazard_ratio") & (rows["status"] == "ok")]
    assert_allclose(coefficients["estimate"], fit.coef)
    assert_allclose(coefficients["std_error"], fit.std_error)
    assert rows.loc[rows["measure"] == "wald_test", "df"].tolist() == [2]

    study = describe_study(described, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    about = study["analyses"]["m"]
    assert {"crr": "R cmprsk::crr; Breslow", "finegray": "R survival::finegray; Efron"}[target] in about["method"]
    assert "death as competing event" in about["method"]


@pytest.mark.parametrize("wrong", [{"strata": ["side"], "covariates": ["age"]}, {"ties": "efron"}])
def test_what_crr_does_not_have_is_an_error_of_the_stream_file(wrong: dict[str, Any]) -> None:
    def check(target: str) -> None:
        check_stream(stream(m={**MODEL, **wrong, "target": target}), {}, Path("s.yaml"))

    check("finegray")
    with pytest.raises(ConfigError, match=r"analyses\.m: target 'crr' has no strata and Breslow's method"):
        check("crr")


@pytest.mark.parametrize("kind", ["cumulative_incidence", "kaplan_meier"])
def test_curves_of_groups_are_compared(kind: str) -> None:
    frame, described = members(), stream(c={**CURVE, "kind": kind})
    analysis: Any = described.analyses["c"]
    rows = tidy(
        KINDS[kind].run(frame, COHORT, analysis, COVARIATES, "c"), stream="s", analysis="c", kind=kind, cohort="mothers"
    )
    exit_, cause = observed(frame)
    measure, test = {
        "cumulative_incidence": ("gray_test", gray_test(exit_, cause, frame["side"]).test),
        "kaplan_meier": ("log_rank_test", log_rank(exit_, cause == 1, frame["side"]).test),
    }[kind]
    row = own(rows).iloc[-1]
    assert (row["measure"], row["df"], row["n"], row["events"]) == (measure, 1, 600, (cause == 1).sum())
    assert_allclose(row["statistic"], test.statistic)

    study = describe_study(described, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    released = disclose(rows, POLICY).rows
    check_labels(released, vocabulary(study), "c")
    # Of the released life tables, which end before the last events: near the exact one, and not the exact one.
    assert_allclose(own(released).iloc[-1]["statistic"], test.statistic, rtol=0.2)
    assert abs(own(released).iloc[-1]["statistic"] / test.statistic - 1) > 1e-4
    (said,) = prose.rank_tests(released, Labels(study))
    name = "Gray's" if kind == "cumulative_incidence" else "Log-rank"
    assert said.startswith(f"{name} test of the difference between the groups: chi-squared ")
    assert "on 1 degree of freedom" in said

    few = frame[(frame["side"] == "left") | (frame.index < 12)]
    rows = tidy(
        KINDS[kind].run(few, COHORT, analysis, COVARIATES, "c"), stream="s", analysis="c", kind=kind, cohort="mothers"
    )
    hidden = own(disclose(rows, POLICY).rows).iloc[-1]
    assert hidden["status"] == "suppressed"
    assert np.isnan(hidden["statistic"])


def test_one_group_cannot_be_compared() -> None:
    frame = members()
    analysis: Any = stream(c={**CURVE, "kind": "cumulative_incidence"}).analyses["c"]
    rows = KINDS["cumulative_incidence"].run(frame[frame["side"] == "left"], COHORT, analysis, COVARIATES, "c")
    row = [row for row in rows if row["measure"] not in MEMBERS][-1]
    assert (row["measure"], row["status"]) == ("gray_test", "not estimable")
    assert "statistic" not in row
