"""Health records of the synthetic population: planted ratios and published percentages, contracts, labelled defects."""

from __future__ import annotations

import math

import pytest
from health_world import PARAMETERS, ROOT, World

from family_justice.contracts.check import find_problems
from family_justice.contracts.model import load_contract
from family_justice.sources.synthetic.parameters.truth import truth_table

pytestmark = pytest.mark.slow

NUMBERS = {
    "parents": 6000, "private_adults": 5000, "adults": 12000,
    "public_children": 12000, "private_children": 12000, "children": 16000,
    "pregnant_parents": 3000, "pregnant_adults": 4000,
}  # fmt: skip
#: Conditions on health_event that say whether a two-year window has an indicator.
INDICATORS = {
    "mental_health": "indicator = 'mental_health'",
    "depression": "indicator_group = 'depression'",
    "anxiety": "indicator_group = 'anxiety'",
    "severe_mental_illness": "indicator_group = 'severe_mental_illness'",
    "substance_use": "indicator = 'substance_use'",
    "self_harm": "indicator = 'self_harm'",
    "self_harm_emergency": "indicator = 'self_harm' AND source = 'emergency'",
    "assault_emergency": "indicator = 'violence' AND source = 'emergency'",
    "injury": "indicator IN ('injury', 'violence') AND source = 'emergency'",
    "emergency": "source = 'emergency'",
    "domestic_abuse": "indicator = 'domestic_abuse'",
}


@pytest.fixture(scope="module")
def world() -> World:
    world = World(NUMBERS, seed=11)
    # Time zero of people never in court is any day; everybody counts whose practice supplied data in the two years.
    world.sql.execute("""
        CREATE TABLE member AS
        SELECT resident_id, grp, is_female,
            coalesce(parent_issue, private_adult, DATE '2011-01-01' + (linkage_field % 3500)::INTEGER) AS time_zero
        FROM people
        WHERE grp IN ('parents', 'private_adults', 'adults');
        CREATE TABLE covered AS
        SELECT member.* FROM member
        JOIN people USING (resident_id)
        JOIN ready_practice_registration AS registered USING (resident_id)
        WHERE time_zero - 730 >= registered_from AND time_zero - 1 <= registered_to
            AND (death IS NULL OR death >= time_zero)
    """)
    flags = ", ".join(f"coalesce(bool_or({test}), false) AS {name}" for name, test in INDICATORS.items())
    world.sql.execute(f"""
        CREATE TABLE looked_back AS
        SELECT covered.resident_id, covered.grp, covered.is_female, {flags}
        FROM covered
        LEFT JOIN ready_health_event AS event
            ON event.resident_id = covered.resident_id AND event.event_date BETWEEN time_zero - 730 AND time_zero - 1
        GROUP BY ALL
    """)
    return world


def share(world: World, name: str, group: str, where: str = "true") -> tuple[float, int]:
    """Return percentage and number of people with an indicator in two years."""
    row = world.sql.execute(
        f"SELECT 100 * avg({name}::INTEGER), count(*) FROM looked_back WHERE grp = '{group}' AND {where}"
    ).fetchone()
    assert row is not None
    return row


def agrees(percent: float, n: int, published: float) -> bool:
    """Whether a percentage is within 3.5 standard errors, and a relative 3% for lost records, of another."""
    error = 100 * math.sqrt(published / 100 * (1 - published / 100) / n)
    return abs(percent - published) < 3.5 * error + 0.03 * published


@pytest.mark.parametrize(
    ("name", "cohort", "comparison"),
    [("mental_health", 43.6, 16.0), ("substance_use", 19.4, 1.6), ("injury", 41.5, 23.6), ("emergency", 59.3, 37.0)],
)
def test_parents_in_proceedings_as_published(world: World, name: str, cohort: float, comparison: float) -> None:
    """Johnson et al. 2022, https://ijpds.org/article/view/1723."""
    for group, published in (("parents", cohort), ("adults", comparison)):
        percent, n = share(world, name, group)
        assert agrees(percent, n, published), f"{name} of {group}: {percent:.1f}, published {published}"


@pytest.mark.parametrize(
    ("name", "women", "men"), [("depression", 44.0, 24.0), ("anxiety", 24.0, 15.0)]
)  # fmt: skip
def test_depression_and_anxiety_of_mothers_and_fathers_as_published(
    world: World, name: str, women: float, men: float
) -> None:
    for where, published in (("is_female", women), ("NOT is_female", men)):
        percent, n = share(world, name, "parents", where)
        assert agrees(percent, n, published), f"{name}: {percent:.1f}, published {published}"


