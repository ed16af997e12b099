"""Who lives in Wales, where and when: one rule per test, on entries of the register written out in full."""

# The little tables stay inside their calls:
# fmt: off

from __future__ import annotations

from pathlib import Path

from toy import CYMRU_CASE, harmonised

#: Resident 900, from the first day of 2010 on at one address and with one practice.
ONE = """
WDSD_AR_PERS
PERS_ID_E | ALF_E | ALF_STS_CD | ALF_MTCH_PCT | GNDR_CD | WOB
1 | 900 | 1 | 1.0 | 2 | 1990-01-01

WDSD_AR_PERS_ADD
PERS_ID_E | RALF_E | FROM_DT | TO_DT | LSOA2011_CD
1 | 70 | 2010-01-01 | 9999-12-31 | W01

WDSD_PER_RESIDENCE_GPREG
ALF_E | ACTIVEFROM | ACTIVETO
900 | 2010-01-01 | -

LSOA_DEPRIVATION
LSOA2011_CD | LA_CODE | DEPRIVATION_QUINTILE
W01 | W1 | 1
W02 | W1 | 4
"""

AREAS = "\n".join(ONE.split("\n\n")[-1:])
PERSON = "\n\n".join(ONE.split("\n\n")[:1])


def moves(rows: str) -> str:
    """Return resident 900 with other addresses."""
    header = "WDSD_AR_PERS_ADD\nPERS_ID_E | RALF_E | FROM_DT | TO_DT | LSOA2011_CD\n"
    return "\n\n".join((PERSON, AREAS, header + rows))


def test_what_is_open_ends_with_the_data(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE)
    made.shows("resident", """
        resident_id | person_id | sex    | week_of_birth | lsoa_code | deprivation_quintile
        R900        | -         | female | 1990-01-01    | W01       | 1
    """)
    made.shows("resident", """
        registered_from | registered_to | death_date | linkage_status | linkage_percent
        2010-01-01      | 2021-08-31    | -          | nhs_number     | 100.0
    """)
    made.shows("residence", """
        resident_id | start_date | end_date   | household_id | lsoa_code | local_authority | deprivation_quintile
        R900        | 2010-01-01 | 2021-08-31 | H70          | W01       | W1              | 1
    """)
    made.shows("registration", """
        resident_id | start_date | end_date
        R900        | 2010-01-01 | 2021-08-31
    """)


def test_a_resident_in_court_is_the_person_with_the_same_linkage_field(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE, CYMRU_CASE, """
        CAFCASS_ALF
        SYSTEM_ID_E | WOB | GNDR_CD | ALF_E | ALF_STS_CD
        2 | 1990-01-01 | 2 | 900 | 1
    """)
    made.shows("resident", """
        resident_id | person_id
        R900        | W2
    """)
    assert made.counts("linked_person_not_resident")["Wales"] == (1, 0, 1)


def test_an_entry_that_was_not_linked_is_nobody(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE, """
        WDSD_AR_PERS
        PERS_ID_E | ALF_E | ALF_STS_CD | WOB
        2 | 901 | 99 | 1991-01-07
        3 | 902 | - | 1992-01-06

        WDSD_AR_PERS_ADD
        PERS_ID_E | FROM_DT
        2 | 2012-01-01

        WDSD_PER_RESIDENCE_GPREG
        ALF_E | ACTIVEFROM
        901 | 2012-01-01
    """)
    assert [row[0] for row in made.rows("resident", ["resident_id"])] == ["R900"]
    assert made.counts("register_entry_unlinked")["Wales"] == (3, 2, 1)
    assert made.counts("residence_without_resident")["Wales"] == (2, 1, 1)
    assert made.counts("registration_without_resident")["Wales"] == (2, 1, 1)


