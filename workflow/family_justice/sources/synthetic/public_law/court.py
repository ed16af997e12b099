"""What happens in public-law cases: applications, hearings and legal orders, whatever system records them.

cases --apply--> applications --hear--> hearings --decide--> orders for children
"""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from family_justice.sources.synthetic.clock import (
    Bools,
    Ints,
    Streams,
    completed_years,
    distinct,
    interpolate,
    join,
    next_working_day,
    to_day,
)
from family_justice.sources.synthetic.parameters.model import Notice, Parameters
from family_justice.sources.synthetic.public_law.families import WALES, Areas, Cases, end_of_data, youngest_and_number
from family_justice.sources.synthetic.public_law.other_cases import DISCHARGE, EMERGENCY_ONLY
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD, Families

#: Types of application; the names differ between England and Wales.
(
    CARE, SUPERVISION, EMERGENCY, DISCHARGE_OF_CARE, PLACEMENT, CHILD_ARRANGEMENTS, CONTACT, RESIDENCE_APPLICATION,
    SPECIFIC_ISSUE, PROHIBITED_STEPS, ENFORCEMENT, PARENTAL_RESPONSIBILITY, SPECIAL_GUARDIANSHIP_APPLICATION,
    OTHER_PRIVATE,
) = range(14)  # fmt: skip
ENGLISH_APPLICATIONS = (
    "Care (s31)", "Supervision (s31)", "EPO (s44)", "Discharge of Care (s39)", "Placement Order (s21)",
    "Child Arrangements (s8)", "Contact (s8)", "Residence (s8)", "Specific Issue (s8)", "Prohibited Steps (s8)",
    "Enforcement (s11J)", "Parental Responsibility (s4)", "Special Guardianship (s14A)",
    "Change of Name or Removal (s13)",
)  # fmt: skip
WELSH_APPLICATIONS = ("Care Order", "Supervision Order", "Emergency Protection Order", *ENGLISH_APPLICATIONS[3:])
#: Types of legal output; a type is its place.
ORDERS = (
    "Placement Order", "Care Order", "Special Guardianship Order", "Child Arrangements Order (Lives With)",
    "Residence Order", "Supervision Order", "Family Assistance Order", "Order of No Order",
    "Application Withdrawn or Dismissed", "Discharge of Care Order", "Interim Care Order",
    "Interim Supervision Order", "Emergency Protection Order", "Rule 16.4 Appointment", "Section 7 Report",
    "Child Arrangements Order (Spends Time With)", "Contact Order", "Specific Issue Order", "Prohibited Steps Order",
    "Enforcement Order", "Parental Responsibility Order",
)  # fmt: skip
(
    PLACED, CARE_ORDER, SPECIAL_GUARDIANSHIP, LIVES_WITH, RESIDENCE, SUPERVISION_ORDER, FAMILY_ASSISTANCE, NO_ORDER,
    WITHDRAWN, DISCHARGED, INTERIM_CARE, INTERIM_SUPERVISION, EMERGENCY_ORDER, RULE_16_4, SECTION_7,
    SPENDS_TIME, CONTACT_ORDER, SPECIFIC_ISSUE_ORDER, PROHIBITED_STEPS_ORDER, ENFORCEMENT_ORDER,
    PARENTAL_RESPONSIBILITY_ORDER,
) = range(21)  # fmt: skip
#: Whether each type of ORDERS ends proceedings.
IS_FINAL = ~np.isin(np.arange(len(ORDERS)), range(INTERIM_CARE, SECTION_7 + 1))
#: Places in ORDERS of the groups of FINAL_ORDERS in the parameters.
GROUP_ORDERS = np.array([CARE_ORDER, SPECIAL_GUARDIANSHIP, LIVES_WITH, SUPERVISION_ORDER, FAMILY_ASSISTANCE, NO_ORDER])


