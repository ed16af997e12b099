"""Disclosure control of all results of a stream: one frame in, one frame out, everything computed from released counts.

All results of a stream go through together, because a count that is hidden in one analysis must not follow from
another.
"""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

import pandas as pd

from family_justice.config.models import Policy
from family_justice.disclosure.agreement import release_agreement
from family_justice.disclosure.cells import Ledger
from family_justice.disclosure.curve_audit import audit_curves
from family_justice.disclosure.curves import (
    enter_curves,
    read_curves,
    release_curves,
    release_medians,
    round_curves,
    suppress_hidden,
)
from family_justice.disclosure.derived import check_rates, derived_rows, release_derived
from family_justice.disclosure.latent import MEASURES as LATENT_MEASURES
from family_justice.disclosure.latent import check_latent, enter_latent, release_latent
from family_justice.disclosure.models import (
    enter_models,
    read_models,
    release_models,
    release_rank_tests,
    tie_categories,
)
from family_justice.disclosure.nesting import Restrictions, restrictions, tie_groups
from family_justice.disclosure.of_curves import release_of_curves
from family_justice.disclosure.quality import check_quality, enter_quality
from family_justice.disclosure.rows import (
    CURVES,
    EXACT_ONLY,
    KINDS,
    LATENT,
    MATCHED,
    MODELS,
    OF_CURVES,
    release_exact_only,
)
from family_justice.disclosure.tables import (
    check_attrition,
    check_tables,
    enter_tables,
    release_attrition,
    release_tables,
)
from family_justice.errors import DisclosureError, did_you_mean
from family_justice.results import COLUMNS, MEASURES

# The measures that each kind of analysis may show. Others have no rule, and what has no rule does not leave.
_MODEL_MEASURES = tuple(
    measure
    for measure, type_ in MEASURES.items()
    if type_ == "model" and (measure == "log_likelihood" or measure not in LATENT_MEASURES)
)
ALLOWED = {
    "attrition": ("count",),
    "table_one": ("count", "percent"),
    "frequency": ("count", "percent"),
    "quality": ("count",),
    "agreement": ("percent", "agreement", "kappa"),
    "cumulative_incidence": ("cumulative_incidence", *OF_CURVES, "gray_test", "log_rank_test"),
    "kaplan_meier": ("survival", *OF_CURVES, "log_rank_test"),
    "follow_up": ("survival", "median_follow_up"),
    "mean_cumulative_count": CURVES["mean_cumulative_count"],
    "state_occupation": (*CURVES["state_occupation"], "count"),
    "inequality": ("percent", "rate", "time_at_risk", "slope_index", "log_relative_index"),
    "funnel": ("percent", "rate", "time_at_risk", "control_limits_95", "control_limits_998", "overdispersion"),
    "adjusted_survival": ("survival",),
    "latent_classes": LATENT_MEASURES,
    **{kind: ("count", *_MODEL_MEASURES) for kind in MODELS},
    **{kind: ("percent", "standardised_difference", *_MODEL_MEASURES) for kind in MATCHED},
}


@dataclass(frozen=True)
class Disclosed:
    """``rows`` may be released. ``summary`` has one row per analysis: how many rows it had, how many are suppressed,
    how many of these only for the sake of others (complementary), and how many lay beyond the end of a curve."""

    rows: pd.DataFrame
    summary: pd.DataFrame


