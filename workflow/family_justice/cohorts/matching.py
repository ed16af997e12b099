"""Give each member of a cohort comparison people on its index date, before events and look-backs are derived."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING

import numpy as np

from family_justice.config.schema import MATCHED_SET, MEMBER_OF, CaseMatching, Cohort
from family_justice.errors import CohortError, did_you_mean, report_together
from family_justice.sql import identifier, identifiers
from family_justice.study_sql import StudySql, told_names

if TYPE_CHECKING:
    from family_justice.estimators.groups.index_date import Sets
    from family_justice.estimators.parts.arrays import Ints

#: The days from and to which somebody of the pool may be chosen.
PERIOD = ("eligible_from", "eligible_to")
#: Tables of this module: no SQL of a study can have or read names that begin so.
POOL, CASES, CHOSEN, FITS, MATCHED = "step_pool", "step_cases", "step_chosen", "step_fits", "step_matched"
#: Columns of these: the place in the order of choice, the number of the set.
_PLACE, _SET = "_place_in_order", "_number_of_set"
_WHOLE = ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER", "UBIGINT")


def match_members(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str, where: str) -> dict[str, str]:
    """Make the table ``MATCHED`` of cases and their comparison people; return the SELECT of those whom each row that
    matching adds to the attrition counts, by its name.

    ``last`` is the table of the last step. Cases and pool are put in an order that hangs on their keys and the seed
    alone, by which equally near people are told apart; sets are numbered in the order of the keys of the cases.

    Raises ``CohortError`` for a pool that lacks columns, has others than the last step, has cases in it, or whose
    columns have other types, and if no case finds anybody.
    """
    where = f"{where}, matching"
    _make_pool(study, cohort, matching, last, where)
    found = _choose(study, cohort, matching)
    enough = np.bincount(found.case, minlength=found.eligible.size) >= matching.at_least
    if not enough.any():
        raise CohortError(
            f"{where}: no case has {matching.at_least} or more comparison people; {int((found.eligible > 0).sum())} of "
            f"{found.eligible.size} cases have anybody who fits. Check 'exact', 'nearest' and the days of the pool"
        )
    kept = enough[found.case]
    _keep(study, CHOSEN, case=found.case[kept], row=found.row[kept])
    _keep(study, FITS, row=np.flatnonzero(found.fits))
    _write(study, cohort, matching, last)
    return _counted(cohort, matching)


def bind_matching(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str, where: str) -> None:
    """Make the table ``MATCHED`` of a step and a pool without rows, among whom nobody is chosen.

    Raises ``CohortError`` for SQL, columns and types of which ``match_members`` would.
    """
    _make_pool(study, cohort, matching, last, f"{where}, matching")
    _choose(study, cohort, matching)
    nobody = np.array([], dtype=np.int64)
    _keep(study, CHOSEN, case=nobody, row=nobody)
    _write(study, cohort, matching, last)


def _make_pool(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str, where: str) -> None:
    """Make the tables of cases and pool, each in its order."""
    study.make(POOL, matching.pool, "matching.pool")
    _check_columns(study, cohort, matching, last, where)
    _check_pool(study, cohort, last, where)
    _put_in_order(study, cohort, matching, last)


def _check_columns(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str, where: str) -> None:
    cases, pool = study.columns(last), study.columns(POOL)
    problems = [
        f"the last step has a column '{name}', which matching adds; rename it"
        for name in (MEMBER_OF, MATCHED_SET, *PERIOD)
        if name in cases
    ]
    alike = [*matching.exact, *matching.nearest]
    problems += [
        f"'{name}' is no column of the last step. {did_you_mean(name, told_names(cases, study.words))}"
        for name in [*alike, *matching.shared]
        if name not in cases
    ]
    given = {str(cohort.time_zero), *matching.shared}
    needed = [*(name for name in (*cohort.case_key, cohort.person_column) if name not in given), *alike, *PERIOD]
    problems += [f"the pool does not select '{name}'" for name in dict.fromkeys(map(str, needed)) if name not in pool]
    if strange := told_names(set(pool) - set(cases) - set(PERIOD), study.words):
        problems.append(f"the last step does not have these columns of the pool; remove them: {', '.join(strange)}")
    if own := sorted(given & set(pool)):
        problems.append(f"the pool selects {', '.join(own)}, which comparison people get from their case")
    problems += [f"'{name}' of the pool is no date" for name in PERIOD if name in pool and pool[name] != "DATE"]
    report_together(where, [*problems, *_kinds_of_columns(matching, cases, pool)], CohortError)


def _kinds_of_columns(matching: CaseMatching, cases: Mapping[str, str], pool: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with the types of columns that are matched on."""
    for name in (*matching.exact, *matching.nearest):
        if name not in cases or name not in pool:
            continue
        if _sort(cases[name]) != _sort(pool[name]):
            yield f"'{name}' is {cases[name]} in the last step and {pool[name]} in the pool; cast one of them"
        elif name in matching.nearest and _sort(cases[name]) not in ("DATE", "number"):
            yield f"'{name}' is {cases[name]}; what shall be near is a date or a number"


