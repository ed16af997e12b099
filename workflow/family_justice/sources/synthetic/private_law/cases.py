"""Private-law cases: who is party, what is applied for, how long it takes, and returns from a planted hazard."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

import numpy as np

from family_justice.sources.synthetic.clock import (
    Ints,
    Streams,
    completed_years,
    draw_shares,
    interpolate,
    join,
    next_working_day,
)
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.private_law.families import (
    PrivateFamilies,
    known_families,
    last_days,
    new_families,
)
from family_justice.sources.synthetic.private_law.parameters import APPLICATIONS, CONTESTED
from family_justice.sources.synthetic.public_law.families import Areas, Cases, Children, Mothers
from family_justice.sources.synthetic.public_law.other_cases import PRIVATE
from family_justice.sources.synthetic.public_law.returns import Families, draw_times

#: Places in PARTIES of the parameters, and who applies.
PARENTS_ONLY, RELATIVE_APPLIES, RELATIVE_RESPONDS, NO_RESPONDENT = range(4)
FATHER_APPLIES, MOTHER_APPLIES, NO_PARENT_APPLIES = range(3)
#: Level of the planted term ``first_application`` of each of APPLICATIONS.
FIRST_APPLICATION = np.array([0, 1, 1, 2, 3, 3, 3])
#: Published share of returns among applications: it ties the types of first cases and of returns to those of all.
SHARE_OF_RETURNS = 0.3
SHORTEST_CASE_DAYS = 14


@dataclass
class PrivateCases:
    """Private-law cases; a case is its place. ``subject_case`` and ``subject_child`` are sorted by case."""

    family: Ints
    issue: Ints
    final: Ints
    area: Ints
    number: Ints  # 0 for the first case of a family
    parties: Ints  # place in PARTIES
    applicant: Ints  # FATHER_APPLIES, MOTHER_APPLIES or NO_PARENT_APPLIES
    application: Ints  # place in APPLICATIONS
    subject_case: Ints
    subject_child: Ints

    def __len__(self) -> int:
        return len(self.family)


@dataclass
class PrivateLaw:
    """Private law; ``everyone`` holds care proceedings and, from ``first_case`` on, the private-law cases."""

    everyone: Families
    families: PrivateFamilies
    cases: PrivateCases
    first_case: int


def draw_parties(
    parameters: Parameters, jurisdiction: Ints, before: tuple[Ints, Ints] | None, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return parties and applicant of cases; ``before`` are those of the cases before, None at first cases."""
    p, size = parameters.private_law, len(jurisdiction)
    shares = np.array([list(p.parties_england.value.values()), list(p.parties_wales.value.values())])
    parties = draw_shares(shares[jurisdiction], random)
    parent = (random.random(size) >= p.father_applies.value).astype(np.int64)
    if before is not None:
        parties = np.where(random.random(size) < p.same_parties_at_return.value, before[0], parties)
        same = (random.random(size) < p.same_parent_applies_at_return.value) & (before[1] != NO_PARENT_APPLIES)
        parent = np.where(same, before[1], parent)
    return parties, np.where(parties == RELATIVE_APPLIES, NO_PARENT_APPLIES, parent)


def draw_applications(
    parameters: Parameters, jurisdiction: Ints, applicant: Ints, issue: Ints, is_return: bool,
    random: np.random.Generator,
) -> Ints:  # fmt: skip
    """Return the type of the first application of each case, a place in APPLICATIONS."""
    p = parameters.private_law
    ratio = p.contested_issues_at_return.value
    contested = interpolate(p.contested_issues.value, issue) / (1 + SHARE_OF_RETURNS * (ratio - 1))
    kinds = p.contested_types_return.value if is_return else p.contested_types_first.value
    parents = np.zeros((len(issue), len(APPLICATIONS)))
    for name in CONTESTED:
        parents[:, APPLICATIONS.index(name)] = contested * (ratio if is_return else 1.0) * kinds[name]
    for name, share in p.other_types_of_parents.value.items():
        parents[:, APPLICATIONS.index(name)] = share
    parents[:, 0] = np.maximum(1 - parents.sum(axis=1), 0)
    relatives = np.array(
        [list(shares.value.values()) for shares in (p.types_of_relatives_england, p.types_of_relatives_wales)]
    )
    shares = np.where((applicant == NO_PARENT_APPLIES)[:, None], relatives[jurisdiction], parents)
    return draw_shares(shares, random)


def draw_ends(parameters: Parameters, issue: Ints, random: np.random.Generator) -> Ints:
    """Return the day on which each case ends: log-normal durations whose median depends on the date of issue only."""
    p = parameters.private_law
    days = (
        interpolate(p.median_weeks.value, issue)
        * 7
        * np.exp(p.log_sd_of_duration.value * random.standard_normal(len(issue)))
    )
    return next_working_day(issue + np.maximum(days, SHORTEST_CASE_DAYS).astype(np.int64))


def return_codes(
    cases: PrivateCases, families: PrivateFamilies, mothers: Mothers, children: Children
) -> dict[str, Ints]:
    """Return the code of every term of ``PRIVATE_RETURN_TERMS`` for each case, as it can be read from the records."""
    starts = np.searchsorted(cases.subject_case, np.arange(len(cases)))
    youngest = np.maximum.reduceat(children.week_of_birth[cases.subject_child], starts)
    return {
        "first_applicant": (cases.applicant == NO_PARENT_APPLIES).astype(np.int64),
        "first_application": FIRST_APPLICATION[cases.application],
        "youngest_child_age": effects.youngest_child_age(completed_years(youngest, cases.issue)),
        "deprivation_quintile": mothers.quintile[families.mother[cases.family]],
    }


