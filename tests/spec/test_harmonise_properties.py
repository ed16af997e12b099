"""What must hold whatever the records are."""

from __future__ import annotations

import csv
import random
import tempfile
from pathlib import Path

from hypothesis import given, settings
from hypothesis import strategies as st
from toy import CMS_CASE, CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, LOOKUPS, Harmonised, harmonised_records, parse

from family_justice.contracts import research_ready_tables
from family_justice.contracts.check import check_tables
from family_justice.files import connect
from family_justice.harmonise import research_ready, source_tables

Records = dict[str, list[dict[str, str]]]

WORLD = "\n\n".join(
    (
        LOOKUPS,
        ECMS_CASE,
        ECMS_PEOPLE,
        CMS_CASE,
        CYMRU_CASE,
        """
    CAFE_CMS_TBLLEGALOUTPUT
    LEGALOUTPUTID_PE | CASEREF_PE | LEGALOUTPUTTYPEREF | ISFINAL | LEGALORDERHEARINGDATE
    1 | 20 | 1 | 1 | 2012-07-02
    2 | 20 | 9 | 0 | 2012-07-02
    3 | 20 | 9 | 1 | 2012-07-02
    4 | 20 | 7 | 0 | -

    CAFE_ECMS_LEGALOUTPUTS
    ID_PE | CASE_ID_PE | APPLICATION_ID_PE | PERSON_ID_PE | LEGALOUTPUTTYPE_ID | DATEORDERED | ISFPR164
    1 | 10 | 100 | 1 | 1 | 2016-09-01 | false
    2 | 10 | 100 | 1 | 9 | 2016-05-01 | false
    3 | 10 | 100 | 2 | 9 | 2016-05-01 | false
    4 | 10 | 100 | 1 | 10 | 2016-05-02 | true

    CMS_TLKPCOURT
    COURTID | COURT
    5 | Toytown
    6 | Ambridge

    CAFE_CMS_TBLCASEHEARING
    CASEHEARINGID_PE | CASEREF_PE | HEARINGDATE | COURTREF
    1 | 20 | 2012-06-10 | 5
    2 | 20 | 2012-06-10 | 6

    CAFCASS_HEARING
    CAP_HEARINGID_E | CAP_CASEID_E | CAP_HEARINGDATETIME | CAP_COURTIDNAME
    5 | 30 | 2015-06-01 10:30:00 | Swansea

    CAFCASS_HEARINGOUTCOME
    CAP_HEARINGOUTCOMEID_E | CAP_HEARINGID_E | CAP_HEARINGOUTCOMETYPEIDNAME | CAP_HEARINGOUTCOMEFINALNAME | CAP_CASEID_E
    51 | 5 | Section 7 Report | No | 30

    CAFCASS_HEARINGOUTCOMEAPPLICATION
    CAP_HEARINGOUTCOMEID_E | CAP_APPLICATIONID_E
    51 | 301
    51 | 304
""",
    )
)


@st.composite
def people(draw: st.DrawFn) -> list[dict[str, str]]:
    """Records of the three people of the ECMS case, and others, that agree or disagree at random."""
    return draw(
        st.lists(
            st.fixed_dictionaries(
                {
                    "ID_PE": st.sampled_from("12345"),
                    "GENDER": st.sampled_from(["Male", "Female", "-"]),
                    "WEEKOFBIRTH": st.sampled_from(
                        ["1995-05-01", "1895-05-01", "1995-05-08", "7985-06-03", "2016-02-29", "-"]
                    ),
                    "ALF_PE": st.sampled_from(["901", "902", "-"]),
                    "LSOA2011_CD": st.sampled_from(["E01", "E02", "-"]),
                }
            ),
            min_size=1,
            max_size=8,
        )
    )


def made_of(records: Records, threads: int = 1) -> tuple[dict[str, bytes], list[dict[str, str]]]:
    """Return the bytes of each research-ready table and the quality table."""
    with tempfile.TemporaryDirectory() as folder:
        made = harmonised_records(Path(folder), records, threads=threads)
        return {path.name: path.read_bytes() for path in sorted(made.folder.iterdir())}, made.quality


