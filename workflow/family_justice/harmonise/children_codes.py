"""Code lists of looked-after children, social care and schools: read, checked, made tables for SQL, and compared."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.contracts import Table
from family_justice.errors import ContractError, did_you_mean, report_together
from family_justice.sql import literal

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True)
class CodeList:
    """One list: the staged column that holds its codes, and the research-ready columns that take its categories."""

    staged: str
    column: str
    homes: dict[str, str]
    takes: tuple[str, str] | None = None
    flag: str | None = None


_SOCIAL_CARE = {"LACW": "LACW_CHILD_MAIN", "CIN": "CINW_MAIN", "CRCS": "CRCS_MAIN_CRCS"}


def _episode(column: str) -> dict[str, str]:
    return {"LACW": f"LACW_EPISODE_MAIN.{column}"}


#: The lists by the name of their file in config/codelists.
LISTS: dict[str, CodeList] = {
    "care_legal_status": CodeList(
        "staged_care_episode", "status_code", _episode("LEGAL_STATUS_CODE"), ("looked_after_episode", "legal_status")
    ),
    "care_placements": CodeList(
        "staged_care_episode", "placement_code", _episode("PLACEMENT_TYPE_CODE"),
        ("looked_after_episode", "placement"), flag="is_outside",
    ),
    "care_starts": CodeList(
        "staged_care_episode", "start_code", _episode("REASON_EPISODE_STARTED_CODE"),
        ("looked_after_episode", "start_reason"),
    ),
    "care_ends": CodeList(
        "staged_care_episode", "end_code", _episode("REASON_EPISODE_FINISHED_CODE"),
        ("looked_after_episode", "end_reason"),
    ),
    "categories_of_need": CodeList(
        "staged_care_need", "code",
        {**{system: f"{table}.CATEGORY_OF_NEED_CODE" for system, table in _SOCIAL_CARE.items()},
         "LACW": "LACW_EPISODE_MAIN.CATEGORY_OF_NEED_CODE"},
        ("looked_after_episode", "need"),
    ),
    "school_ethnic_groups": CodeList(
        "staged_child_ethnicity", "code",
        {"LACW": "LACW_CHILD_MAIN.ETHNICITY", "CIN": "CINW_MAIN.ETHNIC_ORIGIN_CODE",
         "CRCS": "CRCS_MAIN_CRCS.ETHNIC_ORIGIN_CODE", "EDUW": "EDUW_PUPIL.ETHNICITY"},
        ("pupil_year", "ethnic_group"),
    ),
    "welsh_authorities": CodeList(
        "staged_authority", "code", {s: f"{table}.LOCAL_AUTHORITY_CODE" for s, table in _SOCIAL_CARE.items()}
    ),
}  # fmt: skip


def load_children_codes(connection: duckdb.DuckDBPyConnection, folder: Path, tables: Mapping[str, Table]) -> None:
    """Make one table per code list: plain_name (the code), category and, if the list has one, a flag.

    ``tables`` are the research-ready contracts. Raises ContractError, one for all that is wrong: a list or a column
    that is missing, a code that stands in a list twice, a category that the contract does not have, a flag other than
    0 and 1.
    """
    problems: list[str] = []
    for name, codelist in LISTS.items():
        path = folder / f"{name}.csv"
        if not path.is_file():
            problems.append(f"{path.name}: the code list is missing.")
            continue
        rows, missing = _read(path, codelist)
        problems += [f"{path.name}: column '{column}' is missing." for column in missing]
        codes = [row["name"].strip().lower() for row in rows]
        problems += [
            f"{path.name}: '{code}' is listed twice." for code in sorted({c for c in codes if codes.count(c) > 1})
        ]
        problems += [f"{path.name}: {problem}" for problem in _wrong_values(codelist, rows, tables)]
        if not problems:
            _make(connection, name, codes, rows, codelist.flag)
    report_together(str(folder), problems, ContractError)


def _read(path: Path, codelist: CodeList) -> tuple[list[dict[str, str]], list[str]]:
    """Return the rows of a list, none if columns are missing, and the missing columns."""
    wanted = ["name", "category", "source", "licence", *([codelist.flag] if codelist.flag else [])]
    with open(path, encoding="utf-8", newline="") as stream:
        reader = csv.DictReader(stream)
        missing = [column for column in wanted if column not in (reader.fieldnames or ())]
        return [] if missing else list(reader), missing


def _wrong_values(codelist: CodeList, rows: list[dict[str, str]], tables: Mapping[str, Table]) -> list[str]:
    """Return what is wrong with the categories and flags of a list."""
    problems: list[str] = []
    if codelist.takes:
        table, column = codelist.takes
        allowed = tables[table].columns[column].codes or {}
        unknown = sorted({row["category"] for row in rows} - set(allowed))
        problems += [f"category '{found}'. {did_you_mean(found, allowed)}" for found in unknown]
    flag = codelist.flag
    if flag:
        wrong = [row["name"] for row in rows if row[flag] not in ("0", "1")]
        problems += [f"'{code}': column '{flag}' must be 0 or 1." for code in wrong]
    return problems


def _make(
    connection: duckdb.DuckDBPyConnection, name: str, codes: list[str], rows: list[dict[str, str]], flag: str | None
) -> None:
    connection.execute(
        f"CREATE TABLE {name} (plain_name VARCHAR, category VARCHAR{f', {flag} INTEGER' if flag else ''})"
    )
    values = ", ".join(
        f"({literal(code)}, {literal(row['category'])}{', ' + row[flag] if flag else ''})"
        for code, row in zip(codes, rows, strict=True)
    )
    if values:
        connection.execute(f"INSERT INTO {name} VALUES {values}")


def check_children_codes(connection: duckdb.DuckDBPyConnection, folder: Path) -> None:
    """Raise if records hold codes that are in no list. The codes stay in the records, so they are only counted."""
    problems = []
    for name, codelist in LISTS.items():
        unknown = connection.execute(
            f"SELECT system, count(DISTINCT {codelist.column}), count(*) FROM {codelist.staged} "
            f"WHERE {codelist.column} IS NOT NULL AND plain({codelist.column}) NOT IN (SELECT plain_name FROM {name}) "
            "GROUP BY system ORDER BY system"
        ).fetchall()
        problems += [
            f"column {codelist.homes[system]} holds {codes} code{'s' if codes > 1 else ''} unknown to "
            f"{folder / name}.csv, in {rows} rows of the staged records. Add each with its category."
            for system, codes, rows in unknown
        ]
    report_together("codes without a category", problems, ContractError)