@pytest.mark.parametrize(
    ("name", "ratio"), [("severe_mental_illness", 9), ("assault_emergency", 12), ("self_harm_emergency", 7)]
)  # fmt: skip
def test_how_many_times_the_comparison_as_published(world: World, name: str, ratio: float) -> None:
    (parents, n), (comparison, m) = share(world, name, "parents"), share(world, name, "adults")
    error = math.sqrt(1 / (parents / 100 * n) + 1 / (comparison / 100 * m))
    assert abs(math.log(parents / comparison) - math.log(ratio)) < 3.5 * error


def test_private_law_adults_as_published(world: World) -> None:
    """Cusworth et al. 2022: self-harm 15.3% and 10.7%, over twice the comparison; depression two to three times."""
    for where, published in (("is_female", 15.3), ("NOT is_female", 10.7)):
        percent, n = share(world, "self_harm", "private_adults", where)
        assert agrees(percent, n, published)
        assert percent > 2 * share(world, "self_harm", "adults", where)[0]
        for name in ("depression", "anxiety"):
            times = share(world, name, "private_adults", where)[0] / share(world, name, "adults", where)[0]
            assert 1.8 < times < 3.2, name


def test_domestic_abuse_odds_of_mothers_as_published(world: World) -> None:
    (mothers, _), (others, _) = (share(world, "domestic_abuse", group, "is_female") for group in ("parents", "adults"))
    odds = mothers / (100 - mothers) / (others / (100 - others))
    assert 5.5 < odds < 11.5


def test_mothers_in_a_pregnancy_as_published(world: World) -> None:
    """Griffiths et al. 2020: 28.6% and 8.2% with a mental-health record, 10.4% and 0.6% with one of substance use."""
    world.sql.execute("""
        CREATE TABLE pregnancy AS
        SELECT woman.resident_id, woman.grp, infant.week_of_birth AS birth
        FROM people AS infant
        JOIN (SELECT *, row_number() OVER () - 1 AS place FROM people) AS woman ON woman.place = infant.mother
        JOIN ready_practice_registration AS registered ON registered.resident_id = woman.resident_id
        WHERE infant.grp = 'infants' AND birth - 280 >= registered_from AND birth <= registered_to
    """)
    for indicator, group, published, tolerance in (
        ("mental_health", "pregnant_parents", 28.6, 2.5), ("mental_health", "pregnant_adults", 8.2, 2.0),
        ("substance_use", "pregnant_parents", 10.4, 2.5), ("substance_use", "pregnant_adults", 0.6, 0.5),
    ):  # fmt: skip
        percent = world.one(f"""
            SELECT 100.0 * count(found.resident_id) / count(*) FROM pregnancy
            LEFT JOIN (
                SELECT DISTINCT resident_id FROM pregnancy JOIN ready_health_event USING (resident_id)
                WHERE indicator = '{indicator}' AND event_date BETWEEN birth - 280 AND birth - 1
            ) AS found USING (resident_id)
            WHERE grp = '{group}'
        """)
        assert abs(percent - published) < tolerance, f"{indicator} of {group}: {percent:.1f}, published {published}"


@pytest.mark.parametrize("law", ["public", "private"])
@pytest.mark.parametrize("condition", ["depression", "anxiety", "self_harm"])
def test_planted_rate_ratios_of_children_are_recovered(world: World, condition: str, law: str) -> None:
    """The ratio of the rates of events, and that of first events, both within Monte-Carlo error of the truth."""
    truth = {(name, level): value for name, _, level, value, _ in truth_table(PARAMETERS)}
    planted = truth[f"{condition}_child", f"{law} law"]
    assert math.exp(planted) == pytest.approx(PARAMETERS.health.children.rate_ratios[f"{condition}_child_{law}"].value)
    test = "indicator = 'self_harm'" if condition == "self_harm" else f"indicator_group = '{condition}'"
    counts = {}
    for group in (f"{law}_children", "children"):
        # From 10 to 18 within the records; the exact birthday matters little for a ratio of groups of the same ages.
        row = world.sql.execute(f"""
            WITH child AS (
                SELECT resident_id,
                    greatest(week_of_birth + INTERVAL 10 YEAR, DATE '2009-01-01')::DATE AS starts,
                    least(week_of_birth + INTERVAL 215 MONTH, DATE '2021-08-31', death)::DATE
                        AS ends
                FROM people JOIN ready_practice_registration USING (resident_id) WHERE grp = '{group}'
            ),
            found AS (
                SELECT child.resident_id, starts, ends, min(event_date) AS first, count(event_date) AS events
                FROM child LEFT JOIN ready_health_event AS event ON event.resident_id = child.resident_id
                    AND source = 'general_practice' AND {test} AND event_date BETWEEN starts AND ends - 1
                WHERE starts < ends GROUP BY ALL
            )
            SELECT sum(events), sum(ends - starts), count(first), sum(coalesce(first, ends) - starts) FROM found
        """).fetchone()
        assert row is not None
        counts[group] = row
    ours, others = counts.values()
    for events, days in ((0, 1), (2, 3)):
        ratio = ours[events] / ours[days] / (others[events] / others[days])
        error = math.sqrt(1 / ours[events] + 1 / others[events])
        assert abs(math.log(ratio) - planted) < 3.5 * error, f"{condition}, {law}: {ratio:.2f}"
        assert error < 0.12  # the test would see a ratio that is half as large


