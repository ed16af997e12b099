"""Estimates of fitted models: which may be shown, with which counts, and to how many digits.

An estimate is not computed from the released counts, so three things are done to keep it from giving exact counts away.
A row is shown only if its level has enough events and non-events. An estimate moves with its counts as these are
rounded (``crude``): with the exact log odds ratio and standard error of a single binary covariate, the four exact
counts can be found by trying out the few that round to the released ones. And it is shown to a fraction of its standard
error.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.coarsen import UNMOVED, Stepped, Steps, reduce_digits
from family_justice.disclosure.families.differences import Contrast, Places, of_hidden, parts_of, places_of
from family_justice.disclosure.families.tables import person_key
from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import (
    TELLS_COUNTS,
    Conditions,
    conditions,
    count,
    require_empty,
    suppress,
    text,
)
from family_justice.disclosure.rounding import is_open, is_small
from family_justice.disclosure.rounding_shift import Cell, Shift, rounding_shift
from family_justice.disclosure.sets import Sets, is_mostly_of_one
from family_justice.errors import DisclosureError
from family_justice.kinds.registry import KINDS
from family_justice.measures import PARAMETERS, of_role

#: What is a function of the counts of every level.
_FIT = of_role("fit", "model_test")
#: Other views of the same coefficients, and areas, which are no parameters.
_NO_PARAMETERS = of_role("effect", "area_effect")
_AREA, _EFFECT = of_role("area_effect"), of_role("effect")
#: Of a level these are estimates; areas and shapes are not.
_VIEWS = of_role("coefficient", "effect")
_BLOCK = ["analysis", "kind", "cohort", "outcome", "group"]


@dataclass
class Model:
    """The rows of one fitted model and what is decided about them."""

    rows: pd.DataFrame
    cohort: str
    n: int
    events: int
    who: Conditions = frozenset()
    suppressed: set[int] = field(default_factory=set)
    persons: dict[int, Key] = field(default_factory=dict)
    having_events: dict[int, Key] = field(default_factory=dict)

    def at(self, column: str) -> tuple[int, str] | None:
        """The row in which the model's own persons or events stand; None if it is the sum of levels."""
        whole = {"n": self.n, "events": self.events}[column]
        own = self.rows[(self.rows["level"] == "") & (self.rows[column] == whole)]
        return None if own.empty else (int(own.index[0]), column)


def read_models(frame: pd.DataFrame, policy: Policy, sets: Sets) -> list[Model]:
    """Split the rows into models and decide which rows may be shown. Raises ``DisclosureError`` for missing counts."""
    require_empty(frame, ["competing", "censored", "at_risk", "total"], "models")
    models = []
    for labels, rows in frame.groupby(_BLOCK, sort=False):
        of_levels = rows[rows["measure"].isin(PARAMETERS) & (rows["level"] != "")]
        if of_levels[["n", "events"]].isna().any(axis=None):
            raise DisclosureError("models: disclosure control needs n and events for every level of a term")
        whole = rows[(rows["level"] == "") & rows["n"].notna() & rows["events"].notna()]
        if len(whole):
            n, events = int(whole["n"].min()), int(whole["events"].min())
        elif len(of_levels):
            first = of_levels[of_levels["term"] == of_levels["term"].iloc[0]].drop_duplicates("level")
            n, events = int(first["n"].sum()), int(first["events"].sum())
        else:
            raise DisclosureError("models: disclosure control needs n and events of the model")
        model = Model(rows, str(labels[2]), n, events)
        _decide(model, policy, sets)
        models.append(model)
    return models


def _too_few(n: int, events: int, at: tuple[int | None, int | None], policy: Policy, sets: Sets) -> bool:
    """True if a level or model has too few persons, events or non-events for its estimate to be shown. ``at``: the rows
    in which its persons and its events stand."""
    persons, having = ((None if row is None else sets.at(row, c)) for row, c in zip(at, ("n", "events"), strict=True))
    if n == 0 and not policy.zero_discloses:
        return False  # a level without members: nothing in the model rests on it
    if is_small(n, policy) if at[0] is None else sets.is_few(at[0], "n", n, policy):
        return True
    if having is not None and is_mostly_of_one(events, having.largest, policy):
        return True
    others = n - events
    if persons is not None and having is not None:
        events, others = min(events, having.people), min(others, persons.people - having.people)
    # More events than rows (recurrent events), and rows that are areas, leave no meaning for "non-events".
    if n < events or (persons is not None and persons.public):
        others = policy.minimum_events_per_level
    return min(events, others) < policy.minimum_events_per_level