def disclose(rows: pd.DataFrame, policy: Policy, restricted: Restrictions = MappingProxyType({})) -> Disclosed:
    """Apply ``policy`` to all results of one stream, in the schema of ``results.conform``. ``restricted`` says to which
    levels of covariates an analysis is restricted.

    Raises ``DisclosureError`` for anything that no rule covers; the message names kinds and columns, never values.
    """
    frame = rows.reset_index(drop=True).copy()
    _check(frame)
    attrition = frame[frame["kind"] == "attrition"]
    # A model counts besides how many members had all its covariates.
    tables = frame[frame["measure"].isin(["count", "percent", "rate"]) & ~frame["kind"].isin(["attrition", "quality"])]
    quality = frame[frame["kind"] == "quality"]
    drawn = {measure for measures in CURVES.values() for measure in measures}
    is_curve = frame["measure"].isin(drawn) & frame["kind"].isin(list(CURVES))
    is_median = frame["measure"] == "median_follow_up"
    modelled = frame[frame["kind"].isin(MODELS) & frame["measure"].isin(_MODEL_MEASURES)]
    rank_tests = frame.index[frame["measure"].isin(["log_rank_test", "gray_test"]) & ~frame["kind"].isin(MODELS)]
    latent = frame[frame["kind"].isin(LATENT)]
    derived = derived_rows(frame)
    of_curves = frame.index[frame["measure"].isin(OF_CURVES)]
    agreeing = frame.index[frame["measure"].isin(["agreement", "kappa"])]
    check_attrition(attrition)
    check_tables(tables)
    check_quality(quality)
    check_rates(frame)
    check_latent(latent)
    curves = read_curves(frame[is_curve], policy)
    models = read_models(modelled, policy)

    ledger = Ledger(policy, within=restrictions(restricted))
    cells = enter_tables(tables, ledger) | enter_quality(quality, ledger)
    curve_names = enter_curves(curves, ledger)
    enter_models(models, ledger)
    tie_categories(models, ledger)
    classified = enter_latent(latent, ledger)
    tie_groups(ledger)
    ledger.protect()
    suppress_hidden(curves, curve_names, ledger)
    round_curves(curves, policy)
    while audit_curves(curves, policy):
        round_curves(curves, policy)

    release_attrition(frame, attrition.index, policy)
    release_tables(frame, cells, ledger, policy)
    release_agreement(frame, agreeing, policy)
    release_derived(frame, derived, policy)
    beyond, follow_up = release_curves(frame, curves, policy)
    release_medians(frame, follow_up, policy)
    release_of_curves(frame, of_curves, curves, policy)
    release_rank_tests(frame, rank_tests, curves, policy)
    release_models(frame, models, ledger, policy)
    release_latent(frame, latent.index, classified, ledger, policy)
    exact_only = frame.index[frame["kind"].isin(EXACT_ONLY)]
    release_exact_only(frame, exact_only, policy)

    handled = set(attrition.index) | set(cells) | {row for curve in curves for row in curve.rows}
    handled |= set(frame.index[is_median]) | set(of_curves) | set(rank_tests) | set(agreeing) | set(derived)
    handled |= set(exact_only) | set(latent.index)
    handled |= {row for model in models for row in model.rows.index}
    if handled != set(frame.index):
        raise DisclosureError(f"{len(frame) - len(handled)} rows were reached by no rule")
    complementary = [row for row, (cell, _) in cells.items() if ledger.complementary(cell)]
    return Disclosed(frame.drop(index=beyond).reset_index(drop=True), _summary(frame, beyond, complementary, policy))


def _check(frame: pd.DataFrame) -> None:
    if list(frame.columns) != list(COLUMNS):
        raise DisclosureError("results: the columns are not those of the result schema")
    if frame["measure"].isna().any() or frame["kind"].isna().any():
        raise DisclosureError("results: measure or kind is missing in some rows")
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        raise DisclosureError(f"results: {len(unknown)} kinds have no rule. {did_you_mean('', KINDS)}")
    for kind, measures in frame.groupby("kind")["measure"]:
        if not set(measures) <= set(ALLOWED[str(kind)]):
            allowed = did_you_mean("", ALLOWED[str(kind)])
            raise DisclosureError(f"results of kind {kind}: some measures have no rule. {allowed}")
    if frame["status"].eq("suppressed").any():
        raise DisclosureError("results: rows are marked as suppressed before disclosure control")


def _summary(frame: pd.DataFrame, beyond: list[int], complementary: list[int], policy: Policy) -> pd.DataFrame:
    state = pd.DataFrame({
        "analysis": frame["analysis"],
        "suppressed": frame["status"] == "suppressed",
        "complementary": frame.index.isin(complementary),
        "beyond_curve_end": frame.index.isin(beyond),
    })  # fmt: skip
    groups = state.groupby("analysis", sort=True)
    summary = groups[["suppressed", "complementary", "beyond_curve_end"]].sum().astype(int)
    summary.insert(0, "rows", groups.size())
    summary["rule"] = policy.name
    return summary.reset_index()
