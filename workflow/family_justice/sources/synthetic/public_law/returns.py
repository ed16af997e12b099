"""Returns to court: first and later returns of mothers, each of which makes a full case.

    case --two competing hazards, death, end of data--> date and cause of return --> new case --> ...

The date of return is drawn first, from hazards that are exactly proportional in the recorded covariates of the
case before; the child whom the return concerns is drawn afterwards, born on whichever side of that case's date
of issue the cause asks for. So the recorded weeks of birth always tell the planted cause.
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from family_justice.sources.synthetic.clock import (
    DAYS_PER_YEAR,
    Bools,
    Floats,
    Ints,
    Streams,
    completed_years,
    join,
    monday,
)
from family_justice.sources.synthetic.health.before_court import MENTAL, BeforeCourt, draw_before_court
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import Parameters, Partner
from family_justice.sources.synthetic.parameters.types import PiecewiseHazard
from family_justice.sources.synthetic.public_law.families import (
    MINIMUM_AGE_AT_BIRTH,
    Areas,
    Cases,
    Children,
    Mothers,
    draw_sex,
    draw_weeks_under_4,
    end_of_data,
    first_proceedings,
    index_codes,
)
from family_justice.sources.synthetic.public_law.outcomes import draw_final_dates, draw_placements

INDEX, NEW_CHILD, EXISTING_CHILD = 0, 1, 2
NO_RETURN = -1
MOST_GENERATIONS = 12
DAYS_BETWEEN_BIRTHS = 39 * 7
#: A child expected later than this after the return would not be in it.
LATEST_BIRTH_AFTER_RETURN = 26 * 7


@dataclass
class Families:
    """All care proceedings of all families; ``final`` and ``placed`` hold what happens if data run long enough, and
    ``before`` the health of the mothers before their first ones."""

    mothers: Mothers
    children: Children
    cases: Cases
    final: Ints
    placed: Bools
    before: BeforeCourt


def draw_times(hazard: PiecewiseHazard, ratio: Floats, random: np.random.Generator) -> Floats:
    """Return days to the event under a piecewise constant hazard times ``ratio``, by inverting its integral."""
    cuts = np.array([0, *hazard.cut_points_days.value], dtype=float)
    rate = np.array(hazard.events_per_1000_years.value) / 1000 / DAYS_PER_YEAR
    integral = np.concatenate([[0.0], np.cumsum(rate[:-1] * np.diff(cuts))])
    with np.errstate(divide="ignore"):
        target = random.exponential(size=len(ratio)) / ratio
    piece = np.searchsorted(integral, target, side="right") - 1
    return cuts[piece] + (target - integral[piece]) / np.maximum(rate[piece], 1e-12)


def draw_returns(
    parameters: Parameters, families: Families, last_day: Ints, streams: Streams, name: str
) -> tuple[Ints, Ints]:
    """Return date and cause of the next return of each case; cause NO_RETURN if death or end of data come first."""
    cases = families.cases
    codes = index_codes(cases, families.mothers, families.children)
    later = np.where(cases.generation > 0, parameters.returns.later_return_ratio.value, 1.0)
    times = []
    for kind, hazard in (("new", parameters.returns.new_child), ("existing", parameters.returns.existing_child)):
        score = effects.linear_predictor(hazard.log_hazard_ratios.value, codes, effects.RETURN_TERMS)
        times.append(draw_times(hazard, later * np.exp(score), streams(f"{name} {kind} child")))
    days = np.maximum(np.ceil(np.minimum(*times)), 1)
    date = cases.issue + np.minimum(days, 1e6).astype(np.int64)
    cause = np.where(date > last_day, NO_RETURN, np.where(times[0] <= times[1], NEW_CHILD, EXISTING_CHILD))
    # Courts do not sit at weekends; a day or two later, if the mother and the data last that long.
    weekday = (date + 3) % 7
    date += np.where((weekday >= 5) & (date + 2 <= last_day), 7 - weekday, 0)
    return date, cause


def new_births(parameters: Parameters, before: Ints, latest: Ints, date: Ints, random: np.random.Generator) -> Ints:
    """Return weeks of birth of the new children of returns.

    Never before the date of issue ``before``; 39 weeks after the mother's ``latest`` child unless the child
    would then be expected more than half a year after the return.
    """
    earliest = monday(before + 6)
    span = np.maximum(date - earliest - 28, 0)
    age = 28 + (span * random.random(len(date)) ** 1.5).astype(np.int64)
    baby = (random.random(len(date)) < parameters.returns.baby_under_4_weeks.value) | (span == 0)
    weeks = draw_weeks_under_4(parameters, len(date), random)
    birth = np.where(baby, monday(date) - 7 * weeks, monday(date - age))
    spaced = np.minimum(monday(latest + DAYS_BETWEEN_BIRTHS + 6), monday(date) + LATEST_BIRTH_AFTER_RETURN)
    return np.maximum(np.maximum(birth, spaced), earliest)


def again_subjects(
    parameters: Parameters, families: Families, return_of: Ints, cause: Ints, date: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return (return, child): subjects of the case before who are subjects again.

    ``return_of`` gives the case before of each return, ascending. Existing-child returns concern at least one
    such child if one is under 18 and not placed for adoption.
    """
    cases = families.cases
    which, link = join(return_of, cases.subject_case)
    child = cases.subject_child[link]
    years = completed_years(families.children.week_of_birth[child], date[which])
    at_home = ~(families.placed[link] & (families.final[return_of[which]] < date[which]))
    eligible = (years < 18) & at_home
    draw = random.random(len(child))
    existing = cause[which] == EXISTING_CHILD
    with_new = random.random(len(return_of)) < parameters.returns.older_children_with_new_child.value
    # Two infants of one case share the outcome, so only twins are infants together: see draw_placements.
    wanted = np.where(existing, draw < parameters.returns.same_child_again.value, with_new[which] & (years >= 1))
    order = np.lexsort((draw, ~eligible, which))
    is_first = np.zeros(len(child), dtype=bool)
    is_first[order[np.flatnonzero(np.diff(which[order], prepend=-1))]] = True
    chosen = eligible & (wanted | (existing & is_first))
    return which[chosen], child[chosen]