def test_adolescents_as_published(world: World) -> None:
    """Just over half and one third had a mental-health record; 6.6% and 1.3% an admission for injury (two years)."""
    for group, mental_health, admission in (("public_children", 52.0, 6.6), ("children", 33.0, 1.3)):
        row = world.sql.execute(f"""
            WITH child AS (
                SELECT resident_id, (week_of_birth + INTERVAL 14 YEAR)::DATE AS day
                FROM people JOIN ready_practice_registration USING (resident_id)
                WHERE grp = '{group}' AND death IS NULL
                    AND week_of_birth BETWEEN DATE '1997-06-01' AND DATE '2005-01-01'
            ),
            found AS (
                SELECT child.resident_id,
                    bool_or(source = 'general_practice' AND indicator = 'mental_health') AS mental_health,
                    bool_or(source = 'admission' AND indicator IN ('injury', 'violence')) AS admission
                FROM child LEFT JOIN ready_health_event AS event ON event.resident_id = child.resident_id
                    AND event_date BETWEEN day - 730 AND day - 1
                GROUP BY ALL
            )
            SELECT 100 * avg(coalesce(mental_health, false)::INTEGER), 100 * avg(coalesce(admission, false)::INTEGER),
                count(*) FROM found
        """).fetchone()
        assert row is not None
        # Depression is rarer at 12 and 13 than on average from 10 to 17: two percentage points of tolerance.
        assert abs(row[0] - mental_health) < 3.5
        assert agrees(row[1], row[2], admission)


def test_tables_are_as_their_contracts_say(world: World) -> None:
    contract = load_contract(ROOT / "workflow/family_justice/contracts/wales_health.yaml").tables
    assert set(world.tables) == set(contract)
    for name, table in contract.items():
        assert world.tables[name].num_rows > 0
        assert [f.message for f in find_problems(world.sql, name, table, {n: n for n in contract})] == []


def test_about_four_fifths_of_practices_supply_data(world: World) -> None:
    share = world.one("""
        SELECT avg(flag) FROM (SELECT PRAC_CD_E, max(GP_DATA_FLAG) AS flag
        FROM WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN GROUP BY ALL)
    """)
    assert 0.68 < share < 0.92
    assert world.one("""
        SELECT count(*) FROM WLGP_GP_EVENT_CLEANSED AS event
        JOIN WLGP_CLEAN_GP_REG_BY_PRAC_INCLNONSAIL_MEDIAN USING (PRAC_CD_E, ALF_E) WHERE GP_DATA_FLAG = 0
    """) == 0  # fmt: skip


@pytest.mark.parametrize(
    ("rule", "defect"),
    [("health_placeholder_date", "placeholder_date"), ("health_after_death", "event_after_death"),
     ("health_repeated", "duplicate_event"), ("health_unregistered", "event_before_registration")],
)  # fmt: skip
def test_labelled_defects_of_general_practice_are_what_harmonisation_finds(
    world: World, rule: str, defect: str
) -> None:
    planted, (_, found) = world.labels(defect, "WLGP_GP_EVENT_CLEANSED"), world.counted(rule, "WLGP")
    assert planted > 0
    # A label may meet another one (a duplicate of an event after death), and two true events one day and code.
    assert found == pytest.approx(planted, rel=0.1, abs=3)


def test_records_without_a_match_are_labelled(world: World) -> None:
    planted = sum(world.labels(name, "SMDS_TREATMENT_EPISODE") for name in ("linkage_missing", "status_99_with_number"))
    assert world.counted("health_unlinked", "SMDS")[1] == planted > 0
    assert (
        world.counted("health_episode_undated", "PEDW")[1] <= world.labels("episode_date_missing", "PEDW_EPISODE") * 4
    )
    uncoded = world.one("SELECT count(*) FROM PEDW_EPISODE ANTI JOIN PEDW_DIAG USING (SPELL_NUM_E, EPI_NUM)")
    # Other admissions for which no code list of the parameters has a code do not exist.
    assert uncoded == world.labels("diagnosis_missing", "PEDW_EPISODE") > 0


def test_no_event_lies_outside_the_records(world: World) -> None:
    for rule in ("health_undated", "health_before_birth", "health_after_data", "health_without_resident"):
        for system in ("WLGP", "PEDW", "EDDS", "OPDW", "SMDS"):
            assert world.counted(rule, system)[1] == 0, rule
    assert world.counted("health_code_unreadable", "PEDW")[1] == 0
    assert world.counted("health_code_form", "PEDW")[1] > 0
