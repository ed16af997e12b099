"""Compute the covariates of a cohort and check them against their levels."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from pathlib import Path

from family_justice.cohorts.extract import open_tables
from family_justice.config.schema import Cohort, Covariate, Stream
from family_justice.errors import CohortError, PipelineError, did_you_mean, report_together
from family_justice.files import write_parquet
from family_justice.sql import NUMBERS, identifiers, literal, literals
from family_justice.study_sql import StudySql


def derive_covariates(
    stream: Stream,
    name: str,
    covariates: Mapping[str, Covariate],
    tables: Mapping[str, Path],
    codelists: Path | None,
    cohort_path: Path,
    folder: Path,
    only: Collection[str] | None = None,
) -> None:
    """Write each covariate of a cohort as ``<covariate>.parquet`` into ``folder``: key and value, ordered by the key.

    ``only``: those to write, None for all of the cohort. A categorical covariate becomes text, a number DOUBLE.
    A missing value takes the covariate's ``missing`` level if it has one and stays empty otherwise. Raises
    ``CohortError`` for SQL that cannot run, for values outside the levels (a count, not the values) and for infinite
    numbers.
    """
    cohort = stream.cohorts[name]
    names = [covariate for covariate in cohort.covariates if only is None or covariate in only]
    files = {covariate: folder / f"{covariate}.parquet" for covariate in names}
    study = open_tables(stream, name, {**tables, "cohort": cohort_path}, codelists, files.values())
    connection, key = study.connection, identifiers(cohort.key)
    problems: list[str] = []
    for covariate_name in names:
        covariate = covariates[covariate_name]
        _make_values(study, cohort, covariate_name, covariate)
        column = f'"{covariate_name}"'
        if covariate.levels:
            levels = literals(covariate.levels)
            condition = f"{column} IS NOT NULL AND {column} NOT IN ({levels})"
        else:
            condition = f"NOT isfinite({column})"
        strange = connection.execute(f'SELECT count(*) FROM "value_{covariate_name}" WHERE {condition}').fetchone()
        if strange and strange[0]:
            hint = did_you_mean("", covariate.levels) if covariate.levels else "Allowed: finite numbers."
            problems.append(f"covariate '{covariate_name}': {strange[0]} rows have a value outside its levels. {hint}")
    report_together(f"stream '{stream.stream}', cohort '{name}'", problems, CohortError)
    for covariate_name in names:
        values = f'SELECT * FROM "value_{covariate_name}" ORDER BY {key}'
        write_parquet(connection, values, files[covariate_name])


def bind_covariates(study: StudySql, cohort: Cohort, covariates: Mapping[str, Covariate]) -> dict[str, PipelineError]:
    """Run the SQL of all covariates of a cohort without members; return what is wrong, by covariate.

    ``study``: what ``bind_cohort`` has made the cohort on.
    """
    wrong: dict[str, PipelineError] = {}
    for covariate in cohort.covariates:
        try:
            _make_values(study, cohort, covariate, covariates[covariate])
            _require_type(study, covariate, covariates[covariate])
        except PipelineError as error:
            wrong[covariate] = error
    return wrong


def _require_type(study: StudySql, name: str, covariate: Covariate) -> None:
    """Raise ``CohortError`` for SQL of a type that cannot give the levels, or a number."""
    study.make(f"type_{name}", covariate.value, f"covariate '{name}'", "SELECT ({}) AS value FROM cohort", "expression")
    kind = study.columns(f"type_{name}")["value"]
    levels = covariate.levels
    if levels is None and not kind.startswith((*NUMBERS, "NULL")):
        wrong = "and it has no 'levels', so that it is a number; write levels, or SQL that gives a number"
    elif levels is not None and kind == "BOOLEAN" and not {"true", "false"} & set(levels):
        wrong = f"which is true or false; write CASE WHEN ... THEN {literal(levels[0])} ELSE {literal(levels[-1])} END"
    elif levels is not None and kind != "BOOLEAN" and kind.startswith(NUMBERS) and not any(map(_is_number, levels)):
        wrong = f"and its levels are words; write CASE WHEN ... THEN {literal(levels[0])} ... END"
    else:
        return
    raise CohortError(f"its SQL gives {kind}, {wrong}")


def _is_number(level: str) -> bool:
    return re.fullmatch(r"-?\d+(\.\d+)?", level) is not None


def _make_values(study: StudySql, cohort: Cohort, name: str, covariate: Covariate) -> None:
    """Make the table ``value_<name>`` of a covariate, key and value."""
    kind = "VARCHAR" if covariate.levels else "DOUBLE"
    missing = f", {literal(covariate.missing)}" if covariate.missing is not None else ""
    key = identifiers(cohort.key)
    # The name stands outside: a value cannot read itself, and what is no column is told as such.
    around = (
        f'SELECT {key}, coalesce("value of it"{missing}) AS "{name}" '
        f'FROM (SELECT {key}, CAST(({{}}) AS {kind}) AS "value of it" FROM cohort)'
    )
    study.make(f"value_{name}", covariate.value, f"covariate '{name}'", around, place="expression")