def _sort(kind: str) -> str:
    return "number" if kind in (*_WHOLE, "FLOAT", "DOUBLE") or kind.startswith("DECIMAL") else kind


def _check_pool(study: StudySql, cohort: Cohort, last: str, where: str) -> None:
    person = identifier(cohort.person_column or "")
    row = study.connection.execute(
        f"SELECT count(*) FILTER ({person} IS NULL), count(*) FILTER (eligible_from IS NULL), "
        f"count(DISTINCT {person}) FILTER ({person} IN (SELECT {person} FROM {last})) FROM {POOL}"
    ).fetchone()
    nobody, undated, cases = row or (0, 0, 0)
    problems = [
        f"{nobody} rows of the pool have no person" if nobody else "",
        f"{undated} rows of the pool have no eligible_from; leave them out, or write the day" if undated else "",
        f"{cases} people of the pool are cases; leave them out in its SQL, which can read them as 'previous'"
        if cases
        else "",
    ]
    report_together(where, [problem for problem in problems if problem], CohortError)


def _put_in_order(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str) -> None:
    """Number cases and pool in an order that no row of the records hangs on but by its own values."""
    for table, rows, first in ((CASES, last, cohort.case_key), (POOL, POOL, [str(cohort.person_column)])):
        columns = identifiers([*first, *(name for name in study.columns(rows) if name not in first)])
        drawn = f"md5(concat_ws(chr(31), {matching.seed}, {identifiers(first)}))"
        study.connection.execute(
            f"CREATE OR REPLACE TEMP TABLE {table} AS SELECT *, "
            f"row_number() OVER (ORDER BY {drawn}, {columns}) - 1 AS {_PLACE}, "
            f"row_number() OVER (ORDER BY {columns}) AS {_SET} FROM {rows}"
        )


def _choose(study: StudySql, cohort: Cohort, matching: CaseMatching) -> Sets:
    from family_justice.estimators.groups.index_date import Alike, Pool, match_on_index

    person, columns = identifier(str(cohort.person_column)), study.columns(CASES)
    stratum = "0"
    if matching.exact:
        empty = " OR ".join(f"{identifier(name)} IS NULL" for name in matching.exact)
        stratum = f"CASE WHEN {empty} THEN -1 ELSE dense_rank() OVER (ORDER BY {identifiers(matching.exact)}) END"
    exact = "".join(f", {identifier(name)}" for name in matching.exact)
    near = "".join(f", {_number(name, columns[name])} AS _near_{i}" for i, name in enumerate(matching.nearest))
    first, last = (_number(name, "DATE") for name in PERIOD)
    zero = _number(str(cohort.time_zero), "DATE")
    who = f"dense_rank() OVER (ORDER BY {person}) - 1"
    cases = f"SELECT 0 AS side, {zero} AS first, NULL AS last, 0 AS who, {_PLACE}{exact}{near} FROM {CASES}"
    pool = f"SELECT 1, {first}, coalesce({last}, 'inf'), {who}, {_PLACE}{exact}{near} FROM {POOL}"
    both = study.connection.execute(
        f"SELECT *, {stratum} AS stratum FROM ({cases} UNION ALL {pool}) ORDER BY side, {_PLACE}"
    ).df()
    values = both[[f"_near_{i}" for i in range(len(matching.nearest))]].to_numpy(dtype=np.float64)
    strata, people = (both[name].to_numpy(dtype=np.int64) for name in ("stratum", "who"))
    first_day, last_day = (both[name].to_numpy(dtype=np.float64) for name in ("first", "last"))
    of_pool = both["side"].to_numpy() == 1
    alike, sought = (Alike(strata[rows], values[rows]) for rows in (of_pool, ~of_pool))
    pool_rows = Pool(alike, people[of_pool], first_day[of_pool], last_day[of_pool])
    within = np.array(list(matching.nearest.values()), dtype=np.float64)
    return match_on_index(sought, first_day[~of_pool], pool_rows, within, matching.ratio, matching.replacement)


