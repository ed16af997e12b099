"""Public-law cases without an s31 application: emergency protection only, discharge of care orders.

They are few; they are there so that the type of application matters to whoever reads the records. Private law is in
``private_law``.
"""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    Ints,
    Streams,
    completed_years,
    draw_from,
    monday,
    next_working_day,
)
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.public_law.families import (
    WALES,
    Cases,
    Children,
    Mothers,
    draw_deaths,
    draw_sex,
    end_of_data,
)
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, INDEX, Families

EMERGENCY_ONLY, DISCHARGE, PRIVATE = 3, 4, 5
MEDIAN_DAYS = {EMERGENCY_ONLY: 10, DISCHARGE: 120}


def _append(families: Families, cases: Cases, final: Ints) -> Families:
    """Return the families with more cases; children and mothers of the cases are already known."""
    start = len(families.cases)
    cases.subject_case = cases.subject_case + start
    columns = {f.name: np.concatenate([getattr(families.cases, f.name), getattr(cases, f.name)]) for f in fields(Cases)}
    placed = np.concatenate([families.placed, np.zeros(len(cases.subject_case), dtype=bool)])
    final = np.concatenate([families.final, final])
    return replace(families, cases=Cases(**columns), final=final, placed=placed)


def _final(cause: int, issue: Ints, random: np.random.Generator) -> Ints:
    days = np.maximum(MEDIAN_DAYS[cause] * np.exp(0.5 * random.standard_normal(len(issue))), 3).astype(np.int64)
    return next_working_day(issue + days)


def _thinned(parameters: Parameters, rows: Ints, jurisdiction: Ints, random: np.random.Generator) -> Ints:
    """Return rows from which cases may be drawn: in Wales fewer, where there are fewer cases of these kinds."""
    kept = random.random(len(rows)) < parameters.volumes.other_public_law_wales.value
    return rows[(jurisdiction != WALES) | kept]


def _new_families(
    parameters: Parameters, families: Families, cause: int, size: int, random: np.random.Generator
) -> Families:
    """Return the families with ``size`` cases of families who are not otherwise in court."""
    mothers, children, cases = families.mothers, families.children, families.cases
    # Place and time are those of care proceedings drawn at random.
    index = np.flatnonzero(cases.cause == INDEX)
    like = random.choice(_thinned(parameters, index, mothers.jurisdiction[cases.mother[index]], random), size)
    issue, area = cases.issue[like], cases.area[like]
    mother_age = ((19 + 25 * random.random(size)) * DAYS_PER_YEAR).astype(np.int64)
    child_age = (12 * DAYS_PER_YEAR * random.random(size) ** 2).astype(np.int64)
    child_age = np.minimum(child_age, mother_age - int(17 * DAYS_PER_YEAR))
    birth = monday(issue - mother_age)
    added = Mothers(
        mothers.jurisdiction[cases.mother[like]],
        area,
        draw_from(parameters.areas.quintile_shares.value, size, random),
        birth,
        draw_deaths(parameters, birth, issue, random),
        np.zeros(size, dtype=bool),
        np.zeros(size, dtype=bool),
    )
    everyone = Mothers(*(np.concatenate([getattr(mothers, f.name), getattr(added, f.name)]) for f in fields(Mothers)))
    mother = len(mothers.area) + np.arange(size)
    number = len(cases) + np.arange(size)
    man = np.where(random.random(size) < 0.7, number, -1)
    child = Children(mother, monday(issue - child_age), draw_sex(parameters, size, random), man)
    known = replace(families, mothers=everyone, children=children.add(child))
    zero = np.zeros(size, dtype=np.int64)
    new = Cases(
        mother, issue, area, zero, zero + cause, zero - 1, man, np.arange(size), len(children.mother) + np.arange(size)
    )
    return _append(known, new, _final(cause, issue, random))


def _known_families(
    parameters: Parameters, families: Families, cause: int, size: int, random: np.random.Generator
) -> Families:
    """Return the families with up to ``size`` cases about a child who was in completed care proceedings before."""
    mothers, children, cases = families.mothers, families.children, families.cases
    end = end_of_data(parameters, mothers.jurisdiction)
    row = np.flatnonzero((cases.cause[cases.subject_case] <= EXISTING_CHILD) & ~families.placed)
    row = _thinned(parameters, row, mothers.jurisdiction[cases.mother[cases.subject_case[row]]], random)
    row = np.sort(random.choice(row, min(3 * size, len(row)), replace=False))
    child, before = cases.subject_child[row], cases.subject_case[row]
    mother = cases.mother[before]
    issue = next_working_day(families.final[before] + random.integers(180, 1800, size=len(row)))
    fits = (issue <= np.minimum(end[mother], mothers.death[mother] - 1)) & (
        completed_years(children.week_of_birth[child], issue) < 18
    )
    chosen = np.flatnonzero(fits)[:: max(1, int(fits.sum() / max(size, 1)))][:size]
    child, mother, issue, before = child[chosen], mother[chosen], issue[chosen], before[chosen]
    zero = np.zeros(len(chosen), dtype=np.int64)
    new = Cases(
        mother, issue, cases.area[before], zero, zero + cause, zero - 1, children.man[child],
        np.arange(len(chosen)), child,
    )  # fmt: skip
    return _append(families, new, _final(cause, issue, random))


def add_other_cases(parameters: Parameters, families: Families, streams: Streams) -> Families:
    """Return the families with the public-law cases that are not care proceedings."""
    v = parameters.volumes
    first = int((families.cases.cause == INDEX).sum())
    emergency, discharge = (round(first * share.value) for share in (v.emergency_protection_only, v.discharge_of_care))
    families = _new_families(parameters, families, EMERGENCY_ONLY, emergency, streams("emergency only"))
    return _known_families(parameters, families, DISCHARGE, discharge, streams("discharge of care"))
