"""The front door: simulate the population and write it."""

from __future__ import annotations

import csv
import shutil
import tempfile
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pyarrow as pa

from family_justice.contracts import source_tables
from family_justice.errors import ConfigError
from family_justice.rooms import move
from family_justice.sources.synthetic.children.sources import children_tables
from family_justice.sources.synthetic.clock import NULL, Streams
from family_justice.sources.synthetic.health.records import health_tables
from family_justice.sources.synthetic.parameters.model import Parameters, load_parameters
from family_justice.sources.synthetic.parameters.truth import COLUMNS, truth_table
from family_justice.sources.synthetic.people.characteristics import characteristic_lookups
from family_justice.sources.synthetic.people.gather import gather_people
from family_justice.sources.synthetic.people.residence import residence_tables
from family_justice.sources.synthetic.people.residents import Residents, draw_residents
from family_justice.sources.synthetic.private_law.cases import draw_private_law
from family_justice.sources.synthetic.private_law.court import hold_private_court
from family_justice.sources.synthetic.public_law.court import hold_court, join_courts
from family_justice.sources.synthetic.public_law.families import build_areas, end_of_data
from family_justice.sources.synthetic.public_law.fathers import share_men
from family_justice.sources.synthetic.public_law.other_cases import add_other_cases
from family_justice.sources.synthetic.public_law.returns import grow_families
from family_justice.sources.synthetic.systems.cms import cms_tables
from family_justice.sources.synthetic.systems.court_lookups import court_tables
from family_justice.sources.synthetic.systems.cymru import cymru_tables
from family_justice.sources.synthetic.systems.denominators import denominator_tables
from family_justice.sources.synthetic.systems.ecms import ecms_tables
from family_justice.sources.synthetic.systems.lookups import area_tables, code_tables
from family_justice.sources.synthetic.systems.records import Records, keep_records
from family_justice.sources.synthetic.tables import Columns, build_table, to_arrow, write_arrow

SMALLEST_SCALE, LARGEST_SCALE = 0.001, 10.0


def _deaths(records: Records, residents: Residents) -> Columns:
    """Return the deaths, up to the end of data, of linked people and of the residents of Wales."""
    people = records.people
    dead = (people.death != NULL) & (people.alf != NULL)
    dead &= people.death <= end_of_data(records.parameters, people.jurisdiction)
    others = ~residents.in_court & (residents.death != NULL)
    alf = np.concatenate([people.alf[dead], residents.alf[others]])
    day = np.concatenate([people.death[dead], residents.death[others]])
    order = np.argsort(alf)
    return {"ALF_E": alf[order], "DEATH_DT": day[order]}


def _answers(records: Records) -> pa.Table:
    """Return the human being behind each identifier in each system, and its true week of birth. For evaluation only."""
    systems = {"CMS": records.in_cms, "ECMS": records.in_cms | records.in_ecms, "Cymru": records.in_cymru}
    parts = []
    for system, cases in systems.items():
        record = records.records_in(cases)
        ids = records.record_id[record]
        order = np.argsort(ids)
        parts.append(
            pa.table(
                {
                    "system": pa.repeat(system, len(ids)),
                    "person_id_raw": pa.array(ids[order]),
                    "human_id": pa.array(records.human(record)[order]),
                    "week_of_birth": to_arrow(records.people.week_of_birth[records.human(record)[order]], "date"),
                }
            )
        )
    return pa.concat_tables(parts)


def _write_truth(parameters: Parameters, path: Path) -> int:
    rows = truth_table(parameters)
    with open(path, "w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\n")
        writer.writerow(COLUMNS)
        writer.writerows((*names, f"{value:.10g}", source) for *names, value, source in rows)
    return len(rows)


def draw_records(parameters: Parameters, scale: float, seed: int) -> Records:
    """Return the whole population as the record systems see it."""
    streams = Streams(seed)
    areas = build_areas(parameters)
    families = grow_families(parameters, areas, scale, streams)
    share_men(parameters, areas, families, streams)
    families = add_other_cases(parameters, families, streams)
    private = draw_private_law(parameters, areas, families, scale, streams)
    people = gather_people(parameters, areas, families, private, streams)
    public_court = hold_court(parameters, areas, families, streams)
    court = join_courts(public_court, hold_private_court(parameters, areas, private, streams))
    records = keep_records(parameters, areas, private.everyone, people, court, streams)
    records.scale = scale
    return records


def _tables(records: Records) -> Iterator[tuple[str, Columns]]:
    """Give each source table in turn; what one system holds is let go before the next one is asked."""
    residents = draw_residents(records, records.streams)
    for make in (
        lambda: cms_tables(records),
        lambda: ecms_tables(records),
        lambda: cymru_tables(records),
        lambda: {"ADDE_DEATHS": _deaths(records, residents)},
        lambda: denominator_tables(records),
        lambda: area_tables(records.parameters, records.areas),
        lambda: code_tables(records.areas),
        lambda: court_tables(records.areas),
        characteristic_lookups,
        lambda: children_tables(records, residents),
    ):
        columns = make()
        while columns:
            yield columns.popitem()
        del columns
    residence = residence_tables(records, residents)
    register = residence["WDSD_PER_RESIDENCE_GPREG"]
    yield from residence.items()
    del residence
    yield from health_tables(records, residents, register)


def simulate(parameters_file: Path, scale: float, seed: int, folder: Path) -> dict[str, int]:
    """Simulate the population and write one Parquet file per source table into ``folder``.

    Also written: truth.csv (planted log hazard and odds ratios), defects.parquet (labels of planted defects) and
    answers.parquet (which human being is behind each identifier). ``scale`` 1.0 gives national volumes. The same
    parameters, scale and seed give the same bytes. Returns the number of rows of every file by its stem.

    Raises ConfigError if the parameters, scale or seed are wrong; then, or if anything else fails, nothing is
    written. Files of the same names are replaced.
    """
    parameters = load_parameters(parameters_file)
    if not SMALLEST_SCALE <= scale <= LARGEST_SCALE:
        raise ConfigError(f"scale: found {scale!r}; write a number from {SMALLEST_SCALE:g} to {LARGEST_SCALE:g}")
    if isinstance(seed, bool) or not isinstance(seed, int) or seed < 0:
        raise ConfigError(f"seed: found {seed!r}; write a whole number that is not negative")
    records = draw_records(parameters, scale, seed)
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    try:
        contracts = source_tables()
        rows = dict.fromkeys(contracts, -1)
        # While one table is written the next one is drawn; never more than two are held.
        with ThreadPoolExecutor(max_workers=1) as writer:
            written: Future[None] | None = None
            for name, columns in _tables(records):
                table = build_table(contracts[name], columns)
                rows[name] = table.num_rows
                if written:
                    written.result()
                written = writer.submit(write_arrow, table, staging / f"{name}.parquet")
                del table, columns
            if written:
                written.result()
        assert min(rows.values()) >= 0, f"no columns for {[name for name in rows if rows[name] < 0]}"
        for name, table in (("defects", records.defects.table()), ("answers", _answers(records))):
            write_arrow(table, staging / f"{name}.parquet")
            rows[name] = table.num_rows
        rows["truth"] = _write_truth(parameters, staging / "truth.csv")
        for file in sorted(path for path in staging.iterdir() if not path.name.startswith(".")):
            move(file, folder / file.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return rows
