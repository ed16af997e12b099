"""The front door: simulate the population and write it."""

from __future__ import annotations

import csv
import os
import shutil
import tempfile
from pathlib import Path

import numpy as np
import pyarrow as pa

from family_justice.contracts import source_tables
from family_justice.errors import ConfigError
from family_justice.sources.synthetic.clock import NULL, Streams
from family_justice.sources.synthetic.cms import cms_tables
from family_justice.sources.synthetic.court import hold_court
from family_justice.sources.synthetic.cymru import cymru_tables
from family_justice.sources.synthetic.ecms import ecms_tables
from family_justice.sources.synthetic.families import build_areas, end_of_data
from family_justice.sources.synthetic.fathers import share_men
from family_justice.sources.synthetic.lookups import area_tables, code_tables
from family_justice.sources.synthetic.other_cases import add_other_cases
from family_justice.sources.synthetic.parameters import Parameters, load_parameters
from family_justice.sources.synthetic.people import gather_people
from family_justice.sources.synthetic.records import Records, keep_records
from family_justice.sources.synthetic.returns import grow_families
from family_justice.sources.synthetic.tables import Columns, build_table, write_arrow
from family_justice.sources.synthetic.truth import COLUMNS, truth_table

SMALLEST_SCALE, LARGEST_SCALE = 0.001, 10.0


def _deaths(records: Records) -> Columns:
    """Return the deaths of linked people up to the end of data."""
    people = records.people
    dead = (people.death != NULL) & (people.alf != NULL)
    dead &= people.death <= end_of_data(records.parameters, people.jurisdiction)
    alf, day = people.alf[dead], people.death[dead]
    order = np.argsort(alf)
    return {"ALF_E": alf[order], "DEATH_DT": day[order]}


def _answers(records: Records) -> pa.Table:
    """Return which human being is behind each identifier of a person in each system. For evaluation only."""
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
    people = gather_people(parameters, areas, families, streams)
    court = hold_court(parameters, areas, families, streams)
    return keep_records(parameters, areas, families, people, court, streams)


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
    columns = {
        **cms_tables(records),
        **ecms_tables(records),
        **cymru_tables(records),
        "ADDE_DEATHS": _deaths(records),
        **area_tables(parameters, records.areas),
        **code_tables(records.areas),
    }
    folder = Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    staging = Path(tempfile.mkdtemp(prefix=".partial-", dir=folder))
    try:
        rows: dict[str, int] = {}
        for name, contract in source_tables().items():
            table = build_table(contract, columns.pop(name))
            write_arrow(table, staging / f"{name}.parquet")
            rows[name] = table.num_rows
        assert not columns, f"no contract for {sorted(columns)}"
        for name, table in (("defects", records.defects.table()), ("answers", _answers(records))):
            write_arrow(table, staging / f"{name}.parquet")
            rows[name] = table.num_rows
        rows["truth"] = _write_truth(parameters, staging / "truth.csv")
        for file in sorted(staging.iterdir()):
            os.replace(file, folder / file.name)
    finally:
        shutil.rmtree(staging, ignore_errors=True)
    return rows
