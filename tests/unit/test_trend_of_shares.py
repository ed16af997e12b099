"""The trend of shares over ordered groups: beside R's, and as it leaves."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kinds_on_the_way import COHORT, COVARIATES, stream_of

from family_justice.analyses.recount import find_behind
from family_justice.config.schema import Covariate, Policy
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.sets import gather
from family_justice.estimators.groups.trend import share_trend
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.figures.words import Labels
from family_justice.kinds.registry import KINDS
from family_justice.results import tidy

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip


def test_smokers_among_patients() -> None:
    """R's example of ``prop.trend.test`` (Fleiss 1981): X-squared = 8.2249, df = 1, p-value = 0.004132."""
    slope, error, _ = share_trend([83, 90, 129, 70], [86, 93, 136, 82])
    assert (slope / error) ** 2 == pytest.approx(8.2249, abs=5e-5)
    assert upper_tail((slope / error) ** 2, 1) == pytest.approx(0.004132, abs=5e-7)
    assert slope < 0


@given(st.lists(st.tuples(st.integers(0, 50), st.integers(0, 50)), min_size=2, max_size=6))
def test_it_is_the_score_test_of_a_straight_line(groups: list[tuple[int, int]]) -> None:
    """N times the squared correlation of event and place among single members, as Armitage has it."""
    events, persons = (np.array(column) for column in zip(*[(x, x + y) for x, y in groups], strict=True))
    found = share_trend(events, persons)
    if found.reason:
        share = events.sum() / max(persons.sum(), 1)
        assert (persons > 0).sum() < 2 or share in (0, 1)
        return
    place = np.repeat(np.arange(len(persons)), persons)
    event = np.concatenate([[1] * x + [0] * (n - x) for x, n in zip(events, persons, strict=True)])
    statistic = len(event) * np.corrcoef(place, event)[0, 1] ** 2
    assert (found.slope / found.std_error) ** 2 == pytest.approx(statistic, abs=1e-9)
    assert found.slope == pytest.approx(np.polyfit(place, event, 1)[0], abs=1e-9)


def members(n: int = 3000) -> pd.DataFrame:
    g = np.random.default_rng(4)
    fifth = g.integers(0, 5, n)
    frame = pd.DataFrame({
        "child_id": np.arange(n), "fifth": np.array(COVARIATES["fifth"].levels)[fifth],
        "sex": np.where(g.random(n) < 0.5, "female", "male"),
        "placed": np.where(g.random(n) < 0.2 + 0.05 * fifth, "yes", "no"),
    })  # fmt: skip
    for name in ("fifth", "sex", "placed"):
        frame[name] = pd.Categorical(frame[name], COVARIATES[name].levels)
    return frame


def frequency(**keys: Any) -> Any:
    return stream_of(
        a={"kind": "frequency", "variables": ["placed"], "group_by": ["fifth", "sex"], "trend": True, **keys}
    )


def test_trends_follow_from_released_counts() -> None:
    analysis, frame = frequency().analyses["a"], members()
    rows = tidy(
        KINDS["frequency"].run(frame, COHORT, analysis, COVARIATES, "a"),
        stream="s", analysis="a", kind="frequency", cohort="children",
    )  # fmt: skip
    behind = find_behind(rows, frame, COHORT, analysis, COVARIATES, "a")
    found = disclose(rows, POLICY, sets=gather({"a": rows}, {"a": behind})).rows
    trend, exact = (r[r["measure"] == "trend"].set_index(["group", "level"]) for r in (found, rows))
    assert sorted(trend.index) == [(f"sex={sex}", level) for sex in ("female", "male") for level in ("no", "yes")]
    assert (trend["estimate"] != exact["estimate"]).all()
    assert (trend["estimate"] - exact["estimate"]).abs().max() < 0.5
    assert trend["estimate"].xs("yes", level="level").between(2, 8).all()
    for (group, level), row in trend.iterrows():
        axis = found[found["group"].str.endswith(f"; {group}") & (found["level"] == level)]
        slope, error, _ = share_trend(axis["n"].to_numpy(float), axis["total"].to_numpy(float))
        assert [row["estimate"], row["std_error"]] == pytest.approx([100 * slope, 100 * error])
    strict = POLICY.model_copy(update={"threshold": 200})
    few = disclose(rows, strict).rows
    assert few.loc[few["measure"] == "trend", "status"].eq("suppressed").all()
    labels = Labels(
        {"covariates": {"placed": {"label": "Placed"}, "fifth": {"label": "Fifth"}}, "policy": POLICY.model_dump()}
    )
    about = {"title": "T", "group_by": ["fifth", "sex"], "variables": ["placed"]}
    table = KINDS["frequency"].show.page(found, about, labels).tables[-1]
    assert [row.head for row in table.rows if not row.cells] == ["Female", "Male"]
    assert {row.cells[1].text for row in table.rows if row.head == "Placed: yes"} == {"<0.001"}


def test_levels_for_missing_values_have_no_place_in_an_order() -> None:
    odd = COVARIATES["fifth"].model_copy(update={"missing": "not known"})
    wrong: dict[str, Covariate] = {**COVARIATES, "fifth": odd}
    analysis = frequency().analyses["a"]
    assert "has a level for missing values" in " ".join(analysis.problems("a", COHORT, wrong))
