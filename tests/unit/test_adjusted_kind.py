"""Standardised survival: exact for public records, withheld everywhere else."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose
from test_cox_splines import COHORT, COVARIATES, POLICY, men

from family_justice.analyses.adjusted import adjusted_survival
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration
from family_justice.config.models import Stream
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import ConfigError, DisclosureError
from family_justice.estimators.cox import fit_cox
from family_justice.estimators.cox_curves import survival_at
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.report import tables
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
    rows = disclose(rows_of(men()), POLICY).rows
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


def test_what_cannot_be_contrasted() -> None:
    for contrast, says in (("age", "only levels can be compared"), ("aids", "no covariate of this model 'aids'")):
        with pytest.raises(ConfigError, match=says):
            check_stream(study(contrast=contrast), {}, Path("s.yaml"))


def test_a_reader_meets_curves_and_a_table(tmp_path: Path) -> None:
    stream = study(report_at=[26, 52])
    check_stream(stream, {}, Path("s.yaml"))
    about = describe_study(stream, COVARIATES, ("replication", CONFIG.source("replication")), OPEN, {})
    rows = disclose(rows_of(men()), OPEN).rows
    check_labels(rows, vocabulary(about), "a")
    assert "Line chart" in draw_analysis(about, "a", rows, tmp_path)["alt"]
    table = tables.curve(rows, about["analyses"]["a"], Labels(about))
    assert [row.head for row in table.rows] == ["Aid: no", "Aid: yes"]
    assert "as if each had every level of aid in turn" in about["analyses"]["a"]["method"]
    hidden = disclose(rows_of(men()), POLICY).rows
    assert "withheld" in draw_analysis(about, "a", hidden, tmp_path)["alt"]


def test_a_fit_that_did_not_converge_has_no_curve(monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses

    from family_justice.estimators import cox

    monkeypatch.setattr(cox, "fit_cox", lambda *a, **k: dataclasses.replace(fit_cox(*a, **k), converged=False))
    rows = rows_of(men())
    assert sorted(rows["group"]) == ["aid=no", "aid=yes"]
    assert rows["note"].eq("the search for the estimate did not converge").all()
