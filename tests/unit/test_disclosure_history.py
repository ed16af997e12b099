"""No release may be subtracted from another of the same people, whatever streams, cohorts and levels are called."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from behind_samples import People
from test_disclosure_gate import COURT, PUBLIC, STUDY

from family_justice.config.schema import Policy
from family_justice.disclosure.door import open_door
from family_justice.disclosure.history import Population, Release, check_releases, read_releases
from family_justice.errors import DisclosureError
from family_justice.files import write_csv, write_text
from family_justice.results import behind_file

PEOPLE = People()
AGES = ("under 20", "20 to 24", "25 and over")
Ids = Iterable[int]


class Safe:
    """A safe haven in which tables of ages are released again and again."""

    def __init__(self, folder: Path, keeps: bool = True) -> None:
        self.folder, self.keeps = folder, keeps
        self.results = folder / "release" / "ages" / "results.csv"

    def release(
        self, *ages: Ids, refresh: str = "2021-06-30", stream: str = "recurrence", policy: Policy = COURT,
        levels: tuple[str, ...] = AGES, cohort: str = "mothers", analysis: str = "ages",
    ) -> pd.DataFrame:  # fmt: skip
        """Release a table of ages; return what is released. Records are known by their last day."""
        labels = {"stream": stream, "analysis": analysis, "kind": "table_one", "cohort": cohort, "term": "age_band"}
        frame, behind = PEOPLE.table(dict(zip(levels, ages, strict=True)), **labels)
        internal = self.folder / "internal" / "results.csv"
        write_csv(frame, internal)
        behind.write(behind_file(internal))
        bands = {"age_band": {"label": "Age", "levels": [*levels], "reference": levels[0]}}
        cohorts = {cohort: STUDY["cohorts"]["mothers"]}
        study: dict[str, Any] = {**STUDY, "stream": stream, "covariates": bands, "cohorts": cohorts}
        study["analyses"] = {analysis: {"kind": "table_one", "variables": ["age_band"], "group_by": []}}
        described = self.folder / "described.json"
        write_text(described, pd.Series(study).to_json())
        population = Population(self.folder / "releases", f"records {refresh}", refresh, self.keeps)
        open_door(
            {analysis: internal}, {analysis: self.results}, policy, policy, described, self.folder / "study.json",
            self.folder / "suppressions.csv", population,
        )  # fmt: skip
        return pd.read_csv(self.results)

    @property
    def remembered(self) -> list[str]:
        return sorted(path.name for path in (self.folder / "releases").glob("*.npz"))


YOUNG, MIDDLE, OLD = range(42), range(1000, 1400), range(2000, 2300)
FOUR_MORE = range(46)


def test_few_people_between_two_releases_close_the_door(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    assert safe.release(YOUNG, MIDDLE, OLD)["n"].tolist() == [40, 400, 300]
    with pytest.raises(DisclosureError) as caught:
        safe.release(FOUR_MORE, MIDDLE, OLD, refresh="2021-12-31")
    message = str(caught.value)
    assert "mothers, age_band=under 20" in message
    assert "records until 2021-12-31" in message
    assert "records until 2021-06-30" in message
    assert "fewer than 10 people" in message
    assert not any(number in message for number in ("42", "46", "45", "40"))
    assert not safe.results.exists()
    assert len(safe.remembered) == 1  # what was refused is not remembered as if it had been released


@pytest.mark.parametrize("names", [
    {"analysis": "ages_again"}, {"cohort": "women"}, {"stream": "copy"}, {"levels": ("a", "b", "c")},
])  # fmt: skip
def test_a_new_name_is_no_way_round(names: dict[str, Any], tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    with pytest.raises(DisclosureError, match="can be subtracted"):
        safe.release(FOUR_MORE, MIDDLE, OLD, refresh="2021-12-31", **names)


@pytest.mark.parametrize(("more", "is_refused"), [(0, False), (1, True), (9, True), (10, False), (11, False)])
def test_as_many_as_the_threshold_may_have_come(more: int, is_refused: bool, tmp_path: Path) -> None:
    """42 are shown as 40, from 43 on as 45 or more."""
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    ages = (range(42 + more), range(1000, 1440), range(2000, 2340))
    if is_refused:
        with pytest.raises(DisclosureError, match="can be subtracted"):
            safe.release(*ages, refresh="2021-12-31")
    else:
        safe.release(*ages, refresh="2021-12-31")


def test_other_people_in_like_numbers_are_no_difference(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    safe.release(range(500, 546), range(3000, 3403), range(4000, 4308), refresh="2021-12-31")


def test_each_release_before_counts_not_the_last_one_alone(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    safe.release(range(62), range(1000, 1430), range(2000, 2320), refresh="2022-06-30")
    assert len(safe.remembered) == 2
    with pytest.raises(DisclosureError, match="records until 2021-06-30"):
        safe.release(FOUR_MORE, range(1000, 1460), range(2000, 2350), refresh="2022-12-31")


def test_hidden_is_a_value_that_is_compared(tmp_path: Path) -> None:
    """Nine were hidden, ten are shown: nine and ten, then."""
    safe = Safe(tmp_path)
    assert safe.release(range(9), MIDDLE, OLD)["n"].isna().any()
    with pytest.raises(DisclosureError, match="can be subtracted"):
        safe.release(range(10), range(1000, 1450), range(2000, 2350), refresh="2021-12-31")


def test_the_same_release_again_is_remembered_once(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    safe.release(YOUNG, MIDDLE, OLD)
    assert len(safe.remembered) == 1


def test_a_part_in_another_stream_of_the_same_records_closes_the_door(tmp_path: Path) -> None:
    """13 and 24 are shown as 15 and 25 out of 35, so that they are 13 or 14, and 23 or 24. Another stream shows 23 of
    the 24 as 25, which is at least 23, and hides the one who is left: there would be one, then, and no more."""
    some, many, one, others = range(13), range(100, 123), range(200, 201), range(300, 312)
    safe = Safe(tmp_path)
    first = safe.release(some, [*many, *one], levels=("young", "old"))
    assert (first["n"].tolist(), first["total"].tolist()) == ([15, 25], [35, 35])
    alone = Safe(tmp_path / "alone").release(many, one, others, stream="other")
    assert alone["n"].fillna(0).tolist() == [25, 0, 0]
    with pytest.raises(DisclosureError) as caught:
        safe.release(many, one, others, stream="other")
    message = str(caught.value)
    assert "narrowed down" in message
    assert "stream other, records until 2021-06-30: mothers, age_band=20 to 24" in message
    assert not re.search(r"\b(13|23|24 (?!to)|36|37)\b", message.replace("20 to 24", ""))


@pytest.mark.parametrize("state", [0, 8])
def test_a_part_that_a_margin_lacks_and_what_rests_on_it_tells_is_looked_at_like_others(
    state: int, tmp_path: Path
) -> None:
    """The same as above; the 24 are withheld in their table (8), but to be had from what rests on them."""
    some, many, one, others = range(13), range(100, 123), range(200, 201), range(300, 312)
    found = []
    for name, ages in (("first", (some, [*many, *one])), ("other", (many, one, others))):
        safe = Safe(tmp_path / name)
        safe.release(*ages, levels=("young", "old") if name == "first" else AGES, stream=name)
        found += read_releases(Population(safe.folder / "releases", "records 2021-06-30", "2021-06-30", True), "none")
    first, other = found
    first = replace(first, state=np.where(first.exact == 24, first.state | state, first.state))
    assert (first.exact == 24).any()
    with pytest.raises(DisclosureError, match="narrowed down"):
        check_releases(other, [first], COURT)


@pytest.mark.parametrize("data", ["records 2021-06-30", "records 2021-12-31"])
def test_areas_may_be_a_few_more_in_another_release(data: str, tmp_path: Path) -> None:
    """How many areas there are is public (16), and how many more no secret; of people it would be."""
    found = []
    for name, old in (("first", OLD), ("other", [*OLD, 4000, 4001, 4002])):
        safe = Safe(tmp_path / name)
        safe.release(YOUNG, MIDDLE, old, stream=name)
        found += read_releases(Population(safe.folder / "releases", "records 2021-06-30", "2021-06-30", True), "none")
    first, other = (replace(one, low=one.exact, high=one.exact) for one in (found[0], replace(found[1], data=data)))
    with pytest.raises(DisclosureError):
        check_releases(other, [first], COURT)
    areas = [replace(one, state=one.state | 16) for one in (first, other)]
    check_releases(areas[1], [areas[0]], COURT)


def test_who_stayed_when_records_were_refreshed_is_the_same(tmp_path: Path) -> None:
    """The other stream after a refresh that changed nobody here: what follows is what followed before."""
    some, many, one, others = range(13), range(100, 123), range(200, 201), range(300, 312)
    safe = Safe(tmp_path)
    safe.release(some, [*many, *one], levels=("young", "old"))
    with pytest.raises(DisclosureError, match="narrowed down"):
        safe.release(many, one, others, stream="other", refresh="2021-12-31")


def test_streams_about_the_same_people_that_tell_nothing_more_both_leave(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    safe.release([*YOUNG, *MIDDLE], OLD, levels=("young", "old"), stream="other", cohort="all")
    assert len(safe.remembered) == 2


def test_a_population_that_is_made_up_has_no_past(tmp_path: Path) -> None:
    safe = Safe(tmp_path, keeps=False)
    safe.release(YOUNG, MIDDLE, OLD)
    assert safe.release(FOUR_MORE, MIDDLE, OLD, refresh="2021-12-31")["n"].tolist() == [45, 400, 300]
    assert safe.release(FOUR_MORE, MIDDLE, OLD)["n"].tolist() == [45, 400, 300]
    assert safe.remembered == ["recurrence.npz"]


def test_made_up_people_are_none_of_the_past_of_records(tmp_path: Path) -> None:
    """Small sets of either look alike, so that no study of records could leave after one of a synthetic population."""
    Safe(tmp_path, keeps=False).release(YOUNG, MIDDLE, OLD)
    assert Safe(tmp_path).release(FOUR_MORE, MIDDLE, OLD, refresh="2021-12-31")["n"].tolist() == [45, 400, 300]
    with pytest.raises(DisclosureError, match="earlier release"):
        Safe(tmp_path).release(YOUNG, MIDDLE, OLD)


def test_public_records_may_differ_by_one(tmp_path: Path) -> None:
    safe = Safe(tmp_path, keeps=False)
    safe.release(YOUNG, MIDDLE, OLD, policy=PUBLIC)
    assert safe.release(range(43), MIDDLE, OLD, policy=PUBLIC, stream="two")["n"].tolist() == [43, 400, 300]


def test_a_damaged_history_closes_the_door(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    (tmp_path / "releases" / safe.remembered[0]).write_bytes(b"no arrays")
    with pytest.raises(DisclosureError, match="nothing was released"):
        safe.release(YOUNG, MIDDLE, OLD)


def test_what_is_remembered_names_no_number_of_people(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(YOUNG, MIDDLE, OLD)
    with np.load(tmp_path / "releases" / safe.remembered[0]) as arrays:
        names = arrays["names"].tolist()
        assert set(arrays.files) == set(Release.__dataclass_fields__)
    assert names
    assert not [name for name in names if any(str(n) in name for n in (42, 400, 300, 742))]
