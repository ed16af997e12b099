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

#: Contract files of source systems, one each. All tables of a system may be absent: the source does not hold it.
SOURCE_SYSTEMS = (
    "cafcass_england_cms",
    "cafcass_england_ecms",
    "cafcass_cymru",
    "linked",
    "wales_residents",
    "wales_health",
    "wales_children",
    "areas",
)

#: Which days a date of the records can be. ``court``: from the day on which the service began to the end of the data;
#: ``life``: from the earliest birth to the end of the data; ``typed``: a week of birth as typed, whose century a rule
#: repairs, so that only placeholders are none; ``open``: any, as a rule of harmonisation looks at it.
Window = Literal["court", "life", "typed", "open"]

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


class SourceColumn(Column):
    """A column of a contract: what harmonisation must know besides."""

    window: Window | None = Field(default=None, description="of a date of source tables: which days it can be")
    max_empty: float | None = Field(
        default=None,
        ge=0,
        le=1,
        description="share of rows beyond which empty cells stop harmonisation; by default those of a whole column",
    )
    optional: bool = Field(
        default=False, description="true if an extract may lack the column: it is left empty, and counted as such"
    )
    most: float | None = Field(default=None, description="largest number that can be, in the unit of the contract")
    least: float = Field(default=0, description="least number that can be; it counts if there is a largest")


class Table(_Strict):
    """One table: what a row is, where the declaration comes from, and its columns."""

    name: str
    description: str
    row: str = Field(description="what one row is")
    source: str = Field(description="public source of the declaration, or 'assumption'")
    optional: bool = Field(default=False, description="true if a source may lack the table (special access)")
    columns: dict[str, SourceColumn]

    @property
    def key(self) -> list[str]:
        """Names of the columns of the primary key; empty if the source declares none."""
        return [name for name, column in self.columns.items() if column.key]


class Contract(_Strict):
    """The tables of one source system."""

    system: str
    description: str
    tables: dict[str, Table]
    not_read: dict[str, str] = Field(
        default_factory=dict,
        description="tables and columns (TABLE.COLUMN) of the system that public code names and that are not read, "
        "with what is known of them",
    )

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
        name: table for stem in SOURCE_SYSTEMS for name, table in load_contract(HERE / f"{stem}.yaml").tables.items()
    }


@cache
def research_ready_tables() -> dict[str, Table]:
    """Return the research-ready tables by name."""
    return load_contract(HERE / "research_ready.yaml").tables


@cache
def data_set_tables() -> dict[str, Table]:
    """Return the data sets that are made from the research-ready tables, by name."""
    return load_contract(HERE / "datasets.yaml").tables


@cache
def contracts() -> dict[str, Contract]:
    """Return all contracts by the name of their file: those of the sources in the order of their tables, and last what
    the pipeline makes of them."""
    place = {name: number for number, name in enumerate(source_tables())}
    found = {path.stem: load_contract(path) for path in HERE.glob("*.yaml")}
    first = {stem: place.get(next(iter(contract.tables)), len(place)) for stem, contract in found.items()}
    return {stem: found[stem] for stem in sorted(found, key=lambda s: (first[s], s != "research_ready", s))}
