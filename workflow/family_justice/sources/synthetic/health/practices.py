"""General practices: registrations of residents, and coded events of practices that supply data."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

import numpy as np

from family_justice.sources.synthetic.clock import NULL, Bools, Floats, Ints, Streams, to_day
from family_justice.sources.synthetic.health.codes import draw_codes
from family_justice.sources.synthetic.health.events import Events
from family_justice.sources.synthetic.health.linkage import MATCHED, Linkage, dates, words_of
from family_justice.sources.synthetic.health.parameters import CODED
from family_justice.sources.synthetic.parameters.model import Parameters
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Defects
from family_justice.sources.synthetic.tables import Columns, Words, sort_by, take

LOCAL_NUMBERS = 300_000_000
#: More days than there are: resident and day in one number.
DAYS = 1_000_000
EVENTS = "WLGP_GP_EVENT_CLEANSED"
PLACEHOLDER = to_day(date(1900, 1, 1))
#: Codes of the routine kind that carry a value: mean, standard deviation.
VALUES = {"246..": (125.0, 15.0), "22K..": (27.0, 5.0)}


@dataclass(frozen=True)
class Registrations:
    """Periods of residents at practices, sorted by resident and first day; ``supplies``: whether it gives its data."""

    resident: Ints
    practice: Ints
    start: Ints
    stop: Ints
    supplies: Bools

    def covering(self, resident: Ints, day: Ints) -> Ints:
        """Return the period in which residents are registered on days with a practice that supplies data, or -1."""
        key = self.resident * DAYS + self.start
        place = np.searchsorted(key, resident * DAYS + day, side="right") - 1
        if not len(key):
            return np.full(len(resident), -1)
        within = (place >= 0) & (self.resident[place] == resident) & (day <= self.stop[place]) & self.supplies[place]
        return np.where(within, place, -1)


def read_registrations(
    parameters: Parameters, residents: Residents, register: Columns, streams: Streams
) -> Registrations:
    """Return the registrations of the Welsh Demographic Service, and draw which practices supply data."""
    alf, practice, start, stop = (
        np.asarray(register[name], dtype=np.int64) for name in ("ALF_E", "PRAC_CD_E", "ACTIVEFROM", "ACTIVETO")
    )
    by_number = np.argsort(residents.alf)
    resident = by_number[np.searchsorted(residents.alf, alf, sorter=by_number)]
    stop = np.where(stop == NULL, residents.until[resident], np.minimum(stop, residents.until[resident]))
    order = np.lexsort((start, resident))
    codes, place = np.unique(practice, return_inverse=True)
    share = parameters.health.practices_that_supply_data.value
    supplies = streams("health practices that supply data").random(len(codes)) < share
    return Registrations(resident[order], practice[order], start[order], stop[order], supplies[place][order])


def registration_tables(
    residents: Residents, registrations: Registrations, linkage: Linkage, streams: Streams
) -> dict[str, Columns]:
    """Return the periods of registration, and the patients of the practices that supply data."""
    r = registrations
    periods: Columns = {
        "ALF_E": residents.alf[r.resident],
        "PRAC_CD_E": r.practice,
        "START_DATE": r.start,
        "END_DATE": np.maximum(r.stop, r.start),
        "GP_DATA_FLAG": r.supplies.astype(np.int64),
    }
    given = np.flatnonzero(r.supplies)
    _, first = np.unique(np.column_stack([r.practice[given], r.resident[given]]), axis=0, return_index=True)
    of, practice = r.resident[given[first]], r.practice[given[first]]
    patients: Columns = {
        "ALF_E": residents.alf[of],
        "ALF_STS_CD": Words(linkage.status[of], MATCHED),
        "PRAC_CD_E": practice,
        "LOCAL_NUM_E": LOCAL_NUMBERS + 1 + streams("numbers patients").permutation(len(of)),
        "GNDR_CD": residents.sex[of] + 1,
        "WOB": residents.week_of_birth[of],
    }
    return {
        "WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN": sort_by(periods, "ALF_E", "START_DATE"),
        "WLGP_PATIENT_ALF_CLEANSED": sort_by(patients, "PRAC_CD_E", "LOCAL_NUM_E"),
    }


def _measured(codes: Words, random: np.random.Generator) -> Floats:
    """Return what was measured with each event; empty for codes of something else."""
    values = np.full(len(codes.code), np.nan)
    for code, (mean, deviation) in VALUES.items():
        if code in codes.words:
            here = np.flatnonzero(codes.code == list(codes.words).index(code))
            values[here] = np.round(mean + deviation * random.standard_normal(len(here)), 1)
    return values


def event_table(
    parameters: Parameters,
    residents: Residents,
    registrations: Registrations,
    events: Events,
    linkage: Linkage,
    defects: Defects,
    streams: Streams,
) -> Columns:
    """Return the coded events of practices that supply data, with their planted defects.

    Added are events from before the registration (as in records taken over from elsewhere), events after death and
    exact duplicates; a few dates are the placeholder 1900-01-01.
    """
    rates = parameters.health.defects
    rows = events.recorded(parameters.health.services, "general_practice", *CODED["general_practice"])
    who, day, kind = events.resident[rows], events.day[rows], events.kind[rows]
    period = registrations.covering(who, day)
    covered = period >= 0
    who, day, kind, practice = who[covered], day[covered], kind[covered], registrations.practice[period[covered]]
    random = streams("health practice events")
    codes = draw_codes(parameters.health.codes.general_practice.value, kind, random)

    # Copies of events that are dated where they cannot be.
    early = np.flatnonzero(random.random(len(who)) < rates.event_before_registration.value)
    early = early[residents.since[who[early]] - 400 > residents.week_of_birth[who[early]]]
    days_early = residents.since[who[early]] - random.integers(30, 400, len(early))
    dead = np.flatnonzero(residents.death[who] != NULL)
    dead = dead[np.unique(who[dead], return_index=True)[1]]
    dead = dead[random.random(len(dead)) < rates.event_after_death.value]
    days_dead = residents.death[who[dead]] + random.integers(7, 200, len(dead))
    twice = np.flatnonzero(random.random(len(who)) < rates.duplicate_event.value)
    lost = random.random(len(who)) < rates.placeholder_date.value
    twice = twice[~lost[twice]]

    order = np.concatenate([np.arange(len(who)), early, dead, twice])
    day = np.concatenate([np.where(lost, PLACEHOLDER, day), days_early, days_dead, day[twice]])
    values = _measured(codes, random)
    columns: Columns = {
        "ALF_E": residents.alf[who[order]],
        "ALF_STS_CD": Words(linkage.status[who[order]], MATCHED),
        "PRAC_CD_E": practice[order],
        "EVENT_CD": Words(codes.code[order], codes.words),
        "EVENT_VAL": values[order],
        "EVENT_DT": day,
    }
    first = len(who)
    for defect, places in (
        ("placeholder_date", np.flatnonzero(lost)),
        ("event_before_registration", first + np.arange(len(early))),
        ("event_after_death", first + len(early) + np.arange(len(dead))),
        ("duplicate_event", first + len(early) + len(dead) + np.arange(len(twice))),
    ):
        labelled = take(columns, places)
        defects.add(
            defect, EVENTS, ALF_E=labelled["ALF_E"], EVENT_DT=dates(labelled["EVENT_DT"]),
            EVENT_CD=words_of(labelled["EVENT_CD"]),
        )  # fmt: skip
    return sort_by(columns, "ALF_E", "EVENT_DT", "EVENT_CD")
