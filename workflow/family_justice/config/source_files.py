"""Which files a source reads, where they may lie, and which of them an open policy is for."""

from __future__ import annotations

import csv
import importlib.util
import json
import os
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from family_justice import fingerprint
from family_justice.config.policy import FLOOR, is_looser
from family_justice.config.schema import Policy
from family_justice.config.sources import FilesSource
from family_justice.contracts import Table, source_tables
from family_justice.errors import ConfigError, ContractError, did_you_mean, report_together

PACKAGE_PREFIX = "package:"
#: Ends of the names of files that hold a table.
FILE_NAMES = (".parquet", ".pq", ".csv", ".csv.gz", ".csv.bz2")
#: The custodian's list of files that anybody can have; columns PUBLIC_COLUMNS.
PUBLIC_FILES, PUBLIC_COLUMNS = Path("policies", "public_files.csv"), ["sha256", "file", "where"]


def resolve(path: str, base: Path) -> Path:
    """Return the file that ``path`` means.

    A relative path counts from ``base``; ``package:lifelines/datasets/rossi.csv`` is a file inside an installed
    Python package, which is not imported. Raises ContractError if the package or the file is missing.
    """
    if not path.startswith(PACKAGE_PREFIX):
        target = base / path  # an absolute path stays as it is
        if not target.is_file():
            raise ContractError(f"{path}: no such file (relative paths count from {base}).")
        return target
    package, _, inside = path.removeprefix(PACKAGE_PREFIX).partition("/")
    if not package.isidentifier() or not inside:
        raise ContractError(f"{path}: write package:<name of the package>/<file inside it>.")
    found = importlib.util.find_spec(package)
    if found is None or not found.submodule_search_locations:
        raise ContractError(f"{path}: the Python package '{package}' is not installed.")
    for location in found.submodule_search_locations:
        target = Path(location, inside)
        if target.is_file() and target.resolve().is_relative_to(Path(location).resolve()):
            return target
    raise ContractError(f"{path}: the package '{package}' is installed but holds no such file.")


def declared_tables(source: FilesSource, base: Path) -> tuple[dict[str, Table], dict[str, str]]:
    """Return contract and path of each table of a ``files`` source."""
    if bool(source.folder) == bool(source.tables):
        raise ConfigError(
            "a source of kind 'files' needs either 'folder' (court tables) or 'tables' (tables of your own)"
        )
    if source.tables:
        own = {
            name: Table(name=name, **table.model_dump(include={"description", "row", "source", "columns"}))
            for name, table in source.tables.items()
        }
        return own, {name: table.path for name, table in source.tables.items()}
    found = _court_files(source, base / str(source.folder))
    if not found:
        raise ContractError(
            f"{source.folder}: none of the {len(source_tables())} court tables is there; expected files such as "
            f"{next(iter(source_tables()))}.parquet or .csv"
        )
    # A system may be absent as a whole; harmonisation says if one is there in part.
    return {name: source_tables()[name] for name in source_tables() if name in found}, found


def _court_files(source: FilesSource, folder: Path) -> dict[str, str]:
    """Return the file of each court table in a folder: the one that the source names, or that is called as the table.

    Raises one ContractError for files that are named and not there, for two files of one table, and for files whose
    names begin like that of a table without a file, such as ``<TABLE>_20240111.csv``.
    """
    names = {name.lower(): name for name in source_tables()}
    found = {name: str(folder / renamed.path) for name, renamed in source.renamed.items() if renamed.path}
    problems = [f"renamed: {name}: {path}: no such file" for name, path in found.items() if not Path(path).is_file()]
    there = _tables_in(folder)
    for stem, paths in there.items():
        name = names.get(stem)
        if name is None or (name in source.renamed and source.renamed[name].path):
            continue
        found[name] = str(paths[0])
        if len(paths) > 1:
            shown = " and ".join(path.name for path in paths)
            problems.append(f"{name} has {len(paths)} files, {shown}: keep one, or name it under 'renamed'")
    used = {os.path.realpath(path) for path in found.values()}
    for stem, (first, *_) in there.items():
        like = max((low for low in names if stem.startswith(f"{low}_")), key=len, default=None)
        if like is None or stem in names or os.path.realpath(first) in used:
            continue
        if names[like] in found:
            other = Path(found[names[like]]).name
            problems.append(f"{names[like]} has its file, {other}, and {first.name} would be left: put them together")
        else:
            entry = f"{{{names[like]}: {{path: {json.dumps(first.name)}}}}}"
            problems.append(f"{names[like]} has no file. Is it this one? Write `renamed: {entry}`")
    problems += _of_other_kinds(folder, names, found)
    report_together(str(source.folder), problems, ContractError)
    return found


