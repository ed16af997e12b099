"""Residents of Wales: who they are, when they live there, where, and what the register makes of it."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import fields
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from family_justice.contracts import source_tables
from family_justice.sources.synthetic.clock import DAYS_PER_YEAR, NULL, to_day
from family_justice.sources.synthetic.parameters.model import load_parameters
from family_justice.sources.synthetic.people.register import MOTHER
from family_justice.sources.synthetic.people.residence import OPEN, draw_spells, residence_tables
from family_justice.sources.synthetic.people.residents import draw_residents
from family_justice.sources.synthetic.population import draw_records
from family_justice.sources.synthetic.public_law.families import FEMALE, WALES
from family_justice.sources.synthetic.public_law.returns import EXISTING_CHILD
from family_justice.sources.synthetic.systems.denominators import denominator_tables
from family_justice.sources.synthetic.tables import build_table

PARAMETERS = Path(__file__).resolve().parents[2] / "config/population"
SCALE = 0.05


@pytest.fixture(scope="module")
def records():
    return draw_records(load_parameters(PARAMETERS), SCALE, 5)


@pytest.fixture(scope="module")
def residents(records):
    return draw_residents(records, records.streams)


@pytest.fixture(scope="module")
def spells(records, residents):
    return draw_spells(records, residents, records.streams)


@pytest.fixture(scope="module")
def tables(records, residents):
    made = residence_tables(records, residents)
    return {name: build_table(source_tables()[name], columns) for name, columns in made.items()}


def test_the_same_seed_gives_the_same_residents(records, residents):
    again = draw_residents(records, records.streams)
    assert all(np.array_equal(getattr(again, f.name), getattr(residents, f.name)) for f in fields(residents))


def test_the_comparison_population_is_proportional_to_the_scale(records, residents):
    p = records.parameters.residents
    adults = int((~residents.in_court & (residents.mother < 0)).sum())
    # Some of the couples come to Wales and leave it before anything is recorded.
    assert 0.97 * 2 * SCALE * p.comparison_women.value < adults <= 2 * SCALE * p.comparison_women.value
    assert len(np.unique(residents.alf)) == len(residents)


def test_everybody_lives_in_wales_within_life_and_data(records, residents):
    end = to_day(records.parameters.calendar.wales_end.value)
    assert (residents.since >= residents.week_of_birth).all()
    assert (residents.since <= residents.until).all()
    assert (residents.until <= end).all()
    dead = residents.death != NULL
    assert (residents.until[dead] <= residents.death[dead]).all()
    assert (residents.death[dead] <= end).all()


def test_mothers_are_women_old_enough(residents):
    child = np.flatnonzero(residents.mother >= 0)
    mother = residents.mother[child]
    years = (residents.week_of_birth[child] - residents.week_of_birth[mother]) / DAYS_PER_YEAR
    assert (residents.sex[mother] == FEMALE).all()
    assert years.min() > 13.9
    assert years.max() < 50
    assert (residents.in_court[child] == residents.in_court[mother]).all()
    assert (residents.since[child] >= residents.since[mother])[~residents.in_court[child]].all()


def test_court_people_are_the_linked_people_of_wales_with_their_first_issues(records, residents):
    people, cases = records.people, records.families.cases
    here = np.flatnonzero(residents.in_court)
    assert (people.jurisdiction[residents.human[here]] == WALES).all()
    assert np.array_equal(people.alf[residents.human[here]], residents.alf[here])
    first = defaultdict(lambda: 10**9)
    for case, human, part in zip(people.case.tolist(), people.human.tolist(), people.part.tolist(), strict=True):
        if part == MOTHER and cases.cause[case] <= EXISTING_CHILD:
            first[human] = min(first[human], int(cases.issue[case]))
    mothers = [i for i in here.tolist() if int(residents.human[i]) in first]
    assert len(mothers) > 100
    assert all(residents.parent_issue[i] == first[int(residents.human[i])] for i in mothers)
    for name in ("parent_issue", "child_issue", "private_adult", "private_child"):
        days = getattr(residents, name)
        assert (days != NULL).sum() > 100
        assert (days[~residents.in_court] == NULL).all()
    adult = (residents.parent_issue != NULL) | (residents.private_adult != NULL)
    for days in (residents.parent_issue, residents.private_adult):
        known = adult & (days != NULL)
        assert ((residents.since <= days) & (days <= residents.until))[known].all()


def test_deaths_of_the_comparison_population_follow_their_hazard(records, residents):
    p = records.parameters.residents
    a, b = p.deaths_at_age_0_per_1000_years.value / 1000, p.rise_of_deaths_per_year.value
    grown = ~residents.in_court & (residents.mother < 0)
    start = (residents.since - residents.week_of_birth)[grown] / DAYS_PER_YEAR
    stop = (residents.until - residents.week_of_birth)[grown] / DAYS_PER_YEAR
    expected = float((a / b * (np.exp(b * stop) - np.exp(b * start))).sum())
    found = int((residents.death[grown] != NULL).sum())
    assert abs(found - expected) < 4 * np.sqrt(expected)


def test_addresses_cover_the_time_in_wales_without_gap_or_overlap(residents, spells):
    first, last = spells.is_first, spells.is_last
    assert np.array_equal(spells.resident[first], np.arange(len(residents)))
    assert np.array_equal(spells.start[first], residents.since)
    assert np.array_equal(spells.end[last], residents.until)
    assert np.array_equal(spells.start[~first], spells.end[~last] + 1)


def test_about_a_tenth_move_in_a_year_and_families_live_together(residents, spells):
    years = (residents.until - residents.since + 1).sum() / DAYS_PER_YEAR
    assert 0.1 < (len(spells.start) - len(residents)) / years < 0.14
    day = to_day(date(2012, 6, 1))
    there = (spells.start <= day) & (day <= spells.end)
    address = np.full(len(residents), -1)
    address[spells.resident[there]] = spells.address[there]
    child = np.flatnonzero((residents.mother >= 0) & (day - residents.week_of_birth < 17 * DAYS_PER_YEAR))
    child = child[(address[child] >= 0) & (address[residents.mother[child]] >= 0)]
    assert len(child) > 1000
    assert (address[child] == address[residents.mother[child]]).mean() > 0.99


def test_people_live_where_the_court_found_them(residents, spells):
    issue = residents.parent_issue[spells.resident]
    then = (issue != NULL) & (spells.start <= issue) & (issue <= spells.end)
    assert then.sum() == (residents.parent_issue != NULL).sum()
    assert (spells.lsoa[then] == residents.lsoa[spells.resident[then]]).mean() > 0.85


def test_the_register_departs_from_the_truth_as_often_as_planned(records, residents, spells, tables):
    p = records.parameters.residents
    moves = len(spells.start) - len(residents)
    labels = Counter(records.defects.table()["defect"].to_pylist())
    assert labels["residence_overlap"] / moves == pytest.approx(p.overlapping_residence.value, rel=0.1)
    assert labels["residence_gap"] / moves == pytest.approx(p.gap_in_residence.value, rel=0.1)
    assert tables["WDSD_AR_PERS"].num_rows == len(residents) + labels["two_register_entries"]
    assert tables["WDSD_AR_PERS_ADD"].num_rows == len(spells.start) + labels["residence_repeated"]
    status = Counter(tables["WDSD_AR_PERS"]["ALF_STS_CD"].to_pylist())
    assert status["99"] == tables["WDSD_AR_PERS"]["ALF_E"].null_count
    assert status["99"] / len(residents) == pytest.approx(p.linkage_status.value["99"], rel=0.2)
    ends = tables["WDSD_AR_PERS_ADD"]["TO_DT"].cast("int32").to_numpy()
    assert (ends == OPEN).mean() > 0.2
    assert tables["WDSD_PER_RESIDENCE_GPREG"]["ACTIVETO"].null_count > 0.5 * len(residents)


def test_denominators_spread_the_totals_of_the_nations(records):
    made = denominator_tables(records)
    built = {name: build_table(source_tables()[name], columns).to_pandas() for name, columns in made.items()}
    births = built["AREA_LIVE_BIRTHS"]
    p = records.parameters.denominators
    wales = births[(births.YEAR == 2018) & births.LA_CODE.str.startswith("W")].LIVE_BIRTHS
    assert wales.sum() == pytest.approx(SCALE * p.live_births_wales.value[2018], rel=0.01)
    assert len(wales) == 22
    people = built["AREA_POPULATION"]
    england = people[(people.YEAR == 2011) & people.LA_CODE.str.startswith("E")].POPULATION.sum()
    assert england == pytest.approx(1000 * SCALE * p.population_england.value[2011], rel=0.01)
    ranks = built["LSOA_DOMAIN_RANK"]
    income = ranks[(ranks.DOMAIN == "Income") & ranks.LSOA2011_CD.str.startswith("W")].DOMAIN_RANK
    assert sorted(income) == list(range(1, len(income) + 1))
    assert set(ranks[ranks.LSOA2011_CD.str.startswith("E")].DOMAIN) >= {"Crime", "Living Environment"}
