"""The cohorts of looked-after children on toy records, the expected rows beneath them."""

from __future__ import annotations

from pathlib import Path

import pytest
from ready import extracted

HEADER = """
person
person_id | sex    | week_of_birth
P1        | female | 2006-03-06

looked_after_episode
looked_after_id | person_id | sex    | week_of_birth | episode_start | episode_end | legal_status       | placement     | start_reason | end_reason           | period_of_care | period_start | placement_number | is_placement_move
"""
#: A: a baby by agreement, under an order, home on trial, home, and back. B: in care when the census begins. C: protected by
#: the police. D: short breaks only. E and F: one linked child of two authorities. G: still in care.
CHILDREN = HEADER + """A | -  | female | 2012-01-02 | 2012-01-10 | 2012-02-10 | voluntary          | other_foster         | entry        | continues            | 1 | 2012-01-10 | 1 | 0
A | -  | female | 2012-01-02 | 2012-02-10 | 2012-12-01 | interim_care_order | kinship_foster       | both         | continues            | 1 | 2012-01-10 | 2 | 1
A | -  | female | 2012-01-02 | 2012-12-01 | 2013-06-01 | care_order         | kinship_foster       | legal_status | continues            | 1 | 2012-01-10 | 2 | 0
A | -  | female | 2012-01-02 | 2013-06-01 | 2013-09-01 | care_order         | parents              | placement    | returned_home        | 1 | 2012-01-10 | 3 | 1
A | -  | female | 2012-01-02 | 2014-02-01 | 2014-03-01 | voluntary          | other_foster         | entry        | returned_home        | 2 | 2014-02-01 | 1 | 0
B | -  | male   | 2000-05-01 | 2003-03-31 | 2004-05-01 | care_order         | other_foster         | entry        | special_guardianship | 1 | 2003-03-31 | 1 | 0
C | -  | male   | 1996-06-03 | 2011-09-05 | 2011-09-08 | police_protection  | childrens_home       | entry        | continues            | 1 | 2011-09-05 | 1 | 0
C | -  | male   | 1996-06-03 | 2011-09-08 | 2012-01-05 | voluntary          | childrens_home       | legal_status | independent          | 1 | 2011-09-05 | 1 | 0
D | -  | male   | 2005-01-03 | 2012-04-02 | 2013-04-02 | short_breaks       | other_foster         | entry        | other                | 1 | 2012-04-02 | 1 | 0
E | P1 | female | 2006-03-06 | 2010-03-31 | 2010-06-01 | care_order         | other_foster         | entry        | other_authority      | 1 | 2010-03-31 | 1 | 0
F | P1 | female | 2006-03-06 | 2010-06-01 | 2011-03-31 | care_order         | other_foster         | entry        | special_guardianship | 1 | 2010-06-01 | 1 | 0
G | -  | female | 2014-05-05 | 2015-01-05 | 2015-07-06 | placement_order    | other_foster         | entry        | continues            | 1 | 2015-01-05 | 1 | 0
G | -  | female | 2014-05-05 | 2015-07-06 | 2016-02-01 | placement_order    | placed_for_adoption  | placement    | adopted              | 1 | 2015-01-05 | 2 | 1
"""  # fmt: skip


def test_first_entries_their_routes_and_what_happens_in_care(tmp_path: Path) -> None:
    # The police's protection is no agreement. A trial at home and the placement with adopters are no moves; the change of
    # legal status alone of A in December is none either.
    made = extracted(tmp_path, "children", "entries", CHILDREN)
    made.shows("""
        child | entry_date | entry_route | route          | age_at_entry | first_order | moves        | trial_at_home | placed_with_adopters | left_care  | returned_home | adopted
        A     | 2012-01-10 | agreement   | agreement      | under 1      | 2012-02-10  | [2012-02-10] | 2013-06-01    | -                    | 2013-09-01 | 2013-09-01    | -
        C     | 2011-09-05 | order       | another status | 14 to 17     | -           | []           | -             | -                    | 2012-01-05 | -             | -
        G     | 2015-01-05 | order       | another status | under 1      | 2015-01-05  | []           | -             | 2015-07-06           | 2016-02-01 | -             | 2016-02-01
        P1    | 2010-03-31 | order       | another status | 1 to 4       | 2010-03-31  | []           | -             | -                    | 2010-06-01 | -             | -
    """)  # fmt: skip
    assert made.attrition == {"first_periods": 5, "since_records": 4, "born": 4, "route_known": 4}


