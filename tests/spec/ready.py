"""Toy research-ready records for the specification tests of the streams' cohorts, and the cohorts made of them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from toy import CODELISTS, parse

from family_justice.cohorts.extract import extract_cohort
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.config.schema import Stream
from family_justice.contracts import research_ready_tables
from family_justice.contracts.model import DUCKDB_TYPES
from family_justice.covariates.derive import derive_covariates
from family_justice.files import connect, write_parquet
from family_justice.results import read_results

CONFIG = Path(__file__).resolve().parents[2] / "config"

#: Values of required columns that a toy record does not mention.
DEFAULTS = {
    "ethnic_group": "White", "is_linked": "1", "system": "ECMS", "law_type": "public", "has_s31": "1",
    "is_completed": "1", "jurisdiction": "England", "role": "respondent", "is_final": "1", "recorded_for": "child",
    "is_before_usable": "0", "is_ongoing": "0",
    "ethnicity_status": "known", "religion": "Unknown", "religion_status": "not_recorded", "nationality": "Unknown",
    "nationality_status": "not_recorded", "language": "Unknown", "language_status": "not_recorded",
    "disability": "Unknown", "disability_status": "not_recorded", "linkage_status": "linked",
}  # fmt: skip


def write_ready(folder: Path, text: str) -> dict[str, Path]:
    """Write one Parquet file per research-ready table; tables and columns that the text does not name stay empty."""
    records = parse(text)
    issued = {row["case_id"]: row["issue_date"] for row in records.get("case", []) if row.get("has_s31", "1") == "1"}
    tables = research_ready_tables()
    assert set(records) <= set(tables), sorted(set(records) - set(tables))
    folder.mkdir(parents=True, exist_ok=True)
    paths = {}
    with connect() as connection:
        for name, table in tables.items():
            declared = ", ".join(f'"{column}" {DUCKDB_TYPES[c.type]}' for column, c in table.columns.items())
            connection.execute(f'CREATE TABLE "{name}" ({declared})')
            for row in records.get(name, []):
                full = {column: row.get(column, DEFAULTS.get(column, "-")) for column in table.columns}
                # Where nothing else is said, the s31 application was issued with the case and is about everybody in it.
                if name in ("case", "case_person") and full["s31_issue_date"] == "-":
                    full["s31_issue_date"] = issued.get(full["case_id"], "-")
                values = [None if value == "-" else value for value in full.values()]
                connection.execute(f'INSERT INTO "{name}" VALUES ({", ".join("?" * len(values))})', values)
            paths[name] = folder / f"{name}.parquet"
            write_parquet(connection, f'SELECT * FROM "{name}"', paths[name])
    return paths


@dataclass(frozen=True)
class Extracted:
    """A cohort made of toy records."""

    cohort: Path
    covariates: Path
    attrition: dict[str, int]
    key: list[str]

    def shows(self, expected: str) -> None:
        """Assert that the named columns, of cohort or covariates, hold exactly the rows of a text table."""
        header, *lines = [[cell.strip() for cell in line.split("|")] for line in expected.strip().splitlines()]
        assert set(self.key) <= set(header), f"show the key {self.key}"
        key, files = ", ".join(self.key), {path.stem: path for path in self.covariates.iterdir()}
        own = [column for column in header if column in files]
        with connect({"cohort": self.cohort, **{f"of {name}": files[name] for name in own}}) as connection:
            places = [f'"of {column}"' if column in own else "cohort" for column in header]
            selected = ", ".join(
                f"coalesce(CAST({place}.\"{c}\" AS VARCHAR), '-')" for place, c in zip(places, header, strict=True)
            )
            joins = "".join(f' JOIN "of {name}" USING ({key})' for name in own)
            rows = connection.execute(f"SELECT {selected} FROM cohort{joins} ORDER BY {key}").fetchall()
        assert [list(row) for row in rows] == lines


def extracted(folder: Path, stream: str | Stream, cohort: str, text: str) -> Extracted:
    """Extract a cohort of a stream of this repository (and the cohorts it starts from) and derive its covariates."""
    configuration = Configuration(CONFIG)
    study = configuration.stream(stream) if isinstance(stream, str) else stream
    tables = write_ready(folder / "ready", text)
    base = study.cohorts[cohort].base
    if base:
        tables["base"] = extracted(folder / base, study, base, text).cohort
    made = Extracted(folder / "cohort.parquet", folder / "covariates", {}, study.cohorts[cohort].key)
    extract_cohort(study, cohort, tables, CODELISTS, made.cohort, folder / "attrition.csv")
    rows = read_results(str(folder / "attrition.csv"))
    made.attrition.update(zip(rows["term"], rows["n"].astype(int), strict=True))
    covariates = covariates_of(study, configuration.covariates())
    derive_covariates(study, cohort, covariates, tables, CODELISTS, made.cohort, made.covariates)
    return made
