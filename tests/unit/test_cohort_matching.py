"""Comparison people in a cohort: who is chosen for whom on which day, what is counted, and what is wrong said how."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from family_justice.analyses.study import _cohort as describe_cohort
from family_justice.cohorts.extract import extract_cohort
from family_justice.config.check import check_stream
from family_justice.config.load import parse
from family_justice.config.schema import Policy, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.vocabulary import vocabulary
from family_justice.errors import PipelineError
from family_justice.estimators.groups.index_date import AT_HAND, Alike, Pool, Sets, match_on_index
from family_justice.results import read_results, tidy

COURT = Policy(**yaml.safe_load((Path(__file__).parents[2] / "config/policies/court_records.yaml").read_text()))

# --- the choice -------------------------------------------------------------------------------------------------------


def choose(
    cases: list[tuple[int, float, float]],
    pool: list[tuple[int, int, float, float, float]],
    within: float = 10,
    ratio: int = 1,
    replacement: bool = False,
) -> Sets:
    """Cases are stratum, value, day; rows of the pool person, stratum, value, first and last day."""
    case, row = np.array(cases, dtype=float).reshape(-1, 3), np.array(pool, dtype=float).reshape(-1, 5)
    return match_on_index(
        Alike(case[:, 0].astype(int), case[:, 1:2]),
        case[:, 2],
        Pool(Alike(row[:, 1].astype(int), row[:, 2:3]), row[:, 0].astype(int), row[:, 3], row[:, 4]),
        np.array([within]),
        ratio,
        replacement,
    )


def pairs(found: Sets) -> list[tuple[int, int]]:
    return list(zip(found.case.tolist(), found.row.tolist(), strict=True))


@pytest.mark.parametrize(
    ("row", "fits"),
    [
        ((0, 1, 40, 100, 100), True),  # the only day is the index date
        ((0, 1, 40, 101, 200), False),
        ((0, 1, 40, 0, 99), False),
        ((0, 1, 50, 0, 200), True),  # as far as is allowed
        ((0, 1, 50.001, 0, 200), False),
        ((0, 1, 29.999, 0, 200), False),
        ((0, 2, 40, 0, 200), False),
        ((0, -1, 40, 0, 200), False),
        ((0, 1, np.nan, 0, 200), False),
        ((0, 1, 40, 0, np.inf), True),
    ],
)
def test_who_fits_a_case_of_day_100(row: tuple[int, int, float, float, float], fits: bool) -> None:
    found = choose([(1, 40, 100)], [row])
    assert pairs(found) == ([(0, 0)] if fits else [])
    assert found.eligible.tolist() == [int(fits)]
    assert found.fits.tolist() == [fits]


def test_a_case_without_day_or_values_gets_nobody() -> None:
    pool = [(0, 1, 40.0, 0.0, 200.0)]
    assert pairs(choose([(1, 40, np.nan), (1, np.nan, 100), (-1, 40, 100)], pool)) == []


def test_the_nearest_is_chosen_and_cases_with_few_choose_first() -> None:
    """Person 1 is nearest to both; the second case has nobody else, so that the first takes the next nearest."""
    pool = [(0, 1, 45.0, 0.0, 200.0), (1, 1, 41.0, 0.0, 200.0), (2, 1, 48.0, 0.0, 200.0)]
    assert pairs(choose([(1, 40, 100)], pool, ratio=3)) == [(0, 1), (0, 0), (0, 2)]
    found = choose([(1, 40, 100), (1, 32, 100)], pool)
    assert pairs(found) == [(0, 0), (1, 1)]
    assert found.eligible.tolist() == [3, 1]


def test_every_case_gets_one_before_any_gets_two() -> None:
    pool = [(person, 1, 40.0, 0.0, 200.0) for person in range(3)]
    found = choose([(1, 40, 100), (1, 40, 100)], pool, ratio=2)
    assert np.bincount(found.case).tolist() == [2, 1]


def test_a_person_with_two_periods_is_one_person() -> None:
    pool = [(0, 1, 40.0, 0.0, 150.0), (0, 1, 40.0, 90.0, 200.0)]
    assert pairs(choose([(1, 40, 100), (1, 40, 180)], pool, ratio=2)) in ([(0, 0)], [(1, 1)])
    assert choose([(1, 40, 100)], pool).eligible.tolist() == [1]
    both = choose([(1, 40, 100), (1, 40, 180)], pool, ratio=2, replacement=True)
    assert both.case.tolist() == [0, 1]


def test_who_is_not_at_hand_any_more_is_looked_up() -> None:
    """All cases find the same people nearest, many more of them than are kept at hand."""
    many = 3 * AT_HAND
    pool = [(person, 1, person / many, 0.0, 200.0) for person in range(many)]
    found = choose([(1, 0, 100)] * many, pool)
    assert sorted(found.row.tolist()) == list(range(many))


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.tuples(st.integers(0, 2), st.integers(0, 30), st.integers(0, 20)), min_size=1, max_size=8),
    st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 2), st.integers(0, 30), st.integers(0, 12), st.integers(8, 20)),
        max_size=30,
    ),
    st.integers(1, 4),
    st.booleans(),
)
def test_what_holds_for_all_sets(cases: Any, pool: Any, ratio: int, replacement: bool) -> None:
    found = choose(cases, pool, 5, ratio, replacement)
    person = [pool[row][0] for row in found.row]
    for case, row in pairs(found):
        (stratum, value, day), (_, other, near, first, last) = cases[case], pool[row]
        assert stratum == other
        assert abs(value - near) <= 5
        assert first <= day <= last
    together = list(zip(found.case.tolist(), person, strict=True))
    assert len(set(together)) == len(together)
    assert replacement or len(set(person)) == len(person)
    assert (np.bincount(found.case, minlength=len(cases)) <= np.minimum(ratio, found.eligible)).all()
    # Nobody who could still be chosen is left out.
    for case, (stratum, value, day) in enumerate(cases):
        mine = {p for c, p in together if c == case}
        if len(mine) < ratio:
            taken = mine if replacement else set(person)
            assert not [
                p for p, s, v, a, b in pool if s == stratum and abs(v - value) <= 5 and a <= day <= b and p not in taken
            ]  # fmt: skip


# --- a cohort ---------------------------------------------------------------------------------------------------------

#: Parents with a case, and others: sex, year of birth, registered from and to, when the case was issued.
PEOPLE = """
    SELECT * FROM (VALUES
        ('c1', 'Female', 1980, NULL, NULL, DATE '2015-06-01', 'Wales'),
        ('c2', 'Male', 1985, NULL, NULL, DATE '2016-06-01', 'England'),
        ('c3', 'Male', 1940, NULL, NULL, DATE '2016-06-01', 'Wales'),
        ('p1', 'Female', 1981, DATE '2013-06-01', DATE '2015-06-01', NULL, NULL),
        ('p2', 'Female', 1982, DATE '2013-06-02', DATE '2020-01-01', NULL, NULL),
        ('p3', 'Female', 1979, DATE '2000-01-01', NULL, NULL, NULL),
        ('p4', 'Male', 1986, DATE '2000-01-01', NULL, NULL, NULL),
        ('p5', NULL, 1980, DATE '2000-01-01', NULL, NULL, NULL)
    ) AS t (person, sex, born, registered_from, registered_to, issued, nation)
