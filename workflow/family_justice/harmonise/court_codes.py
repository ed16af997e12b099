"""Code lists of court records: read, checked, made tables for SQL, and compared with what records hold."""

from __future__ import annotations

import csv
import re
from pathlib import Path
from typing import TYPE_CHECKING

from family_justice.config.sources import HarmoniseOptions
from family_justice.contracts import research_ready_tables
from family_justice.errors import ContractError, did_you_mean, report_together
from family_justice.harmonise.source_tables import Failing, check_shares
from family_justice.sql import literal

if TYPE_CHECKING:
    import duckdb

#: Code list, the staged table and column that it maps, and where each system keeps the names.
CODELISTS: dict[str, tuple[str, str, dict[str, str]]] = {
    "application_types": (
        "staged_application",
        "type_name",
        {
            "CMS": "CMS_TLKPCASEAPPLICATIONTYPE.CASEAPPLICATIONTYPE",
            "ECMS": "ECMS_APPLICATIONTYPES.NAME",
            "Cymru": "CAFCASS_APPLICATION.CAP_PRIMARYAPPLICATIONTYPENAME",
        },
    ),
    "legal_orders": (
        "staged_output",
        "type_name",
        {
            "CMS": "CMS_TLKPLEGALOUTPUTTYPE.LEGALOUTPUTTYPE",
            "ECMS": "ECMS_LEGALOUTPUTTYPES.NAME",
            "Cymru": "CAFCASS_HEARINGOUTCOME.CAP_HEARINGOUTCOMETYPEIDNAME",
        },
    ),
    "ethnic_groups": (
        "staged_ethnicity",
        "name",
        {
            "CMS": "CMS_TLKPETHNICORIGIN.CAPTION",
            "ECMS": "ECMS_ETHNICITYTYPES.NAME",
            "Cymru": "CAFCASS_ALF.ETHNIC_ORIGIN",
        },
    ),
    "religions": ("staged_religion", "name", {"CMS": "CMS_TLKPRELIGION.CAPTION", "ECMS": "ECMS_RELIGIONTYPES.NAME"}),
    "nationalities": ("staged_nationality", "name", {"ECMS": "ECMS_NATIONALITYTYPES.NAME"}),
    "languages": ("staged_language", "name", {"CMS": "CMS_TLKPLANGUAGE.CAPTION", "ECMS": "ECMS_LANGUAGETYPES.NAME"}),
    "disabilities": (
        "staged_disability",
        "name",
        {"CMS": "CMS_TLKPDISABILITY.DISABILITY", "ECMS": "ECMS_DISABILITYTYPES.NAME"},
    ),
}

_READY = research_ready_tables()

#: Categories that a code list may map names to: the codes of the research-ready column that takes them.
CATEGORIES: dict[str, set[str]] = {
    "application_types": set(_READY["application"].columns["application_type"].codes or ()),
    "legal_orders": {
        *(_READY["legal_order"].columns["order_group"].codes or ()),
        *(_READY["court_report"].columns["report_kind"].codes or ()),
        "not_an_order",
    },
    "ethnic_groups": set(_READY["person"].columns["ethnic_group"].codes or ()),
    "religions": set(_READY["person"].columns["religion"].codes or ()),
    "nationalities": set(_READY["person"].columns["nationality"].codes or ()),
    "languages": set(_READY["person"].columns["language"].codes or ()),
    "disabilities": {"none", "learning", "mental_health", "physical", "sensory", "other", "Unknown"},
}


#: Code lists with a flag, and its column.
FLAGS = {"application_types": "is_s31", "legal_orders": "is_final_type"}


def load_court_codes(connection: duckdb.DuckDBPyConnection, codelists: Path) -> None:
    """Make one table per code list: the name in plain form and as it is listed, its category, and a flag, or the codes
    of ECMS and the share that "*" may stand for. Raises ContractError for all that is wrong with a list."""
    for name in CODELISTS:
        rows = _read_list(codelists / f"{name}.csv", name)
        flag = f"{FLAGS[name]} INTEGER" if name in FLAGS else "ecms_codes VARCHAR, max_share DOUBLE"
        connection.execute(f"CREATE TABLE {name} (plain_name VARCHAR, listed VARCHAR, category VARCHAR, {flag})")
        # Literals, not parameters: with the first parameter DuckDB imports pandas, which takes longer than all of this.
        values = ", ".join(
            f"({literal(_plain(row))}, {literal(row['name'])}, {literal(row['category'])}, "
            + (row[FLAGS[name]] if name in FLAGS else f"{literal(row['ecms_codes'])}, {row['max_share'] or 'NULL'}")
            + ")"
            for row in rows
        )
        connection.execute(f"INSERT INTO {name} VALUES {values}")


def _plain(row: dict[str, str]) -> str:
    return row["name"].strip().lower()


def _read_list(path: Path, name: str) -> list[dict[str, str]]:
    """Return the rows of a code list that has nothing wrong with it."""
    if not path.is_file():
        raise ContractError(f"{path}: the code list is missing.")
    with open(path, encoding="utf-8", newline="") as stream:
        rows = list(csv.DictReader(stream))
    wanted = ["name", "category", *([FLAGS[name]] if name in FLAGS else ["ecms_codes", "max_share"])]
    problems = [f"column '{column}' is missing." for column in wanted if not rows or column not in rows[0]]
    report_together(str(path), problems, ContractError)
    names = [_plain(row) for row in rows]
    problems = [f"'{plain}' is listed twice." for plain in sorted({plain for plain in names if names.count(plain) > 1})]
    unknown = sorted({row["category"] for row in rows} - CATEGORIES[name])
    problems += [f"category '{category}'. {did_you_mean(category, CATEGORIES[name])}" for category in unknown]
    if name in FLAGS:
        wrong = [row["name"] for row in rows if row[FLAGS[name]] not in ("0", "1")]
        problems += [f"'{entry}': column '{FLAGS[name]}' must be 0 or 1." for entry in wrong]
    report_together(str(path), problems + _problems_of_shares(rows), ContractError)
    return rows


