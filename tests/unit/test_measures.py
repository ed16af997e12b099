"""The whole table of measures at the door: a level of two events among six people, measure by measure."""

from __future__ import annotations

from functools import cache
from typing import Any, get_args

import numpy as np
import pandas as pd
import pytest
from kind_samples import COHORT, COVARIATES, SAMPLES, members
from kinds_on_the_way import POLICY, House

from family_justice.disclosure import rounding_shift as crude
from family_justice.disclosure.disclose import OF_FAMILY, RULES, WHOLE_FAMILIES, disclose
from family_justice.errors import DisclosureError
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.estimators.survival.life_table import Z95
from family_justice.kinds.follow_up.run import summarise_follow_up
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, Crude, Measure, Role, of_role
from family_justice.results import COUNTS, VALUES, conform, tidy

FEW = {"n": 6, "events": 2}
MANY = {"n": 206, "events": 62}
RATIOS = [name for name, kind in KINDS.items() if kind.family == "ratios"]
OTHERS = [name for name in KINDS if name not in RATIOS]
#: Roles of measures that a fitted model has for every level of a covariate.
OF_LEVELS = ("coefficient", "effect", "area_effect", "missing_information")
#: Roles that tell of a level beside its coefficient.
WITH_LEVELS = ("model_test", "joint_test", "test", "fit")


def estimate(role: str) -> dict[str, float]:
    tested = {"statistic": 5.4, "df": 1.0, "p_value": upper_tail(5.4, 1)}
    valued = {"estimate": 0.7, "std_error": 0.3, "conf_low": 0.7 - 0.3 * Z95, "conf_high": 0.7 + 0.3 * Z95}
    if role.endswith("test"):
        return tested
    return {"estimate": 0.7} if role in ("fit", "discrimination", "correlation", "missing_information") else valued


def model(measure: str, level: dict[str, int]) -> list[dict[str, Any]]:
    """Return rows of a model, in which the last row is of the measure: of a level with these people, or with it."""
    role, big = MEASURES[measure].role, {"n": 400, "events": 150}
    main = measure if role in ("coefficient", "area_effect") else "log_odds_ratio"
    whole = {"n": big["n"] + level["n"], "events": big["events"] + level["events"]}
    rows: list[dict[str, Any]] = [
        {"measure": "concordance", "term": "all", **whole, "estimate": 0.6},
        {"measure": main, "term": "side", "level": "left", **big, "estimate": 0.0, "status": "reference"},
        {"measure": main, "term": "side", "level": "right", **level, **estimate("coefficient")},
    ]
    if measure != main:
        of = {"level": "right", **level} if role in OF_LEVELS else whole
        rows.append({"measure": measure, "term": "all" if role == "model_test" else "side", **of, **estimate(role)})
    return rows


def of_kind(kind: str, rows: list[dict[str, Any]]) -> pd.DataFrame:
    return tidy(rows, stream="s", analysis="a", kind=kind, cohort="children", outcome="back")


def nothing_left(released: pd.DataFrame) -> bool:
    return bool(released[[*VALUES, *COUNTS]].isna().all(axis=None)) and set(released["status"]) == {"suppressed"}


def walk() -> list[tuple[str, str]]:
    """Return every measure of fitted models with a kind that may have it: one for each way in which the door treats
    kinds differently."""
    ways = {(KINDS[kind].keys.is_matched, KINDS[kind].keys.has_contrasts): kind for kind in RATIOS}
    measures = dict.fromkeys(measure for kind in RATIOS for measure in KINDS[kind].measures)
    models = [measure for measure in measures if MEASURES[measure].disclosure == "model"]
    return [(kind, measure) for kind in ways.values() for measure in models if measure in KINDS[kind].measures]


def through_the_door(made: dict[tuple[str, str], list[dict[str, Any]]]) -> dict[tuple[str, str], pd.DataFrame]:
    """Return the released rows of each model; each is an analysis, of a cohort, of its own."""
    frames = [
        of_kind(pair[0], rows).assign(analysis=":".join(pair), cohort=":".join(pair)) for pair, rows in made.items()
    ]
    released = disclose(conform(pd.concat(frames, ignore_index=True)), POLICY).rows
    return {pair: released[released["analysis"] == ":".join(pair)] for pair in made}


def test_nothing_of_a_level_with_two_events_leaves_a_model() -> None:
    pairs = [(kind, measure) for kind, measure in walk() if MEASURES[measure].role in OF_LEVELS + WITH_LEVELS]
    small = through_the_door({pair: model(pair[1], FEW) for pair in pairs})
    assert [pair for pair, rows in small.items() if not nothing_left(rows.iloc[[2, -1]])] == []
    large = through_the_door({pair: model(pair[1], MANY) for pair in pairs})
    inside = {pair for pair, rows in large.items() if rows.iloc[-1]["status"] != "ok"}
    # A likelihood never leaves where counts are rounded, nor the test of a single term: they would tell these. Nor does
    # a difference of two estimates without these: they may be hidden.
    alone = {pair for pair in pairs if MEASURES[pair[1]].difference_of}
    assert alone
    assert inside == alone | {pair for pair in pairs if MEASURES[pair[1]].role in ("fit", "model_test")}


def test_nothing_leaves_a_model_of_six_people() -> None:
    made = {(k, m): [{"measure": m, "term": "all", **FEW, **estimate(MEASURES[m].role)}] for k, m in walk()}
    assert [pair for pair, rows in through_the_door(made).items() if not nothing_left(rows)] == []


# --- tables, curves and classes: what runs make of six people ------------------------------------------------------


