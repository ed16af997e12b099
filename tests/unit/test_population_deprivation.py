"""How deprived places are in the synthetic population, and what follows: by formula, and in drawn families."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import statsmodels.api as sm
from numpy.testing import assert_allclose

from family_justice.sources.synthetic.clock import Streams
from family_justice.sources.synthetic.parameters.deprivation import DOMAINS_OF_ENGLAND
from family_justice.sources.synthetic.parameters.model import Parameters, load_parameters
from family_justice.sources.synthetic.parameters.truth import truth_table
from family_justice.sources.synthetic.public_law.deprivation import (
    draw_authorities,
    draw_quintiles,
    relative_rates,
    shares_of_quintiles,
)
from family_justice.sources.synthetic.public_law.families import ENGLAND, WALES, Areas, build_areas, first_proceedings

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def parameters() -> Parameters:
    return load_parameters(ROOT / "config/population")


@pytest.fixture(scope="module")
def areas(parameters: Parameters) -> Areas:
    return build_areas(parameters)


def test_authorities_differ_and_are_the_same_in_every_run(parameters: Parameters, areas: Areas) -> None:
    places, again = areas.places, build_areas(parameters).places
    assert_allclose(places.overall, again.overall)
    for nation in (ENGLAND, WALES):
        mine = places.nation == nation
        assert_allclose([places.overall[mine].mean(), places.overall[mine].std()], [0, 1], atol=1e-12)
        assert (places.composition[mine] @ np.arange(1, 6)).std() > 0.4  # of the mean quintile of small areas
        # Over the nation each quintile has a fifth of the children, as it must.
        assert_allclose(places.weight[mine] @ places.composition[mine], 0.2, atol=1e-6)
        assert_allclose(places.weight[mine].sum(), 1)


def test_domains_are_correlated_and_no_copies(areas: Areas) -> None:
    english = areas.places.score[areas.places.nation == ENGLAND][:, DOMAINS_OF_ENGLAND]
    between = np.corrcoef(english, rowvar=False)
    four, others = between[:4, :4][np.triu_indices(4, 1)], between[:4, 4:].ravel()
    assert 0.4 < four.min() < four.max() < 0.85
    assert np.abs(others).max() < 0.45


def test_the_slope_on_the_index_is_the_planted_one(parameters: Parameters, areas: Areas) -> None:
    """Cases are alike in all authorities, so that the rate is as one over the children. London and the South East have
    levels of their own, by the births that were tuned to published rates of newborns."""
    places, england = areas.places, areas.places.nation == ENGLAND
    region = np.array(areas.region)[england]
    x = np.column_stack([places.overall[england], region == "London", region == "South East", np.ones(len(region))])
    log_rate = -np.log(places.weight[england])
    slope = np.linalg.lstsq(x.astype(float), log_rate, rcond=None)[0][0]
    assert_allclose(np.exp(slope), 1 + parameters.deprivation.change_of_rate_per_sd_england.value, rtol=1e-9)
    # And it is made of four domains alone.
    scores = np.column_stack([places.score[england][:, DOMAINS_OF_ENGLAND], x[:, 1:]]).astype(float)
    effects = np.linalg.lstsq(scores, log_rate, rcond=None)[0][:7]
    assert_allclose(effects, places.effect[ENGLAND][list(DOMAINS_OF_ENGLAND)], atol=1e-9)
    assert (effects[:4] > 0.05).all()
    assert_allclose(effects[4:], 0, atol=1e-9)


def test_the_crude_effect_of_spend_has_the_wrong_sign(areas: Areas) -> None:
    england = areas.places.nation == ENGLAND
    log_rate = -np.log(areas.places.weight[england])
    assert np.polyfit(areas.places.spend[england].mean(axis=1), log_rate, 1)[0] > 0.2
    assert_allclose(areas.places.within.mean(axis=1), 0, atol=1e-12)


def test_spend_of_a_year_lowers_the_cases_of_its_authority(parameters: Parameters, areas: Areas) -> None:
    places, random = areas.places, np.random.default_rng(1)
    size = 300_000
    year = random.choice(places.years, size)
    area = draw_authorities(parameters, places, np.zeros(size, dtype=np.int64), year, random)
    assert (places.nation[area] == ENGLAND).all()
    cases = np.zeros(places.within.shape)
    np.add.at(cases, (area, year - places.years[0]), 1)
    english = np.flatnonzero(places.nation == ENGLAND)
    y, x = cases[english].ravel(), sm.add_constant(places.within[english].ravel())
    fit = sm.GLM(y, x, family=sm.families.Poisson()).fit()
    wanted = np.log(1 + parameters.deprivation.spend.change_of_rate_per_thousand.value)
    assert abs(fit.params[1] - wanted) < 4 * fit.bse[1]
    assert fit.bse[1] < 0.01


def test_quintiles_have_the_national_shares_and_the_planted_gradients(parameters: Parameters, areas: Areas) -> None:
    places, random = areas.places, np.random.default_rng(2)
    size = 400_000
    area = random.choice(np.flatnonzero(places.nation == ENGLAND), size)
    young = random.random(size) < 0.4
    quintile = draw_quintiles(parameters, places, np.zeros(size, dtype=np.int64), area, young, random.random(size))
    national = list(parameters.areas.quintile_shares.value.values())
    assert_allclose(np.bincount(quintile) / size, national, atol=0.004)
    # Expected cases over children give the gradient in one authority as in another.
    cases = np.bincount(area, minlength=len(places.overall)) / size
    gradients = [relative_rates(places.composition, cases, shares) for shares in shares_of_quintiles(parameters, 0.4)]
    assert (gradients[0] > gradients[1])[:4].all()  # of infants it is steeper
    one = area == area[0]
    mine = np.bincount(quintile[one & young], minlength=5) / places.composition[area[0]]
    expected = gradients[0] * (one & young).sum() / (gradients[0] @ places.composition[area[0]])
    assert_allclose(mine, expected, rtol=0.35)


def test_families_keep_their_volumes(parameters: Parameters, areas: Areas) -> None:
    mothers, children, cases = first_proceedings(parameters, areas, 0.01, Streams(5))
    volumes = parameters.volumes.england_first_proceedings.value
    assert (areas.jurisdiction[cases.area] == mothers.jurisdiction[cases.mother]).all()
    assert (mothers.jurisdiction == ENGLAND).sum() == pytest.approx(0.01 * sum(volumes.values()), rel=0.1)
    assert len(children.mother) > len(mothers.area)


def test_the_truth_has_what_was_planted_of_places(parameters: Parameters) -> None:
    rows = {(name, term): value for name, term, _, value, _ in truth_table(parameters)}
    assert_allclose(np.exp(rows["index_england", "overall_score"]), 1.7)
    assert_allclose(np.exp(rows["index_wales", "spend_within"]), 0.88)
    assert rows["domains_england", "employment_score"] > rows["domains_england", "income_score"] > 0
    assert rows["domains_wales", "access_score"] == rows["domains_england", "safety_score"] == 0