def _problems_of_shares(rows: list[dict[str, str]]) -> list[str]:
    """Return what is wrong with the share of names that "*" may stand for, and with codes."""
    problems = []
    for row in rows:
        share, codes = row.get("max_share") or "", row.get("ecms_codes") or ""
        if (row["name"] == "*") != bool(share):
            problems.append(f"'{row['name']}': 'max_share' is for '*', and '*' needs one, such as 0.3.")
        elif share and not re.fullmatch(r"0|1|0?[.][0-9]+", share):
            problems.append("'*': 'max_share' must be a number from 0 to 1.")
        if not re.fullmatch(r"([0-9]+( [0-9]+)*)?", codes):
            problems.append(f"'{row['name']}': 'ecms_codes' must be whole numbers with blanks between them.")
    return problems


def check_names(connection: duckdb.DuckDBPyConnection, codelists: Path) -> None:
    """Raise if a name that records use is in no code list.

    Names from look-up tables are metadata and are shown; Cymru keeps them in the records, so they are only counted.
    """
    problems = []
    for codelist, (_, _, homes) in CODELISTS.items():
        unlisted = _unlisted(connection, codelist)
        if _share_of_others(connection, codelist) is not None:
            continue
        for system, home in homes.items():
            names = [(name, rows) for found, name, rows in unlisted if found == system]
            if names:
                shown = "" if system == "Cymru" else f" ({', '.join(repr(name) for name, _ in names)})"
                records = sum(rows for _, rows in names)
                problems.append(
                    f"column {home} holds {len(names)} name{'s' if len(names) > 1 else ''}{shown} unknown to "
                    f"{codelists / codelist}.csv, in {records} records. Add each with its category."
                )
    report_together("names without a category", problems, ContractError)


def _unlisted(connection: duckdb.DuckDBPyConnection, codelist: str) -> list[tuple[str, str, int]]:
    """Return the names that records use and a code list does not have, nor a code of theirs: system, name, records."""
    staged, column, _ = CODELISTS[codelist]
    known = f"plain({column}) IN (SELECT plain_name FROM {codelist})"
    if staged.startswith("staged_") and column == "name":
        codes = f"SELECT unnest(string_split(ecms_codes, ' ')) FROM {codelist} WHERE ecms_codes <> ''"
        known += f" OR is_refusal({column}) OR coalesce(CAST(code AS VARCHAR) IN ({codes}), false)"
    return connection.execute(
        f"SELECT system, {column}, count(*) FROM {staged} WHERE {column} IS NOT NULL AND NOT ({known}) "
        "GROUP BY ALL ORDER BY ALL"
    ).fetchall()


def _share_of_others(connection: duckdb.DuckDBPyConnection, codelist: str) -> float | None:
    """Return the share of records that "*" of a code list may stand for; None if it has no "*"."""
    if CODELISTS[codelist][1] != "name":
        return None
    found = connection.execute(f"SELECT max_share FROM {codelist} WHERE plain_name = '*'").fetchone()
    return None if found is None else float(found[0])


def check_understood(connection: duckdb.DuckDBPyConnection, options: HarmoniseOptions) -> list[Failing]:
    """Raise if too many records have a name that neither the SQL of the stages nor a code list understands, or a code
    whose name says otherwise than public code; return what is allowed of these, to be counted."""
    failing = [
        Failing(home, "unknown_name", failed, given, tuple(words or ())[:8])
        for home, given, failed, words in connection.execute("SELECT * FROM understood").fetchall()
    ]
    for codelist, (staged, column, homes) in CODELISTS.items():
        if column != "name":
            continue
        given = dict(connection.execute(f"SELECT system, count({column}) FROM {staged} GROUP BY system").fetchall())
        contradicted = _contradicted(connection, codelist)
        if contradicted:
            rows, words = sum(rows for _, rows in contradicted), tuple(name for name, _ in contradicted[:8])
            failing.append(Failing(homes["ECMS"], "contradicted_code", rows, given["ECMS"], words, 0.0))
        limit = _share_of_others(connection, codelist)
        if limit is None:
            continue
        unlisted = sorted(_unlisted(connection, codelist), key=lambda found: -found[2])
        for system, home in homes.items():
            others = [(name, rows) for found, name, rows in unlisted if found == system]
            words = () if system == "Cymru" else tuple(str(name) for name, _ in others[:8])
            rows = sum(n for _, n in others)
            failing.append(Failing(home, "unlisted_name", rows, given.get(system, 0), words, limit))
    check_shares(failing, options, "names of look-ups")
    return [failure for failure in failing if failure.rows]


def _contradicted(connection: duckdb.DuckDBPyConnection, codelist: str) -> list[tuple[str, int]]:
    """Return names of ECMS whose code means another category in public code than the name does, with the records."""
    staged = CODELISTS[codelist][0]
    return connection.execute(
        f"""
        WITH coded AS (
            SELECT unnest(string_split(ecms_codes, ' ')) AS code, category FROM {codelist} WHERE ecms_codes <> ''
        )
        SELECT name, count(*) FROM {staged} AS staged
        JOIN coded ON coded.code = CAST(staged.code AS VARCHAR)
        JOIN {codelist} AS listed ON listed.plain_name = plain(staged.name)
        WHERE listed.category <> coded.category
        GROUP BY name ORDER BY count(*) DESC
        """
    ).fetchall()