def draw_returns(
    parameters: Parameters, cases: PrivateCases, codes: dict[str, Ints], last_day: Ints, random: np.random.Generator
) -> tuple[Ints, Ints]:
    """Return rows of the cases that are followed by another, and its date of issue: at least a day after the end."""
    p = parameters.private_law
    ratio = np.exp(effects.linear_predictor(p.returns.log_hazard_ratios.value, codes, effects.PRIVATE_RETURN_TERMS))
    ratio *= np.where(cases.number > 0, p.later_return_ratio.value, 1.0)
    days = np.maximum(np.ceil(draw_times(p.returns, ratio, random)), 1)
    date = cases.final + np.minimum(days, 1e6).astype(np.int64)
    row = np.flatnonzero(date <= last_day)
    date, last_day = date[row], last_day[row]
    after_weekend = next_working_day(date)
    return row, np.where(after_weekend <= last_day, after_weekend, date)


def first_cases(
    parameters: Parameters, families: PrivateFamilies, jurisdiction: Ints, streams: Streams
) -> PrivateCases:
    """Return the first case of every family, about all its children."""
    issue, size = families.issue, len(families)
    parties, applicant = draw_parties(parameters, jurisdiction, None, streams("private law parties"))
    random = streams("private law applications")
    return PrivateCases(
        np.arange(size), issue, draw_ends(parameters, issue, streams("private law duration")), families.area,
        np.zeros(size, dtype=np.int64), parties, applicant,
        draw_applications(parameters, jurisdiction, applicant, issue, False, random),
        families.child_family, families.child,
    )  # fmt: skip


def next_cases(
    parameters: Parameters, before: PrivateCases, families: PrivateFamilies, codes: dict[str, Ints], last_day: Ints,
    jurisdiction: Ints, streams: Streams,
) -> PrivateCases:  # fmt: skip
    """Return the cases that follow ``before``, one generation; ``last_day`` and ``jurisdiction`` are by family."""
    name = f"private law {int(before.number[0]) + 1}"
    row, issue = draw_returns(parameters, before, codes, last_day[before.family], streams(f"{name} returns"))
    family, where = before.family[row], jurisdiction[before.family[row]]
    case, place = join(family, families.child_family)
    child = families.child[place]
    again = streams(f"{name} siblings").random(len(child)) < parameters.private_law.sibling_again.value
    again |= child == families.eldest[family[case]]
    same = before.parties[row], before.applicant[row]
    parties, applicant = draw_parties(parameters, where, same, streams(f"{name} parties"))
    random = streams(f"{name} applications")
    return PrivateCases(
        family, issue, draw_ends(parameters, issue, streams(f"{name} duration")), before.area[row],
        before.number[row] + 1, parties, applicant,
        draw_applications(parameters, where, applicant, issue, True, random), case[again], child[again],
    )  # fmt: skip


def _generations(
    parameters: Parameters, families: PrivateFamilies, mothers: Mothers, children: Children, streams: Streams
) -> Iterator[PrivateCases]:
    last_day = last_days(parameters, mothers, children, families)
    jurisdiction = mothers.jurisdiction[families.mother]
    cases = first_cases(parameters, families, jurisdiction, streams)
    yield cases
    for _ in range(parameters.private_law.most_cases.value - 1):
        if not len(cases):
            return
        codes = return_codes(cases, families, mothers, children)
        cases = next_cases(parameters, cases, families, codes, last_day, jurisdiction, streams)
        yield cases


def _stack(parts: list[PrivateCases]) -> PrivateCases:
    columns = {f.name: np.concatenate([getattr(part, f.name) for part in parts]) for f in fields(PrivateCases)}
    offset = np.cumsum([0, *map(len, parts[:-1])])
    columns["subject_case"] += np.repeat(offset, [len(part.subject_case) for part in parts])
    return PrivateCases(**columns)


def draw_private_law(
    parameters: Parameters, areas: Areas, known: Families, scale: float, streams: Streams
) -> PrivateLaw:
    """Return all private-law cases until the end of data beside the ``known`` families with their care proceedings."""
    mothers, children, families = new_families(parameters, areas, known, scale, streams)
    families = families.add(known_families(parameters, known, streams))
    both = {f.name: (getattr(known.mothers, f.name), getattr(mothers, f.name)) for f in fields(Mothers)}
    everyone = Mothers(**{name: np.concatenate(columns) for name, columns in both.items()})
    children = known.children.add(children)
    cases = _stack(list(_generations(parameters, families, everyone, children, streams)))

    start = len(known.cases)
    number = np.arange(start, start + len(cases))
    first_of = np.zeros(len(cases), dtype=np.int64)
    columns = {
        "mother": families.mother[cases.family], "issue": cases.issue, "area": cases.area, "generation": first_of,
        "cause": first_of + PRIVATE, "previous": first_of - 1, "man": families.man[cases.family],
        "subject_case": number[cases.subject_case], "subject_child": cases.subject_child,
    }  # fmt: skip
    all_cases = Cases(**{name: np.concatenate([getattr(known.cases, name), new]) for name, new in columns.items()})
    final = np.concatenate([known.final, cases.final])
    placed = np.concatenate([known.placed, np.zeros(len(cases.subject_case), dtype=bool)])
    return PrivateLaw(Families(everyone, children, all_cases, final, placed, known.before), families, cases, start)
