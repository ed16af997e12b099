"""Restricted cubic splines from the stream file to the rows of a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from lifelines.datasets import load_rossi
from numpy.testing import assert_allclose

from family_justice.analyses.models import cox
from family_justice.config.check import check_stream
from family_justice.config.kinds import Cox
from family_justice.config.models import Cohort, Covariate, Outcome, Stream
from family_justice.errors import AnalysisError, ConfigError
from family_justice.estimators.cox import fit_cox
from family_justice.estimators.splines import harrell_knots, restricted_cubic_spline
from family_justice.results import tidy

COVARIATES = {
    "age": Covariate(label="Age", definition="Age.", value="age", unit="years"),
    "aid": Covariate(label="Aid", definition="Financial aid.", value="aid", levels=["no", "yes"], reference="no"),
}
OUTCOME = Outcome(label="Arrest", duration="week", indicator="arrest", time_unit="weeks")
COHORT = Cohort(label="Men", unit="men", description="Men.", key=["id"], steps=[{"name": "all", "label": "All", "sql": "SELECT * FROM source"}],
                outcomes={"arrest": OUTCOME}, covariates=["age", "aid"])  # fmt: skip  # type: ignore[list-item]


def model(**splines: int) -> Cox:
    return Cox(kind="cox", title="t", description="d", cohort="men", outcome="arrest", covariates=["age", "aid"],
               splines=splines)  # fmt: skip


def men() -> pd.DataFrame:
    d = load_rossi()
    aid = pd.Categorical(np.where(d.fin == 1, "yes", "no"), categories=["no", "yes"])
    return pd.DataFrame({"week": d.week, "arrest": d.arrest, "age": d.age.astype(float), "aid": aid})


def test_a_curve_is_tested_and_has_no_coefficients() -> None:
    d = men()
    rows = tidy(cox(d, COHORT, model(age=4), COVARIATES, "here"), kind="cox")
    assert rows.loc[rows.measure == "log_hazard_ratio", "term"].tolist() == ["aid", "aid"]
    tests: Any = {(row["measure"], row["term"]): row for row in rows.to_dict("records")}
    basis = restricted_cubic_spline(d.age, harrell_knots(d.age, 4))
    fit = fit_cox(d.week, d.arrest, np.column_stack([basis, d.aid == "yes"]))
    for measure, columns in (("association_test", [0, 1, 2]), ("nonlinearity_test", [1, 2])):
        b, v = fit.coef[columns], fit.var_model[np.ix_(columns, columns)]
        row = tests[measure, "age"]
        assert_allclose(row["statistic"], b @ np.linalg.solve(v, b))
        assert row["df"] == len(columns)
        assert row["n"] == 432
    assert tests["proportional_hazards_test", "age"]["df"] == 3
    assert tests["concordance", "all"]["std_error"] > 0


def test_knots_that_coincide_are_explained() -> None:
    d = men().assign(age=lambda f: (f.age > 25).astype(float))
    with pytest.raises(AnalysisError, match=r"here: splines: .*too much alike for 4 different knots; ask for fewer"):
        list(cox(d, COHORT, model(age=4), COVARIATES, "here"))


def message(**splines: int) -> str:
    stream = Stream(stream="s", title="t", question="q", summary="s", cohorts={"men": COHORT}, covariates=COVARIATES,
                    analyses={"curve": model(**splines)})  # fmt: skip
    with pytest.raises(ConfigError) as caught:
        check_stream(stream, {}, Path("s.yaml"))
    return str(caught.value)


def test_what_cannot_be_a_spline() -> None:
    assert "only numbers can be splines" in message(aid=4)
    assert "analyses.curve.splines: there is no covariate of this model 'agee'" in message(agee=4)
    assert "a curve has no hazard ratio to show" in message(age=3, aid=3)
