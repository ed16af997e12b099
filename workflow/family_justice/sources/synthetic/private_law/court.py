"""What happens in private-law cases: applications, hearings and legal orders."""

from __future__ import annotations

import numpy as np

from family_justice.sources.synthetic.clock import Bools, Ints, Streams, distinct, draw_shares, next_working_day, to_day
from family_justice.sources.synthetic.parameters import effects
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.private_law.cases import PrivateCases, PrivateLaw, draw_applications
from family_justice.sources.synthetic.private_law.parameters import APPLICATIONS, OUTCOMES
from family_justice.sources.synthetic.public_law.court import (
    CHILD_ARRANGEMENTS,
    CONTACT,
    CONTACT_ORDER,
    ENFORCEMENT,
    ENFORCEMENT_ORDER,
    FAMILY_ASSISTANCE,
    LIVES_WITH,
    NO_ORDER,
    OTHER_PRIVATE,
    PARENTAL_RESPONSIBILITY,
    PARENTAL_RESPONSIBILITY_ORDER,
    PROHIBITED_STEPS,
    PROHIBITED_STEPS_ORDER,
    RESIDENCE,
    RESIDENCE_APPLICATION,
    RULE_16_4,
    SECTION_7,
    SPECIAL_GUARDIANSHIP,
    SPECIAL_GUARDIANSHIP_APPLICATION,
    SPECIFIC_ISSUE,
    SPECIFIC_ISSUE_ORDER,
    SPENDS_TIME,
    WITHDRAWN,
    Court,
)
from family_justice.sources.synthetic.public_law.families import WALES, Areas, end_of_data

#: Type of application and of the order asked for, of each of APPLICATIONS; child arrangements are told apart below.
TYPES = np.array([
    CHILD_ARRANGEMENTS, SPECIFIC_ISSUE, PROHIBITED_STEPS, ENFORCEMENT, PARENTAL_RESPONSIBILITY,
    SPECIAL_GUARDIANSHIP_APPLICATION, OTHER_PRIVATE,
])  # fmt: skip
OWN_ORDERS = np.array([
    LIVES_WITH, SPECIFIC_ISSUE_ORDER, PROHIBITED_STEPS_ORDER, ENFORCEMENT_ORDER, PARENTAL_RESPONSIBILITY_ORDER,
    SPECIAL_GUARDIANSHIP, NO_ORDER,
])  # fmt: skip
OWN, OTHER_SECTION_8 = range(2)
#: Orders of the outcomes after these two.
PLAIN_ORDERS = np.array([NO_ORDER, NO_ORDER, FAMILY_ASSISTANCE, NO_ORDER, WITHDRAWN])
#: A further application comes no sooner after issue, and no later before the end, than these days.
DAYS_BETWEEN_APPLICATIONS = 14
assert len(PLAIN_ORDERS) == len(OUTCOMES)


def apply(
    parameters: Parameters, private: PrivateLaw, jurisdiction: Ints, last: Ints, asks_contact: Bools, streams: Streams
) -> tuple[tuple[Ints, Ints, Ints, Ints], Ints]:
    """Return case, type, date and child of the applications, sorted by case, and the first one of each subject's row.

    As in care proceedings one application concerns all subjects in England, and each has its own in Wales.
    """
    p, cases = parameters.private_law, private.cases
    start = to_day(parameters.calendar.child_arrangements_start.value)
    random = streams("private law further applications")
    span = cases.final - cases.issue - 2 * DAYS_BETWEEN_APPLICATIONS
    date = cases.issue + DAYS_BETWEEN_APPLICATIONS + (np.maximum(span, 0) * random.random(len(cases))).astype(np.int64)
    date = next_working_day(date)
    further = (random.random(len(cases)) < p.second_application.value) & (span > 0) & (date <= last)
    kind = draw_applications(parameters, jurisdiction, cases.applicant, date, True, random)

    def named(kind: Ints, date: Ints) -> Ints:
        old = np.where(asks_contact, CONTACT, RESIDENCE_APPLICATION)
        return np.where((kind == 0) & (date < start), old, TYPES[kind])

    # One row per subject in Wales, one per case in England: its first subject stands for all.
    case = cases.subject_case
    wales = jurisdiction[case] == WALES
    row = np.flatnonzero(wales | (np.diff(case, prepend=-1) > 0))
    child = np.where(wales, cases.subject_child, -1)[row]
    more = further[case[row]]
    case_of = np.concatenate([case[row], case[row][more]])
    order = np.argsort(case_of, kind="stable")
    place = np.empty(len(order), dtype=np.int64)
    place[order] = np.arange(len(order))
    first_of = place[np.searchsorted(row, np.arange(len(case)), side="right") - 1]
    columns = (
        np.concatenate([values[case[row]], others[case[row]][more]])[order]
        for values, others in ((named(cases.application, cases.issue), named(kind, date)), (cases.issue, date))
    )
    type_, day = columns
    return (private.first_case + case_of[order], type_, day, np.concatenate([child, child[more]])[order]), first_of


