"""Standardised survival: exact for public records, withheld everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from numpy.testing import assert_allclose
from test_cox_splines import COHORT, COVARIATES, POLICY, men

from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration
from family_justice.config.schema import Covariate, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.survival.cox import fit_cox
from family_justice.estimators.survival.cox_curves import survival_at
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.adjusted_survival.run import AT_LIMIT, NOT_DETERMINED
from family_justice.kinds.adjusted_survival.run import run as adjusted_survival
from family_justice.measures import MEMBERS
from family_justice.report.tables import page_tables as tables
from family_justice.results import tidy

CONFIG = Configuration(Path(__file__).resolve().parents[2] / "config")
OPEN = POLICY.model_copy(update={"threshold": 1, "rounding_base": 1, "minimum_at_risk": 0})


def study(**keys: Any) -> Stream:
    analysis = {
        "kind": "adjusted_survival", "title": "T", "description": "d", "cohort": "men", "outcome": "arrest",
        "contrast": "aid", "covariates": ["aid", "age"], "every": 13, "until": 52, **keys,
    }  # fmt: skip
    return Stream(stream="s", title="t", question="q", summary="s", cohorts={"men": COHORT}, covariates=COVARIATES,
                  analyses={"a": analysis})  # fmt: skip  # type: ignore[dict-item]


def rows_of(frame: pd.DataFrame) -> pd.DataFrame:
    analysis: Any = study().analyses["a"]
    rows = adjusted_survival(frame, COHORT, analysis, COVARIATES, "a")
    return tidy(rows, stream="s", analysis="a", kind="adjusted_survival", cohort="men")


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


def test_a_curve_is_the_mean_of_everybodys() -> None:
    d = men()
    rows = disclose(rows_of(d), OPEN).rows
    fit = fit_cox(d.week, d.arrest, np.column_stack([d.aid == "yes", d.age]))
    for level, aid in (("no", 0.0), ("yes", 1.0)):
        own = rows[rows["group"] == f"aid={level}"]
        everybody = survival_at(fit, np.column_stack([np.full(len(d), aid), d.age]), [0, 13, 26, 39, 52]).survival
        assert_allclose(own["estimate"], everybody.mean(axis=0))
        assert own["at_risk"].tolist() == [(d.week[d.aid == level] >= t).sum() for t in (0, 13, 26, 39, 52)]
    assert (rows[rows["time"] > 0]["conf_low"] < rows[rows["time"] > 0]["estimate"]).all()


def test_nothing_of_it_leaves_where_counts_are_rounded() -> None:
    rows = own(disclose(rows_of(men()), POLICY).rows)
    assert rows["status"].eq("suppressed").all()
    assert rows["note"].str.startswith("not released").all()
    assert rows[["estimate", "std_error", "conf_low", "conf_high", "n", "events", "at_risk"]].isna().all(axis=None)
    with pytest.raises(DisclosureError, match="some measures have no rule"):
        disclose(rows_of(men()).assign(measure="log_hazard_ratio"), POLICY)


def test_a_level_without_effect_has_no_curve() -> None:
    d = men()
    d = d[(d.aid == "no") | (d.arrest == 0)]
    rows = rows_of(d)
    assert rows.loc[rows["group"] == "aid=yes", "status"].tolist() == ["not estimable"]
    assert rows.loc[rows["group"] == "aid=no", "status"].eq("ok").all()


def with_house(d: pd.DataFrame, house: Any, reference: str = "left") -> pd.DataFrame:
    """Return the rows of a model with one more covariate, whose levels are left, middle and right."""
    levels = ["left", "middle", "right"]
    known = {**COVARIATES, "house": Covariate(label="H", definition="d", value="h", levels=levels, reference=reference)}
    frame = d.assign(house=pd.Categorical(house, categories=levels))
    analysis: Any = study().analyses["a"].model_copy(update={"covariates": ["aid", "age", "house"]})
    found = adjusted_survival(frame, COHORT, analysis, known, "a")
    return own(tidy(found, stream="s", analysis="a", kind="adjusted_survival", cohort="men"))


def test_another_level_without_events_is_at_the_limit() -> None:
    """Whoever has it survives for certain; the others are as in a fit without them."""
    d = men()
    g = np.random.default_rng(1)
    spared = (g.random(len(d)) < 0.2) & (d.arrest == 0)
    house = np.where(spared, "right", g.choice(["left", "middle"], len(d)))
    found = with_house(d, house)
    alone = with_house(d[~spared], house[~spared])
    share = (~spared).mean()
    assert found["note"].eq(AT_LIMIT).all()
    assert alone["note"].eq("").all()
    assert_allclose(found["estimate"], share * alone["estimate"] + 1 - share, rtol=1e-6)
    assert_allclose(found["std_error"], share * alone["std_error"], rtol=1e-5, atol=1e-12)
    # The same curve with that level as reference; errors of differences between the others are then not at hand.
    turned = with_house(d, house, reference="right")
    assert_allclose(turned["estimate"], found["estimate"], rtol=1e-5)
    assert turned[["std_error", "conf_low", "conf_high"]].isna().all(axis=None)
    assert turned["note"].eq(AT_LIMIT).all()
    about = describe_study(study(), COVARIATES, ("replication", CONFIG.source("replication")), OPEN, {})
    table = tables.curve(disclose(turned, OPEN).rows, about["analyses"]["a"], Labels(about))
    assert AT_LIMIT[1:] in table.notes[1]


def test_a_covariate_that_tells_the_contrast_leaves_nothing_to_compare() -> None:
    """Everybody on the right has aid and nobody else: nothing says how men without aid would fare there."""
    d = men()
    g = np.random.default_rng(1)
    house = np.where(d.aid == "yes", "right", g.choice(["left", "middle"], len(d)))
    rows = with_house(d, house)
    assert rows["status"].tolist() == ["not estimable"] * 2
    assert rows["note"].eq(NOT_DETERMINED).all()
    # A copy of a covariate that is not the contrast does no harm.
    old = np.where(d.age > 25, "right", "left")
    twice = with_house(d.assign(age=(d.age > 25).astype(float)), old)
    once = own(rows_of(d.assign(age=(d.age > 25).astype(float))))
    assert_allclose(twice["estimate"], once["estimate"], rtol=1e-8)


def test_what_cannot_be_contrasted() -> None:
    for contrast, says in (("age", "only levels can be compared"), ("aids", "no covariate of this model 'aids'")):
        with pytest.raises(ConfigError, match=says):
            check_stream(study(contrast=contrast), {}, Path("s.yaml"))


def test_a_reader_meets_curves_and_a_table(tmp_path: Path) -> None:
    stream = study(report_at=[26, 52])
    about = describe_study(stream, COVARIATES, ("replication", CONFIG.source("replication")), OPEN, {})
    rows = disclose(rows_of(men()), OPEN).rows
    table = tables.curve(rows, about["analyses"]["a"], Labels(about))
    assert [row.head for row in table.rows] == ["Aid: no", "Aid: yes"]
    assert "as if each had every level of aid in turn" in about["analyses"]["a"]["method"]
    hidden = disclose(rows_of(men()), POLICY).rows
    about["policy"] = svg_only(POLICY).model_dump()
    assert "withheld" in draw_analysis(about, "a", hidden, tmp_path)["alt"]


def test_a_fit_that_did_not_converge_has_no_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from family_justice.estimators.survival import cox

    monkeypatch.setattr(cox, "fit_cox", lambda *a, **k: dataclasses.replace(fit_cox(*a, **k), converged=False))
    rows = own(rows_of(men()))
    assert sorted(rows["group"]) == ["aid=no", "aid=yes"]
    assert rows["note"].eq("the search for the estimate did not converge").all()