"""
POOL = """
    SELECT person, sex, born, (registered_from + INTERVAL 2 YEAR)::DATE AS eligible_from, registered_to AS eligible_to
    FROM people WHERE issued IS NULL
"""


def study(**changed: Any) -> dict[str, Any]:
    matching = {"label": "Other parents", "pool": POOL, "exact": ["sex"], "nearest": {"born": 5}, "ratio": 2}
    cohort = {
        "label": "Parents", "unit": "parents", "description": "Parents.", "key": ["person"], "person": "person", "time_zero": "issued",
        "steps": [{"name": "parents", "label": "With a case",
                   "sql": "SELECT person, sex, born, issued, nation FROM people WHERE issued IS NOT NULL"}],
        "events": {"end": {"label": "End", "sql": "SELECT person, DATE '2020-01-01' AS date FROM cohort"}},
        "covariates": ["group"],
    }  # fmt: skip
    matching |= {key: value for key, value in changed.items() if key not in cohort}
    cohort |= {key: value for key, value in changed.items() if key in cohort}
    return {
        "stream": "toy", "title": "Toy", "question": "Why?", "summary": "A toy.",
        "cohorts": {"parents": cohort | {"matching": {k: v for k, v in matching.items() if v is not None}}},
        "covariates": {"group": {"label": "Group", "definition": "Group.", "value": "member_of",
                                 "levels": ["case", "comparison"], "reference": "comparison"}},
        "analyses": {"t": {"kind": "table_one", "title": "T", "description": "T.", "cohort": "parents",
                           "variables": ["group"]}},
    }  # fmt: skip


Made = tuple[pd.DataFrame, pd.DataFrame, bytes]


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Made]:
    """Return members, attrition and the bytes of the members of a toy cohort."""

    def go(data: dict[str, Any], people: str = PEOPLE) -> Made:
        stream = parse(data, Stream, "toy.yaml")
        check_stream(stream, {}, Path("toy.yaml"))
        source, members, steps = (tmp_path / name for name in ("people.parquet", "cohort.parquet", "attrition.csv"))
        duckdb.sql(f"COPY ({people}) TO '{source}' (FORMAT parquet)")
        extract_cohort(stream, "parents", {"people": source}, None, members, steps)
        return pd.read_parquet(members), read_results(str(steps)), members.read_bytes()

    return go


def test_comparison_people_have_the_index_date_of_their_case(make: Callable[..., Made]) -> None:
    """Two years before the day of c1 p1 was registered, p2 not yet; p1 left on that day. Nobody is as old as c3."""
    members, steps, _ = make(study(shared=["nation"]))
    shown = members.set_index("person")
    assert shown.index.tolist() == ["c1", "c2", "p1", "p3", "p4"]
    assert shown["member_of"].tolist() == ["case", "case", "comparison", "comparison", "comparison"]
    assert shown["matched_set"].tolist() == [1, 2, 1, 1, 2]
    assert shown["nation"].tolist() == ["Wales", "England", "Wales", "Wales", "England"]
    assert shown["born"].tolist() == [1980, 1985, 1981, 1979, 1986]
    assert shown["issued"].astype(str).str[:4].tolist() == ["2015", "2016", "2015", "2015", "2016"]
    assert shown["end"].notna().all()
    assert list(zip(steps["group"], steps["term"], steps["n"].astype(int), strict=True)) == [
        ("", "parents", 3),
        ("", "matched_cases", 2),
        ("part=comparison", "comparison_pool", 5),
        ("part=comparison", "comparison_eligible", 3),
        ("part=comparison", "comparison_chosen", 3),
        ("part=sets", "sets_of_1", 2),
        ("part=sets", "sets_of_2", 1),
    ]


def test_columns_that_the_pool_does_not_give_are_empty(make: Callable[..., Made]) -> None:
    assert make(study())[0].set_index("person").loc["p1", "nation"] is None


def test_a_fixed_ratio_leaves_out_who_has_fewer(make: Callable[..., Made]) -> None:
    members, steps, _ = make(study(at_least=2))
    assert members["person"].tolist() == ["c1", "p1", "p3"]
    assert steps["n"].tolist() == [3, 1, 5, 3, 2, 1, 1]


def test_with_replacement_a_person_may_be_in_two_sets(make: Callable[..., Made]) -> None:
    twice = PEOPLE.replace("('c2', 'Male', 1985", "('c2', 'Female', 1985").replace("'p2', 'Female'", "'p2', 'Male'")
    once, _, _ = make(study(nearest={"born": 6}), twice)
    assert (once["member_of"] == "comparison").sum() == 2
    again, steps, _ = make(
        study(nearest={"born": 6}, replacement=True, key=["person", "matched_set"], events={}), twice
    )
    assert again[again["person"] == "p3"]["matched_set"].tolist() == [1, 2]
    assert steps["n"].tolist() == [3, 2, 5, 2, 2, 2, 1]


@pytest.mark.parametrize("nearest", [{"born": 5}, None])
def test_the_order_of_the_rows_means_nothing(make: Callable[..., Made], nearest: Any) -> None:
    people = """
        SELECT * FROM (SELECT 'c' || i AS person, 'x' AS sex, 1980 AS born, NULL::DATE AS registered_from, NULL::DATE AS registered_to,
            DATE '2015-01-01' + i::INTEGER AS issued, 'Wales' AS nation FROM range(40) t (i)
        UNION ALL
        SELECT 'p' || i, 'x', 1976 + i % 9, DATE '2000-01-01', NULL, NULL, NULL FROM range(300) t (i)) ORDER BY {}
    """
    data = study(nearest=nearest, ratio=3)
    made = {order: make(data, people.format(order))[2] for order in ("person", "person DESC", "hash(person)")}
    assert len(set(made.values())) == 1
    assert make(data | study(nearest=nearest, ratio=3, seed=1), people.format("person"))[2] not in made.values()


def test_words_of_matching_are_declared_and_told() -> None:
    stream = parse(study(), Stream, "toy.yaml")
    about = describe_cohort("parents", stream.cohorts["parents"], stream)
    assert "up to 2 comparison people" in about["description"]
    assert "exactly on sex, and on born within 5" in about["description"]
    words = vocabulary({"stream": "toy", "cohorts": {"parents": about}})
    assert {"comparison_pool", "sets_of_2", "matched_cases"} <= words.terms
    assert words.allows_group("part=sets")


@pytest.mark.parametrize(("linked", "says"), [
    ({"c1", "c2", "c3"}, None),
    ({"c1", "c2", "c3", "p1"}, "1 of its values are no person of the records"),
    ({"c1"}, "'person' is 'person', but 1 of its values are no person of the records"),
])  # fmt: skip
def test_comparison_people_are_residents_without_a_person_id(
    linked: set[str], says: str | None, tmp_path: Path
) -> None:
    stream = parse(study(), Stream, "toy.yaml")
    tables = {name: tmp_path / f"{name}.parquet" for name in ("people", "person", "resident")}
    of = f"list_contains({sorted(linked)}, person)"
    residents = f"SELECT 'R' || person AS resident_id, person AS person_id FROM people WHERE person LIKE 'c%' UNION ALL SELECT person, CASE WHEN {of} THEN 'E' || person END FROM people WHERE person LIKE 'p%'"
    for name, sql in (
        ("people", PEOPLE), ("person", f"SELECT person AS person_id FROM people WHERE {of} AND person LIKE 'c%'"), ("resident", residents)
    ):  # fmt: skip
        duckdb.sql(f"COPY (WITH people AS ({PEOPLE}) {sql}) TO '{tables[name]}' (FORMAT parquet)")
    files = tables, None, tmp_path / "cohort.parquet", tmp_path / "attrition.csv"
    if says is None:
        assert extract_cohort(stream, "parents", *files) == 5
        return
    with pytest.raises(PipelineError) as caught:
        extract_cohort(stream, "parents", *files)
    assert says in str(caught.value)


def test_what_leaves_of_matching_hides_small_differences() -> None:
    """101 cases of which 3 have one comparison person only: shown as none; 300 of the pool are another chain."""
    rows = [{"term": "parents", "n": 104}, {"term": "matched_cases", "n": 101}]
    rows += [{"group": "part=comparison", "term": "comparison_pool", "n": 300}]
    rows += [{"group": "part=comparison", "term": "comparison_chosen", "n": 199}]
    rows += [{"group": "part=sets", "term": f"sets_of_{k}", "n": n} for k, n in ((1, 101), (2, 98))]
    frame = tidy(rows, stream="s", analysis="attrition.c", kind="attrition", cohort="c", measure="count")
    released = disclose(frame, COURT).rows
    assert released["n"].astype(int).tolist() == [100, 100, 300, 200, 100, 100]


WRONG = [
    ({"exact": ["sexx"]}, "'sexx' is no column of the last step. Allowed: born, issued, nation, person, sex. Did you mean 'sex'?"),
    ({"shared": ["region"]}, "'region' is no column of the last step"),
    ({"pool": POOL.replace("sex, born", "born")}, "the pool does not select 'sex'"),
    ({"pool": POOL.replace("sex, born", "sex, born, issued")}, "the pool selects issued, which comparison people get from their case"),
    ({"pool": POOL.replace("sex, born", "sex, born, 1 AS other")}, "the last step does not have these columns of the pool; remove them: other"),
    ({"pool": POOL.replace("sex, born", "sex, born::VARCHAR AS born")}, "'born' is INTEGER in the last step and VARCHAR in the pool"),
    ({"pool": POOL.replace("::DATE", "::VARCHAR")}, "'eligible_from' of the pool is no date"),
    ({"pool": POOL.replace("issued IS NULL", "true")}, "3 rows of the pool have no eligible_from"),
    ({"pool": POOL.replace("issued IS NULL", "true").replace("(registered_from + INTERVAL 2 YEAR)::DATE", "DATE '2000-01-01'")}, "3 people of the pool are cases; leave them out in its SQL, which can read them as 'previous'"),
    ({"pool": POOL.replace("SELECT person", "SELECT NULL::VARCHAR AS person")}, "5 rows of the pool have no person"),
    ({"nearest": {"sex": 1}, "exact": ["born"]}, "'sex' is VARCHAR; what shall be near is a date or a number"),
    ({"nearest": {"born": 0.5}}, "no case has 1 or more comparison people; 0 of 3 cases have anybody who fits"),
    ({"at_least": 3}, "'at_least' is 3, more than the 'ratio' of 2"),
    ({"exact": None, "nearest": None}, "write under 'exact' or 'nearest' what people are matched on"),
    ({"exact": ["sex", "born"]}, "born written twice"),
    ({"replacement": True}, "write key: [person, matched_set]"),
    ({"key": ["person", "matched_set"]}, "belongs into the key with 'replacement: true' only"),
    ({"time_zero": None, "events": {}}, "'time_zero' is missing; it is the index date"),
    ({"shared": ["person"]}, "'person' is the person, which cannot be that of the case"),
    ({"time_zero": "born"}, "'time_zero' is 'born', which is no date column of the last step"),
    ({"pool": "SELECT * FROM persons"}, "there is no table 'persons' to read here"),
    ({"pool": POOL + " AND born < $year"}, "there is no definition 'year'"),
]  # fmt: skip


@pytest.mark.parametrize(("changed", "says"), WRONG)
def test_wrong_matching(make: Callable[..., Made], changed: dict[str, Any], says: str) -> None:
    with pytest.raises(PipelineError) as caught:
        make(study(**changed))
    assert says in str(caught.value)
    assert not [secret for secret in ("1980", "Wales", "c1", "p1") if secret in str(caught.value)]
