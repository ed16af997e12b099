"""``sql``: look at the tables of a finished run: SELECTs of declared files, on a connection that can open no other.

What is printed are records, so words of DuckDB are shown whole: they go to the terminal of who may see the records, and
into no log.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

from family_justice.cohorts.extract import MACROS
from family_justice.config.load import Configuration
from family_justice.errors import PipelineError, did_you_mean
from family_justice.layout import Layout
from family_justice.rooms import private_job
from family_justice.study_sql import StudySql, parameters_in

STAYS = "These are records: what is printed stays inside. Nothing can be written."
HELP = """\
  SELECT ... ;     any SELECT, over several lines; end it with ;
  SHOW TABLES ;    all tables; .tables names them by what they are
  DESCRIBE table ; its columns (docs/tables.md says what they mean)
  SUMMARIZE table; what is in each column
  .quit            or Ctrl-D"""
#: How a statement begins that only reads. (DuckDB counts PRAGMA among the SELECTs.)
READS = ("select", "from", "with", "values", "table", "describe", "desc", "show", "summarize", "pivot", "unpivot", "(")
SHOWN = 100  # rows


class Tables:
    """The tables that the console shows, by what they are, and the connection that reads them."""

    def __init__(self, config: Path, stream: str | None) -> None:
        files = Layout(Configuration(config))
        source = files.source_of(stream) if stream else files.configuration.settings.source
        court = files.has_court_records(source)
        records = Path(files.records(source, "ready" if court else "raw"))
        tables = {path.stem: path for path in sorted(records.glob("*.parquet"))}
        if not tables:
            target = stream or next((name for name in files.streams if files.source_of(name) == source), "")
            raise PipelineError(
                f"There are no tables of the source '{source}' yet. First: ./family-justice run {target}".rstrip()
                + " (or run --quick, and then sql --quick)"
            )
        about = files.stream(stream) if stream else None
        cohorts = {name: Path(files.cohort(str(stream), name)) for name in (about.cohorts if about else {})}
        self.cohorts = {name: path for name, path in cohorts.items() if path.is_file() and name not in tables}
        self.values = {name: about.definitions[name].value for name in about.definitions} if about else {}
        lists = files.configuration.codelists_of(about) if about else config / "codelists"
        self.lists = sorted(path.stem for path in lists.glob("*.csv")) if lists else []
        self.records, self.source = list(tables), source
        macros = MACROS.read_text(encoding="utf-8")
        self.macros = re.findall(r"CREATE MACRO (\w+\([^)]*\))", macros)
        self.study = StudySql({**tables, **self.cohorts}, lists, macros, (), about="sql", error=PipelineError)

    def described(self) -> str:
        """Return the names that SQL can use."""
        kinds = {
            f"tables of {self.source}": self.records,
            "cohorts": self.cohorts,
            "code lists": self.lists,
            "functions": self.macros,
            "definitions": [f"${name}" for name in self.values],
        }
        return "\n".join(f"{kind}: {', '.join(names)}" for kind, names in kinds.items() if names)

    def show(self, sql: str) -> None:
        """Print the rows of one SELECT; ``PipelineError`` with DuckDB's words if it cannot be run."""
        import duckdb

        try:
            types = [statement.type for statement in duckdb.extract_statements(sql)]
            if types != [duckdb.StatementType.SELECT] or _first_word(sql) not in READS:
                raise PipelineError("One SELECT at a time (or DESCRIBE, SHOW, SUMMARIZE): nothing can be written here")
            self.study.check_whole(sql)
            unknown = sorted(parameters_in(sql) - self.values.keys())
            if unknown:
                raise PipelineError(
                    f"There is no definition '{unknown[0]}'. {did_you_mean(unknown[0], self.values)}"
                    + ("" if self.values else " Start with --stream for those of a study.")
                )
            values: dict[str, Any] = {name: self.values[name] for name in parameters_in(sql)}
            result = self.study.connection.sql(sql, params=values) if values else self.study.connection.sql(sql)
            result.show(max_rows=SHOWN, max_width=_width())
        except duckdb.Error as error:
            raise PipelineError(str(error)) from None


def console(config: Path, stream: str | None, statement: str | None) -> int:
    """Show what one statement gives, or those that are typed or piped in; return the exit status."""
    tables = Tables(config, stream)
    with private_job():
        tables_status = 0
        if statement is not None:
            tables.show(statement)
            return 0
        asked = sys.stdin.isatty()
        if asked:
            with suppress(ImportError):
                import readline  # noqa: F401 - arrows and earlier lines; none is kept
            print(f"{STAYS}\n{tables.described()}\n.help says how; .quit ends.")
        for sql in _typed(asked):
            if sql.startswith("."):
                print({".tables": tables.described()}.get(sql, HELP))
                continue
            try:
                tables.show(sql)
            except PipelineError as error:
                print(error, file=sys.stderr)
                tables_status = 1
                if not asked:
                    break
    return 0 if asked else tables_status


def _typed(asked: bool) -> Iterator[str]:
    """Yield statements without their ``;``, and commands that begin with a dot, until the end or ``.quit``."""
    written = ""
    while True:
        try:
            line = input(("sql> " if not written else "...> ") if asked else "")
        except KeyboardInterrupt:
            print()
            written = ""
            continue
        except EOFError:
            break
        if not written and line.strip().startswith("."):
            if line.strip() in (".quit", ".exit", ".q"):
                return
            yield line.strip()
            continue
        written += f"{line}\n" if written or line.strip() else ""
        if line.rstrip().endswith(";"):
            yield written.strip().rstrip(";")
            written = ""
    if written.strip():
        yield written.strip()


def _first_word(sql: str) -> str:
    bare = re.sub(r"^(?:\s|--[^\n]*\n|/\*.*?\*/)*", "", sql, flags=re.DOTALL)
    return "(" if bare.startswith("(") else re.split(r"\W", bare, maxsplit=1)[0].lower()


def _width() -> int:
    import shutil

    return shutil.get_terminal_size((120, 40)).columns
