"""Restricted cubic splines from the stream file to the rows of a result."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from lifelines.datasets import load_rossi
from numpy.testing import assert_allclose
from scipy.stats import f

from family_justice.analyses.model_rows import F_TEST
from family_justice.config.check import check_stream
from family_justice.config.schema import Cohort, Covariate, Outcome, Policy, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.errors import AnalysisError, ConfigError
from family_justice.estimators.regression.splines import harrell_knots, restricted_cubic_spline
from family_justice.estimators.survival.cox import fit_cox
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.cox.model import Cox
from family_justice.kinds.cox.run import run as cox
from family_justice.kinds.cox.spline_curve import round_values
from family_justice.measures import MEMBERS
from family_justice.report.prose import model_summary
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


# --- the curve itself --------------------------------------------------------------------------------------------

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip


def curve_of(rows: pd.DataFrame) -> pd.DataFrame:
    return rows[rows["measure"] == "log_hazard_ratio_at"].set_index("time")


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


def test_the_curve_is_that_of_the_coefficients() -> None:
    d = men()
    rows = tidy(cox(d, COHORT, model(age=4), COVARIATES, "here"), analysis="m", kind="cox", cohort="men")
    curve = curve_of(rows)
    # From the 5th to the 95th percentile of age (19 and 39); the median is 23.
    assert curve.index.tolist() == [20, 22.5, 25, 27.5, 30, 32.5, 35, 37.5]
    assert curve.index[curve["status"] == "reference"].tolist() == [22.5]
    knots = harrell_knots(d.age, 4)
    fit = fit_cox(d.week, d.arrest, np.column_stack([restricted_cubic_spline(d.age, knots), d.aid == "yes"]))
    at = restricted_cubic_spline([22.5, 35], knots)
    difference = np.append(at[1] - at[0], 0)
    assert_allclose(curve.loc[35, "estimate"], difference @ fit.coef)
    assert_allclose(curve.loc[35, "std_error"], np.sqrt(difference @ fit.var_model @ difference))
    assert curve["n"].eq(432).all()


def test_few_clusters_widen_the_curve_as_they_do_the_coefficients() -> None:
    """Twelve clusters: 2.201 standard errors either way, the t distribution with 11 degrees of freedom."""
    d = men().assign(household=np.arange(432) % 12)
    rows = tidy(cox(d, COHORT, model(age=4).model_copy(update={"cluster": "household"}), COVARIATES, "here"))
    at = curve_of(rows).loc[35]
    assert_allclose((at["conf_high"] - at["estimate"]) / at["std_error"], 2.2009852)
    assert at["df"] == 11


def test_a_curve_alone_does_not_tell_a_number_of_clusters_below_the_base() -> None:
    d = men().assign(household=np.arange(432) % 4)
    analysis = model(age=3).model_copy(update={"cluster": "household", "covariates": ["age"]})
    rows = tidy(cox(d, COHORT, analysis, COVARIATES, "here"), stream="s", analysis="m", kind="cox", cohort="men")
    assert own(disclose(rows, POLICY).rows)["status"].eq("suppressed").all()


def test_few_clusters_have_f_tests_which_do_not_tell_their_number() -> None:
    d = men().assign(household=np.arange(432) % 12)
    analysis = model(age=4).model_copy(update={"cluster": "household"})
    rows = tidy(cox(d, COHORT, analysis, COVARIATES, "here"), stream="s", analysis="m", kind="cox", cohort="men")
    knots = harrell_knots(d.age, 4)
    x = np.column_stack([restricted_cubic_spline(d.age, knots), d.aid == "yes"])
    fit = fit_cox(d.week, d.arrest, x, clusters=d.household)
    for measure, at in (("association_test", [0, 1, 2]), ("nonlinearity_test", [1, 2]), ("wald_test", [0, 1, 2, 3])):
        row = rows[rows["measure"] == measure].iloc[0]
        assert fit.var_robust is not None
        wald = fit.coef[at] @ np.linalg.solve(fit.var_robust[np.ix_(at, at)], fit.coef[at])
        assert_allclose([row["statistic"], row["df"]], [wald / len(at), len(at)], rtol=1e-8)
        assert_allclose(row["p_value"], f.sf(wald / len(at), len(at), 11), rtol=1e-6)
        assert row["note"] == F_TEST
    # As R's cox.zph, the test of proportional hazards knows no clusters.
    plain = tidy(cox(d, COHORT, model(age=4), COVARIATES, "here"))
    tested = [frame[frame["measure"] == "proportional_hazards_test"] for frame in (rows, plain)]
    assert_allclose(tested[0]["statistic"], tested[1]["statistic"])
    assert tested[0]["note"].eq("").all()
    said = model_summary(rows, Labels({"covariates": {"age": {"label": "Age"}}}))
    assert "F " in said[0]
    assert "on 4 degrees of freedom (F test of few clusters), p" in said[0]
    released = disclose(rows, POLICY).rows
    shown = released[released["note"] == F_TEST]
    assert {"association_test", "nonlinearity_test"} <= set(shown["measure"])
    assert shown["statistic"].isna().all()
    assert_allclose(
        shown["p_value"], [0.0005 if p < 0.001 else float(f"{p:.0e}") for p in rows["p_value"][shown.index]]
    )


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (np.arange(101), [10, 20, 30, 40, 50, 60, 70, 80, 90]),
        (np.linspace(0, 1, 500), [0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9]),
        (np.linspace(12, 70, 500), [15, 20, 25, 30, 35, 40, 45, 50, 55, 60, 65]),
        (np.full(20, 3.0), []),
    ],
)
def test_values_are_round_and_few(values: np.ndarray, expected: list[float]) -> None:
    found = round_values(values).tolist()
    assert found == (expected if len(expected) < 10 else [20, 30, 40, 50, 60])


def test_released_curves_are_short_and_drawn(tmp_path: Path) -> None:
    rows = tidy(
        cox(men(), COHORT, model(age=4), COVARIATES, "here"), stream="s", analysis="m", kind="cox", cohort="men"
    )
    released = disclose(rows, POLICY).rows
    exact, curve = curve_of(rows), curve_of(released)
    assert curve["n"].eq(430).all()
    moved = (curve["estimate"] - exact["estimate"]).abs()[curve["status"] == "ok"]
    assert (moved <= 0.15 * exact["std_error"][moved.index] + 1e-12).all()
    assert (moved > 0).all()
    study: dict[str, Any] = {
        "policy": svg_only(POLICY).model_dump(),
        "stream": "s", "covariates": {"age": {"label": "Age", "unit": "years"}, "aid": {"label": "Aid"}},
        "analyses": {"m": {"kind": "cox", "title": "T", "cohort": "men"}}, "cohorts": {"men": {"label": "Men"}},
    }  # fmt: skip
    drawn = draw_analysis(study, "m", released, tmp_path)
    assert "Curve of age: hazard ratio" in drawn["alt"]
    assert ", 1.00 at 22.5, " in drawn["alt"]
    assert drawn["height"] > 4
    hidden = disclose(rows, POLICY.model_copy(update={"minimum_events_per_level": 200})).rows
    assert curve_of(hidden)["estimate"].isna().all()
    assert "Curve" not in draw_analysis(study, "m", hidden, tmp_path)["alt"]


# --- an offset ---------------------------------------------------------------------------------------------------


def offset_model(**keys: Any) -> tuple[Cox, Cohort, dict[str, Covariate]]:
    covariates = {
        **COVARIATES,
        "known": Covariate(label="Known log ratio", definition="Known.", value="known"),
    }
    cohort = COHORT.model_copy(update={"covariates": [*COHORT.covariates, "known"]})
    return model().model_copy(update={"offset": "known", **keys}), cohort, covariates


def test_an_offset_takes_its_part_of_a_coefficient() -> None:
    d = men().assign(known=lambda f: 0.1 * f.age)
    analysis, cohort, covariates = offset_model()

    def fitted(known: pd.Series, analysis: Cox = analysis) -> pd.DataFrame:
        rows = tidy(cox(d.assign(known=known), cohort, analysis, covariates, "here"), kind="cox")
        return rows[(rows["measure"] == "log_hazard_ratio") & (rows["status"] == "ok")].set_index("term")

    without = fitted(d.known, model())
    assert_allclose(fitted(d.known).loc["age", "estimate"], without.loc["age", "estimate"] - 0.1)
    assert_allclose(fitted(d.known).loc["aid", "estimate"], without.loc["aid", "estimate"])
    gaps = fitted(d.known.where(d.index >= 32))  # who has no offset is no complete case
    assert gaps.loc["age", "n"] == 400


def test_what_cannot_be_an_offset() -> None:
    def said(**keys: Any) -> str:
        analysis, cohort, covariates = offset_model(**keys)
        stream = Stream(stream="s", title="t", question="q", summary="s", cohorts={"men": cohort}, covariates=covariates,
                        analyses={"m": analysis})  # fmt: skip
        with pytest.raises(ConfigError) as caught:
            check_stream(stream, {}, Path("s.yaml"))
        return str(caught.value)

    assert "m.offset: 'aid' has levels; an offset is a number" in said(offset="aid")
    assert "there is no covariate 'knwn' in cohort 'men'" in said(offset="knwn")
    assert "'age' is a covariate or a stratum of the model as well" in said(offset="age")
