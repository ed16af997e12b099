"""All tables of the health records."""

from __future__ import annotations

from collections.abc import Iterator

from family_justice.sources.synthetic.health.events import draw_events
from family_justice.sources.synthetic.health.hospital import hospital_tables
from family_justice.sources.synthetic.health.linkage import draw_linkage
from family_justice.sources.synthetic.health.practices import (
    EVENTS,
    event_table,
    read_registrations,
    registration_tables,
)
from family_justice.sources.synthetic.health.services import emergency_table, outpatient_tables, treatment_table
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Records
from family_justice.sources.synthetic.tables import Columns


def health_tables(records: Records, residents: Residents, register: Columns) -> Iterator[tuple[str, Columns]]:
    """Give each table of the health records with its columns, one after the other, and label their defects.

    ``register`` is the table WDSD_PER_RESIDENCE_GPREG: general practices record what happens while people are
    registered with them.
    """
    parameters, defects, streams = records.parameters, records.defects, records.streams
    linkage = draw_linkage(residents, streams)
    registrations = read_registrations(parameters, residents, register, streams)
    yield from registration_tables(residents, registrations, linkage, streams).items()
    events = draw_events(parameters, residents, streams, records.families.before)
    yield EVENTS, event_table(parameters, residents, registrations, events, linkage, defects, streams)
    given = (parameters, residents, events, linkage, defects, streams)
    yield from hospital_tables(*given).items()
    yield "EDDS_EDDS", emergency_table(*given)
    yield from outpatient_tables(*given).items()
    yield "SMDS_TREATMENT_EPISODE", treatment_table(*given)