def _of_other_kinds(folder: Path, names: Mapping[str, str], found: Mapping[str, str]) -> list[str]:
    """Return what to do about files that are called as a table without a file, and end otherwise than files do."""
    said = []
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        name = names.get(path.name.lower().partition(".")[0])
        if name is None or name in found or path.name.lower().endswith(FILE_NAMES) or not path.is_file():
            continue
        entry = f"{{{name}: {{path: {json.dumps(path.name)}}}}}"
        said.append(
            f"{name} has no file that ends in {', '.join(FILE_NAMES)}, and {path.name} is there. Have it written as "
            f"CSV or Parquet; if it is CSV under another name, write `renamed: {entry}`"
        )
    return said


def _tables_in(folder: Path) -> dict[str, list[Path]]:
    """Return the files of a folder that may be tables by what they are called, in lower case and without its end."""
    there: dict[str, list[Path]] = {}
    for path in sorted(folder.iterdir()) if folder.is_dir() else []:
        ends = [end for end in FILE_NAMES if path.name.lower().endswith(end)]
        if ends and path.is_file():
            there.setdefault(path.name.lower()[: -len(ends[0])], []).append(path)
    return there


def check_place(source: Any, base: Path, where: Path) -> None:
    """Raise ``ConfigError`` if a source reads what the pipeline itself has made: records of another source, whose
    policy would be gone round, or results."""
    connection = getattr(source, "connection", None) or os.environ.get("FAMILY_JUSTICE_DATABASE", "")
    database = urlsplit(connection).path[1:] if connection.startswith("duckdb:") and source.kind == "database" else ""
    written = [getattr(source, "folder", None), database or None, getattr(source, "parameters", None)]
    written += [table.path for table in getattr(source, "tables", {}).values()]
    if getattr(source, "folder", None):
        written += [os.path.join(source.folder, table.path) for table in source.renamed.values() if table.path]
    inside = [path for path in written if path and _under_results(path, base)]
    said = "lies under results/, which the pipeline makes; name the file that was there first"
    report_together(str(where), [f"'{path}' {said}" for path in inside], ConfigError)


def check_words(source: Any, where: Path) -> None:
    """Raise one ``ConfigError`` for words of a source that no table of it has: names of tables and columns under
    ``renamed`` and ``values``, and values that the contract does not know."""
    if source.kind != "synthetic":
        report_together(str(where), wrong_words(source, contract_tables(source)), ConfigError)


def contract_tables(source: Any) -> dict[str, Any]:
    """Return what declares the columns of the tables that a source may have, by name."""
    return dict(getattr(source, "tables", {}) or source_tables())


def wrong_words(source: Any, tables: Mapping[str, Any]) -> list[str]:
    """Return what is wrong with the words of a source about ``tables``; see ``check_words``."""
    by_table = {key: getattr(source, key, None) for key in ("date_format", "delimiter", "encoding")}
    asked: list[tuple[str, str, Iterable[str]]] = [
        *(("renamed", name, renamed.columns) for name, renamed in source.renamed.items()),
        *(("values", name, columns) for name, columns in source.values.items()),
        *((key, name, ()) for key, given in by_table.items() if isinstance(given, dict) for name in given),
        *(("rows", name, ()) for name in source.rows),
    ]
    problems = []
    for key, name, columns in asked:
        if name not in tables:
            problems.append(f"{key}: '{name}' is not a table of this source. {did_you_mean(name, tables)}")
            continue
        known = tables[name].columns
        problems += [
            f"{key}: {name}: '{column}' is not a column of its contract. {did_you_mean(column, known)}"
            + (" Names of the contract stand on the left." if key == "renamed" else "")
            for column in columns
            if column not in known
        ]
    problems += _wrong_values(source, tables)
    if getattr(source, "tables", None):
        problems += [
            f"renamed: {name}: 'path' is for court tables; write it under 'tables'"
            for name, renamed in source.renamed.items()
            if renamed.path is not None
        ]
    return problems