def _number(name: str, kind: str) -> str:
    """Return SQL for a date or number as a number; of dates, days."""
    column = identifier(name)
    return f"date_diff('day', DATE '1970-01-01', {column})::DOUBLE" if kind == "DATE" else f"{column}::DOUBLE"


def _keep(study: StudySql, table: str, **columns: Ints) -> None:
    """Make a table of whole numbers."""
    import pandas as pd

    study.connection.register("numbers_found", pd.DataFrame(columns))
    study.connection.execute(f"CREATE TEMP TABLE {table} AS SELECT * FROM numbers_found")
    study.connection.unregister("numbers_found")


def _write(study: StudySql, cohort: Cohort, matching: CaseMatching, last: str) -> None:
    """Make the table of both: comparison people have the columns of the pool, and date and shared ones of the case."""
    import duckdb

    given, columns, pool = {cohort.time_zero, *matching.shared}, study.columns(last), study.columns(POOL)

    def of_comparison(name: str, kind: str) -> str:
        side = "of_case" if name in given else "of_pool"
        value = f"{side}.{identifier(name)}" if name in given or name in pool else "NULL"
        return f"CAST({value} AS {kind}) AS {identifier(name)}"

    listed = ", ".join(of_comparison(name, kind) for name, kind in columns.items())
    try:
        study.connection.execute(
            f"CREATE TEMP TABLE {MATCHED} AS "
            f"SELECT {identifiers(columns)}, 'case' AS {MEMBER_OF}, {_SET} AS {MATCHED_SET} FROM {CASES} "
            f'WHERE {_PLACE} IN (SELECT "case" FROM {CHOSEN}) UNION ALL '
            f"SELECT {listed}, 'comparison', of_case.{_SET} FROM {CHOSEN} AS c "
            f'JOIN {CASES} AS of_case ON of_case.{_PLACE} = c."case" '
            f'JOIN {POOL} AS of_pool ON of_pool.{_PLACE} = c."row"'
        )
    except duckdb.ConversionException as error:
        raise study.error(
            f"{study.about}, matching: columns of the pool cannot have the types of the last step "
            f"({type(error).__name__}); cast them in its SQL"
        ) from None


def _counted(cohort: Cohort, matching: CaseMatching) -> dict[str, str]:
    person = identifier(str(cohort.person_column))
    cases = f"SELECT * FROM {MATCHED} WHERE {MEMBER_OF} = 'case'"
    found = {
        "matched_cases": cases,
        "comparison_pool": f"SELECT DISTINCT {person} FROM {POOL}",
        "comparison_eligible": f'SELECT DISTINCT {person} FROM {POOL} JOIN {FITS} AS fits ON fits."row" = {_PLACE}',
        "comparison_chosen": f"SELECT DISTINCT {person} FROM {MATCHED} WHERE {MEMBER_OF} = 'comparison'",
    }
    for k in range(1, matching.ratio + 1):
        sets = f"SELECT {MATCHED_SET} FROM {MATCHED} GROUP BY {MATCHED_SET} HAVING count(*) > {k}"
        found[f"sets_of_{k}"] = f"{cases} AND {MATCHED_SET} IN ({sets})"
    return found
