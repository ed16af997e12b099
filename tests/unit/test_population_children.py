"""Births, schools and children's social care of the synthetic population: contract, consistency, published shares."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pyarrow as pa
import pytest

from family_justice.contracts import load_contract, source_tables
from family_justice.contracts.check import find_problems
from family_justice.sources.synthetic.children.care import FAR, _apart, court_periods, periods
from family_justice.sources.synthetic.children.census import AUTHORITIES
from family_justice.sources.synthetic.children.episodes import STATUSES
from family_justice.sources.synthetic.children.looked_after import draw_looked_after
from family_justice.sources.synthetic.children.parameters import NEEDS, PLACEMENTS
from family_justice.sources.synthetic.children.sources import children_tables
from family_justice.sources.synthetic.clock import NULL
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.people.residents import draw_residents
from family_justice.sources.synthetic.population import draw_records
from family_justice.sources.synthetic.public_law.court import CARE_ORDER, INTERIM_CARE, PLACED
from family_justice.sources.synthetic.tables import build_table, to_arrow

ROOT = Path(__file__).resolve().parents[2]
PARAMETERS = ROOT / "config/population"
CONTRACT = load_contract(ROOT / "workflow/family_justice/contracts/wales_children.yaml")
SCALE, SEED = 0.12, 5


@pytest.fixture(scope="module")
def records():
    return draw_records(load_parameters(PARAMETERS), SCALE, SEED)


@pytest.fixture(scope="module")
def residents(records):
    return draw_residents(records, records.streams)


@pytest.fixture(scope="module")
def db(records, residents):
    connection = duckdb.connect(config={"threads": 1})
    for name, columns in children_tables(records, residents).items():
        connection.register(f"arrow_{name}", build_table(CONTRACT.tables[name], columns))
        connection.execute(f"CREATE TABLE {name} AS SELECT * FROM arrow_{name}")
    connection.register("defects", records.defects.table())
    issue, alf = (to_arrow(values, kind) for values, kind in ((residents.child_issue, "date"), (residents.alf, "")))
    connection.register("resident", pa.table({"alf": alf, "child_issue": issue,
                        "week_of_birth": to_arrow(residents.week_of_birth, "date")}))  # fmt: skip
    connection.execute(
        "CREATE VIEW latest AS SELECT * FROM LACW_EPISODE_MAIN QUALIFY row_number() OVER "
        "(PARTITION BY SYSTEM_ID_E, EPISODE_START_DATE ORDER BY YEAR_CODE DESC) = 1"
    )
    connection.execute(
        "CREATE TABLE entry AS SELECT latest.*, link.WOB, link.ALF_STS_CD, EPISODE_START_DATE - link.WOB AS age, "
        "year(EPISODE_START_DATE - INTERVAL 3 MONTH) AS year FROM latest "
        "JOIN (SELECT DISTINCT * FROM LACW_PUPIL_ALF) AS link USING (SYSTEM_ID_E) "
        "WHERE REASON_EPISODE_STARTED_CODE = 'S' AND EPISODE_START_DATE >= DATE '2003-04-01' "
        "QUALIFY row_number() OVER (PARTITION BY SYSTEM_ID_E ORDER BY EPISODE_START_DATE) = 1"
    )
    return connection


def one(db, query):
    return db.execute(query).fetchone()[0]


def near(db, query, published, tolerance):
    """Assert that a share or number lies within a stated distance of the published one."""
    found = float(one(db, query))
    assert abs(found - published) <= tolerance, f"found {found:.4g}, published {published:g}"


@pytest.mark.parametrize("name", CONTRACT.tables)
def test_tables_satisfy_their_contract(db, name):
    assert name in source_tables()
    problems = [f.message for f in find_problems(db, name, CONTRACT.tables[name]) if f.is_error]
    assert problems == []
    assert one(db, f"SELECT count(*) FROM {name}") > 0


@pytest.mark.parametrize(
    ("query", "published", "tolerance"),
    [
        # Born into Care VII; about 690 infants at this scale, so four standard errors of a share are about 0.08.
        ("SELECT avg((age < 14)::INT) FROM entry WHERE age < 365", 0.38, 0.08),
        ("SELECT count(*) / 0.12 FROM entry WHERE age < 365 AND year = 2003", 230, 100),
        ("SELECT count(*) / 0.12 FROM entry WHERE age < 365 AND year = 2020", 353, 200),
        ("SELECT avg((CATEGORY_OF_NEED_CODE = 'N1')::INT) FROM entry WHERE age < 365 AND LEGAL_STATUS_CODE = 'V2'",
         0.57, 0.1),
        ("SELECT avg((main.ETHNICITY LIKE 'A%')::INT) FROM entry JOIN LACW_CHILD_MAIN AS main USING (SYSTEM_ID_E) "
         "WHERE age < 365", 0.88, 0.07),
        # 37% of looked-after children have a linkage field.
        ("SELECT avg((ALF_STS_CD <> '99')::INT) FROM LACW_PUPIL_ALF", 0.37, 0.05),
        # Welsh Government: children looked after on 31 March 2004 (4,321) and 2021 (7,263), starts of 2018/19 (2,125).
        ("SELECT count(DISTINCT SYSTEM_ID_E) / 0.12 FROM LACW_EPISODE_MAIN "
         "WHERE YEAR_CODE = 200304 AND EPISODE_END_DATE IS NULL", 4321, 700),
        ("SELECT count(DISTINCT SYSTEM_ID_E) / 0.12 FROM LACW_EPISODE_MAIN "
         "WHERE YEAR_CODE = 202021 AND EPISODE_END_DATE IS NULL", 7263, 1800),
        # A fifth of children in need were disabled in 2016.
        ("SELECT 1 - avg(DISABILITY_NONE) FROM CINW_MAIN WHERE YEAR_CODE = 201516", 0.2, 0.08),
    ],
)  # fmt: skip
def test_published_shares_of_social_care(db, query, published, tolerance):
    near(db, query, published, tolerance)


def test_voluntary_entries_become_compulsory(db):
    """63% within two years, after a median of 4.5 weeks (Born into Care VII)."""
    share, weeks = db.execute(
        "WITH ordered AS (SELECT SYSTEM_ID_E, min(EPISODE_START_DATE) AS day FROM latest "
        "WHERE LEGAL_STATUS_CODE NOT IN ('V1', 'V2') GROUP BY ALL) "
        "SELECT avg(coalesce(day - EPISODE_START_DATE < 730, false)::INT), "
        "median(day - EPISODE_START_DATE) FILTER (WHERE day - EPISODE_START_DATE < 730) / 7.0 "
        "FROM entry LEFT JOIN ordered USING (SYSTEM_ID_E) WHERE age < 365 AND LEGAL_STATUS_CODE = 'V2' AND year < 2019"
    ).fetchone()
    assert abs(share - 0.63) < 0.1
    assert abs(weeks - 4.5) < 1.6


@pytest.mark.parametrize(
    ("column", "infants", "others"),
    [("SERVICE_USER_SMOKER_STS_CD", 0.627, 0.248), ("SERVICE_USER_HAS_MENTAL_HEALTH_CONDITION_CD", 0.286, 0.082)],
)
def test_published_shares_of_mothers_at_booking(db, column, infants, others):
    """One thousand mothers: smoking 62.7% and 24.8%, mental health 28.6% and 8.2%; about 200 cases of the first."""
    rows = dict(db.execute(
        f"SELECT coalesce(resident.child_issue < resident.week_of_birth + 365, false), "
        f"avg((visit.{column} = '1')::INT) "
        f"FROM MIDS_BIRTH AS birth JOIN MIDS_INITIAL_ASSESSMENT AS visit USING (MOTHER_ALF_E, INITIAL_ASS_DT) "
        f"JOIN resident ON resident.alf = birth.CHILD_ALF_E WHERE visit.{column} <> '9' GROUP BY ALL"
    ).fetchall())  # fmt: skip
    assert abs(rows[True] - infants) < 0.14
    assert abs(rows[False] - others) < 0.03


def test_almost_two_thirds_of_mothers_in_proceedings_come_in_the_first_trimester(db):
    near(
        db,
        "SELECT avg((GEST_WEEKS <= 12)::INT) FROM MIDS_INITIAL_ASSESSMENT AS visit JOIN MIDS_BIRTH AS birth "
        "USING (MOTHER_ALF_E, INITIAL_ASS_DT) JOIN resident ON resident.alf = birth.CHILD_ALF_E "
        "WHERE resident.child_issue < resident.week_of_birth + 365",
        0.63,
        0.15,
    )


def test_orders_of_the_court_begin_care(records, residents):
    """A child with an interim, care or placement order in Wales is in care that day, or from birth."""
    court, cases = records.court, records.families.cases
    made = court_periods(records, np.random.default_rng(1))
    days = {(child, day) for days in (made.interim, made.order) for child, day in zip(made.child, days, strict=True)}
    welsh = records.areas.jurisdiction[cases.area[court.order_case]] == 1
    chosen = welsh & np.isin(court.order_type, [INTERIM_CARE, CARE_ORDER, PLACED])
    child, day = court.order_child[chosen], court.order_date[chosen]
    day = np.maximum(day, records.families.children.week_of_birth[child])
    found = np.mean([pair in days for pair in zip(child, day, strict=True)])
    # Lost are only orders of a second case that follows while care goes on.
    assert found > 0.97
    cared = draw_looked_after(records, residents, records.parameters.childrens_services, records.streams)
    assert (cared.human >= 0).sum() >= len(np.unique(child)) - 1


def test_periods_of_one_child_do_not_overlap(records, residents):
    cared = draw_looked_after(records, residents, records.parameters.childrens_services, records.streams)
    made = cared.periods
    order = np.lexsort((made.start, made.child))
    child, start, end = made.child[order], made.start[order], made.end[order]
    same = child[1:] == child[:-1]
    assert same.any()
    assert (end[:-1][same] <= start[1:][same]).all()
    assert (start < FAR).all()
    assert (end > start).all()
    assert (start >= cared.birth[child]).all()


def test_an_open_period_ends_half_way_before_the_next_one_or_swallows_it():
    """Days by hand: (10, open) then 200 ends at (10 + 200) / 2; (10, open) then 50 leaves no time."""
    made = periods(np.array([0, 0, 1, 1]), np.zeros(4, dtype=np.int64), interim=np.array([10, 200, 10, 50]))
    apart = _apart(made)
    assert apart.child.tolist() == [0, 0, 1]
    assert apart.end.tolist() == [105, NULL, NULL]


def test_all_four_published_pathways_occur(db):
    """By agreement only; by agreement, then proceedings; proceedings and away from home; proceedings with parents."""
    pathways = dict(db.execute(
        "WITH route AS (SELECT SYSTEM_ID_E, bool_or(LEGAL_STATUS_CODE IN ('C1', 'C2', 'E1', 'D1')) AS ordered, "
        "bool_or(LEGAL_STATUS_CODE = 'V2') AS agreed, bool_or(upper(PLACEMENT_TYPE_CODE) IN ('P1', 'R3')) AS at_home "
        "FROM latest JOIN (SELECT SYSTEM_ID_E FROM entry WHERE age < 365) USING (SYSTEM_ID_E) GROUP BY SYSTEM_ID_E) "
        "SELECT CASE WHEN NOT ordered THEN 'agreed' WHEN agreed THEN 'agreed, ordered' WHEN at_home THEN 'at home' "
        "ELSE 'away' END, count(*)::DOUBLE / sum(count(*)) OVER () FROM route GROUP BY ALL"
    ).fetchall())  # fmt: skip
    assert set(pathways) == {"agreed", "agreed, ordered", "at home", "away"}
    assert min(pathways.values()) > 0.05


def test_every_welsh_authority_has_its_code(records):
    names = [name for name, country in zip(records.areas.name, records.areas.jurisdiction, strict=True) if country == 1]
    assert sorted(names) == sorted(AUTHORITIES)


def test_episodes_follow_each_other_and_say_why(db):
    """Without the planted rows: each ends where the next begins, and the reason fits what changed."""
    rows = db.execute(
        "SELECT SYSTEM_ID_E, EPISODE_START_DATE, EPISODE_END_DATE, REASON_EPISODE_STARTED_CODE, "
        "REASON_EPISODE_FINISHED_CODE, LEGAL_STATUS_CODE, lead(EPISODE_START_DATE) OVER w, "
        "lead(REASON_EPISODE_STARTED_CODE) OVER w, lead(LEGAL_STATUS_CODE) OVER w FROM latest "
        "WHERE SYSTEM_ID_E::VARCHAR NOT IN (SELECT regexp_extract(key, 'SYSTEM_ID_E=(\\d+)', 1) FROM defects "
        "WHERE defect IN ('overlapping_episode', 'gap_before_next_episode')) "
        "WINDOW w AS (PARTITION BY SYSTEM_ID_E ORDER BY EPISODE_START_DATE)"
    ).fetchall()
    for _, _, end, _, finished, status, next_start, next_reason, next_status in rows:
        if finished == "X1":
            assert next_start == end
            assert next_reason in "LPB"
            assert (next_reason == "P") == (next_status == status)
        elif next_start is not None:
            assert next_reason == "S"
            assert next_start >= end


def test_adoption_follows_a_placement_order(db):
    assert one(db, "SELECT count(*) FROM latest WHERE REASON_EPISODE_FINISHED_CODE IN ('E1', 'E11', 'E12')") > 50
    wrong = (
        "SELECT count(*) FROM latest WHERE REASON_EPISODE_FINISHED_CODE IN ('E1', 'E11', 'E12') "
        "AND (LEGAL_STATUS_CODE NOT IN ('E1', 'D1') OR upper(PLACEMENT_TYPE_CODE) NOT LIKE 'A%')"
    )
    assert one(db, wrong) == 0
    by_agreement = "SELECT count(*) FROM latest WHERE LEGAL_STATUS_CODE = 'V2' AND upper(PLACEMENT_TYPE_CODE) = 'P1'"
    assert one(db, by_agreement) == 0


def test_open_episodes_are_repeated_until_they_end(db):
    """Every year from the first to the last one listed has the episode once, duplicates aside."""
    gaps = (
        "SELECT count(*) FROM (SELECT count(DISTINCT YEAR_CODE) AS years, max(YEAR_CODE // 100) AS last, "
        "min(YEAR_CODE // 100) AS first FROM LACW_EPISODE_MAIN GROUP BY SYSTEM_ID_E, EPISODE_START_DATE) "
        "WHERE years <> last - first + 1"
    )
    assert one(db, gaps) == 0
    early = (
        "SELECT count(*) FROM LACW_EPISODE_MAIN WHERE EPISODE_END_DATE > make_date(YEAR_CODE // 100 + 1, 3, 31) "
        "OR EPISODE_START_DATE > make_date(YEAR_CODE // 100 + 1, 3, 31)"
    )
    assert one(db, early) == 0


@pytest.mark.parametrize(
    ("defect", "query"),
    [
        ("duplicate_yearly_row", "SELECT count(*) - (SELECT count(*) FROM (SELECT DISTINCT * FROM LACW_EPISODE_MAIN)) "
                                 "FROM LACW_EPISODE_MAIN"),
        ("episode_before_birth", "SELECT count(DISTINCT link.SYSTEM_ID_E) FROM LACW_PUPIL_ALF AS link JOIN entry "
                                 "USING (SYSTEM_ID_E) WHERE entry.EPISODE_START_DATE < link.WOB"),
        ("second_pupil_number", "SELECT count(ALF_E) - count(DISTINCT ALF_E) FROM EDUW_PUPIL_ALF"),
    ],
)  # fmt: skip
def test_labelled_defects_are_in_the_tables(db, defect, query):
    labelled = one(db, f"SELECT count(*) FROM defects WHERE defect = '{defect}'")
    # A pupil one of whose numbers is not linked does not show.
    assert 0 < one(db, query) <= labelled <= 1.2 * one(db, query) + 3


def test_pupils_are_of_school_age_and_children_in_need_have_a_number(db):
    ages = (
        "SELECT min(NCYEAR), max(NCYEAR), min(YEAR // 100 - year(WOB)) "
        "FROM EDUW_PUPIL JOIN EDUW_PUPIL_ALF USING (IRN_E)"
    )
    assert db.execute(ages).fetchone() == (-1, 13, 4)
    assert one(db, "SELECT count(*) FROM CINW_MAIN WHERE IRN_E IS NULL") == 0
    under_three = (
        "SELECT avg((make_date(YEAR_CODE // 100 + 1, 3, 31) - WOB < 3 * 365)::INT) FROM CINW_MAIN "
        "JOIN CINW_PUPIL_ALF USING (CHILD_CODE_E)"
    )
    assert one(db, under_three) < 0.02
    assert one(db, "SELECT count(*) FROM EDUW_ATTENDANCE WHERE SESSIONSATTENDED > SESSIONSPOSSIBLE") == 0


def test_codes_are_those_of_the_code_lists():
    folder = ROOT / "config/codelists"
    for name, codes in (
        ("care_legal_status", STATUSES),
        ("care_placements", PLACEMENTS),
        ("categories_of_need", NEEDS),
    ):
        listed = {line.split(",")[0] for line in (folder / f"{name}.csv").read_text(encoding="utf-8").splitlines()[1:]}
        assert set(codes) <= listed
