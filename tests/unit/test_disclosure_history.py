"""A later release must not be subtracted from an earlier one to find the few people who came or went."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from behind_samples import write_behind
from test_disclosure_gate import COURT, PUBLIC, STUDY

from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.door import open_door
from family_justice.disclosure.history import Population, check_differences, read_history, released_cells
from family_justice.errors import DisclosureError
from family_justice.files import write_csv, write_text
from family_justice.results import tidy


class Safe:
    """One stream whose table of ages is released again and again."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.history = folder / "internal" / "history.csv"
        self.results = folder / "release" / "ages" / "results.csv"

    def release(
        self, *ages: int, refresh: str = "2021-06-30", policy: Policy = COURT, analysis: str = "ages"
    ) -> pd.DataFrame:
        """Release a table of three ages; return what is released."""
        levels = dict(zip(("under 20", "20 to 24", "25 and over"), ages, strict=True))
        rows = [
            {"level": level, "n": n, "total": sum(ages), "estimate": 100 * n / sum(ages)} for level, n in levels.items()
        ]
        labels = {"stream": "recurrence", "analysis": analysis, "kind": "table_one", "cohort": "mothers"}
        internal = self.folder / "internal" / "results.csv"
        write_csv(tidy(rows, **labels, measure="percent", term="age_band"), internal)
        write_behind(internal)
        study = {**STUDY, "analyses": {analysis: {"kind": "table_one", "variables": ["age_band"], "group_by": []}}}
        described = self.folder / "described.json"
        write_text(described, pd.Series(study).to_json())
        population = Population(self.history, "sail", refresh)
        open_door(
            {analysis: internal}, {analysis: self.results}, policy, policy, described, self.folder / "study.json",
            self.folder / "suppressions.csv", population,
        )  # fmt: skip
        return pd.read_csv(self.results)


def test_few_people_between_two_releases_close_the_door(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    assert safe.release(42, 400, 300)["n"].tolist() == [40, 400, 300]
    with pytest.raises(DisclosureError) as caught:
        safe.release(46, 400, 300, refresh="2021-12-31")
    message = str(caught.value)
    assert "cohort mothers, table_one, term age_band, level under 20, column n" in message
    assert "this release (refresh 2021-12-31)" in message
    assert "(refresh 2021-06-30)" in message
    assert "fewer than 10 people" in message
    assert not any(number in message for number in ("42", "46", "45", "40"))
    assert not safe.results.exists()
    # What was refused was not released, and is not remembered as if it had been.
    assert set(read_history(safe.history)["refresh"]) == {"2021-06-30"}


def test_a_new_name_is_no_way_round(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(42, 400, 300)
    with pytest.raises(DisclosureError, match="can be subtracted"):
        safe.release(46, 400, 300, analysis="ages_again")


def test_many_people_or_no_visible_change_are_no_difference(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(42, 400, 300)
    safe.release(41, 400, 300, refresh="2021-12-31")  # shown as 40, as before
    safe.release(62, 430, 320, refresh="2022-06-30")
    assert len(read_history(safe.history)["release"].unique()) == 3
    # Against each release before, not the last one alone.
    with pytest.raises(DisclosureError, match=r"release [0-9a-f]{16} \(refresh 2021-06-30\)"):
        safe.release(46, 430, 320, refresh="2022-12-31")


def test_the_same_release_again_is_remembered_once(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(42, 400, 300)
    before = safe.history.read_bytes()
    safe.release(42, 400, 300)
    assert safe.history.read_bytes() == before


def test_suppressed_counts_have_no_value_to_subtract(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    first = safe.release(7, 400, 300)
    assert first["n"].isna().any()
    cells = read_history(safe.history)
    assert "under 20" not in set(cells["level"])
    assert safe.release(12, 430, 320, refresh="2021-12-31")["n"].notna().all()


def test_public_records_may_differ_by_one(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(42, 400, 300, policy=PUBLIC)
    assert safe.release(43, 400, 300, policy=PUBLIC)["n"].tolist() == [43, 400, 300]


def test_another_population_is_no_earlier_release_of_this_one(tmp_path: Path) -> None:
    frames = []
    for n in (42, 46):
        levels = {"under 20": n, "20 to 24": 700}
        rows = [
            {"level": level, "n": k, "total": n + 700, "estimate": 100 * k / (n + 700)} for level, k in levels.items()
        ]
        labels = {"stream": "s", "analysis": "a", "kind": "table_one", "cohort": "mothers"}
        frames.append(tidy(rows, **labels, measure="percent", term="age_band"))
    cells = [
        released_cells(frame, disclose(frame, COURT).rows, Population(tmp_path, name, "2021-06-30"))
        for frame, name in zip(frames, ("one", "other"), strict=True)
    ]
    check_differences(cells[1], cells[0], COURT)
    with pytest.raises(DisclosureError):
        check_differences(cells[1].assign(population="one"), cells[0], COURT)


def test_a_damaged_history_closes_the_door(tmp_path: Path) -> None:
    safe = Safe(tmp_path)
    safe.release(42, 400, 300)
    safe.history.write_text("something,else\n1,2\n")
    with pytest.raises(DisclosureError, match="the history of releases"):
        safe.release(42, 400, 300)