def _decide(model: Model, policy: Policy, sets: Sets) -> None:
    rows = model.rows
    coefficients = rows[rows["measure"].isin(PARAMETERS)]
    estimated = coefficients[(coefficients["status"] == "ok") & coefficients["estimate"].notna()]
    estimated = estimated[~estimated["measure"].isin(_NO_PARAMETERS)]
    # So few clusters that their number would be told.
    if (rows.loc[rows["std_error"].notna(), "df"] + 1 < max(policy.threshold, policy.rounding_base + 1)).any():
        model.suppressed |= set(rows.index)
        return
    at = tuple(place[0] if place else None for place in (model.at("n"), model.at("events")))
    who = None if at[0] is None else sets.at(at[0], "n")
    independent = model.n if who is None or who.public else min(model.n, who.people)
    few = _too_few(model.n, model.events, (at[0], at[1]), policy, sets)
    if model.n == 0 or few or independent - len(estimated) < policy.minimum_residual_df:
        model.suppressed |= set(rows.index)
        return
    terms = set()
    for row in coefficients.index[coefficients["level"] != ""]:
        if _too_few(count(rows, row, "n") or 0, count(rows, row, "events") or 0, (row, row), policy, sets):
            model.suppressed.add(row)
            if rows.at[row, "measure"] in _AREA:
                continue  # the fit rests on all areas alike: one that is hidden takes nothing with it
            terms.add(text(rows, row, "term"))
            if rows.at[row, "status"] == "reference":
                # Without its reference nothing in the term has a meaning that may be shown.
                same = (coefficients["term"] == rows.at[row, "term"]) & (coefficients["level"] != "")
                model.suppressed |= set(coefficients.index[same])
    if terms:
        # The fit, and a test of the term, are functions of the counts of the hidden level.
        tests = ~rows["measure"].isin(PARAMETERS)
        model.suppressed |= set(rows.index[tests & (rows["measure"].isin(_FIT) | rows["term"].isin(terms))])


def _members(model: Model) -> Conditions:
    """Whose model it is. Members whose values are imputed are the same as without: a way to estimate is no
    condition."""
    group = conditions(str(model.rows["group"].iloc[0]))
    return frozenset(pair for pair in group if pair[0] != "missing_values")


def enter_models(models: list[Model], ledger: Ledger) -> None:
    """Enter the persons and events of all levels that models show, and tie them to the model's own."""
    wholes: dict[Key, tuple[Key, Key]] = {}
    for model in models:
        rows = model.rows
        if model.suppressed == set(rows.index):
            continue
        first = rows.iloc[0]
        who = model.who = ledger.members(str(first["analysis"]), _members(model))
        about = (model.cohort, first["outcome"])
        persons = ledger.add(person_key(model.cohort, who, model.n), model.n, anchored=True, at=model.at("n"))
        events = ledger.add(("events", *about, who, model.events), model.events, anchored=True, at=model.at("events"))
        both = (first["analysis"], first["outcome"], who)
        for key, whole in zip((persons, events), wholes.get(both, (None, None)), strict=True):
            smaller = sorted([key, whole or key], key=lambda k: ledger.counts[k].exact)
            ledger.add_sum(smaller[1], smaller[:1], margin=False)  # those with a gap are the difference
        wholes[both] = (persons, events)
        _tie_events(ledger, persons, events)
        leveled = rows[rows["measure"].isin(PARAMETERS) & (rows["level"] != "")]
        for term, levels in leveled.groupby("term", sort=False):
            for row in levels.index:
                here = who | {(str(term), text(levels, row, "level"))}
                n, d = count(levels, row, "n") or 0, count(levels, row, "events") or 0
                # What an estimate rests on can be had from it, to within rounding.
                told = row not in model.suppressed and levels.at[row, "status"] in ("ok", "reference")
                model.persons[row] = ledger.add(person_key(model.cohort, here, n), n, anchored=told, at=(row, "n"))
                name = ("events", *about, here, d)
                model.having_events[row] = ledger.add(name, d, anchored=told, at=(row, "events"))
                _tie_events(ledger, model.persons[row], model.having_events[row])
            ledger.add_sum(persons, [model.persons[row] for row in levels.index], margin=True)
            ledger.add_sum(events, [model.having_events[row] for row in levels.index], margin=True)


