"""Bring the raw tables of one source into a folder, whatever kind of source it is, and list what came."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import duckdb

from family_justice import fingerprint
from family_justice.config.sources import DatabaseSource, FilesSource, SyntheticSource
from family_justice.contracts import source_tables
from family_justice.files import write_rows, write_text
from family_justice.sources.reading import Repair, reading_of


def load_source(source: Any, base: Path, folder: Path, manifest: Path) -> None:
    """Write ``folder/<TABLE>.parquet`` for each table of a source, and ``manifest`` (table, rows, refresh, sha256).

    Beside the manifest, ``repairs.csv`` (table, column, repair, rows) counts the cells that were read otherwise than
    they are written. ``source`` is a model of ``config/sources``; relative paths in it count from ``base``. Raises
    ``ContractError`` if a table is missing or not as its contract says, ``ConfigError`` if the source names no tables.
    """
    refreshes: dict[str, str | None] = {}
    repairs: list[Repair] = []
    if isinstance(source, SyntheticSource):
        from family_justice.sources.synthetic import simulate

        simulate(base / source.parameters, source.scale, source.seed, folder)
    elif isinstance(source, FilesSource):
        from family_justice.config.source_files import declared_tables, resolve
        from family_justice.sources.files import snapshot

        tables, paths = declared_tables(source, base)
        readings = {name: reading_of(source, name) for name in tables}
        files = {name: resolve(path, base) for name, path in paths.items()}
        repairs = snapshot(tables, files, folder, readings=readings).repairs
    elif isinstance(source, DatabaseSource):
        from family_justice.sources.database import fetch_tables, places_of
        from family_justice.sources.files import snapshot

        # Beside the folder, not inside: an interrupted job loses its outputs, but not what it has fetched.
        fetched = folder.with_name("fetched")
        places = places_of(source, source_tables())
        files = fetch_tables(source, source_tables(), fetched, base)
        tables = {name: source_tables()[name] for name in places}
        readings = {name: reading_of(source, name).of_named() for name in tables}
        repairs = snapshot(tables, files, folder, in_order=True, readings=readings).repairs
        shutil.rmtree(fetched)
        refreshes = {name: place.refresh for name, place in places.items()}
    lines = ["table,rows,refresh,sha256"]
    for path in sorted(folder.glob("*.parquet")):
        rows = duckdb.sql(f"SELECT count(*) FROM read_parquet('{path}')").fetchall()[0][0]
        refresh = refreshes.get(path.stem) or source.refresh_date or ""
        lines.append(f"{path.stem},{rows},{refresh},{fingerprint.of_file(path)}")
    write_text(manifest, "\n".join(lines) + "\n")
    counted = [vars(repair) for repair in repairs]
    write_rows(manifest.with_name("repairs.csv"), ["table", "column", "repair", "rows"], counted)
    if counted:
        cells = sum(repair.rows for repair in repairs)
        print(f"{cells:,} cells were read otherwise than they are written: {manifest.with_name('repairs.csv')}")


def source_state(source: Any, base: Path) -> str:
    """Return a hash of what a source reads from disk, so that changed files are noticed before any job starts.

    A synthetic source reads its parameters; of other files size and time count, as reading them whole would take long.
    Raises ``ConfigError`` or ``ContractError`` if a file is not there.
    """
    if isinstance(source, SyntheticSource):
        from family_justice.sources.synthetic.parameters.files import parameter_files

        files = parameter_files(base / source.parameters)
        return fingerprint.of_value([[path.name, fingerprint.of_file(path)] for path in files])
    if isinstance(source, DatabaseSource):
        return ""  # looking would cost a connection at every start: a new refresh is a change of the source's file
    from family_justice.config.source_files import declared_tables, resolve

    paths = [resolve(path, base) for path in declared_tables(source, base)[1].values()]
    return fingerprint.of_value([[path.name, path.stat().st_size, path.stat().st_mtime_ns] for path in paths])


def planted_truth(source: Any, base: Path) -> list[dict[str, Any]]:
    """Return the effects that a synthetic source plants (parameter_set, term, level, value, source); none for records.

    They are parameters of the population, read from its configuration: no record is touched.
    """
    if not isinstance(source, SyntheticSource):
        return []
    from family_justice.sources.synthetic.parameters.model import load_parameters
    from family_justice.sources.synthetic.population import truth_table

    columns = ("parameter_set", "term", "level", "value", "source")
    return [dict(zip(columns, row, strict=True)) for row in truth_table(load_parameters(base / source.parameters))]
