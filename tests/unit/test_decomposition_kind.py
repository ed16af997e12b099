"""Change of a share, split into composition and change within groups: by hand, by drawing, and to the page."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from kind_samples import COHORT, COVARIATES, SAMPLES, members
from kinds_on_the_way import POLICY, House, one, take
from numpy.testing import assert_allclose

from family_justice.errors import ConfigError
from family_justice.estimators.groups.decomposition import decompose

HOUSE = House(COHORT, COVARIATES)
KEYS = {"kind": "decomposition", **SAMPLES["decomposition"]}


def test_parts_by_hand() -> None:
    """Half and half with shares 0.2 and 0.4, then a quarter and three quarters with 0.3 and 0.4. Not compared with R
    (DasGuptR): no answers are at hand."""
    found = decompose([10, 20], [50, 50], [6, 24], [20, 60])
    change = (6 + 24) / 80 - 30 / 100
    composition = (0.25 - 0.5) * 0.25 + (0.75 - 0.5) * 0.4
    assert_allclose(found.parts, [change, composition, 0.1 * 0.375])
    assert found.parts[0] == pytest.approx(found.parts[1] + found.parts[2])


def test_a_change_of_sizes_alone_is_composition_and_of_shares_alone_is_within() -> None:
    sizes = decompose([10, 40], [100, 100], [5, 60], [50, 150])
    assert sizes.parts[2] == pytest.approx(0)
    assert sizes.parts[1] == pytest.approx(sizes.parts[0])
    shares = decompose([10, 40], [100, 100], [20, 50], [100, 100])
    assert shares.parts[1] == pytest.approx(0)
    empty = decompose([10, 0], [100, 0], [10, 30], [100, 50])
    assert empty.parts[2] == pytest.approx(0)  # a group that was not there changed nothing within
    with pytest.raises(ValueError, match="no members"):
        decompose([0], [0], [1], [2])


def test_errors_are_the_spread_of_parts_of_drawn_members() -> None:
    g = np.random.default_rng(2)
    w, r = ([0.5, 0.3, 0.2], [0.3, 0.4, 0.3]), (np.array([0.2, 0.4, 0.6]), np.array([0.3, 0.4, 0.5]))
    drawn = []
    for _ in range(4000):
        sizes = [g.multinomial(400, shares) for shares in w]
        drawn.append(decompose(g.binomial(sizes[0], r[0]), sizes[0], g.binomial(sizes[1], r[1]), sizes[1]))
    spread = np.std([found.parts for found in drawn], axis=0)
    assert_allclose(np.mean([found.std_errors for found in drawn], axis=0), spread, rtol=0.05)


def test_released_parts_follow_from_released_counts(tmp_path: Path) -> None:
    way = take(members(), KEYS, tmp_path, POLICY, HOUSE)
    counts: list[Any] = []
    for year in ("2015", "2016"):
        own = way.released[way.released["group"].str.startswith(f"year={year}; ")]
        counts += [own["n"].astype(float), own["total"].astype(float)]
    found = decompose(*counts)
    for term, value, error in zip(
        ("change", "composition", "within_groups"), found.parts, found.std_errors, strict=True
    ):
        row = one(way.released, measure="share_difference", term=term)
        assert_allclose([row["estimate"], row["std_error"]], [100 * value, 100 * error])
    exact = one(way.exact, measure="share_difference", term="change")["estimate"]
    frame = members()
    shares = [100 * (frame.loc[frame["year"] == year, "placed"] == "yes").mean() for year in ("2015", "2016")]
    assert exact == pytest.approx(shares[1] - shares[0])
    assert "parts of the change" in way.page


def test_levels_that_are_not_there_are_an_error() -> None:
    with pytest.raises(ConfigError, match=r"between: '2017' is no level of 'year'"):
        HOUSE.checked(a={**KEYS, "between": ["2015", "2017"]})
    with pytest.raises(ConfigError, match="the two levels are the same"):
        HOUSE.checked(a={**KEYS, "between": ["2015", "2015"]})
