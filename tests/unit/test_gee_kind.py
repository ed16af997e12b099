"""Generalised estimating equations from a stream's words to released rows."""

from __future__ import annotations

import numpy as np
from numpy.testing import assert_allclose
from test_regression_kinds import COHORT, CONFIG, COVARIATES, POLICY, members, one, stream

from family_justice.analyses.gee import gee
from family_justice.analyses.study import describe_study
from family_justice.config.kinds import Gee
from family_justice.disclosure.kernel import disclose
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.estimators.regression.gee import fit_gee
from family_justice.figures import forest
from family_justice.figures.draw import KINDS, MODELS
from family_justice.figures.style import house_style
from family_justice.figures.words import Labels
from family_justice.report import prose
from family_justice.results import tidy

ANALYSIS = Gee(kind="gee", title="T", description="d", cohort="children", variable="placed", covariates=["side"],
               cluster="area")  # fmt: skip


def test_from_words_to_a_forest_plot() -> None:
    frame = members()
    found = gee(frame, COHORT, ANALYSIS, COVARIATES, "gee")
    rows = tidy(found, stream="s", analysis="gee", kind="gee", cohort="children")
    direct = fit_gee(frame["placed"] == "yes", frame[["side"]] == "right", frame["area"])
    row = one(rows, term="side", level="right")
    assert_allclose([row["estimate"], row["std_error"]], [direct.coef[1], direct.std_error[1]], rtol=1e-12)
    assert one(rows, measure="within_cluster_correlation")["estimate"] == direct.correlation > 0.05

    base = stream()
    made = base.model_copy(update={"analyses": {"gee": ANALYSIS}})
    study = describe_study(made, COVARIATES, ("replication", CONFIG.source("replication")), POLICY, {})
    assert "with exchangeable correlation of members with the same area" in study["analyses"]["gee"]["method"]
    assert any("Liang and Zeger" in note for note in study["notes"])
    released = disclose(rows, POLICY).rows
    check_labels(released, vocabulary(study), "gee")
    assert one(released, term="side", level="right")["status"] == "ok"
    assert one(released, term="intercept")["status"] == "suppressed"
    said = prose.model_summary(released, Labels(study))
    assert f"Correlation of two members of a cluster: {direct.correlation:.3f}." in said
    assert "gee" in MODELS
    assert KINDS["gee"] is forest.draw
    with house_style():
        _, alt, _ = forest.draw(released, study["analyses"]["gee"], Labels(study))
    assert "Odds ratios" in alt


def test_independence_has_no_correlation_to_show() -> None:
    frame = members()
    independent = ANALYSIS.model_copy(update={"correlation": "independence"})
    rows = tidy(gee(frame, COHORT, independent, COVARIATES, "gee"))
    assert "within_cluster_correlation" not in set(rows["measure"])
    # The odds ratio of the two-by-two table.
    placed = (frame["placed"] == "yes").groupby(frame["side"], observed=True).mean()
    odds = placed / (1 - placed)
    assert_allclose(one(rows, term="side", level="right")["estimate"], np.log(odds["right"] / odds["left"]), rtol=1e-8)


def test_separation_is_labelled() -> None:
    frame = members()
    frame.loc[frame["side"] == "right", "placed"] = "yes"
    rows = tidy(gee(frame, COHORT, ANALYSIS, COVARIATES, "gee"))
    row = one(rows, term="side", level="right")
    assert (row["status"], row["note"][:30]) == ("not estimable", "the likelihood rises without e")


def test_without_pairs_there_is_no_correlation() -> None:
    frame = members()
    frame["own"] = range(len(frame))
    alone = ANALYSIS.model_copy(update={"cluster": "own"})
    rows = tidy(gee(frame, COHORT, alone, COVARIATES, "gee"))
    row = one(rows, measure="within_cluster_correlation")
    assert row["note"] == "no two members are in one cluster"
    assert np.isnan(row["estimate"])