def tie_categories(models: list[Model], ledger: Ledger) -> None:
    """Tie the contrasts of each multinomial model together: all of them count the members with the reference level
    beside their own events, and with everybody's events these make the whole."""
    analyses: dict[str, list[Model]] = {}
    for model in models:
        if _has_contrasts(model.rows):
            analyses.setdefault(str(model.rows["analysis"].iloc[0]), []).append(model)
    for analysis, contrasts in analyses.items():
        places: dict[Conditions, list[tuple[str, int, int]]] = {}
        for model in contrasts:
            outcome = str(model.rows["outcome"].iloc[0])
            places.setdefault(frozenset(), []).append((outcome, model.n, model.events))
            rows = model.rows[model.rows["measure"].isin(PARAMETERS) & (model.rows["level"] != "")]
            for row in rows.drop_duplicates(["term", "level"]).index:
                here = frozenset({(text(rows, row, "term"), text(rows, row, "level"))})
                numbers = count(rows, row, "n") or 0, count(rows, row, "events") or 0
                places.setdefault(here, []).append((outcome, *numbers))
        cohort, within = contrasts[0].cohort, ledger.members(analysis)
        for here, found in places.items():
            reference = ledger.add(("reference", analysis, here), found[0][1] - found[0][2], published=False)
            total = ledger.counts[reference].exact + sum(events for *_, events in found)
            who = here | within
            whole = ledger.add(person_key(cohort, who, total), total, published=False)
            having = [ledger.add(("events", cohort, o, who, e), e, published=False) for o, _, e in found]
            ledger.add_sum(whole, [reference, *having], margin=False)
            for own, (_, n, _) in zip(having, found, strict=True):
                persons = ledger.add(person_key(cohort, who, n), n, published=False)
                ledger.add_sum(persons, [reference, own], margin=False)
                # The auditor looks at one sum at a time: it would not see that these two leave over the others.
                ledger.add_sum(whole, [persons, *(key for key in having if key != own)], margin=False)


def _tie_events(ledger: Ledger, persons: Key, events: Key) -> None:
    if ledger.counts[events].exact <= ledger.counts[persons].exact:
        ledger.add_sum(persons, [events], margin=False)


def release_models(frame: pd.DataFrame, models: list[Model], ledger: Ledger, policy: Policy) -> None:
    """Write what may be shown of the models into ``frame``."""
    views, places = _views(models), _withhold(models, ledger)
    for model in models:
        steps = _steps(model, max((views[key] for key in _tied(model)), default=1), policy)
        shifts = {} if is_open(policy) else _shifts(model, models, places, policy)
        stepped: dict[tuple[str, str], Stepped | None] = {}
        for row in _coefficients_first(model.rows):
            status = frame.at[row, "status"]
            if row in model.suppressed:
                suppress(frame, row, policy)
                if status == "not estimable":
                    frame.at[row, "status"] = status
                continue
            if not is_open(policy) and _tells_counts(model, row):
                suppress(frame, row, policy)
                frame.at[row, "note"] = TELLS_COUNTS
                continue
            for column, keys in (("n", model.persons), ("events", model.having_events)):
                exact = count(frame, row, column)
                if exact is None:
                    continue
                who = ledger.sets.at(row, column)
                known = keys.get(row, who.key if who is not None else None)
                few = ledger.sets.is_few(row, column, exact, policy)
                visible = ledger.shown(known) if known in ledger.counts else not few
                frame.at[row, column] = ledger.sets.shown(row, column, exact, policy) if visible else pd.NA
            if not is_open(policy):
                measure, place = frame.at[row, "measure"], (text(frame, row, "term"), text(frame, row, "level"))
                # The effect on one of several outcomes rests on the coefficients of all of them.
                beside = stepped.get(place) if measure in _EFFECT and not _has_contrasts(model.rows) else None
                wide = Steps(5, 10) if measure in _AREA else steps
                found = reduce_digits(frame, row, wide, shifts.get(row, UNMOVED), beside)
                if measure in of_role("coefficient"):
                    stepped[place] = found


def _withhold(models: list[Model], ledger: Ledger) -> Places:
    """Withhold what rests on counts that the ledger hides, and differences of what is withheld; return where the
    estimates stand of which others are differences."""
    for model in models:
        model.suppressed |= _resting_on_hidden(model, ledger)
    places = places_of((model.rows, model.suppressed) for model in models)
    for model in models:
        model.suppressed |= of_hidden(model.rows, places)
    return places


def _coefficients_first(rows: pd.DataFrame) -> list[int]:
    """The rows of a model, effects after the coefficients that they are views of."""
    is_effect = rows["measure"].isin(_EFFECT)
    return [*rows.index[~is_effect], *rows.index[is_effect]]


def _resting_on_hidden(model: Model, ledger: Ledger) -> set[int]:
    """Rows with an estimate of which the ledger had to hide a count; with a reference, its whole term."""
    rows, found = model.rows, set()
    for row in model.persons.keys() - model.suppressed:
        if not (ledger.hidden(model.persons[row]) or ledger.hidden(model.having_events[row])):
            continue
        if rows.at[row, "status"] == "reference":
            found |= {other for other in model.persons if rows.at[other, "term"] == rows.at[row, "term"]}
        elif rows.at[row, "status"] == "ok":
            found.add(row)
    return found