def hear(parameters: Parameters, cases: PrivateCases, last: Ints, streams: Streams) -> tuple[Ints, Ints, Ints]:
    """Return case (own number) and date of the hearings, sorted and unique, and the date of each first hearing."""
    p, random, size = parameters.private_law, streams("private law hearings"), len(cases)
    low, high = p.days_to_first_hearing.value
    notice = np.where(
        random.random(size) < p.urgent_hearing.value, random.integers(0, 3, size), random.integers(low, high + 1, size)
    )
    first = np.minimum(next_working_day(cases.issue + notice), cases.final)
    number, span = np.arange(size), np.maximum(cases.final - first - 14, 0)
    case, date = [number, number], [first, cases.final]
    for shortest in (42, 120):
        held = np.flatnonzero((span > shortest) & (random.random(size) < 0.6))
        case.append(held)
        date.append(next_working_day(first[held] + 7 + (span[held] * random.random(len(held))).astype(np.int64)))
    key = distinct(np.concatenate(case) * 100_000 + np.concatenate(date))
    case_of, day = key // 100_000, key % 100_000
    within = day <= last[case_of]
    return case_of[within], day[within], first


def hear_children(parameters: Parameters, private: PrivateLaw, streams: Streams) -> tuple[Bools, Bools]:
    """Return in which cases (n,) a welfare report tells of the children, and in which a guardian speaks for them.

    The planted odds hang on the number of subjects and on the deprivation of the mother's area.
    """
    p, cases, random = parameters.private_law.participation, private.cases, streams("private law participation")
    children = np.bincount(cases.subject_case, minlength=len(cases))
    codes = {
        "number_of_children": np.clip(children, 1, 3) - 1,
        "deprivation_quintile": private.everyone.mothers.quintile[private.families.mother[cases.family]],
    }
    score = effects.linear_predictor(p.log_odds_ratios.value, codes, effects.PARTICIPATION_TERMS)
    heard = random.random(len(cases)) < 1 / (1 + np.exp(-score) * (1 / p.share.value - 1))
    guardian = random.random(len(cases)) < p.by_guardian.value
    return heard & ~guardian, heard & guardian


def decide(
    parameters: Parameters, private: PrivateLaw, asks_contact: Bools, first_hearing: Ints, streams: Streams
) -> tuple[Ints, Ints, Ints]:
    """Return case (own number), type and date of the outputs of each case, which are for all its subjects."""
    p, cases, random = parameters.private_law, private.cases, streams("private law outcomes")
    size = len(cases)
    shares = np.array([list(p.outcomes.value[name].values()) for name in APPLICATIONS])
    outcome = draw_shares(shares[cases.application], random)
    arrangements = np.where(asks_contact, SPENDS_TIME, LIVES_WITH)
    own = np.where(cases.application == 0, arrangements, OWN_ORDERS[cases.application])
    issue_or_steps = np.where(random.random(size) < 0.5, SPECIFIC_ISSUE_ORDER, PROHIBITED_STEPS_ORDER)
    other = np.where(cases.application == 0, issue_or_steps, arrangements)
    type_ = np.select([outcome == OWN, outcome == OTHER_SECTION_8], [own, other], PLAIN_ORDERS[outcome])
    is_arrangement = np.isin(type_, [LIVES_WITH, SPENDS_TIME])
    both = is_arrangement & (random.random(size) < p.lives_with_and_spends_time.value)
    steps = is_arrangement & (random.random(size) < p.further_prohibited_steps.value)
    report, guardian = hear_children(parameters, private, streams)

    number = np.arange(size)
    parts = [
        (number, type_, cases.final),
        (number[both], np.where(type_ == LIVES_WITH, SPENDS_TIME, LIVES_WITH)[both], cases.final[both]),
        (number[steps], np.full(steps.sum(), PROHIBITED_STEPS_ORDER), cases.final[steps]),
        (number[report], np.full(report.sum(), SECTION_7), first_hearing[report]),
        (number[guardian], np.full(guardian.sum(), RULE_16_4), first_hearing[guardian]),
    ]
    case, type_, date = (np.concatenate(columns) for columns in zip(*parts, strict=True))
    before = cases.final[case] < to_day(parameters.calendar.child_arrangements_start.value)
    type_ = np.where(before & (type_ == LIVES_WITH), RESIDENCE, type_)
    return case, np.where(before & (type_ == SPENDS_TIME), CONTACT_ORDER, type_), date


def hold_private_court(parameters: Parameters, areas: Areas, private: PrivateLaw, streams: Streams) -> Court:
    """Return applications, hearings and orders of all private-law cases up to the end of data."""
    cases, first_case = private.cases, private.first_case
    jurisdiction = areas.jurisdiction[cases.area]
    last = end_of_data(parameters, jurisdiction)
    share = parameters.private_law.contact_among_child_arrangements.value
    asks_contact = streams("private law contact").random(len(cases)) < share
    applications, first_of = apply(parameters, private, jurisdiction, last, asks_contact, streams)
    hearing_case, hearing_date, first_hearing = hear(parameters, cases, last, streams)
    case, type_, date = decide(parameters, private, asks_contact, first_hearing, streams)
    is_completed = cases.final <= last
    rate = parameters.defects.missing_legal_outputs.value
    lost = is_completed & (streams("private law lost outputs").random(len(cases)) < rate)

    keep = (date <= last[case]) & ~lost[case]
    order = np.flatnonzero(keep)[np.lexsort((type_[keep], case[keep]))]
    case, type_, date = case[order], type_[order], date[order]
    # From cases to subjects: every output of a case is made for each of its children.
    starts = np.searchsorted(cases.subject_case, np.arange(len(cases) + 1))
    count = np.diff(starts)[case]
    output = np.repeat(np.arange(len(case)), count)
    subject = starts[case][output] + np.arange(len(output)) - (np.cumsum(count) - count)[output]
    return Court(
        cases.issue, is_completed, *applications, first_case + hearing_case, hearing_date,
        first_case + case[output], cases.subject_child[subject], type_[output], date[output], first_of[subject],
        first_case + np.flatnonzero(lost),
    )  # fmt: skip