@settings(max_examples=6, deadline=None)
@given(records=people(), seed=st.integers(0, 2**16))
def test_the_order_of_source_rows_changes_nothing(records: list[dict[str, str]], seed: int) -> None:
    world = parse(WORLD) | {"CAFE_ECMS_PEOPLE": records}
    shuffled = {name: random.Random(seed).sample(rows, len(rows)) for name, rows in world.items()}
    assert made_of(world) == made_of(shuffled, threads=2)


@settings(max_examples=6, deadline=None)
@given(records=people())
def test_duplicated_rows_of_people_change_only_the_count_of_duplicates(records: list[dict[str, str]]) -> None:
    world = parse(WORLD) | {"CAFE_ECMS_PEOPLE": records}
    once, _ = made_of(world)
    twice, quality = made_of(world | {"CAFE_ECMS_PEOPLE": records * 2})
    assert once == twice
    duplicates = [row for row in quality if row["rule"] == "full_duplicate_people" and row["system"] == "ECMS"]
    distinct = {tuple(sorted(row.items())) for row in records}
    assert int(duplicates[0]["rows_affected"]) == 2 * len(records) - len(distinct)


@settings(max_examples=10, deadline=None)
@given(records=people())
def test_tables_keep_their_contracts_and_counts_telescope(records: list[dict[str, str]]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        made = harmonised_records(Path(folder), parse(WORLD) | {"CAFE_ECMS_PEOPLE": records})
        tables = research_ready_tables()
        with connect({name: made.folder / f"{name}.parquet" for name in tables}) as connection:
            check_tables(connection, {name: name for name in tables}, tables, "ready")
            for name, table in tables.items():
                columns = [row[0] for row in connection.execute(f'DESCRIBE "{name}"').fetchall()]
                assert columns == list(table.columns)
        telescopes(made)


def telescopes(made: Harmonised) -> None:
    """Assert that what a rule leaves is what the next dropping rule of the table finds, and the last what is there."""
    for table in research_ready_tables():
        left: int | None = None
        for rule in dict.fromkeys(row["rule"] for row in made.quality if row["table"] == table):
            rows = [row for row in made.quality if row["rule"] == rule and row["table"] == table]
            if rows[0]["action"] not in ("read", "dropped", "joined", "attributed", "ready"):
                continue
            before, affected, after = (
                sum(int(row[column]) for row in rows) for column in ("rows_before", "rows_affected", "rows_after")
            )
            partial = rule.startswith("straddling_")  # England only
            if left is not None and not partial:
                assert before == left, rule
            left = left - affected if left is not None and partial else after
        with connect({table: made.folder / f"{table}.parquet"}) as connection:
            found = connection.execute(f'SELECT count(*) FROM "{table}"').fetchone()
        assert found == (left or 0,), table


def test_every_research_ready_table_is_counted_at_its_end() -> None:
    with open(research_ready.RULES, encoding="utf-8", newline="") as stream:
        counted = [row["table"] for row in csv.DictReader(stream) if row["action"] == "ready"]
    assert sorted(counted) == sorted(research_ready_tables())


def test_every_rule_is_counted_by_some_step() -> None:
    """rules.csv and the SQL name the same rules; the runner refuses a count that the list lacks."""
    with open(research_ready.RULES, encoding="utf-8", newline="") as stream:
        listed = [row["rule"] for row in csv.DictReader(stream)]
    sql = "".join(research_ready.SQL[step].read_text(encoding="utf-8") for step in research_ready.STEPS)
    repairs = Path(source_tables.__file__).read_text(encoding="utf-8")
    assert [rule for rule in listed if f"'{rule}'" not in sql and f'"{rule}"' not in repairs] == []
    assert len(listed) == len(set(listed))
    assert sorted(path.stem for path in (research_ready.HERE / "sql").rglob("*.sql")) == sorted(research_ready.STEPS)