def unseen_siblings(mother_birth: Ints, before: Ints, oldest: Ints, date: Ints, random: np.random.Generator) -> Ints:
    """Return weeks of birth of children who were not in the case before but at least a year old at its issue.

    Such a child is older than the time since that issue, so the return is an existing-child return.
    """
    size = len(date)
    older = monday(np.minimum(oldest - random.integers(400, 1200, size=size), before - 372))
    younger = monday(before - random.integers(372, 1100, size=size))
    fits = (completed_years(older, date) < 18) & (older - mother_birth >= MINIMUM_AGE_AT_BIRTH)
    at_earliest = np.minimum(monday(mother_birth + MINIMUM_AGE_AT_BIRTH + 6), monday(before - 372))
    return np.where(fits, older, np.maximum(younger, at_earliest))


def draw_men(
    parameters: Parameters, cause: Ints, childs_man: Ints, own_number: Ints, random: np.random.Generator
) -> Ints:
    """Return the man who is party: the same as before, a new one (named by the case's own number), or none (-1)."""
    f = parameters.fathers

    def partner(shares: Partner) -> Ints:
        draw = random.random(len(cause))
        return np.where(draw < shares.same, childs_man, np.where(draw < shares.same + shares.new, own_number, -1))

    new_child = np.where(
        childs_man >= 0, partner(f.at_new_child_return.value), partner(f.at_new_child_return_no_father_before.value)
    )
    again = random.random(len(cause)) < f.at_existing_child_return.value
    return np.where(cause == NEW_CHILD, new_child, np.where(again, childs_man, -1))


def subject_extremes(cases: Cases, children: Children) -> tuple[Ints, Ints]:
    """Return the child who is the oldest and the child who is the youngest subject of each case."""
    order = np.lexsort((children.week_of_birth[cases.subject_child], cases.subject_case))
    child = cases.subject_child[order]
    number = np.arange(len(cases))
    first = np.searchsorted(cases.subject_case, number, side="left")
    last = np.searchsorted(cases.subject_case, number, side="right") - 1
    return child[first], child[last]