@dataclass
class Court:
    """Applications, hearings and orders; each group of columns is one table, dates in days.

    ``application_child`` is -1 where an application concerns all subjects. Orders name child and application.
    Nothing is dated after the end of data.
    """

    opened: Ints
    is_completed: Bools
    application_case: Ints
    application_type: Ints
    application_date: Ints
    application_child: Ints
    hearing_case: Ints
    hearing_date: Ints
    order_case: Ints
    order_child: Ints
    order_type: Ints
    order_date: Ints
    order_application: Ints
    cases_without_outputs: Ints


def draw_notice(parameters: Parameters, areas: Areas, families: Families, random: np.random.Generator) -> Ints:
    """Return days from issue to the first hearing of each case."""
    cases, p = families.cases, parameters.proceedings
    youngest, _ = youngest_and_number(cases, families.children)
    newborn = cases.issue - youngest < 14
    wales = areas.jurisdiction[cases.area] == WALES

    def shares(notice: Notice) -> list[float]:
        return [notice.same_day, notice.emergency, notice.short_notice]

    limits = np.array([shares(n.value) for n in (p.notice_others, p.notice_newborn_england, p.notice_newborn_wales)])
    limit = limits[np.where(newborn, np.where(wales, 2, 1), 0)]
    # Where a region has its own share of same-day hearings, the rest keep their proportions.
    own = np.array([p.same_day_newborn_by_region.value.get(region, np.nan) for region in areas.region])[cases.area]
    changed = newborn & ~np.isnan(own)
    rest = (limit[changed] - limit[changed, :1]) / (1 - limit[changed, :1])
    limit[changed] = own[changed, None] + rest * (1 - own[changed, None])
    kind = (random.random(len(cases))[:, None] >= limit).sum(axis=1)
    first, last = np.array([[0, 1, 3, 8], [1, 3, 8, 19]])
    notice = random.integers(first[kind], last[kind])
    # Off the weekend if a working day has the same kind of notice: the Monday after, else the Friday before.
    after = next_working_day(cases.issue + notice) - cases.issue
    friday = np.where(after > notice, after - 3, notice)
    return np.where(after < last[kind], after, np.where(friday >= first[kind], friday, notice))