def test_where_a_child_is_from_day_to_day_and_back_again(tmp_path: Path) -> None:
    made = extracted(tmp_path, "children", "entries", CHILDREN)
    made.shows("""
        child | pathway | pathway_state
        A     | [2012-01-10, 2012-02-10, 2013-06-01, 2013-09-01, 2014-02-01, 2014-03-01] | [agreement_foster, order_relatives, order_parents, home, agreement_foster, home]
        C     | [2011-09-05, 2011-09-08, 2012-01-05] | [order_residential, agreement_residential, home]
        G     | [2015-01-05, 2015-07-06, 2016-02-01] | [order_foster, for_adoption, adopted]
        P1    | [2010-03-31, 2010-06-01] | [order_foster, home]
    """)  # fmt: skip


def test_leaving_and_coming_back(tmp_path: Path) -> None:
    # A leaves twice and comes back once; another authority that takes over is no leaving; adoption and independence are none
    # from which children come back. D had short breaks only. B left within the census, though it came before.
    made = extracted(tmp_path, "children", "leavers", CHILDREN)
    made.shows("""
        looked_after_id | period_of_care | left_date  | way_of_leaving       | time_in_care    | age_at_leaving | re_entry   | back_by_agreement
        A               | 1              | 2013-09-01 | returned home        | 6 to 23 months  | 1 to 4         | 2014-02-01 | 2014-02-01
        A               | 2              | 2014-03-01 | returned home        | under 6 months  | 1 to 4         | -          | -
        B               | 1              | 2004-05-01 | special guardianship | 6 to 23 months  | 1 to 4         | -          | -
        F               | 1              | 2011-03-31 | special guardianship | 6 to 23 months  | 5 to 9         | -          | -
    """)  # fmt: skip


def test_coming_back_under_an_order_competes_with_coming_back_by_agreement(tmp_path: Path) -> None:
    # The status on the first day back decides, in whichever authority that is; X is under an order the day after.
    rows = """X | P1 | female | 2006-03-06 | 2010-01-04 | 2010-06-01 | voluntary | other_foster | entry | returned_home | 1 | 2010-01-04 | 1 | 0
Y | P1 | female | 2006-03-06 | 2011-01-04 | 2011-01-05 | voluntary | other_foster | entry | continues | 1 | 2011-01-04 | 1 | 0
Y | P1 | female | 2006-03-06 | 2011-01-05 | 2012-01-04 | interim_care_order | other_foster | legal_status | returned_home | 1 | 2011-01-04 | 1 | 0
X | P1 | female | 2006-03-06 | 2013-01-07 | 2014-01-06 | interim_care_order | other_foster | entry | returned_home | 2 | 2013-01-07 | 1 | 0
"""  # fmt: skip
    made = extracted(tmp_path, "children", "leavers", HEADER + rows)
    made.shows("""
        looked_after_id | period_of_care | left_date  | re_entry   | back_by_agreement | back_otherwise
        X               | 1              | 2010-06-01 | 2011-01-04 | 2011-01-04        | -
        X               | 2              | 2014-01-06 | -          | -                 | -
        Y               | 1              | 2012-01-04 | 2013-01-07 | -                 | 2013-01-07
    """)  # fmt: skip


@pytest.mark.parametrize(
    ("days", "expected"), [(182, "under 6 months"), (183, "6 to 23 months"), (730, "6 to 23 months"), (731, "24 months and over")]
)  # fmt: skip
def test_limits_of_time_in_care(tmp_path: Path, days: int, expected: str) -> None:
    from datetime import date, timedelta

    begin = date(2010, 1, 4)
    row = f"X | - | male | 2005-01-03 | {begin} | {begin + timedelta(days)} | voluntary | other_foster | entry | returned_home | 1 | {begin} | 1 | 0"
    made = extracted(tmp_path, "children", "leavers", HEADER + row)
    made.shows(f"looked_after_id | period_of_care | time_in_care\nX | 1 | {expected}")


