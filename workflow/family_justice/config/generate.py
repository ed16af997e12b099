"""Write what is derived from the typed models and contracts: JSON schemas and reference pages.

``python -m family_justice.config.generate`` mends ``workflow/schemas`` and ``docs``; with ``--check`` it only says
which files differ.
"""

from __future__ import annotations

import json
import sys
import typing
from pathlib import Path
from typing import Any

from pydantic import BaseModel, TypeAdapter

from family_justice.config import schema as models
from family_justice.config.base import Name
from family_justice.config.catalogue import Catalogue
from family_justice.config.meanings import meaning_of
from family_justice.config.sources import Source
from family_justice.contracts import Table, contracts, data_set_tables, research_ready_tables, source_tables
from family_justice.files import write_text

COMMAND = "PYTHONPATH=workflow python -m family_justice.config.generate"

SCHEMAS: dict[str, Any] = {
    "config": models.Settings,
    "policy": models.Policy,
    "source": Source,
    "stream": models.Stream,
    "covariates": dict[Name, models.Covariate],
    "catalogue": Catalogue,
}


def generated_files() -> dict[str, str]:
    """Return path -> text of every generated file, paths relative to the top of the repository."""
    schemas = {
        f"workflow/schemas/{name}.schema.json": json.dumps(json_schema(model), indent=2) + "\n"
        for name, model in SCHEMAS.items()
    }
    return {**schemas, "docs/config.md": config_reference(), "docs/tables.md": table_reference()}


def json_schema(model: Any) -> dict[str, Any]:
    """Return the JSON schema of a model, with the meaning of every key."""
    schema = TypeAdapter(model).json_schema()
    by_name = {found.__name__: found for found in _models()}
    for name, part in [(schema.get("title", ""), schema), *schema.get("$defs", {}).items()]:
        for key, about in part.get("properties", {}).items() if name in by_name else ():
            field = next(n for n, f in by_name[name].model_fields.items() if key in (n, f.alias))
            about.setdefault("description", meaning_of(by_name[name], field))
    return schema


def config_reference() -> str:
    """Return the reference of all configuration keys as Markdown."""
    lines = ["# Configuration reference", "", f"Generated from the typed models by `{COMMAND}`; do not edit.", ""]
    for model in _models():
        lines += [f"## {model.__name__}", "", " ".join((model.__doc__ or "").split()), ""]
        lines += ["| key | type | default | meaning |", "|---|---|---|---|"]
        for name, field in model.model_fields.items():
            default = "required" if field.is_required() else _shown(field.get_default(call_default_factory=True))
            lines.append(f"| `{name}` | {_type(field.annotation)} | {default} | {meaning_of(model, name)} |")
        lines.append("")
    return "\n".join(lines)


def table_reference() -> str:
    """Return the columns of the research-ready and the source tables as Markdown."""
    lines = ["# Tables", "", f"Generated from the contracts by `{COMMAND}`; do not edit.", ""]
    lines += ["Names marked * were not seen in a public source and are assumptions.", ""]
    parts = (
        ("Research-ready tables", research_ready_tables()),
        ("Data sets", data_set_tables()),
        ("Source tables", source_tables()),
    )
    for title, tables in parts:
        lines += [f"## {title}", ""]
        for table in tables.values():
            lines += _table(table)
    lines += ["## Named in public code and not read", "", "| table or column | what is known of it |", "|---|---|"]
    not_read = [named for contract in contracts().values() for named in contract.not_read.items()]
    lines += [f"| `{name}` | {known} |" for name, known in not_read]
    return "\n".join([*lines, ""])


def _table(table: Table) -> list[str]:
    lines = [f"### {table.name}", "", f"{table.description} A row is {table.row}. Source: {table.source}.", ""]
    lines += ["| column | type | key | sensitivity | meaning |", "|---|---|---|---|---|"]
    for name, column in table.columns.items():
        codes = "; ".join(code if code == label else f"{code} {label}" for code, label in (column.codes or {}).items())
        meaning = column.description + (f" Codes: {codes}." if codes else "")
        key = "key" if column.key else (f"→ {column.references}" if column.references else "")
        star = "*" if column.assumed else ""
        lines.append(f"| `{name}`{star} | {column.type} | {key} | {column.sensitivity.replace('_', ' ')} | {meaning} |")
    return [*lines, ""]


def _models() -> list[type[BaseModel]]:
    """Return the models of everything that may stand in a file of the configuration, in the order of first mention."""
    found: dict[type[BaseModel], None] = {}
    for schema in SCHEMAS.values():
        _walk(schema, found)
    return list(found)


def _walk(annotation: Any, found: dict[type[BaseModel], None]) -> None:
    if isinstance(annotation, type) and issubclass(annotation, BaseModel) and annotation not in found:
        found[annotation] = None
        for field in annotation.model_fields.values():
            _walk(field.annotation, found)
    for part in typing.get_args(annotation):
        _walk(part, found)


def _type(annotation: Any) -> str:
    origin, parts = typing.get_origin(annotation), typing.get_args(annotation)
    if origin is typing.Annotated:
        return "name" if annotation == Name else _type(parts[0])
    if origin is typing.Literal:
        return " or ".join(f"`{part}`" for part in parts)
    if origin is list:
        return f"list of {_type(parts[0])}"
    if origin is dict:
        return f"mapping of {_type(parts[0])} to {_type(parts[1])}"
    if parts:
        return " or ".join(_type(part) for part in parts if part is not type(None))
    if isinstance(annotation, type) and issubclass(annotation, BaseModel):
        return f"[{annotation.__name__}](#{annotation.__name__.lower()})"
    return {"str": "text", "int": "whole number", "float": "number", "bool": "true or false"}.get(
        annotation.__name__, annotation.__name__
    )


def _shown(value: Any) -> str:
    if isinstance(value, BaseModel):
        return "see there"
    shown = f"`{value}`"
    return "none" if value in (None, [], {}) else shown.lower() if isinstance(value, bool) else shown


def main(arguments: list[str]) -> int:
    """Write the files, or with ``--check`` list those that differ; return the exit status."""
    stale = [
        path for path, text in generated_files().items()
        if not Path(path).is_file() or Path(path).read_text(encoding="utf-8") != text
    ]  # fmt: skip
    if "--check" in arguments:
        for path in stale:
            print(f"{path} is out of date; run: {COMMAND}")
        return 1 if stale else 0
    for path in stale:
        write_text(path, generated_files()[path])
        print(f"wrote {path}")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
