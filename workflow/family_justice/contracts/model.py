"""What a contract is, and how one is read from YAML."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, model_validator

HERE = Path(__file__).resolve().parent

ColumnType = Literal["string", "integer", "number", "date", "timestamp"]

#: How a column must be treated. Only ``ordinary`` and ``special`` columns may be tabulated;
#: the others never leave the restricted room in any form.
Sensitivity = Literal["ordinary", "special", "identifier", "date_of_birth", "small_area"]

DUCKDB_TYPES: dict[str, str] = {
    "string": "VARCHAR",
    "integer": "BIGINT",
    "number": "DOUBLE",
    "date": "DATE",
    "timestamp": "TIMESTAMP",
}


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Column(_Strict):
    """One column: its type, meaning, permitted codes and how sensitive it is."""

    type: ColumnType
    description: str
    required: bool = Field(default=False, description="true if the column may not be empty")
    key: bool = Field(default=False, description="true if the column is (part of) the primary key")
    references: str | None = Field(default=None, description="TABLE.COLUMN whose values this one takes")
    codes: dict[str, str] | None = Field(default=None, description="permitted codes and their meaning")
    open_codes: bool = Field(default=False, description="true if other codes may occur: they are counted, not refused")
    sensitivity: Sensitivity = "ordinary"
    assumed: bool = Field(default=False, description="true if the name was not seen in a public source")


class Table(_Strict):
    """One table: what a row is, where the declaration comes from, and its columns."""

    name: str
    description: str
    row: str = Field(description="what one row is")
    source: str = Field(description="public source of the declaration, or 'assumption'")
    columns: dict[str, Column]

    @property
    def key(self) -> list[str]:
        """Names of the columns of the primary key; empty if the source declares none."""
        return [name for name, column in self.columns.items() if column.key]


class Contract(_Strict):
    """The tables of one source system."""

    system: str
    description: str
    tables: dict[str, Table]

    @model_validator(mode="before")
    @classmethod
    def _name_the_tables(cls, data: object) -> object:
        """The key of a table is its name; it is not written twice."""
        if isinstance(data, dict) and isinstance(data.get("tables"), dict):
            named = {name: {"name": name, **body} for name, body in data["tables"].items()}
            return {**data, "tables": named}
        return data


def load_contract(path: str | Path) -> Contract:
    """Read one contract file."""
    with open(path, encoding="utf-8") as stream:
        return Contract.model_validate(yaml.load(stream, Loader=yaml.CSafeLoader))


@cache
def source_tables() -> dict[str, Table]:
    """Return all source tables by name, in the order of the contract files."""
    return {
        name: table
        for stem in ("cafcass_england_cms", "cafcass_england_ecms", "cafcass_cymru", "linked")
        for name, table in load_contract(HERE / f"{stem}.yaml").tables.items()
    }


@cache
def research_ready_tables() -> dict[str, Table]:
    """Return the research-ready tables by name."""
    return load_contract(HERE / "research_ready.yaml").tables