def test_two_entries_of_one_resident_come_together(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE.replace("9999-12-31", "2014-12-31"), """
        WDSD_AR_PERS
        PERS_ID_E | ALF_E | ALF_STS_CD | ALF_MTCH_PCT | GNDR_CD | WOB
        2 | 900 | 39 | 0.93 | 1 | 1990-01-01

        WDSD_AR_PERS_ADD
        PERS_ID_E | RALF_E | FROM_DT | TO_DT | LSOA2011_CD
        2 | - | 2015-01-01 | - | W02
    """)
    # The sexes disagree; the better link counts; the area is that of the last residence.
    made.shows("resident", """
        resident_id | sex | week_of_birth | lsoa_code | deprivation_quintile | linkage_status
        R900        | -   | 1990-01-01    | W02       | 4                    | nhs_number
    """)
    made.shows("residence", """
        resident_id | start_date | end_date   | household_id
        R900        | 2010-01-01 | 2014-12-31 | H70
        R900        | 2015-01-01 | 2021-08-31 | -
    """)
    assert made.counts("same_resident")["Wales"] == (2, 1, 1)
    assert made.counts("resident_sex_disagrees")["Wales"] == (1, 1, 1)
    assert made.counts("resident_week_disagrees")["Wales"] == (1, 0, 1)


def test_overlaps_short_gaps_and_repeated_rows(tmp_path: Path) -> None:
    made = harmonised(tmp_path, moves("""1 | 70 | 2010-01-01 | 2012-02-10 | W01
        1 | 71 | 2012-02-01 | 2013-03-31 | W02
        1 | 71 | 2012-02-01 | 2013-03-31 | W02
        1 | 72 | 2013-05-01 | 2015-12-31 | W01
        1 | 73 | 2016-02-01 | 2016-01-15 | W01
        1 | 74 | 2016-02-01 | 9999-12-31 | W02"""))
    # April 2013 is a gap of 30 days and closed; January 2016 has 31 and stays open.
    made.shows("residence", """
        start_date | end_date   | household_id
        2010-01-01 | 2012-01-31 | H70
        2012-02-01 | 2013-04-30 | H71
        2013-05-01 | 2015-12-31 | H72
        2016-02-01 | 2021-08-31 | H74
    """)
    assert made.counts("residence_repeated")["Wales"] == (6, 1, 5)
    assert made.counts("residence_ends_before_start")["Wales"] == (5, 1, 4)
    assert made.counts("residence_overlaps")["Wales"] == (4, 1, 4)
    assert made.counts("residence_gap_closed")["Wales"] == (4, 1, 4)
    assert made.counts("residence_gap")["Wales"] == (4, 1, 4)


def test_how_long_a_gap_is_closed_can_be_chosen(tmp_path: Path) -> None:
    rows = moves("1 | 70 | 2010-01-01 | 2012-01-30 | W01\n1 | 71 | 2012-02-01 | - | W02")
    made = harmonised(tmp_path, rows, max_residence_gap_days=0)
    assert made.counts("residence_gap_closed")["Wales"] == (2, 0, 2)
    assert made.counts("residence_gap")["Wales"] == (2, 1, 2)


def test_the_longer_of_two_spells_from_one_day_stays(tmp_path: Path) -> None:
    made = harmonised(tmp_path, moves(
        "1 | 70 | 2010-01-01 | 2010-12-31 | W01\n1 | 71 | 2010-01-01 | 2011-12-31 | W02"
    ))
    made.shows("residence", """
        start_date | end_date   | household_id
        2010-01-01 | 2011-12-31 | H71
    """)
    assert made.counts("residence_same_start")["Wales"] == (2, 1, 1)
    assert made.counts("residences_ready")["Wales"] == (1, 0, 1)


def test_a_death_before_birth_is_not_the_residents(tmp_path: Path) -> None:
    """Neither that of the register of deaths nor that of the registration ends anything."""
    made = harmonised(tmp_path, ONE.replace("ALF_E | ACTIVEFROM | ACTIVETO", "ALF_E | ACTIVEFROM | ACTIVETO | DEATH_DT")
                      .replace("900 | 2010-01-01 | -", "900 | 2010-01-01 | - | 1900-01-01") + """
        ADDE_DEATHS
        ALF_E | DEATH_DT
        900 | 1989-12-31
    """)
    made.shows("resident", """
        resident_id | registered_to | death_date | lsoa_code
        R900        | 2021-08-31    | -          | W01
    """)
    assert made.counts("resident_death_before_birth")["Wales"] == (1, 1, 1)
    assert made.counts("residences_ready")["Wales"] == (1, 0, 1)


