"""The simulated records as a SAIL project would deliver them: another spelling of the same world.

    PYTHONPATH=workflow python -m family_justice.sources.synthetic.project_extract RAW FOLDER

RAW has the tables of the population (``results/restricted/sources/synthetic/raw``). FOLDER gets one CSV file per table
and ``source.yaml``, the source file that reads them. Read so and harmonised, they give the research-ready tables of
RAW, byte for byte: every difference is settled by the source file or is a repair that is counted.
"""

from __future__ import annotations

import shutil
import sys
from collections.abc import Mapping
from pathlib import Path

from family_justice.contracts import Table, source_tables
from family_justice.files import connect
from family_justice.sql import identifier, literal

SOURCE = Path(__file__).with_suffix(".yaml")

#: Words of look-ups and of records that a project has otherwise, by table and column: SQL with the plain value ``{}``.
WORDS: Mapping[str, Mapping[str, str]] = {
    "CAFE_CMS_TBLPERSON": {"GENDER": "left({}, 1)"},
    "CAFE_ECMS_PEOPLE": {"GENDER": "CASE WHEN ID_PE % 2 = 0 THEN upper({}) ELSE {} || '  ' END"},
    "CAFE_ECMS_PERSONSONAPPLICATIONS": {
        "ISSUBJECT": "upper({})",
        "ISRESPONDENT": "upper(left({}, 1)) || substr({}, 2)",
    },
    "CAFCASS_APPLICATIONSERVICEUSERS": {
        "RECORD2ROLEIDNAME": "CASE WHEN RECORD1ID_E % 3 = 0 THEN upper({}) ELSE {} END"
    },
    "CAFCASS_RELATIONSHIPS": {"RECORD1ROLEIDNAME": "upper({})", "RECORD2ROLEIDNAME": "lower({})"},
    "CAFCASS_APPLICATION": {"CAP_PRIMARYAPPLICATIONTYPENAME": "upper({})", "CAP_LAWTYPENAME": "upper({})"},
    "CAFCASS_HEARINGOUTCOME": {"CAP_HEARINGOUTCOMETYPEIDNAME": "lower({})"},
    "CAFCASS_INCIDENT": {
        "CAP_LOCALAUTHORITYCODE": "(SELECT LA_NAME FROM AREA_LOCAL_AUTHORITY WHERE LA_CODE = {} LIMIT 1)"
    },
    "CMS_TLKPLOCALAUTHORITY": {"AUTHORITY": "upper({})"},
    "CMS_TLKPCRSRELATIONSHIP": {"CRSRELATIONSHIP": "replace({}, 'Birth', 'Natural')"},
    "CMS_TLKPDISABILITY": {"DISABILITY": "CASE {} WHEN 'Declined' THEN 'Declined to specify' ELSE {} END"},
    "ECMS_DISABILITYTYPES": {"NAME": "CASE {} WHEN 'Declined' THEN 'Prefer Not to Say' ELSE {} END"},
    "ECMS_RELIGIONTYPES": {"NAME": "CASE {} WHEN 'Unknown' THEN 'Not known' ELSE upper({}) END"},
    "ECMS_LANGUAGETYPES": {"NAME": "CASE {} WHEN 'Refused' THEN 'Refused to say' ELSE {} END"},
    "ECMS_ETHNICITYTYPES": {"NAME": "CASE {} WHEN 'Unknown' THEN 'Not stated' ELSE {} END"},
    "CMS_TLKPCASESTATUS": {"CAPTION": "upper({})"},
    "ECMS_LAWTYPES": {"CAPTION": "lower({})"},
}
#: Dates that a project fills with placeholders where there is none.
PLACEHOLDERS = {
    "CAFE_ECMS_CASES": {"CLOSUREDATE": "9999-12-31", "REOPENDATE": "1900-01-01"},
    "CAFCASS_INCIDENT": {"CAP_DATECLOSED": "9999-12-31"},
    "CAFE_CMS_TBLCASEAPPLICATION": {"DATECOMPLETED": "1900-01-01"},
}
#: Tables whose dates are written day first.
DAY_FIRST = ("CAFE_CMS_TBLCASE", "CAFE_CMS_TBLCASEAPPLICATION")
#: Words for nothing, by type of column.
NOTHING = {"string": "NULL", "date": "", "timestamp": "", "integer": "NA", "number": "."}


def write_project_extract(raw: Path, folder: Path) -> None:
    """Write the tables of ``raw`` into ``folder`` as CSV files of a project, and its source file."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = {name: raw / f"{name}.parquet" for name in source_tables() if (raw / f"{name}.parquet").is_file()}
    with connect(paths) as connection:
        for name in paths:
            selected = ", ".join(_column(source_tables()[name], column) for column in source_tables()[name].columns)
            connection.execute(
                f"COPY (SELECT {selected} FROM {identifier(name)}) TO {literal(folder / f'{name}.csv')} "
                "(HEADER, DELIMITER ';', NULLSTR '')"
            )
    for name in paths:
        file = folder / f"{name}.csv"
        file.write_bytes(file.read_bytes().decode("utf-8").encode("windows-1252"))
    shutil.copyfile(SOURCE, folder / "source.yaml")


def _column(table: Table, name: str) -> str:
    """Return SQL for a column as a project has it."""
    about, there = table.columns[name], identifier(name)
    value = f"CAST({there} AS VARCHAR)"
    if about.type == "date" and table.name in DAY_FIRST:
        value = f"strftime({there}, '%d/%m/%Y')"
    elif about.type == "string":
        value = WORDS.get(table.name, {}).get(name, "{}").replace("{}", there)
    nothing = PLACEHOLDERS.get(table.name, {}).get(name, NOTHING[about.type])
    if nothing == "1900-01-01" and table.name in DAY_FIRST:
        nothing = "01/01/1900"
    ending = f"{name[:-2]}_PE" if name.endswith("_E") else name
    return f"coalesce({value}, {literal(nothing)}) AS {identifier(ending)}"


if __name__ == "__main__":
    write_project_extract(Path(sys.argv[1]), Path(sys.argv[2]))