def _shifts(model: Model, models: list[Model], places: Places, policy: Policy) -> dict[int, Shift]:
    """Return what rounding the counts does to each estimate of a level, and to a difference of two: what it does to
    both. Within matched sets there is no such crude estimate."""
    rows = model.rows
    if _is_matched(rows):
        return {}
    others = [other.rows for other in models if other is not model and _beside(other.rows, rows)]
    shifts = {}
    leveled = rows[rows["measure"].isin(PARAMETERS) & (rows["level"] != "")]
    for (measure, _), levels in leveled.groupby(["measure", "term"], sort=False):
        for reference in levels.index[levels["status"] == "reference"]:
            beside = others if measure in _EFFECT else []
            base = _cell(rows, reference, beside)
            for row in levels.index[levels["status"] == "ok"]:
                parts = parts_of(rows, int(row), places)
                whole, *less = [_cells(part) for part in parts] or [(_cell(rows, row, beside), base)]
                shifts[row] = rounding_shift(str(measure), *whole, policy, *less)
    return shifts


def _is_matched(rows: pd.DataFrame) -> bool:
    return KINDS[str(rows["kind"].iloc[0])].keys.is_matched


def _has_contrasts(rows: pd.DataFrame) -> bool:
    """True for the rows of one contrast of several in a model: a level of the outcome against its reference."""
    return KINDS[str(rows["kind"].iloc[0])].keys.has_contrasts


def _beside(one: pd.DataFrame, other: pd.DataFrame) -> bool:
    """True for two contrasts of one model."""
    labels = ["analysis", "kind", "cohort", "group"]
    return _has_contrasts(one) and one[labels].iloc[0].equals(other[labels].iloc[0])


def _cell(rows: pd.DataFrame, row: int, others: list[pd.DataFrame]) -> Cell:
    """Persons and events of a row; with the events of the same level in ``others``, who are persons besides."""
    beside = []
    for contrast in others:
        same = [(contrast[label] == rows.at[row, label]) for label in ("measure", "term", "level")]
        beside += [int(events) for events in contrast.loc[same[0] & same[1] & same[2], "events"]]
    return Cell(count(rows, row, "n") or 0, count(rows, row, "events") or 0, tuple(beside))


def _cells(contrast: Contrast) -> tuple[Cell, Cell]:
    """Persons and events of an estimate and of its reference."""
    return _cell(contrast.rows, contrast.row, []), _cell(contrast.rows, contrast.reference, [])


def _tied(model: Model) -> set[Key]:
    """Names under which estimates of the same levels among the same members are one: by outcome and, as an outcome may
    have two names, by events."""
    rows = model.rows[model.rows["measure"].isin(PARAMETERS) & (model.rows["level"] != "")]
    names: set[Key] = set()
    for term, levels in rows.groupby("term", sort=False):
        about = (model.cohort, model.who, str(term))
        counted = levels.drop_duplicates("level")[["level", "n", "events"]].itertuples(index=False, name=None)
        names |= {(*about, str(rows["outcome"].iloc[0])), (*about, tuple(counted))}
    return names


def _views(models: list[Model]) -> Counter[Key]:
    """Count the estimates that the levels of a term have: in several models, or a ratio and an effect in one."""
    return Counter(name for model in models for name in _tied(model) for _ in set(model.rows["measure"]) & set(_VIEWS))


def _steps(model: Model, views: int, policy: Policy) -> Steps:
    coefficients = model.rows[model.rows["measure"].isin(PARAMETERS)]
    if _is_matched(model.rows) and (coefficients["status"] == "ok").sum() == 1:
        return Steps(5, 10, policy.rounding_base)
    if model.rows["measure"].isin(of_role("curve_point")).any():
        # Nine points of a curve with two or more coefficients: several looks at each, so the steps are wider.
        return Steps(3, 3, policy.rounding_base)
    return Steps(2, 2, policy.rounding_base) if views > 1 else Steps(base=policy.rounding_base)


def _tells_counts(model: Model, row: int) -> bool:
    """True for what nobody needs and what, beside rounded counts, singles out the exact ones: with few covariates an
    intercept is a logarithm of odds of counts, a log-likelihood without covariates a function of two of them, and the
    test of a model with one covariate, which the estimates of its levels stand for, a function of all."""
    rows, measure = model.rows, text(model.rows, row, "measure")
    if measure in of_role("fit") or text(rows, row, "term") == "intercept":
        return True
    terms = set(rows.loc[rows["measure"].isin(PARAMETERS) & (rows["level"] != ""), "term"])
    whole = {*terms, *rows.loc[rows["measure"].isin(PARAMETERS), "term"]} - {"intercept"}
    return measure in of_role("model_test") and len(terms) == len(whole) == 1