@pytest.mark.parametrize(("born", "babies"), [("2011-01-17", 0), ("2011-01-18", 1)])
def test_a_baby_is_under_one_year(tmp_path: Path, born: str, babies: int) -> None:
    # 365 and 364 days before the entry; A keeps the cohort from being empty.
    row = f"X | - | male | {born} | 2012-01-17 | 2012-05-01 | voluntary | other_foster | entry | returned_home | 1 | 2012-01-17 | 1 | 0"
    named = (CHILDREN + row).replace(
        "looked_after_id | person_id |", "looked_after_id | local_authority_name | person_id |"
    )
    lines = [
        line.replace(" | ", " | Cardiff | ", 1)
        if line[:2] in ("A ", "B ", "C ", "D ", "E ", "F ", "G ", "X ")
        else line
        for line in named.splitlines()
    ]
    made = extracted(tmp_path, "children", "babies", "\n".join(lines))
    assert made.attrition["under_one"] == 2 + babies
    assert made.attrition["two_routes"] == 1 + babies


def test_the_stock_of_31_march(tmp_path: Path) -> None:
    # In care on the day: who comes on it (E in 2010), not who leaves on it (F in 2011). Of A's placements in the year to 31
    # March 2012 there are two; B came before the census and counts; short breaks do not.
    made = extracted(tmp_path, "children", "stock", CHILDREN)
    assert made.attrition == {"looked_after": 6, "without_short_breaks": 5, "placements_counted": 5}
    made.shows("""
        looked_after_id | census_year | child | placements_in_year | legal_basis        | was_linked
        A               | 2012        | A     | 2                  | interim care order | no
        A               | 2013        | A     | 1                  | care order         | no
        B               | 2004        | B     | 1                  | care order         | no
        E               | 2010        | P1    | 1                  | care order         | no
        G               | 2015        | G     | 1                  | placement order or another status | no
    """)  # fmt: skip


def test_placements_of_the_first_year_are_counted_of_children_who_stay_a_year(tmp_path: Path) -> None:
    """Of H the third placement begins within the year, of K on the day after it; J leaves a day early."""
    more = """H | -  | female | 2010-03-01 | 2012-03-05 | 2012-06-01 | care_order | other_foster    | entry     | continues     | 1 | 2012-03-05 | 1 | 0
H | -  | female | 2010-03-01 | 2012-06-01 | 2013-03-04 | care_order | childrens_home  | placement | continues     | 1 | 2012-03-05 | 2 | 1
H | -  | female | 2010-03-01 | 2013-03-04 | 2014-01-06 | care_order | other_foster    | placement | returned_home | 1 | 2012-03-05 | 3 | 1
J | -  | female | 2010-03-01 | 2012-03-05 | 2013-03-04 | care_order | other_foster    | entry     | returned_home | 1 | 2012-03-05 | 1 | 0
K | -  | female | 2010-03-01 | 2012-03-05 | 2012-06-01 | care_order | other_foster    | entry     | continues     | 1 | 2012-03-05 | 1 | 0
K | -  | female | 2010-03-01 | 2012-06-01 | 2013-03-05 | care_order | childrens_home  | placement | continues     | 1 | 2012-03-05 | 2 | 1
K | -  | female | 2010-03-01 | 2013-03-05 | 2014-01-06 | care_order | other_foster    | placement | returned_home | 1 | 2012-03-05 | 3 | 1
"""  # fmt: skip
    extracted(tmp_path, "children", "first_years", CHILDREN + more).shows("""
        child | settings | two_or_fewer | entry_period       | age_at_entry
        A     | 2        | yes          | 2011/12 to 2015/16 | under 1
        G     | 2        | yes          | 2011/12 to 2015/16 | under 1
        H     | 3        | no           | 2011/12 to 2015/16 | 1 to 4
        K     | 2        | yes          | 2011/12 to 2015/16 | 1 to 4
    """)  # fmt: skip
