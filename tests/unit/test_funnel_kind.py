"""Funnel plots from a stream's words to the page."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COVARIATES, checked, one, take
from numpy.testing import assert_allclose

from family_justice.analyses.derived import funnel_rows, rate_rows
from family_justice.analyses.groups import funnel as adapter
from family_justice.errors import ConfigError
from family_justice.estimators.groups.funnel import control_limits
from family_justice.figures import funnel as figure
from family_justice.results import tidy

KEYS = {"kind": "funnel", "variable": "placed", "area": "area"}
NAMES = [f"Area {chr(65 + i)}{chr(97 + i)}" for i in range(24)]
WITH_AREAS = {**COVARIATES, "area": COVARIATES["area"].model_copy(update={"levels": NAMES, "reference": NAMES[0]})}


@pytest.fixture(autouse=True)
def many_areas(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("kinds_on_the_way.COVARIATES", WITH_AREAS)


def members() -> pd.DataFrame:
    g = np.random.default_rng(6)
    sizes = np.linspace(8, 400, 24).astype(int)
    area = np.repeat(np.arange(24), sizes)
    risk = np.full(24, 0.25)
    risk[20], risk[15] = 0.45, 0.08
    frame = pd.DataFrame({
        "area": pd.Categorical(np.array(NAMES)[area], categories=NAMES), "duration": g.uniform(0.5, 2, area.size),
        "placed": pd.Categorical(np.where(g.random(area.size) < risk[area], "yes", "no"), categories=["yes", "no"]),
    })  # fmt: skip
    frame["came_back"] = (frame["placed"] == "yes").astype(int)
    return frame


def table(counts: list[tuple[int, int]]) -> pd.DataFrame:
    rows = [{"measure": "percent", "term": "placed", "level": "yes", "group": f"area={i}" if i else "", "n": n,
             "total": total, "estimate": 100 * n / total} for i, (n, total) in enumerate(counts)]  # fmt: skip
    return tidy(rows)


def test_limits_and_over_dispersion_by_hand() -> None:
    """Average 0.3; 10 areas of 50. The z scores of 15 + 3 k of 50 are 3 k / sqrt(10.5) for k = -2, 2, and 0 else."""
    found = tidy(funnel_rows(table([(150, 500), (9, 50), (21, 50), *[(15, 50)] * 8])))
    limits = one(found, measure="control_limits_95", group="area=3")
    expected = control_limits([15], 0.95, [50], "binomial")[:, 0] / 50
    assert_allclose([limits["conf_low"], limits["conf_high"]], 100 * expected)
    # A tenth of ten z scores is drawn in at either end: to a tenth of the way from the second one.
    end = 0.1 * 6 / math.sqrt(10.5)
    assert_allclose(one(found, measure="overdispersion")["estimate"], 2 * end**2 / 10, rtol=1e-9)
    assert one(found, measure="overdispersion")["note"] == ""
    wild = tidy(funnel_rows(table([(150, 500), *[(5, 50), (25, 50)] * 5])))
    assert one(wild, measure="overdispersion")["note"] == "areas vary more than chance makes them"


@pytest.mark.parametrize("keys", [KEYS, {"kind": "funnel", "outcome": "back", "area": "area"}])
def test_areas_reach_the_page(tmp_path: Path, keys: dict[str, Any]) -> None:
    frame = members()
    way = take(adapter, frame, keys, tmp_path)
    measure = "percent" if "variable" in keys else "rate"
    high = one(way.exact, measure=measure, group=f"area={NAMES[20]}")
    assert high["n"] == ((frame["area"] == NAMES[20]) & (frame["placed"] == "yes")).sum()
    # The smallest areas have fewer than ten with the event: withheld, limits with them.
    small = way.released[way.released["group"] == f"area={NAMES[0]}"]
    assert small["status"].eq("suppressed").all()
    assert small[["estimate", "conf_low", "conf_high", "n", "total"]].isna().all(axis=None)
    # What leaves is what the released counts give.
    released = way.released
    shares = released[released["measure"].isin(["percent", "rate", "time_at_risk"])]
    again = tidy(funnel_rows(shares))
    for name in ("control_limits_95", "control_limits_998"):
        ours, theirs = (one(f, measure=name, group=f"area={NAMES[20]}") for f in (released, again))
        assert_allclose([ours["conf_low"], ours["conf_high"]], [theirs["conf_low"], theirs["conf_high"]])
    assert f"Above the 99.8% limit: {NAMES[20]}." in way.figures["a"]["alt"]
    assert f"Below the 99.8% limit: {NAMES[15]}." in way.figures["a"]["alt"]
    for words in ("above the 99.8% limit", "outermost tenths drawn in", "over-dispersion", "A funnel plot shows"):
        assert words in way.page


def test_no_small_area_follows_from_the_others(tmp_path: Path) -> None:
    """One area of 9 has 4 events: the average and all other areas leave it nine or more possible numbers."""
    frame = members()
    way = take(adapter, frame, KEYS, tmp_path)
    shares = way.released[way.released["measure"] == "percent"]
    shown = shares[(shares["group"] != "") & shares["n"].notna()]
    hidden = shares[(shares["group"] != "") & shares["n"].isna()]
    whole = one(way.released, measure="percent", group="")
    width = 4 * len(shown) + 4  # each released number stands for five
    assert len(hidden) >= 1
    assert whole["n"] - shown["n"].sum() + width / 2 > 9 * len(hidden)
    assert width / 2 >= 9


def test_all_areas_withheld_is_said(tmp_path: Path) -> None:
    frame = members()
    frame["placed"] = pd.Categorical(["no"] * len(frame), categories=["yes", "no"])
    frame.loc[~frame["area"].duplicated(), "placed"] = "yes"
    way = take(adapter, frame, KEYS, tmp_path)
    assert "all areas are withheld" in way.figures["a"]["alt"]


def test_a_place_is_within_above_or_below() -> None:
    area = figure.Area("A", 50, 30.0, (20, 40), (10, 50), "15", "50")
    assert area.place == "within the limits"
    for value, place in ((41, "above the 95% limit"), (51, "above the 99.8% limit"), (19, "below the 95% limit"),
                         (9, "below the 99.8% limit"), (math.nan, "withheld")):  # fmt: skip
        assert figure.Area("A", 50, value, (20, 40), (10, 50), "", "").place == place


def test_wrong_words() -> None:
    with pytest.raises(ConfigError, match=r"analyses.a.area: 'age' is a number"):
        checked(a={**KEYS, "area": "age"})


def test_an_area_without_time_at_risk_has_no_limits() -> None:
    """Its rate is no number, and no reason to have no over-dispersion of the others."""
    rows = [
        row
        for group, n, time in (("", 60, 300.0), ("area=a", 40, 100.0), ("area=b", 20, 200.0), ("area=c", 0, 0.0))
        for row in rate_rows({"outcome": "back", "group": group}, n, 100, time)
    ]
    found = tidy(funnel_rows(tidy(rows)))
    assert found["group"].tolist() == ["area=a", "area=b", "area=a", "area=b", ""]
    # z: (0.4 - 0.2)/sqrt(0.2/100) and (0.1 - 0.2)/sqrt(0.2/200), each drawn in by a tenth of the way between them.
    z = np.array([0.2 / math.sqrt(0.002), -0.1 / math.sqrt(0.001)])
    drawn = z + 0.1 * (z[::-1] - z)
    assert_allclose(one(found, measure="overdispersion")["estimate"], np.mean(drawn**2))


def test_everybody_lies_within_the_limits_of_certainty() -> None:
    found = tidy(funnel_rows(table([(40, 40), (10, 10), (30, 30)])))
    limits = found[found["measure"].str.startswith("control")]
    assert (limits[["conf_low", "conf_high"]] == 100).all(axis=None)
    assert one(found, measure="overdispersion")["note"] == "all members are alike"