def six() -> pd.DataFrame:
    """Return six members, of whom two have each of the events."""
    frame = members().head(6).copy()
    two = np.arange(6) < 2
    frame["back"], frame["death"], frame["end"] = np.where(two, [100.0, 300.0, *[9999.0] * 4], 9999.0), 9999.0, 900.0
    frame["duration"], frame["came_back"] = frame[["back", "end"]].min(axis=1) / 365.25, two.astype(int)
    frame["again"] = [np.array([40.0, 80.0]) if event else np.array([]) for event in two]
    for name in ("placed", "first", "second"):
        frame[name] = pd.Categorical(np.where(two, "yes", "no"), categories=["yes", "no"])
    frame["sex"] = pd.Categorical(["female", "male"] * 3, categories=["female", "male"])
    for name, shown in (("fifth", ["2", "3"]), ("area", ["Anglesey", "Cardiff"])):
        frame[name] = pd.Categorical(shown * 3, categories=COVARIATES[name].levels)
    return frame


#: Samples that together have all measures of their kinds.
ASKED = {
    "cumulative_incidence": {"risk_difference_at": [2]},
    "kaplan_meier": {"restricted_mean_at": [2]},
    "inequality": {"variable": None, "outcome": "back"},
    "latent_classes": {"variables": ["placed", "first"], "classes": 1},
    "state_occupation": {"restricted_mean_at": [2]},
}


@cache
def rows_of(kind: str) -> pd.DataFrame:
    """Return the rows of a kind for six people."""
    if kind in SAMPLES:
        made = House(COHORT, COVARIATES).checked(a={"kind": kind, **SAMPLES[kind], **ASKED.get(kind, {})})
        return of_kind(kind, list(KINDS[kind].run(six(), COHORT, made.analyses["a"], COVARIATES, "a")))
    if kind == "follow_up":
        return of_kind(kind, list(summarise_follow_up(six(), COHORT.model_copy(update={"follow_up": "back"}), "a")))
    return of_kind(kind, [{"measure": "count", "term": "all", "n": 6}])


@pytest.mark.parametrize("kind", OTHERS)
def test_nothing_leaves_of_six_people(kind: str) -> None:
    rows = rows_of(kind)
    counted = rows[list(COUNTS)].fillna(0).max(axis=1) > 0  # that nobody is of a kind tells of nobody
    assert counted.any()
    try:
        released = disclose(rows, POLICY).rows
    except DisclosureError:
        return
    if len(released) < len(rows):  # times beyond the end of a curve are left out
        assert KINDS[kind].family == "curve"
        assert nothing_left(released)
    else:
        assert nothing_left(released[counted])


def test_every_measure_of_a_kind_was_walked() -> None:
    met = {measure for kind in OTHERS for measure in rows_of(kind)["measure"]} | {measure for _, measure in walk()}
    asked = {measure for kind in KINDS.values() for measure in kind.measures}
    # What is said of several classes, how alike matched members are, who is left out, what a second program gives and
    # the trend of shares is walked with the tests of these (test_latent_classes_kind, test_matched_kinds,
    # test_left_out, test_trend_of_shares).
    assert asked - met == {"entropy", "left_out", "largest_relative_difference", "trend"}


# --- the table itself ---------------------------------------------------------------------------------------------


def test_a_measure_without_a_role_cannot_be_made() -> None:
    with pytest.raises(TypeError, match="role"):
        Measure("new", disclosure="model", scale="log", crude="none", words="New")  # type: ignore[call-arg]
    wrong: Any = "ratio"
    with pytest.raises(ValueError, match="measure 'new': no such role, type, formula or scale: ratio"):
        Measure("new", wrong, "model", "log", "none", "New")
    with pytest.raises(ValueError, match="'new': no such role, type, formula or scale: none at all"):
        Measure("new", "coefficient", "model", "log", "none at all", "New")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="measure 'new'"):
        Measure("new", "coefficient", "model", "log", "none", "")


def test_every_role_of_a_kind_has_a_rule() -> None:
    assert set(RULES) <= set(get_args(Role))
    assert {measure.role for measure in MEASURES.values()} == set(get_args(Role))
    for kind in KINDS.values():
        if kind.family not in WHOLE_FAMILIES:
            rules = {measure: RULES.get(MEASURES[measure].role) for measure in kind.measures}
            assert set(rules.values()) <= {*OF_FAMILY[kind.family], "members"}, (kind.name, rules)


@pytest.mark.parametrize("role", list(RULES))
def test_a_role_without_a_rule_closes_the_door(role: Role, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delitem(RULES, role)  # type: ignore[arg-type]
    pairs = [
        (kind.name, measure)
        for kind in KINDS.values()
        for measure in kind.measures
        if MEASURES[measure].role == role and kind.family not in WHOLE_FAMILIES
    ]
    for kind, measure in {measure: (kind, measure) for kind, measure in pairs}.values():
        row = {"measure": measure, "term": "side", "level": "right", **FEW, "estimate": 0.7}
        with pytest.raises(DisclosureError, match=f"measure {measure}, of the role '{role}', has no rule"):
            disclose(of_kind(kind, [row]), POLICY)
    latent = {MEASURES[measure].role for measure in KINDS["latent_classes"].measures}
    assert pairs or role in latent


def test_every_crude_formula_is_there() -> None:
    assert set(crude._FORMULAS) == set(get_args(Crude))
    named = {name for name, measure in MEASURES.items() if measure.crude != "none"}
    assert {name for name, formula in crude._CRUDE.items() if formula is not None} == named
    # Of a level's persons and events every coefficient has one, or its estimate would tell rounded counts.
    assert set(of_role("coefficient")) <= named


def test_a_measure_stands_in_one_of_the_lists_only_by_its_role() -> None:
    assert all(name == measure.name for name, measure in MEASURES.items())
    assert set(of_role(*get_args(Role))) == set(MEASURES)
