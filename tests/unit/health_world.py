"""A small world for the tests of health records: residents of known groups, their records, and the SQL on them."""

from __future__ import annotations

from datetime import date
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import duckdb
import numpy as np
import pyarrow as pa

from family_justice.contracts import research_ready_tables
from family_justice.contracts.model import load_contract
from family_justice.harmonise.health_codes import load_health_codes
from family_justice.harmonise.research_ready import SQL
from family_justice.sources.synthetic.clock import NULL, Ints, Streams, monday, to_day
from family_justice.sources.synthetic.health.before_court import nobody
from family_justice.sources.synthetic.health.records import health_tables
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.people.residents import Residents
from family_justice.sources.synthetic.systems.records import Defects
from family_justice.sources.synthetic.tables import Columns, Words, build_table, to_arrow

ROOT = Path(__file__).resolve().parents[2]
CONTRACT = ROOT / "workflow/family_justice/contracts/wales_health.yaml"
PARAMETERS = load_parameters(ROOT / "config/population")
END = to_day(PARAMETERS.calendar.wales_end.value)
FIRST_ISSUE, LAST_ISSUE = to_day(date(2012, 1, 1)), to_day(date(2020, 12, 31))
#: Groups of residents: 57.4% of the adults are women, as in Johnson et al. 2022.
GROUPS = (
    "parents", "private_adults", "adults", "public_children", "private_children", "children",
    "pregnant_parents", "pregnant_adults", "infants",
)  # fmt: skip


def make_residents(numbers: dict[str, int], seed: int) -> tuple[Residents, Ints]:
    """Return residents who live in Wales throughout, and the place of the group of each in GROUPS."""
    random = np.random.default_rng(seed)
    counts = {**numbers, "infants": numbers.get("pregnant_parents", 0) + numbers.get("pregnant_adults", 0)}
    group = np.repeat(np.arange(len(GROUPS)), [counts.get(name, 0) for name in GROUPS])
    size = len(group)
    issue = random.integers(FIRST_ISSUE, LAST_ISSUE, size)
    expecting = np.isin(group, [GROUPS.index("pregnant_parents"), GROUPS.index("pregnant_adults")])
    infant = group == GROUPS.index("infants")
    adult = (group < 3) | expecting
    birth = np.where(adult, random.integers(to_day(date(1975, 1, 1)), to_day(date(1990, 1, 1)), size), 0)
    # Children are 10 to 17 for long within the records; all are born before them.
    birth = monday(np.where(adult, birth, random.integers(to_day(date(1996, 1, 1)), to_day(date(2006, 1, 1)), size)))
    birth = np.where(infant, monday(random.integers(FIRST_ISSUE, LAST_ISSUE, size)), birth)
    mother = np.full(size, -1)
    mother[infant] = np.flatnonzero(expecting)
    # Proceedings about an infant are issued at its birth.
    issue[mother[infant]] = birth[infant]
    dead = random.random(size) < 0.02
    death = np.where(dead, random.integers(to_day(date(2015, 1, 1)), END, size), NULL)

    def only(*names: str) -> Ints:
        return np.where(np.isin(group, [GROUPS.index(name) for name in names]), issue, NULL)

    none = np.full(size, -1)
    residents = Residents(
        alf=9_000_000_001 + random.permutation(size), human=none, week_of_birth=birth,
        sex=np.where(expecting, 1, random.random(size) < np.where(adult, 0.574, 0.5)).astype(np.int64),
        ethnicity=none, quintile=none, lsoa=none, area=random.integers(0, 22, size), death=death, mother=mother,
        household=np.arange(size), since=np.maximum(birth, to_day(date(2000, 1, 1))),
        until=np.where(dead, death, END),
        parent_issue=only("parents", "pregnant_parents"), child_away=np.arange(size) % 2,
        child_issue=only("public_children"),
        private_adult=only("private_adults"), private_child=only("private_children"),
    )  # fmt: skip
    return residents, group


def register_of(residents: Residents, seed: int) -> Columns:
    """Return one registration of each resident with one of a hundred practices, as the register has it."""
    practice = np.random.default_rng(seed).integers(0, 100, len(residents))
    return {
        "ALF_E": residents.alf,
        "PRAC_CD_E": 7_000 + practice,
        "ACTIVEFROM": residents.since,
        "ACTIVETO": np.where(residents.death == NULL, NULL, residents.until),
    }


class World:
    """Residents, their health records and what harmonisation makes of them."""

    def __init__(self, numbers: dict[str, int], seed: int) -> None:
        self.residents, self.group = make_residents(numbers, seed)
        self.defects = Defects()
        families = SimpleNamespace(before=nobody())
        records: Any = SimpleNamespace(
            parameters=PARAMETERS, streams=Streams(seed), defects=self.defects, families=families
        )
        contract = load_contract(CONTRACT).tables
        given = health_tables(records, self.residents, register_of(self.residents, seed))
        self.tables = {name: build_table(contract[name], columns) for name, columns in given}
        self.sql = duckdb.connect(config={"threads": 1})
        for name, table in self.tables.items():
            self.sql.register(name, table)
        self._people()
        harmonise_health(self.sql)

    def _people(self) -> None:
        r = self.residents
        days = {
            name: to_arrow(getattr(r, name), "date")
            for name in ("week_of_birth", "death", "parent_issue", "private_adult", "child_issue", "private_child")
        }
        words = to_arrow(Words(self.group, GROUPS), "string")
        identifier = pa.array([f"R{number}" for number in r.alf])
        people = pa.table(
            {
                "linkage_field": r.alf,
                "resident_id": identifier,
                "mother": r.mother,
                "grp": words,
                "is_female": r.sex == 1,
                **days,
            }
        )
        self.sql.register("people", people)
        self.sql.execute("CREATE TABLE resident_fields AS SELECT linkage_field FROM people")
        self.sql.execute(
            "CREATE TABLE ready_resident AS SELECT resident_id, week_of_birth, death AS death_date FROM people"
        )

    def one(self, query: str) -> Any:
        """Return the only value of a query."""
        row = self.sql.execute(query).fetchone()
        assert row is not None
        return row[0]

    def counted(self, rule: str, system: str) -> tuple[int, int]:
        """Return rows before a rule and rows that it touches."""
        row = self.sql.execute(
            "SELECT rows_before, rows_affected FROM counted WHERE rule = ? AND system = ?", [rule, system]
        ).fetchone()
        assert row is not None
        return row

    def labels(self, defect: str, table: str) -> int:
        """Return how many rows of a table carry a label."""
        parts = [p for p in self.defects.parts if len(p) and p["defect"][0].as_py() == defect]
        return sum(len(p) for p in parts if p["table"][0].as_py() == table)


def harmonise_health(connection: duckdb.DuckDBPyConnection, end_of_data: str = "2021-08-31") -> None:
    """Run the health steps of harmonisation; the tables of residents are there already."""
    connection.execute(SQL["layout"].read_text())
    load_health_codes(connection, ROOT / "config/codelists", research_ready_tables()["health_event"])
    connection.execute(f"SET VARIABLE end_of_data_wales = DATE '{end_of_data}'")
    connection.execute("SET VARIABLE health_placeholder_date = DATE '1900-12-31'")
    for step in ("stage_health", "health_event"):
        connection.execute(SQL[step].read_text())