def _wrong_values(source: Any, tables: Mapping[str, Any]) -> list[str]:
    """Return which values on the right of ``values`` the contract does not know."""
    problems = []
    for name, columns_of in source.values.items():
        for column, recoded in columns_of.items():
            declared = tables[name].columns.get(column) if name in tables else None
            if declared is None or not declared.codes or declared.open_codes:
                continue
            unknown = sorted({ours for ours in recoded.values() if ours is not None} - set(declared.codes))
            problems += [
                f"values: {name}: {column}: '{ours}' is no code of the contract. {did_you_mean(ours, declared.codes)}"
                + (" Values of the contract stand on the right." if set(recoded) <= set(declared.codes) else "")
                for ours in unknown
            ]
    return problems


def check_lists(paths: list[Path], base: Path, tables: Iterable[str] = ()) -> None:
    """Raise ``ConfigError`` for code lists that lead under results/, are no UTF-8, or have the name of a table."""
    taken = {name.lower() for name in tables}
    problems = []
    for path in paths:
        if _under_results(path.absolute(), base):
            problems.append(f"{path} leads under results/; write the list itself")
            continue
        if path.stem.lower() in taken:
            problems.append(f"{path}: a table of the source is called so as well; give the list another name")
        content = path.read_bytes()
        try:
            content.decode("utf-8")
        except UnicodeDecodeError as error:
            line = content.count(b"\n", 0, error.start) + 1
            problems.append(f"{path}: line {line} is not UTF-8; save it as UTF-8 (in Excel: CSV UTF-8)")
    report_together("code lists", problems, ConfigError)


def _under_results(path: str | Path, base: Path) -> bool:
    """Say whether a path, relative to ``base``, leads into the folder of results, through links and dots."""
    return Path(os.path.realpath(base / path)).is_relative_to(os.path.realpath(base / "results"))


def check_open_policy(source: Any, policy: Policy, folder: Path, where: Path) -> None:
    """Raise ``ConfigError`` if a source of own tables has an open policy and a file that is not listed as public.

    Open is a policy that is looser than the least for court records. The custodian lists files by their SHA-256, not by
    their names. ``folder``: that of the configuration.
    """
    if not is_looser(policy, FLOOR):
        return
    listed = _public_files(folder / PUBLIC_FILES)
    problems = []
    for name, table in source.tables.items():
        try:
            checksum = fingerprint.of_file(resolve(table.path, folder.parent))
        except ContractError:
            continue  # it is not there, which is said where it is read
        if checksum not in listed:
            problems.append(
                f"tables.{name}: policy '{policy.name}' is looser than the least for court records, so it is for files "
                f"that the custodian lists as public, and {table.path} is not listed. Write a stricter "
                f"'minimum_policy'; or, if anybody can have this file, the custodian adds a line to "
                f"{folder / PUBLIC_FILES} with its SHA-256, {checksum}"
            )
    report_together(str(where), problems, ConfigError)


def _public_files(path: Path) -> set[str]:
    """Return the checksums that the custodian lists; none if there is no list."""
    if not path.is_file():
        return set()
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    problems = [
        f"line {line}: write a SHA-256 (64 digits 0-9, a-f), the file and where it can be had"
        for line, row in enumerate(rows, start=2)
        if list(row) != PUBLIC_COLUMNS or len(row["sha256"]) != 64 or not row["file"] or not row["where"]
    ]
    report_together(str(path), problems, ConfigError)
    return {row["sha256"] for row in rows}