def next_generation(
    parameters: Parameters, families: Families, latest: Ints, first_case: int, last_day: Ints, streams: Streams
) -> tuple[Cases, Children]:
    """Return the cases that follow ``families.cases`` (one generation) and the children who are new in them.

    ``first_case`` is the number of the first case of the generation before, ``latest`` the week of birth of each
    mother's youngest child, ``last_day`` the last day on which she can return.
    """
    before, mothers, children = families.cases, families.mothers, families.children
    generation = int(before.generation[0]) + 1
    name = f"generation {generation}"
    date, cause = draw_returns(parameters, families, last_day[before.mother], streams, name)
    return_of = np.flatnonzero(cause != NO_RETURN)
    date, cause = date[return_of], cause[return_of]
    mother, issue_before = before.mother[return_of], before.issue[return_of]
    own_number = first_case + len(before) + np.arange(len(return_of))

    again_case, again_child = again_subjects(
        parameters, families, return_of, cause, date, streams(f"{name} children again")
    )
    random = streams(f"{name} children new")
    new = np.flatnonzero(cause == NEW_CHILD)
    new_birth = new_births(parameters, issue_before[new], latest[mother[new]], date[new], random)
    twin = random.random(len(new)) < parameters.children.twins.value
    unseen = np.flatnonzero((cause == EXISTING_CHILD) & (np.bincount(again_case, minlength=len(cause)) == 0))
    oldest, _ = subject_extremes(before, children)
    unseen_birth = unseen_siblings(
        mothers.week_of_birth[mother[unseen]],
        issue_before[unseen],
        children.week_of_birth[oldest[return_of[unseen]]],
        date[unseen],
        random,
    )
    added_case = np.concatenate([new, new[twin], unseen])
    added_birth = np.concatenate([new_birth, new_birth[twin], unseen_birth])
    added_child = len(children.mother) + np.arange(len(added_case))

    case = np.concatenate([again_case, added_case])
    order = np.argsort(case, kind="stable")
    child = np.concatenate([again_child, added_child])[order]
    sex = draw_sex(parameters, len(added_case), random)
    known = children.add(Children(mother[added_case], added_birth, sex, before.man[return_of[added_case]]))
    cases = Cases(
        mother, date, before.area[return_of], np.full(len(date), generation), cause,
        first_case + return_of, own_number, case[order], child,
    )  # fmt: skip
    _, youngest = subject_extremes(cases, known)
    childs_man = np.where(cause == NEW_CHILD, before.man[return_of], known.man[youngest])
    cases.man = draw_men(parameters, cause, childs_man, own_number, streams(f"{name} men"))
    return cases, Children(mother[added_case], added_birth, sex, cases.man[added_case])


def move_some(parameters: Parameters, areas: Areas, cases: Cases, random: np.random.Generator) -> None:
    """Let some families live in another local authority of the same region when they return."""
    moves = np.flatnonzero(random.random(len(cases)) < parameters.areas.return_elsewhere.value)
    by_region = np.argsort(areas.region_code, kind="stable")
    region = areas.region_code[cases.area[moves]]
    starts = np.searchsorted(areas.region_code[by_region], region)
    counts = np.bincount(areas.region_code)[region]
    cases.area[moves] = by_region[starts + (random.random(len(moves)) * counts).astype(np.int64)]


def grow_families(parameters: Parameters, areas: Areas, scale: float, streams: Streams) -> Families:
    """Return all families with first proceedings and every return until death or the end of data."""
    mothers, children, cases = first_proceedings(parameters, areas, scale, streams)
    before = draw_before_court(parameters.health, cases.issue, children.mother, children.week_of_birth, streams)
    mothers.mental_before, mothers.substance_before = before.recorded(*MENTAL), before.recorded("substance_use")
    last_day = np.minimum(end_of_data(parameters, mothers.jurisdiction), mothers.death - 1)
    intercepts = streams("local authorities").normal(
        0, parameters.placement.sd_between_local_authorities.value, len(areas.name)
    )
    latest = np.full(len(mothers.area), -(10**6), dtype=np.int64)
    parts: list[Families] = []
    first_case = 0
    while True:
        name = f"generation {len(parts)}"
        final = draw_final_dates(parameters, cases.issue, streams(f"{name} duration"))
        placed = draw_placements(parameters, cases, mothers, children, intercepts, streams(f"{name} placement"))
        parts.append(Families(mothers, children, cases, final, placed, before))
        if len(parts) == MOST_GENERATIONS:
            break
        np.maximum.at(latest, children.mother, children.week_of_birth)
        following, added = next_generation(parameters, parts[-1], latest, first_case, last_day, streams)
        if not len(following):
            break
        move_some(parameters, areas, following, streams(f"generation {len(parts)} areas"))
        first_case += len(cases)
        cases, children = following, children.add(added)
    return join_generations(parts)


def join_generations(parts: list[Families]) -> Families:
    """Return the families of all generations as one; subjects name their case by its place among all cases."""
    offset = np.cumsum([0, *(len(part.cases) for part in parts)])
    for part, start in zip(parts, offset, strict=False):
        part.cases.subject_case = part.cases.subject_case + start
    columns = {f.name: np.concatenate([getattr(part.cases, f.name) for part in parts]) for f in fields(Cases)}
    return Families(
        parts[-1].mothers,
        parts[-1].children,
        Cases(**columns),
        np.concatenate([part.final for part in parts]),
        np.concatenate([part.placed for part in parts]),
        parts[-1].before,
    )
