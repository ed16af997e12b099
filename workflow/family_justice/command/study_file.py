"""``init``: write a study file to start from, and for a file of one's own the source file that declares it.

What is written runs as it is. Of the file its columns and their types are read, and no value goes into the
configuration: levels of a covariate are for the researcher to write.
"""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

from pydantic import TypeAdapter, ValidationError

from family_justice.config.base import Name
from family_justice.config.load import TAKEN, Configuration
from family_justice.config.source_files import FILE_NAMES
from family_justice.errors import ConfigError, did_you_mean
from family_justice.files import connect, write_text
from family_justice.sql import identifier, literal

TEMPLATES = Path(__file__).with_name("templates")
#: Types of DuckDB, by the type that a contract has for them; all else is read as text.
TYPES = {"integer": ("TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "U"), "number": ("FLOAT", "DOUBLE", "DEC"),
         "date": ("DATE",), "timestamp": ("TIMESTAMP",)}  # fmt: skip


def write_study(
    config: Path, name: str, file: Path | None, time: str | None, event: str | None, until: float | None
) -> list[str]:
    """Write ``streams/<name>.yaml``, and for a file ``sources/<name>.yaml``; return what to do next, in lines.

    ``time``, ``event``, ``until``: columns of the file with a recorded duration and whether an event ended it, and the
    end of the survival curve. Raises ``ConfigError`` for a name that cannot be or is taken, and for a file that cannot
    be read.
    """
    stream, source = config / "streams" / f"{name}.yaml", config / "sources" / f"{name}.yaml"
    _check_name(name, [stream, *([source] if file else [])])
    configuration = Configuration(config)
    if file is None:
        if time or event or until:
            raise ConfigError("--time, --event and --until are columns of a file: name it with --file")
        write_text(stream, _filled("court_records.yaml", name=name))
        written = [stream]
    else:
        columns = columns_of(file)
        study = _of_file(name, columns, time, event, until)
        write_text(source, _source(name, file, columns, configuration.settings.policy))
        write_text(stream, study)
        written = [source, stream]
    streams = ", ".join([*configuration.settings.streams, name])
    return [
        *(f"written: {path}" for path in written),
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
    if name in TAKEN:
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


def _of_file(name: str, columns: dict[str, str], time: str | None, event: str | None, until: float | None) -> str:
    """Return a study of one's own file: how complete its columns are, and a survival curve if there is a duration."""
    given = {"--time": time, "--event": event, "--until": until}
    missing = [option for option, value in given.items() if not value]
    if 0 < len(missing) < len(given):
        raise ConfigError(f"a survival curve needs {', '.join(given)}; missing: {', '.join(missing)}")
    for option, column in (("--time", time), ("--event", event)):
        if column is not None and columns.get(column) not in ("integer", "number"):
            numbers = [c for c, kind in columns.items() if kind in ("integer", "number")]
            raise ConfigError(f"{option}: '{column}' is no column of numbers. {did_you_mean(column, numbers)}")
    key = next(n for n in ("row_number", "row_of_file", "number_of_row") if n not in {c.lower() for c in columns})
    names = _covariate_names(columns)
    covariates = "\n".join(
        f"  {covariate}: {{label: {_text(column)}, definition: Whether it is recorded., "
        f"value: {_text(f'''CASE WHEN {identifier(column)} IS NULL THEN 'missing' ELSE 'recorded' END''')}, "
        "levels: [recorded, missing], reference: recorded}"
        for column, covariate in names.items()
    )
    listed = ", ".join(names.values())
    outcome = curve = ""
    if time and event and until:
        filled = {"time": _text(time), "event": _text(event), "every": f"{until / 10:g}", "until": f"{until:g}"}
        outcome, curve = (_filled(f"own_{part}.yaml", **filled) for part in ("outcome", "curve"))
    return _filled(
        "own_file.yaml", name=name, key=key, covariates=covariates, listed=listed, outcome=outcome, curve=curve
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
