"""Disclosure control of all results of a stream: one frame in, one frame out, everything computed from released counts.

All results of a stream go through together, because a count that is hidden in one analysis must not follow from
another.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.accuracy import release_accuracy
from family_justice.disclosure.families.agreement import release_agreement
from family_justice.disclosure.families.coherence import check_coherence
from family_justice.disclosure.families.curve_audit import audit_curves
from family_justice.disclosure.families.curve_series import Curve
from family_justice.disclosure.families.curve_summaries import release_of_curves
from family_justice.disclosure.families.curves import (
    enter_curves,
    read_curves,
    release_curves,
    release_medians,
    round_curves,
    suppress_hidden,
)
from family_justice.disclosure.families.latent import check_latent, enter_latent, release_latent
from family_justice.disclosure.families.members import check_members, enter_members, release_members
from family_justice.disclosure.families.quality import check_quality, enter_quality
from family_justice.disclosure.families.rank_tests import release_rank_tests
from family_justice.disclosure.families.ratios import (
    enter_models,
    read_models,
    release_models,
    tie_categories,
)
from family_justice.disclosure.families.release_derived import check_rates, release_derived
from family_justice.disclosure.families.second_program import check_second_program
from family_justice.disclosure.families.tables import (
    check_attrition,
    check_tables,
    enter_attrition,
    enter_tables,
    release_attrition,
    release_tables,
)
from family_justice.disclosure.families.validity import release_validity
from family_justice.disclosure.ledger import Ledger
from family_justice.disclosure.nesting import Restrictions, restrictions, tie_groups
from family_justice.disclosure.result_frame import release_exact_only
from family_justice.disclosure.sets import Sets
from family_justice.disclosure.unions import tie_unions
from family_justice.errors import DisclosureError, did_you_mean
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, Role
from family_justice.results import COLUMNS

#: The rule for each role of measures, as the step below that releases it. A measure whose role is not here does not
#: leave, whatever its kind.
RULES: Mapping[Role, str] = {
    "count": "tables",
    "members": "members",
    "share": "tables",
    "rate": "tables",
    "time": "derived",
    "index": "derived",
    "curve": "curves",
    "curve_count": "curves",
    "median": "medians",
    "curve_summary": "of_curves",
    "rank_test": "rank_tests",
    "agreement": "agreement",
    "validity": "validity",
    "accuracy": "accuracy",
    "coefficient": "models",
    "effect": "models",
    "area_effect": "models",
    "shape": "models",
    "curve_point": "models",
    "model_test": "models",
    "joint_test": "models",
    "test": "models",
    "fit": "models",
    "discrimination": "models",
    "correlation": "models",
    "missing_information": "models",
}
#: Roles of which every kind has rows, whatever its family.
OF_EVERY_KIND: frozenset[Role] = frozenset({"members"})
#: Families whose rows have one rule, whatever their measures: it knows each of them by name.
WHOLE_FAMILIES: Mapping[str, str] = {
    "attrition": "attrition", "quality": "quality", "latent": "latent", "exact_only": "exact_only",
    "second_program": "second_program",
}  # fmt: skip
#: The rules that each of the other families may ask for; a measure that needs another one has none.
OF_FAMILY: Mapping[str, frozenset[str]] = {
    "table": frozenset({"tables", "derived", "agreement", "validity"}),
    "curve": frozenset({"tables", "curves", "medians", "of_curves", "rank_tests", "accuracy"}),
    "ratios": frozenset({"tables", "derived", "models"}),
}


@dataclass(frozen=True)
class Disclosed:
    """``rows`` may be released. ``summary`` has one row per analysis: how many rows it had, how many are suppressed,
    how many of these only for the sake of others (complementary), and how many lay beyond the end of a curve. What was
    decided of stands in ``ledger`` and ``curves``, and ``kept`` has the place in ``rows`` of each row still there."""

    rows: pd.DataFrame
    summary: pd.DataFrame
    ledger: Ledger
    curves: list[Curve]
    kept: Mapping[int, int]


#: What is checked before anything is released, of the rows of a rule (none: of all).
CHECKS: tuple[tuple[Callable[[pd.DataFrame], None], str], ...] = (
    (check_second_program, "second_program"), (check_members, "members"), (check_attrition, "attrition"),
    (check_tables, "tables"), (check_quality, "quality"), (check_rates, ""), (check_latent, "latent"),
    (check_coherence, ""),
)  # fmt: skip


def disclose(
    rows: pd.DataFrame,
    policy: Policy,
    restricted: Restrictions = MappingProxyType({}),
    sets: Sets | None = None,
    studied: Mapping[str, Mapping[str, Any]] = MappingProxyType({}),
) -> Disclosed:
    """Apply ``policy`` to all results of one stream, in the schema of ``results.conform``.

    ``restricted`` says to which levels of covariates an analysis is restricted, and ``sets`` whom each count counts
    (None: only the numbers are known; every row is a person, and counts are the same if their labels are); ``studied``
    describes the analyses, for ``derived.py`` of kinds. Raises ``DisclosureError`` for anything that no rule covers;
    the message names kinds and columns, never values.
    """
    frame = rows.reset_index(drop=True).copy()
    sets = Sets() if sets is None else sets
    _check(frame)
    rule = _rules(frame)
    whole = ("attrition", "quality", "tables", "latent", "members", "second_program")
    attrition, quality, tables, latent, members, second = (frame[rule == name] for name in whole)
    names = ("rank_tests", "derived", "of_curves", "agreement", "exact_only", "validity", "accuracy")
    of_rules = [frame.index[rule == name] for name in names]
    rank_tests, derived, of_curves, agreeing, exact_only, valid, accurate = of_rules
    for check, of_rule in CHECKS:
        check(frame[rule == of_rule] if of_rule else frame)
    curves = read_curves(frame[rule == "curves"], policy, sets)
    models = read_models(frame[rule == "models"], policy, sets)

    ledger = Ledger(policy, within=restrictions(restricted), sets=sets)
    cells = enter_tables(tables, ledger) | enter_quality(quality, ledger)
    numbers, steps = enter_members(members, ledger), enter_attrition(attrition, ledger)
    curve_names = enter_curves(curves, ledger)
    enter_models(models, ledger)
    tie_categories(models, ledger)
    classified = enter_latent(latent, ledger)
    tie_groups(ledger)
    tie_unions(ledger)
    ledger.protect()
    suppress_hidden(curves, curve_names, ledger)
    _round_safely(curves, ledger, policy)

    release_members(frame, numbers, ledger, policy)
    release_attrition(frame, attrition.index, steps, ledger, policy)
    release_tables(frame, cells, ledger, policy)
    release_agreement(frame, agreeing, policy)
    release_validity(frame, valid, policy)
    release_derived(frame, derived, policy, studied, sets)
    beyond, follow_up = release_curves(frame, curves, policy)
    release_accuracy(frame, accurate, beyond, policy, rows.reset_index(drop=True), curves)
    release_medians(frame, follow_up, policy)
    release_of_curves(frame, of_curves, curves, policy)
    release_rank_tests(frame, rank_tests, curves, policy)
    release_models(frame, models, ledger, policy)
    release_latent(frame, latent.index, classified, ledger, policy)
    release_exact_only(frame, exact_only, policy)

    handled: set[int] = set().union(
        attrition.index, cells, numbers, latent.index, second.index, frame.index[rule == "medians"], *of_rules
    )
    handled.update(*(curve.rows for curve in curves), *(model.rows.index for model in models))
    if handled != set(frame.index):
        raise DisclosureError(f"{len(frame) - len(handled)} rows were reached by no rule")
    complementary = [row for row, (cell, _) in cells.items() if ledger.complementary(cell)]
    left = frame.drop(index=beyond)
    kept = {int(row): position for position, row in enumerate(left.index)}
    summary = _summary(frame, beyond, complementary, policy)
    return Disclosed(left.reset_index(drop=True), summary, ledger, curves, kept)


def _round_safely(curves: list[Curve], ledger: Ledger, policy: Policy) -> None:
    """Round the curves, and make them coarser until nothing small follows from them."""
    round_curves(curves, policy)
    while audit_curves(curves, policy, ledger):
        round_curves(curves, policy)


def _check(frame: pd.DataFrame) -> None:
    if list(frame.columns) != list(COLUMNS):
        raise DisclosureError("results: the columns are not those of the result schema")
    if frame["measure"].isna().any() or frame["kind"].isna().any():
        raise DisclosureError("results: measure or kind is missing in some rows")
    unknown = sorted(set(frame["kind"]) - set(KINDS))
    if unknown:
        raise DisclosureError(f"results: {len(unknown)} kinds have no rule. {did_you_mean('', list(KINDS))}")
    for kind, measures in frame.groupby("kind")["measure"]:
        if not set(measures) <= set(KINDS[str(kind)].measures):
            allowed = did_you_mean("", KINDS[str(kind)].measures)
            raise DisclosureError(f"results of kind {kind}: some measures have no rule. {allowed}")
    if frame["status"].eq("suppressed").any():
        raise DisclosureError("results: rows are marked as suppressed before disclosure control")


def _rules(frame: pd.DataFrame) -> pd.Series:
    """Return the rule of each row: that of its kind's family as a whole, or that of its measure's role.

    Raises ``DisclosureError`` for a role that has no rule, or one that the family of the kind does not know.
    """
    pairs = {pair: _rule(*pair) for pair in set(zip(frame["kind"], frame["measure"], strict=True))}
    found = [pairs[pair] for pair in zip(frame["kind"], frame["measure"], strict=True)]
    return pd.Series(found, index=frame.index, dtype="object")


def _rule(kind: str, measure: str) -> str:
    family, role = KINDS[kind].family, MEASURES[measure].role
    if family in WHOLE_FAMILIES and role not in OF_EVERY_KIND:
        return WHOLE_FAMILIES[family]
    rule = RULES.get(role, "")
    if rule not in OF_FAMILY.get(family, frozenset()) and not (rule and role in OF_EVERY_KIND):
        raise DisclosureError(f"results of kind {kind}: measure {measure}, of the role '{role}', has no rule")
    return rule


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
