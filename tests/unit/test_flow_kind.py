"""Where members are at fixed times, and who goes where: worked by hand, and as it leaves."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from test_reentered_states import KEYS, OPEN, POLICY, STATES, crowd, extracted, study

from family_justice.analyses.recount import find_behind
from family_justice.analyses.study import describe_study
from family_justice.config.check import check_stream
from family_justice.config.schema import Stream
from family_justice.disclosure.disclose import Disclosed, disclose
from family_justice.disclosure.rounding import possible
from family_justice.disclosure.sets import gather
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import ConfigError
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.kinds.registry import KINDS
from family_justice.results import tidy

OTHERS = {key: None for key in ("every", "until", "restricted_mean_at")}
PLACES = {"home": {"label": "h"}, "foster": {"label": "f"}, "kin": {"label": "k"}, "adopted": STATES["adopted"]}
FLOW: dict[str, Any] = {"kind": "flow", "times": [0, 10, 30, 40]}


def flow(**keys: Any) -> Stream:
    stream = study().model_dump(exclude_none=True, exclude_unset=True)
    own = {key: value for key, value in {**KEYS, **FLOW, **keys}.items() if key not in OTHERS}
    stream["analyses"] = {"a": {"title": "T", "description": "d", "cohort": "people", **own}}
    return Stream.model_validate(stream)


def rows_of(frame: pd.DataFrame, stream: Stream) -> pd.DataFrame:
    rows = KINDS["flow"].run(frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return tidy(rows, stream="s", analysis="a", kind="flow", cohort="people")


def released(frame: pd.DataFrame, stream: Stream) -> tuple[pd.DataFrame, Disclosed]:
    exact = rows_of(frame, stream)
    behind = find_behind(exact, frame, stream.cohorts["people"], stream.analyses["a"], stream.covariates, "a")
    return exact, disclose(exact, POLICY, sets=gather({"a": exact}, {"a": behind}))


def test_counts_by_hand(tmp_path: Path) -> None:
    stream = flow()
    frame = extracted(tmp_path, stream)
    frame.loc[2, "ends"] = 35  # the third is last seen on day 35
    rows = disclose(rows_of(frame, stream), OPEN).rows
    cells = rows[rows["measure"] == "percent"]
    n = {(r.group, r.term, r.level): (r.n, r.total) for r in cells.itertuples() if r.n}
    assert n == {
        ("", "at_0", "home"): (1, 3), ("", "at_0", "away"): (2, 3),
        ("", "at_10", "home"): (2, 3), ("", "at_10", "away"): (1, 3),
        ("at_0=home", "at_10", "home"): (1, 1), ("at_0=away", "at_10", "home"): (1, 2),
        ("at_0=away", "at_10", "away"): (1, 2),
        ("", "at_30", "away"): (2, 3), ("", "at_30", "adopted"): (1, 3),
        ("at_10=home", "at_30", "away"): (1, 2), ("at_10=home", "at_30", "adopted"): (1, 2),
        ("at_10=away", "at_30", "away"): (1, 1),
        ("", "at_40", "home"): (1, 3), ("", "at_40", "adopted"): (1, 3), ("", "at_40", "not_observed"): (1, 3),
        ("at_30=away", "at_40", "home"): (1, 2), ("at_30=away", "at_40", "not_observed"): (1, 2),
        ("at_30=adopted", "at_40", "adopted"): (1, 1),
    }  # fmt: skip


def test_states_that_events_enter_flow_as_well() -> None:
    """Without spells, members come from one first state, each state is entered once."""
    frame = pd.DataFrame({"person": range(4), "moved": [5.0, np.nan, 12, 30], "ends": [40.0, 8, 40, 40]})
    stream = flow(
        spells=None, times=[0, 10, 20], states={"home": {"label": "h"}, "away": {"label": "a", "entered_by": "moved"}}
    )
    cells = rows_of(frame, stream)
    n = {(r.group, r.term, r.level): r.n for r in cells[cells["measure"] == "percent"].itertuples() if r.n}
    assert n == {
        ("", "at_0", "home"): 4, ("", "at_10", "home"): 2, ("", "at_10", "away"): 1, ("", "at_10", "not_observed"): 1,
        ("at_0=home", "at_10", "home"): 2, ("at_0=home", "at_10", "away"): 1, ("at_0=home", "at_10", "not_observed"): 1,
        ("", "at_20", "home"): 1, ("", "at_20", "away"): 2, ("", "at_20", "not_observed"): 1,
        ("at_10=home", "at_20", "home"): 1, ("at_10=home", "at_20", "away"): 1, ("at_10=away", "at_20", "away"): 1,
        ("at_10=not_observed", "at_20", "not_observed"): 1,
    }  # fmt: skip


def test_margins_of_both_times_protect_small_cells() -> None:
    """Where one band is of few people, neither the bar it leaves nor the one it reaches gives its number."""
    exact, found = released(crowd(300), flow(states=PLACES))
    rows = found.rows
    cells = rows[rows["measure"] == "percent"]
    assert not cells["n"].between(1, 9).any()
    assert (cells["n"].dropna() % 5 == 0).all()
    small = exact[exact["n"].between(1, 9) & (exact["measure"] == "percent")]
    assert len(small)
    bars = {(r.term, r.level): r.n for r in cells.itertuples() if not r.group}
    out: dict[tuple[str, str], list[tuple[int, Any]]] = defaultdict(list)
    for r, exactly in zip(cells.itertuples(), exact["n"], strict=False):
        if r.group:
            before, _, state = str(r.group).partition("=")
            for bar in ((before, state), (str(r.term), str(r.level))):
                out[bar, r.term].append((int(exactly), r.n))
    looked_at = 0
    for (bar, _), bands in out.items():
        for number, (exactly, n) in enumerate(bands):
            if not 0 < exactly < 10:
                continue
            assert pd.isna(n)
            looked_at += 1
            others = [between(shown) for k, (_, shown) in enumerate(bands) if k != number]
            low, high = between(bars[bar])
            least = max(1, low - sum(top for _, top in others))
            most = min(9, high - sum(bottom for bottom, _ in others))
            assert least <= exactly <= most
            assert most - least + 1 >= 3
    assert looked_at > 10


def between(shown: Any) -> tuple[int, int]:
    """What a count can be by what is shown of it."""
    return (1, 10**6) if pd.isna(shown) else possible(int(shown), POLICY)


WRONG = [
    ({"times": [0, 10, 10]}, "in increasing order"),
    ({"times": [-1, 10]}, "times of 0 and above"),
    ({"states": {**STATES, "not_observed": {"label": "n", "spells": ["kin"]}}}, "name stands for members no longer"),
    ({"censoring": ["end"]}, "there is no event 'end'"),
]


@pytest.mark.parametrize(("keys", "says"), WRONG)
def test_keys_that_cannot_be(keys: dict[str, Any], says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_stream(flow(**keys), {}, Path("s.yaml"))
    assert says in str(caught.value)


def test_a_reader_meets_bars_bands_and_tables(tmp_path: Path) -> None:
    stream = flow()
    check_stream(stream, {}, Path("s.yaml"))
    source: Any = type("Source", (), {"kind": "files", "description": "d", "refresh_date": None})()
    about = describe_study(stream, stream.covariates, ("toy", source), svg_only(POLICY), {})
    _, found = released(crowd(), stream)
    check_labels(found.rows, vocabulary(about), "a")
    drawn = draw_analysis(about, "a", found.rows, tmp_path)
    assert drawn["alt"].startswith("Flow picture. T. start: at home ")
    assert "no longer observed" in drawn["alt"]
    where, changes = KINDS["flow"].show.page(found.rows, about["analyses"]["a"], Labels(about)).tables
    assert where.heads == ["State", "Start", "10 days", "30 days", "40 days"]
    assert [row.head for row in where.rows] == ["At home", "Away", "Adopted", "No longer observed"]
    assert changes.rows[0].head == "Start to 10 days"
    assert [row.head for row in changes.rows].count("Away") == 3
    assert all(cell.text.endswith("%") or cell.withheld for row in where.rows for cell in row.cells)
    few = disclose(rows_of(crowd(9), stream), POLICY).rows
    assert (
        draw_analysis(about, "a", few, tmp_path / "few")["caption"]
        == "All counts are withheld: too few people to release."
    )