def apply(
    parameters: Parameters, areas: Areas, families: Families, last: Ints, streams: Streams
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return case, type, date and child of the applications, sorted by case; one per child in Wales (assumption)."""
    cases, random = families.cases, streams("applications")
    number = np.arange(len(cases))
    kind = np.where(random.random(len(cases)) < parameters.proceedings.supervision_application.value, SUPERVISION, CARE)
    for cause, other in ((EMERGENCY_ONLY, EMERGENCY), (DISCHARGE, DISCHARGE_OF_CARE)):
        kind = np.where(cases.cause == cause, other, kind)
    # An emergency application comes a few days before, unless the case before is that recent.
    since = np.where(cases.previous >= 0, cases.issue - cases.issue[cases.previous], 999)
    early = np.flatnonzero(
        (cases.cause <= EXISTING_CHILD)
        & (since > 14)
        & (random.random(len(cases)) < parameters.proceedings.emergency_application_first.value)
    )
    early_date = cases.issue[early] - random.integers(1, 6, size=len(early))
    first_placed = np.flatnonzero(np.bincount(cases.subject_case, families.placed, minlength=len(cases)) > 0)
    notice = random.integers(28, 71, size=len(first_placed))
    applied = np.maximum(families.final[first_placed] - notice, cases.issue[first_placed] + 7)
    within = applied <= last[first_placed]

    case = np.concatenate([number, early, first_placed[within]])
    type_ = np.concatenate([kind, np.full(len(early), EMERGENCY), np.full(within.sum(), PLACEMENT)])
    date = np.concatenate([cases.issue, early_date, applied[within]])
    wales = areas.jurisdiction[cases.area[case]] == WALES
    row, subject = join(case, cases.subject_case)
    keep = wales[row] & ((type_[row] != PLACEMENT) | families.placed[subject])
    row, child = row[keep], cases.subject_child[subject[keep]]
    case = np.concatenate([case[~wales], case[row]])
    order = np.argsort(case, kind="stable")
    english = np.full((~wales).sum(), -1)
    type_, date = (np.concatenate([values[~wales], values[row]]) for values in (type_, date))
    return case[order], type_[order], date[order], np.concatenate([english, child])[order]


def hear(
    parameters: Parameters, areas: Areas, families: Families, opened: Ints, last: Ints, streams: Streams
) -> tuple[Ints, Ints, Ints]:
    """Return case and date of the hearings (unique, sorted) and the date of each case's first hearing after issue."""
    cases, random = families.cases, streams("hearings")
    first = np.minimum(cases.issue + draw_notice(parameters, areas, families, streams("notice")), families.final)
    number = np.arange(len(cases))
    case, date = [number, number, np.flatnonzero(opened < cases.issue)], [first, families.final]
    date.append(opened[case[2]])
    span = np.maximum(families.final - first - 21, 0)
    for order in range(4):
        held = np.flatnonzero((span > 30 * order) & (cases.cause <= EXISTING_CHILD))
        case.append(held)
        date.append(next_working_day(first[held] + 14 + (span[held] * random.random(len(held))).astype(np.int64)))
    key = distinct(np.concatenate(case) * 100_000 + np.concatenate(date))
    case_of, day = key // 100_000, key % 100_000
    within = day <= last[case_of]
    return case_of[within], day[within], first


def final_orders(parameters: Parameters, families: Families, streams: Streams) -> list[tuple[Ints, Ints]]:
    """Return (row of subject, order type) pairs of the orders that end each subject's part in its case."""
    p, cases, random = parameters.final_orders, families.cases, streams("final orders")
    case, child = cases.subject_case, cases.subject_child
    issue, final = cases.issue[case], families.final[case]
    years = completed_years(families.children.week_of_birth[child], issue)
    shares = np.array([list(row.values()) for row in p.shares_by_age.value.values()])
    shares = shares[np.searchsorted([1, 5, 10], years, side="right")]
    more = shares[:, 1] * (interpolate(p.special_guardianship_factor.value, issue) - 1)
    shares[:, 0] -= more
    shares[:, 1] += more
    together = random.random(len(cases))[case]
    draw = np.where(random.random(len(case)) < p.same_for_siblings.value, together, random.random(len(case)))
    group = (draw[:, None] >= np.cumsum(shares, axis=1)[:, :-1]).sum(axis=1)
    care = cases.cause[case] <= EXISTING_CHILD
    type_ = GROUP_ORDERS[group]

    discharged = random.random(len(case)) < 0.7
    type_ = np.where(cases.cause[case] == DISCHARGE, np.where(discharged, DISCHARGED, NO_ORDER), type_)
    type_ = np.where((type_ == NO_ORDER) & (random.random(len(case)) < 0.3), WITHDRAWN, type_)
    before = final < to_day(parameters.calendar.child_arrangements_start.value)
    type_ = np.where((type_ == LIVES_WITH) & before, RESIDENCE, type_)

    also_supervision = care & np.isin(type_, [SPECIAL_GUARDIANSHIP, LIVES_WITH, RESIDENCE])
    also_supervision &= random.random(len(case)) < p.supervision_with_private_order.value
    also_care = random.random(len(case)) < parameters.placement.with_care_order.value
    placed = families.placed
    other = np.flatnonzero(~placed & (cases.cause[case] != EMERGENCY_ONLY))

    def same(chosen: Bools, order: int) -> tuple[Ints, Ints]:
        return np.flatnonzero(chosen), np.full(int(chosen.sum()), order)

    return [
        (other, type_[other]),
        same(~placed & also_supervision, SUPERVISION_ORDER),
        same(placed, PLACED),
        same(placed & also_care, CARE_ORDER),
    ]


def decide(
    parameters: Parameters, families: Families, opened: Ints, first_hearing: Ints, streams: Streams
) -> tuple[Ints, Ints, Ints, Ints]:
    """Return case, child, type and date of all legal outputs, sorted by case."""
    p, cases, random = parameters.proceedings, families.cases, streams("interim orders")
    case = cases.subject_case
    rows, types, dates = [], [], []
    for row, final_type in final_orders(parameters, families, streams):
        rows.append(row)
        types.append(final_type)
        dates.append(families.final[case[row]])
    care = cases.cause <= EXISTING_CHILD
    draw = random.random(len(cases))
    with_supervision = p.interim_care_order.value + p.interim_supervision_order.value
    for chosen, interim_type, day in (
        (care & (draw < p.interim_care_order.value), INTERIM_CARE, first_hearing),
        (care & (draw >= p.interim_care_order.value) & (draw < with_supervision), INTERIM_SUPERVISION, first_hearing),
        (opened < cases.issue, EMERGENCY_ORDER, opened),
        (cases.cause == EMERGENCY_ONLY, EMERGENCY_ORDER, first_hearing),
        (care & (random.random(len(cases)) < p.rule_16_4.value), RULE_16_4, first_hearing),
    ):
        row = np.flatnonzero(chosen[case])
        rows.append(row)
        types.append(np.full(len(row), interim_type))
        dates.append(day[case[row]])
    row, type_, date = np.concatenate(rows), np.concatenate(types), np.concatenate(dates)
    order = np.lexsort((type_, row))
    row = row[order]
    return case[row], cases.subject_child[row], type_[order], date[order]


def application_of_order(
    cases: Cases, court_case: Ints, child: Ints, type_: Ints, applications: tuple[Ints, Ints, Ints, Ints]
) -> Ints:
    """Return the row of the application each order is made on: its own kind if there is one, else the main one."""
    case, kind, _, of_child = applications
    is_side = (kind == PLACEMENT) | ((kind == EMERGENCY) & (cases.cause[case] != EMERGENCY_ONLY))
    slot = np.where(is_side, kind, 0)

    def key(case: Ints, child: Ints, slot: Ints) -> Ints:
        return ((case * 10) + slot) * 10_000_000 + child + 1

    keys = key(case, of_child, slot)
    order = np.argsort(keys)
    wanted = np.where(type_ == PLACED, PLACEMENT, np.where(type_ == EMERGENCY_ORDER, EMERGENCY, 0))
    found = np.full(len(type_), -1)
    # The most specific first: own kind and child (Wales), own kind (England), main and child, main.
    for slot_wanted in (wanted, np.zeros_like(wanted)):
        for child_wanted in (child, np.full(len(child), -1)):
            target = key(court_case, child_wanted, slot_wanted)
            place = np.minimum(np.searchsorted(keys[order], target), len(keys) - 1)
            hit = (keys[order][place] == target) & (found < 0)
            found[hit] = order[place[hit]]
    return found


def join_courts(one: Court, other: Court) -> Court:
    """Return what happens in the cases of both; those of ``other`` come later."""
    both = {f.name: np.concatenate([getattr(one, f.name), getattr(other, f.name)]) for f in fields(Court)}
    both["order_application"][len(one.order_application) :] += len(one.application_case)
    return Court(**both)


def hold_court(parameters: Parameters, areas: Areas, families: Families, streams: Streams) -> Court:
    """Return applications, hearings and orders of all public-law cases up to the end of data."""
    cases = families.cases
    last = end_of_data(parameters, areas.jurisdiction[cases.area])
    applications = apply(parameters, areas, families, last, streams)
    opened = cases.issue.copy()
    np.minimum.at(opened, applications[0], applications[2])
    hearing_case, hearing_date, first = hear(parameters, areas, families, opened, last, streams)
    case, child, type_, date = decide(parameters, families, opened, first, streams)
    is_completed = families.final <= last
    lost = is_completed & (streams("lost outputs").random(len(cases)) < parameters.defects.missing_legal_outputs.value)
    keep = (date <= last[case]) & ~lost[case]
    case, child, type_, date = case[keep], child[keep], type_[keep], date[keep]
    of = application_of_order(cases, case, child, type_, applications)
    return Court(
        opened, is_completed, *applications, hearing_case, hearing_date, case, child, type_, date, of,
        np.flatnonzero(lost),
    )  # fmt: skip
