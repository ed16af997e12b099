"""Which files a source reads, where they may lie, and which of them an open policy is for."""

from __future__ import annotations

import csv
import importlib.util
import os
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from family_justice import fingerprint
from family_justice.config.policy import FLOOR, is_looser
from family_justice.config.schema import FilesSource, Policy
from family_justice.contracts import Table, source_tables
from family_justice.errors import ConfigError, ContractError, report_together

PACKAGE_PREFIX = "package:"
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
    folder = Path(str(source.folder))
    found = {
        name: str(path)
        for name in source_tables()
        for path in [base / folder / f"{name}{suffix}" for suffix in (".parquet", ".csv", ".csv.gz", ".csv.bz2")]
        if path.is_file()
    }
    if not found:
        raise ContractError(
            f"{folder}: none of the {len(source_tables())} court tables is there; expected files such as "
            f"{next(iter(source_tables()))}.parquet or .csv"
        )
    # A system may be absent as a whole; harmonisation says if one is there in part.
    return {name: source_tables()[name] for name in found}, found


def check_place(source: Any, base: Path, where: Path) -> None:
    """Raise ``ConfigError`` if a source reads what the pipeline itself has made: records of another source, whose
    policy would be gone round, or results."""
    connection = getattr(source, "connection", None) or os.environ.get("FAMILY_JUSTICE_DATABASE", "")
    database = urlsplit(connection).path[1:] if connection.startswith("duckdb:") and source.kind == "database" else ""
    written = [getattr(source, "folder", None), database or None, getattr(source, "parameters", None)]
    written += [table.path for table in getattr(source, "tables", {}).values()]
    inside = [path for path in written if path and _under_results(path, base)]
    said = "lies under results/, which the pipeline makes; name the file that was there first"
    report_together(str(where), [f"'{path}' {said}" for path in inside], ConfigError)


def check_lists(paths: list[Path], base: Path) -> None:
    """Raise ``ConfigError`` for code lists that lead under results/."""
    inside = [path for path in paths if _under_results(path.absolute(), base)]
    report_together(
        "code lists", [f"{path} leads under results/; write the list itself" for path in inside], ConfigError
    )


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
