"""``init``: write a study file to start from, and for a file of one's own the source file that declares it.

What is written runs as it is. Of the file its columns and their types are read, and no value goes into the
configuration: levels of a covariate are for the researcher to write.
"""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from family_justice.config.base import Name
from family_justice.config.load import Configuration, is_taken
from family_justice.config.source_files import FILE_NAMES
from family_justice.errors import ConfigError, did_you_mean
from family_justice.files import connect, write_text
from family_justice.sql import identifier, literal

TEMPLATES = Path(__file__).with_name("templates")
#: Types of DuckDB, by the type that a contract has for them; all else is read as text.
TYPES = {"integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U"), "number": ("FLOAT", "DOUBLE", "DEC"),
         "date": ("DATE",), "timestamp": ("TIMESTAMP",)}  # fmt: skip


@dataclass(frozen=True)
class Duration:
    """Columns of a file with a recorded duration: its length, and what ended it as 0 or 1 (``event``) or as a code of
    several (``status``); when observation began, if later; and the end of the curve."""

    time: str | None = None
    event: str | None = None
    status: str | None = None
    entry: str | None = None
    until: float | None = None

    def check(self, columns: Mapping[str, str]) -> None:
        """Raise ``ConfigError`` for what is missing, or is no column of numbers."""
        if self.event and self.status:
            raise ConfigError(
                "write --event (0 and 1) or --status (0, 1 and 2), not both: each says what ended a duration"
            )
        ended = "--status" if self.status else "--event"
        needed = {"--time": self.time, ended: self.status or self.event, "--until": self.until}
        missing = [option for option, value in needed.items() if not value]
        if missing and (len(missing) < len(needed) or self.entry):
            raise ConfigError(f"a curve needs {', '.join(needed)}; missing: {', '.join(missing)}")
        if self.until is not None and not 0 < self.until < float("inf"):
            raise ConfigError(f"--until: {self.until:g} is no length of time; write the last time of the curve")
        for option, column in {"--time": self.time, ended: self.status or self.event, "--entry": self.entry}.items():
            if column is not None and columns.get(column) not in ("integer", "number"):
                numbers = [c for c, kind in columns.items() if kind in ("integer", "number")]
                words = " Codes that are words are told in the study itself: docs/own_data.md" if (
                    option == "--status" and column in columns
                ) else ""  # fmt: skip
                raise ConfigError(
                    f"{option}: '{column}' is no column of numbers. {did_you_mean(column, numbers)}{words}"
                )

    def outcome(self) -> str:
        """Return the outcome of the study, in YAML; nothing without a duration."""
        if not self.time:
            return ""
        ending = (
            f"        status: # how the duration ended; no other codes may occur. Codes that are words: in quotes\n"
            f"          column: {_text(self.status)}\n"
            "          event: 1\n"
            "          competing: {2: Competing event} # makes the event impossible; {} if nothing does\n"
            "          censored: 0 # observation ended"
            if self.status
            else f"        indicator: {_text(str(self.event))} # 1: the event ended the duration; 0: observation did"
        )
        entry = f"        entry: {_text(self.entry)} # observed from this time on\n" if self.entry else ""
        # The summary of follow-up is of people who are observed from the start.
        follow_up = "" if self.entry else "    follow_up: event\n"
        return _filled("own_outcome.yaml", time=_text(self.time), ending=ending, entry=entry, follow_up=follow_up)

    def curve(self) -> str:
        """Return the analysis of the duration, in YAML; nothing without one."""
        if not self.until:
            return ""
        template = "own_incidence.yaml" if self.status else "own_curve.yaml"
        return _filled(template, every=f"{self.until / 10:g}", until=f"{self.until:g}")


NO_DURATION = Duration()
#: Names of columns, in small letters, that hold durations and what ended them in most files of survival data.
TIMES = re.compile(r"(surv|fu|follow_?up|f|t)?_?(time|stop|days|weeks|months|years|durat|duration)(_.*)?")
ENDINGS = re.compile(r"[fv]?(status|stat|cause|event|indicator|death|died|dead|relapse)(_.*)?")


def write_study(config: Path, name: str, file: Path | None, duration: Duration = NO_DURATION) -> list[str]:
    """Write ``streams/<name>.yaml``, and for a file ``sources/<name>.yaml``; return what to do next, in lines.

    Raises ``ConfigError`` for a name that cannot be or is taken, and for a file that cannot
    be read.
    """
    stream, source = config / "streams" / f"{name}.yaml", config / "sources" / f"{name}.yaml"
    _check_name(name, [stream, *([source] if file else [])])
    configuration = Configuration(config)
    if file is None:
        if duration != NO_DURATION:
            raise ConfigError("--time, --event, --status, --entry and --until are of a file: name it with --file")
        write_text(stream, _filled("court_records.yaml", name=name))
        written, said = [stream], list[str]()
    else:
        columns = columns_of(file)
        study = _of_file(name, columns, duration)
        said = [] if duration.time else _offer(columns)
        write_text(source, _source(name, file, columns, configuration.settings.policy))
        write_text(stream, study)
        written = [source, stream]
    streams = ", ".join([*configuration.settings.streams, name])
    return [
        *(f"written: {path}" for path in written),
        *said,
        "Next:",
        f"  ./family-justice check {name}",
        f"  add it to {config / 'config.yaml'}:  streams: [{streams}]",
        f"  ./family-justice run {name}",
    ]