def test_residence_and_registration_end_with_death(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE, """
        ADDE_DEATHS
        ALF_E | DEATH_DT
        900 | 2015-06-01

        WDSD_AR_PERS_ADD
        PERS_ID_E | FROM_DT | TO_DT
        1 | 2016-01-01 | 2016-12-31

        WDSD_PER_RESIDENCE_GPREG
        ALF_E | ACTIVEFROM | ACTIVETO
        900 | 2015-06-02 | 2015-07-01
    """)
    made.shows("resident", """
        resident_id | registered_to | death_date
        R900        | 2015-06-01    | 2015-06-01
    """)
    assert made.rows("residence", ["end_date"]) == [["2015-06-01"]]
    assert made.counts("residence_after_death")["Wales"] == (2, 1, 1)
    assert made.counts("residence_outlasts_death")["Wales"] == (1, 1, 1)
    assert made.counts("registration_impossible")["Wales"] == (2, 1, 1)
    assert made.counts("registration_outlasts_death")["Wales"] == (1, 1, 1)


def test_registrations_that_touch_or_overlap_are_one(tmp_path: Path) -> None:
    made = harmonised(tmp_path, ONE.replace("900 | 2010-01-01 | -", """900 | 2010-01-01 | 2019-12-31
        900 | 2011-01-01 | 2012-12-31
        900 | 2020-01-31 | 2020-02-28
        900 | 2020-03-31 | -"""))
    # The first holds the second; 30 days of January 2020 are closed, 31 of March are not.
    made.shows("registration", """
        start_date | end_date
        2010-01-01 | 2020-02-28
        2020-03-31 | 2021-08-31
    """)
    assert made.counts("same_registration")["Wales"] == (4, 2, 2)


def test_denominators_and_domains_of_deprivation_by_area(tmp_path: Path) -> None:
    lsoas = "\n".join(f"W1{n} | W1 | 3" for n in range(5))
    ranks = "\n".join(f"W1{n} | Income | {n + 1}" for n in range(5))
    made = harmonised(tmp_path, f"""
        AREA_POPULATION
        LA_CODE | YEAR | AGE_BAND | SEX | POPULATION
        E1 | 2015 | 0 to 4 | female | 10
        E1 | 2015 | 15 to 17 | female | 5
        E1 | 2015 | 15 to 17 | male | 6
        E1 | 2015 | 45 to 64 | female | 40

        AREA_LIVE_BIRTHS
        LA_CODE | YEAR | LIVE_BIRTHS
        E1 | 2015 | 3

        AREA_FAMILIES
        LA_CODE | YEAR | FAMILIES
        W1 | 2016 | 8

        LSOA_DEPRIVATION
        LSOA2011_CD | LA_CODE | DEPRIVATION_QUINTILE
        {lsoas}

        LSOA_DOMAIN_RANK
        LSOA2011_CD | DOMAIN | DOMAIN_RANK
        {ranks}
        E01 | Crime | 1
        E02 | Crime | 32844
    """)
    made.shows("denominator", """
        local_authority | year | region     | population | under_18s | women_15_to_44 | live_births | families
        E1              | 2015 | North East | 61         | 21        | 5              | 3           | -
        W1              | 2016 | Wales      | -          | -         | -              | -           | 8
    """)
    # Quintiles are within the nation: five Welsh areas, two of the 32,844 English ones.
    made.shows("area", """
        lsoa_code | dfj_area | income_quintile | safety_quintile | access_quintile
        E01       | Toy area | -               | 1               | -
        E02       | Toy area | -               | 5               | -
        W10       | Swansea  | 1               | -               | -
        W11       | Swansea  | 2               | -               | -
        W12       | Swansea  | 3               | -               | -
        W13       | Swansea  | 4               | -               | -
        W14       | Swansea  | 5               | -               | -
    """)
    assert made.counts("area_without_domains") == {"England": (2, 2, 2), "Wales": (5, 0, 5)}
