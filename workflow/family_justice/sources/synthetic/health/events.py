"""Who has which kind of health event on which day."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np

from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, Bools, Floats, Ints, Streams, scatter, to_day
from family_justice.sources.synthetic.health.before_court import (
    CONDITIONS as DRAWN_BEFORE,
)
from family_justice.sources.synthetic.health.before_court import FAR, MENTAL, TWO_YEARS, BeforeCourt
from family_justice.sources.synthetic.health.course import changes, course, pregnant
from family_justice.sources.synthetic.health.groups import FIRST_ADULT, FIRST_CHILD, Phase, phases
from family_justice.sources.synthetic.health.needs import (
    UNDER_5,
    Liabilities,
    adult_rates,
    child_rates,
    draw_liabilities,
)
from family_justice.sources.synthetic.health.parameters import CHILD_AGES, CODED, CONDITIONS, PLACES, Services
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.residents import Residents

#: Kinds of event; an event carries its place here.
KINDS = tuple(dict.fromkeys([*CODED["general_practice"], *CODED["admission"], *CODED["emergency_group"], "outpatient"]))
KIND = {name: place for place, name in enumerate(KINDS)}


@dataclass(frozen=True)
class Events:
    """Columns of equal length: place of the resident, day, place of the kind in KINDS, whether as an adult, a draw."""

    resident: Ints
    day: Ints
    kind: Ints
    adult: Bools
    draw: Floats
    """Uniform; decides where a condition is recorded, once for all services."""

    def of(self, *kinds: str) -> Ints:
        """Return the rows of some kinds."""
        return np.flatnonzero(np.isin(self.kind, [KIND[kind] for kind in kinds]))

    def recorded(self, services: Services, place: str, *kinds: str) -> Ints:
        """Return the rows of some kinds that are recorded in a place of PLACES.

        A condition of an adult is recorded in one place, drawn with the shares of ``recorded_in``; a condition of a
        child in general practice. Other kinds are recorded wherever they are asked for.
        """
        low, high = np.zeros(len(KINDS)), np.ones(len(KINDS))
        for condition in CONDITIONS:
            shares = np.cumsum([0.0, *services.recorded_in.value[condition].values()])
            number = PLACES.index(place)
            low[KIND[condition]], high[KIND[condition]] = shares[number], shares[number + 1]
        rows = self.of(*kinds)
        kind, draw = self.kind[rows], self.draw[rows]
        here = (draw >= low[kind]) & (draw < high[kind])
        child = np.isin(kind, [KIND[name] for name in CONDITIONS]) & ~self.adult[rows]
        return rows[np.where(child, place == "general_practice", here)]


class _Collector:
    def __init__(self) -> None:
        self.parts: list[tuple[Ints, Ints, int, bool]] = []

    def add(self, kind: str, who: Ints, day: Ints, adult: bool) -> None:
        self.parts.append((who, day, KIND[kind], adult))

    def events(self, random: np.random.Generator) -> Events:
        sizes = [len(who) for who, *_ in self.parts]
        return Events(
            np.concatenate([who for who, *_ in self.parts]),
            np.concatenate([day for _, day, *_ in self.parts]),
            np.repeat([kind for *_, kind, _ in self.parts], sizes),
            np.repeat([adult for *_, adult in self.parts], sizes),
            random.random(sum(sizes)),
        )


def draw_events(parameters: Parameters, residents: Residents, streams: Streams, before: BeforeCourt) -> Events:
    """Return all health events of all residents within their time in Wales and the records.

    ``before`` is what was drawn already of mothers: the two years before their first care proceedings.
    """
    adult, child = phases(parameters, residents)
    collector = _Collector()
    _adult_events(parameters, residents, adult, streams, collector, before)
    _child_events(parameters, residents, child, streams, collector)
    _social_codes(parameters, residents, adult, child, streams, collector)
    _deliveries(parameters, residents, adult, streams, collector)
    return collector.events(streams("health places of record"))


def _adult_events(
    parameters: Parameters,
    residents: Residents,
    phase: Phase,
    streams: Streams,
    collector: _Collector,
    before: BeforeCourt,
) -> None:
    """Adults: constant rates, in court with a course around the first issue (drawn too many, then thinned).

    What mothers had in the two years before care proceedings is drawn already. Where parents in care proceedings have
    less than this course gives them, more are left out; where they have more, these come from a random stream of their
    own. Their course does not touch a pregnancy, whose records are calibrated.
    """
    health = parameters.health
    liabilities = draw_liabilities(health, len(residents), streams)
    place = before.places(residents.human, residents.parent_issue)
    liabilities = _with_known(liabilities, before.liabilities, place)
    is_mother = np.isin(np.arange(len(residents)), place)
    court = phase.index != NULL

    def drawn_before(kind: str, who: Ints, day: Ints) -> Bools:
        since = day - phase.index[who]
        return (kind in DRAWN_BEFORE) & is_mother[who] & (since >= -TWO_YEARS) & (since < 0)

    most = max(course(health.needs, np.array([-FAR, -1, 0, FAR])))
    in_pregnancy = health.needs.mental_health_in_pregnancy.value
    for kind, rate in adult_rates(health, liabilities, phase.group, residents.sex).items():
        random, more = streams(f"health adults {kind}"), streams(f"health course of parents {kind}")
        who, day = scatter(rate * np.where(court, most, 1.0), phase.start, phase.stop, random)
        factor = np.ones(len(who))
        theirs = np.flatnonzero(court[who])
        factor[theirs] = course(health.needs, day[theirs] - phase.index[who[theirs]]) / most
        expecting = pregnant(residents, who, day)
        for change in changes(health.needs, phase, residents, kind):
            low = np.minimum(change.factor, change.common)
            inside = (day >= change.start[who]) & (day < change.stop[who]) & ~np.isnan(low[who]) & ~expecting
            factor[inside] = low[who[inside]] / most
            extra = rate * np.nan_to_num(np.maximum(change.factor - change.common, 0))
            start, stop = np.maximum(phase.start, change.start), np.minimum(phase.stop, change.stop)
            added, on = scatter(extra, start, stop, more)
            there = ~pregnant(residents, added, on) & ~drawn_before(kind, added, on)
            collector.add(kind, added[there], on[there], adult=True)
        if kind in MENTAL:
            factor = np.where(expecting, factor * in_pregnancy, factor)
        kept = random.random(len(who)) < factor
        if kind in DRAWN_BEFORE:
            theirs, on = before.of(kind, place)
            here = (on >= phase.start[theirs]) & (on < phase.stop[theirs])
            collector.add(kind, theirs[here], on[here], adult=True)
        kept &= ~drawn_before(kind, who, day)
        collector.add(kind, who[kept], day[kept], adult=True)


def _with_known(liabilities: Liabilities, known: Liabilities, place: Ints) -> Liabilities:
    """Return liabilities of residents with those that are known put at their places, -1 for nowhere."""
    rows = np.flatnonzero(place >= 0)
    columns = {f.name: getattr(liabilities, f.name).copy() for f in fields(Liabilities)}
    for name, values in columns.items():
        values[place[rows]] = getattr(known, name)[rows]
    return Liabilities(**columns)


def _child_events(
    parameters: Parameters, residents: Residents, phase: Phase, streams: Streams, collector: _Collector
) -> None:
    """Children: rates that change at birthdays."""
    births = residents.week_of_birth
    for age, (first, last) in {UNDER_5: (0, 5), **CHILD_AGES}.items():
        start = np.maximum(phase.start, births + int(first * DAYS_PER_YEAR))
        stop = np.minimum(phase.stop, births + int(last * DAYS_PER_YEAR))
        rows = np.flatnonzero(stop > start)
        rates = child_rates(parameters.health, phase.group[rows], residents.sex[rows], age)
        for kind, rate in rates.items():
            who, day = scatter(rate, start[rows], stop[rows], streams(f"health children {age} {kind}"))
            collector.add(kind, rows[who], day, adult=False)


def _social_codes(
    parameters: Parameters, residents: Residents, adult: Phase, child: Phase, streams: Streams, collector: _Collector
) -> None:
    """Codes of proceedings: parents after the first issue, subject children within a year of it."""
    health, until = parameters.health, residents.until
    for kind, share, phase, group, earliest, latest in (
        ("own_child_removed", health.adults.own_child_removed, adult, FIRST_ADULT, 30, 3 * 365),
        ("looked_after", health.children.looked_after_code, child, FIRST_CHILD, -90, 365),
        ("child_protection", health.children.child_protection_code, child, FIRST_CHILD, -365, 90),
    ):
        random = streams(f"health {kind}")
        chosen = (phase.group == group) & (random.random(len(residents)) < share.value)
        day = np.where(chosen, phase.index, 0) + random.integers(earliest, latest, len(residents))
        born = day >= residents.week_of_birth
        who = np.flatnonzero(chosen & born & (day >= residents.since) & (day <= until) & (day >= phase.start))
        collector.add(kind, who, day[who], adult=kind == "own_child_removed")


def _deliveries(
    parameters: Parameters, residents: Residents, phase: Phase, streams: Streams, collector: _Collector
) -> None:
    """Births in Wales to mothers who are residents: one stay for twins."""
    day = residents.week_of_birth + streams("health deliveries").integers(0, 7, len(residents))
    births = np.flatnonzero(residents.mother >= 0)
    mothers = residents.mother[births]
    start = to_day(parameters.health.records_from.value)
    earliest = np.maximum(residents.since[mothers], start)
    here = (day[births] >= earliest) & (day[births] <= residents.until[mothers])
    births, mothers = births[here], mothers[here]
    _, first = np.unique(np.column_stack([mothers, residents.week_of_birth[births]]), axis=0, return_index=True)
    collector.add("delivery", mothers[first], day[births[first]], adult=True)