def _check_name(name: str, files: list[Path]) -> None:
    try:
        TypeAdapter(Name).validate_python(name)
    except ValidationError:
        raise ConfigError(f"'{name}': a study is called by small letters, digits and _, a letter first") from None
    if is_taken(name):
        raise ConfigError(f"'{name}' is a word of the pipeline itself; give the study another name")
    for path in files:
        if path.exists():
            raise ConfigError(f"{path} is there already, and stays as it is; give the study another name")


def columns_of(file: Path) -> dict[str, str]:
    """Return the columns of a CSV or Parquet file with their types as a contract names them."""
    import duckdb

    if not str(file).lower().endswith(FILE_NAMES):
        raise ConfigError(f"{file}: write a CSV or Parquet file, which ends in {', '.join(FILE_NAMES)}")
    if not file.is_file():
        raise ConfigError(f"{file}: there is no such file")
    reads = "read_parquet({})" if file.suffix in (".parquet", ".pq") else (
        "read_csv({}, header = true, delim = ',', nullstr = ['', 'NA'], sample_size = -1)"
    )  # fmt: skip
    try:
        described = connect().execute(f"DESCRIBE SELECT * FROM {reads.format(literal(file))}").fetchall()
    except duckdb.Error as error:
        raise ConfigError(
            f"{file}: it cannot be read as a table ({type(error).__name__}). A CSV file has a header and commas; in R: "
            'write.csv(data, "data.csv", row.names = FALSE, na = "")'
        ) from None
    if len(described) == 1:
        raise ConfigError(f"{file}: it has one column only. Is it separated by commas?")
    # What is written here goes into the configuration, and must not be the first record of a file without a header.
    strange = sum(re.fullmatch(r"[^\W\d][^\"\n]*", str(name)) is None for name, *_ in described)
    if strange:
        raise ConfigError(
            f"{file}: the first line is no header: {strange} of {len(described)} names do not begin with a letter, or "
            "have quotes in them. Write a line with the names of the columns"
        )
    return {str(name): _type(str(kind)) for name, kind, *_ in described}


def _type(kind: str) -> str:
    return next((ours for ours, theirs in TYPES.items() if kind.startswith(theirs)), "string")


def _source(name: str, file: Path, columns: dict[str, str], policy: str) -> str:
    lines = "\n".join(
        f"      {_text(column)}: {{type: {kind}, description: What it means.}}" for column, kind in columns.items()
    )
    return _filled("own_source.yaml", name=name, path=_text(file.as_posix()), columns=lines, policy=policy)


def _offer(columns: Mapping[str, str]) -> list[str]:
    """Return what to type for curves, if the names of columns of numbers look like a duration and its end."""
    numbers = [name for name, kind in columns.items() if kind in ("integer", "number")]
    times = [name for name in numbers if TIMES.fullmatch(name.lower())]
    endings = [name for name in numbers if ENDINGS.fullmatch(name.lower()) and name not in times]
    if not times or not endings:
        return []
    return [
        f"'{times[0]}' looks like a duration and '{endings[0]}' like what ended it. For curves and models of it, "
        "remove what was written and add:",
        f"  --time {shlex.quote(times[0])} --event {shlex.quote(endings[0])} --until NUMBER    if it is 0 or 1",
        f"  --time {shlex.quote(times[0])} --status {shlex.quote(endings[0])} --until NUMBER   if 2 competes with 1",
        "All ways in which a file may tell of durations: docs/own_data.md",
    ]


def _of_file(name: str, columns: dict[str, str], duration: Duration) -> str:
    """Return a study of one's own file: how complete its columns are, and a curve if there is a duration."""
    duration.check(columns)
    key = next(n for n in ("row_number", "row_of_file", "number_of_row") if n not in {c.lower() for c in columns})
    names = _covariate_names(columns)
    covariates = "\n".join(
        f"  {covariate}: {{label: {_text(column)}, definition: Whether it is recorded., "
        f"value: {_text(f'''CASE WHEN {identifier(column)} IS NULL THEN 'missing' ELSE 'recorded' END''')}, "
        "levels: [recorded, missing], reference: recorded}"
        for column, covariate in names.items()
    )
    listed = ", ".join(names.values())
    return _filled(
        "own_file.yaml",
        name=name,
        key=key,
        covariates=covariates,
        listed=listed,
        outcome=duration.outcome(),
        curve=duration.curve(),
    )


def _covariate_names(columns: dict[str, str]) -> dict[str, str]:
    """Return a name for the covariate of each column, as a covariate may be called, no two the same."""
    names: dict[str, str] = {}
    for number, column in enumerate(columns, start=1):
        plain = re.sub(r"[^a-z0-9]+", "_", column.lower()).strip("_")[:40] or f"column_{number}"
        plain = f"has_{plain}"
        names[column] = plain if plain not in names.values() else f"{plain}_{number}"
    return names


def _text(value: str) -> str:
    """Return text as YAML reads it back, whatever is in it."""
    return json.dumps(value, ensure_ascii=False)


def _filled(template: str, **words: Any) -> str:
    """Return a template with its ``<<words>>`` filled in; SQL has ``$`` and braces of its own."""
    text = (TEMPLATES / template).read_text(encoding="utf-8")
    for word, value in words.items():
        text = text.replace(f"<<{word}>>", str(value))
    return text
