"""The kind `latent_classes` from stream file to page: planted classes, and what of them may leave."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import COHORT, COVARIATES, OPEN, POLICY, Way, checked, one, take
from numpy.testing import assert_allclose, assert_array_equal

from family_justice.analyses.run import run_analysis
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.latent import step
from family_justice.errors import AnalysisError, ConfigError, DisclosureError
from family_justice.estimators.groups.latent_classes import (
    corrected_weights,
    fit_latent_classes,
    posterior,
    shares_within,
)
from family_justice.kinds.latent_classes.run import ONCE
from family_justice.kinds.latent_classes.run import run as latent_classes
from family_justice.measures import MEMBERS
from family_justice.results import read_results, tidy

pytestmark = pytest.mark.slow

KEYS: dict[str, Any] = {
    "kind": "latent_classes", "variables": ["placed", "treated", "sex", "area"], "classes": [1, 2, 3], "starts": 6,
}  # fmt: skip
SHARES = (0.6, 0.4)
# Probability of yes, yes, female, and of the three areas, in the two planted classes.
PLANTED = ((0.9, 0.8, 0.2, (0.7, 0.2, 0.1)), (0.1, 0.3, 0.7, (0.1, 0.3, 0.6)))


def people(n: int, seed: int = 1) -> pd.DataFrame:
    rng = np.random.default_rng(seed)
    hidden = rng.choice(2, n, p=SHARES)
    frame = pd.DataFrame(index=range(n))
    for place, name in enumerate(("placed", "treated", "sex")):
        yes = rng.random(n) < np.array([PLANTED[c][place] for c in (0, 1)])[hidden]
        frame[name] = np.where(yes, *(("female", "male") if name == "sex" else ("yes", "no")))
    areas = COVARIATES["area"].levels
    frame["area"] = [areas[rng.choice(3, p=PLANTED[c][3])] for c in hidden]
    for name in frame:
        frame[name] = pd.Categorical(frame[name], categories=COVARIATES[str(name)].levels)
    return frame


def rows_of(members: pd.DataFrame, **keys: Any) -> pd.DataFrame:
    analysis = checked(a=KEYS | keys).analyses["a"]
    found = latent_classes(members, COHORT, analysis, COVARIATES, "a")  # type: ignore[arg-type]
    return tidy(found, stream="s", analysis="a", kind="latent_classes", cohort="children")


def own(rows: pd.DataFrame) -> pd.DataFrame:
    """The rows of the analysis itself, without those that say how many members it is about."""
    return rows[~rows["measure"].isin(MEMBERS)]


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Way:
    return take(people(4000), KEYS, tmp_path_factory.mktemp("classes"))


def test_planted_classes_are_found_again(way: Way) -> None:
    rows = way.exact
    fits = rows[rows["measure"] == "bic"].set_index("level")["estimate"]
    assert fits.idxmin() == "2 classes"
    assert_allclose(rows.loc[rows["measure"] == "class_share", "estimate"], [60, 40], atol=4)
    for number, planted in enumerate(PLANTED, 1):
        group = f"class=class {number}"
        for name, level, probability in zip(
            ("placed", "treated", "sex", "area"), ("yes", "yes", "female", "Anglesey"),
            (*planted[:3], planted[3][0]), strict=True,
        ):  # fmt: skip
            assert_allclose(one(rows, group=group, term=name, level=level)["estimate"], 100 * probability, atol=6)


def test_shares_times_answers_are_the_margins() -> None:
    members = people(500)
    rows = rows_of(members, classes=2)
    shares = rows[rows["measure"] == "class_share"].set_index("level")["estimate"] / 100
    for name in KEYS["variables"]:
        for level in COVARIATES[name].levels or []:
            own = rows[(rows["term"] == name) & (rows["level"] == level)]
            told = sum(shares[g.removeprefix("class=")] * p for g, p in zip(own["group"], own["estimate"], strict=True))
            assert_allclose(told, 100 * (members[name] == level).mean(), atol=1e-9)


def test_patterns_with_weights_are_the_same_as_members_in_any_order() -> None:
    codes = np.array([people(300)[name].cat.codes for name in KEYS["variables"]]).T
    one_way = fit_latent_classes(codes, [2, 2, 2, 3], 2, 1, 3)
    other = fit_latent_classes(codes[::-1], [2, 2, 2, 3], 2, 1, 3)
    twice = fit_latent_classes(np.repeat(codes, 2, axis=0), [2, 2, 2, 3], 2, 1, 3)
    assert_array_equal(one_way.shares, other.shares)
    assert one_way.log_likelihood == other.log_likelihood
    assert_allclose(twice.shares, one_way.shares, atol=1e-4)
    assert_allclose(twice.log_likelihood, 2 * one_way.log_likelihood, atol=1e-4)
    assert (np.diff(one_way.shares) <= 0).all()


def test_one_class_is_the_margins_worked_by_hand() -> None:
    # Three of four say yes to the first, one of four to the second: 4 log-likelihoods of 3/4 and 1/4 each.
    fit = fit_latent_classes([[1, 0], [1, 0], [1, 1], [0, 0]], [2, 2], 1, 1, 1)
    assert_allclose(fit.log_likelihood, 2 * (3 * np.log(0.75) + np.log(0.25)))
    assert_allclose([fit.probabilities[0][0, 1], fit.probabilities[1][0, 1]], [0.75, 0.25])
    assert fit.parameters == 2
    assert_allclose([fit.aic, fit.bic], [4 - 2 * fit.log_likelihood, 2 * np.log(4) - 2 * fit.log_likelihood])
    assert np.isnan(fit.entropy)


def test_a_level_that_nobody_has_is_no_parameter() -> None:
    codes = np.array([[0, 0, 0], [0, 0, 2], [1, 1, 2], [1, 1, 0]] * 20)
    with_gap = fit_latent_classes(codes, [2, 2, 3], 2, 1, 3)
    without = fit_latent_classes(np.where(codes == 2, 1, codes), [2, 2, 2], 2, 1, 3)
    assert with_gap.parameters == without.parameters == 7
    assert_allclose(with_gap.log_likelihood, without.log_likelihood)
    assert (with_gap.probabilities[2][:, 1] == 0).all()


def test_a_best_start_that_was_reached_once_is_said() -> None:
    rng = np.random.default_rng(1)
    noise = pd.DataFrame({
        name: pd.Categorical.from_codes(rng.integers(0, len(levels), 80), categories=levels)
        for name in KEYS["variables"] for levels in [COVARIATES[name].levels or []]
    })  # fmt: skip
    once = rows_of(noise, classes=3, starts=4, seed=1)
    assert ONCE in set(once.loc[once["term"] == "fit", "note"])
    assert set(rows_of(people(4000), classes=2)["note"]) == {""}
    assert set(rows_of(noise, classes=3, starts=1)["note"]) == {""}  # nothing to compare it with


def test_members_with_a_gap_are_left_out_and_too_few_answers_are_said() -> None:
    members = people(200)
    members.loc[:19, "area"] = np.nan
    rows = rows_of(members, classes=2)
    assert set(rows.loc[rows["term"] == "fit", "n"]) == {180}
    same = pd.concat([members.iloc[[50]]] * 30 + [members.iloc[[51]]] * 30)
    few = rows_of(same, classes=[1, 3])
    row = one(few, level="3 classes")
    assert (row["status"], row["note"]) == ("not estimable", "fewer distinct answers than classes")
    with pytest.raises(AnalysisError, match="ask for fewer classes"):
        rows_of(same, classes=3)
    members["area"] = np.nan
    members["area"] = pd.Categorical(members["area"], categories=COVARIATES["area"].levels)
    with pytest.raises(AnalysisError, match="no member has a value of every variable"):
        rows_of(members)


def test_a_stream_runs_from_its_files_to_the_same_bytes(tmp_path: Path) -> None:
    members = people(400).assign(child_id=range(400))
    absent = {name: [None] * 400 for name in COVARIATES if name not in members}
    cohort, derived = tmp_path / "cohort.parquet", tmp_path / "covariates"
    members[["child_id"]].to_parquet(cohort)
    values = members.assign(**absent).astype({name: str for name in KEYS["variables"]})
    derived.mkdir()
    for name in COVARIATES:
        values[["child_id", name]].to_parquet(derived / f"{name}.parquet")
    written = []
    for name in ("one.csv", "two.csv"):
        run_analysis(checked(a=KEYS | {"classes": 2}), "a", COVARIATES, cohort, derived, tmp_path / name)
        written.append((tmp_path / name).read_bytes())
    assert written[0] == written[1]
    expected = rows_of(people(400), classes=2)
    assert_allclose(read_results(str(tmp_path / "one.csv"))["estimate"], expected["estimate"])


@pytest.mark.parametrize(
    ("keys", "said"),
    [
        (
            {"variables": ["placed", "sex"], "classes": 2},
            "2 classes have 5 parameters, but the variables only 4 patterns",
        ),
        ({"classes": [2, 2]}, "2 is named more than once"),
        ({"variables": ["placed", "sex", "age"]}, "'age' is a number"),
        ({"related": ["age"]}, "'age' is a number"),
        ({"related": ["sex"]}, "'sex' is one of the variables"),
        ({"variables": ["placed", "sex", "areaa"]}, "Did you mean 'area'"),
    ],
)
def test_what_cannot_be_fitted_is_said_in_the_stream_file(keys: dict[str, Any], said: str) -> None:
    with pytest.raises(ConfigError, match=said):
        checked(a=KEYS | keys)


def test_what_is_related_to_the_classes_is_found_without_the_bias_of_putting_members_into_them() -> None:
    """Planted: nine tenths and three tenths of two classes that their answers tell apart in four of five members."""
    rng = np.random.default_rng(2)
    hidden = rng.choice(2, 20_000, p=SHARES)
    answers = rng.random((20_000, 3)) < np.array([[0.75] * 3, [0.25] * 3])[hidden]
    truth = np.array([0.9, 0.3])
    other = (rng.random(20_000) < truth[hidden]).astype(int)
    fit = fit_latent_classes(answers.astype(int), [2, 2, 2], 2, 1, 5)
    likely = posterior(fit, answers)
    weights = corrected_weights(likely)
    assert weights is not None
    assert_allclose(weights.sum(axis=1), 1)
    assert_allclose(weights.sum(axis=0), fit.shares * 20_000, rtol=1e-6)
    assert_allclose(shares_within(weights, other, 2)[:, 1], truth, atol=0.04)
    put = likely.argmax(axis=1)
    naive = [other[put == place].mean() for place in (0, 1)]
    assert naive[0] - naive[1] < 0.45  # planted: 0.6


def test_weights_by_hand() -> None:
    """Of ten likely (0.8, 0.2) and ten (0.1, 0.9): nine expected in the first class, of whom eight are put right."""
    likely = np.repeat([[0.8, 0.2], [0.1, 0.9]], 10, axis=0)
    weights = corrected_weights(likely)
    chances = np.array([[8 / 9, 1 / 9], [2 / 11, 9 / 11]])
    assert weights is not None
    assert_allclose(weights[[0, 10]] @ chances, np.eye(2), atol=1e-12)
    assert corrected_weights(np.full((20, 2), 0.5)) is None


def test_related_variables_stand_within_the_classes_with_their_margins() -> None:
    members = people(800)
    rows = rows_of(members, variables=["placed", "treated", "sex"], related=["area"], classes=2)
    shares = rows[rows["measure"] == "class_share"].set_index("level")["estimate"] / 100
    for level in COVARIATES["area"].levels or []:
        mine = rows[(rows["term"] == "area") & (rows["level"] == level)]
        told = sum(shares[g.removeprefix("class=")] * p for g, p in zip(mine["group"], mine["estimate"], strict=True))
        assert_allclose(told, 100 * (members["area"] == level).mean(), atol=1.5)  # negative shares are shown as 0
    assert set(disclose(rows, POLICY).rows["status"]) <= {"ok", "suppressed"}


# --- disclosure control ------------------------------------------------------------------------------------------


def test_released_numbers_are_steps_and_percentages_follow_from_them(way: Way) -> None:
    rows = way.released
    assert step(POLICY) == 20
    profile = rows[rows["measure"].isin(["class_share", "item_probability"]) & (rows["status"] == "ok")]
    assert (profile["n"] % 20 == 0).all()
    assert_allclose(profile["estimate"], 100 * profile["n"].astype(float) / profile["total"].astype(float))
    inside = way.exact[way.exact["measure"].isin(["class_share", "item_probability"])]
    assert (profile["n"] - inside.loc[profile.index, "n"]).abs().max() <= 10
    for measure in ("log_likelihood", "aic", "bic"):
        own = rows[rows["measure"] == measure]
        assert set(own["status"]) == {"suppressed"}
        assert own[["estimate", "n"]].isna().all(axis=None)
    entropy = one(rows, measure="entropy", level="2 classes")["estimate"]
    assert entropy == round(one(way.exact, measure="entropy", level="2 classes")["estimate"], 1)


def test_public_records_keep_every_digit(tmp_path: Path) -> None:
    rows = rows_of(people(400))
    pd.testing.assert_frame_equal(disclose(rows, OPEN).rows, rows)


def test_small_classes_and_small_cells_are_withheld() -> None:
    members = people(120)
    rows = rows_of(members, classes=2)
    released = disclose(rows, POLICY).rows
    profile = rows["measure"].isin(["class_share", "item_probability"])
    expected = rows["estimate"] * rows["total"].astype(float) / 100
    small = profile & (expected < 9.4)
    assert small.any()
    assert set(released.loc[small, "status"]) == {"suppressed"}
    assert set(released.loc[profile & (expected > 10.6), "status"]) == {"ok"}
    few = disclose(rows_of(people(25), classes=2), POLICY).rows
    assert set(own(few)["status"]) == {"suppressed"}


def test_the_door_closes_on_rows_that_do_not_fit_together() -> None:
    rows = rows_of(people(300), classes=2)
    answers = rows["measure"] == "item_probability"
    for change, said in (
        (rows.assign(estimate=rows["estimate"].mask(answers, 50.0)), "estimate"),
        (rows[(rows["level"] != "class 1")], "no size of its own"),
        (rows.assign(events=rows["n"]), "no rule of disclosure control for values in events"),
        (rows.assign(total=rows["total"].mask(rows["term"] == "class", 301)), "one number of members"),
    ):
        with pytest.raises(DisclosureError, match=said):
            disclose(change.reset_index(drop=True), POLICY)


def test_bic_and_profiles_have_no_rule_in_other_kinds() -> None:
    rows = rows_of(people(300), classes=2).assign(kind="logistic")
    with pytest.raises(DisclosureError, match="some measures have no rule"):
        disclose(rows.astype({"kind": "string"}), POLICY)


# --- an intruder -------------------------------------------------------------------------------------------------

BITS = np.array([[a, b, c] for a in (0, 1) for b in (0, 1) for c in (0, 1)])


def from_patterns(counts: Sequence[int]) -> pd.DataFrame:
    codes = np.repeat(BITS, counts, axis=0)
    return pd.DataFrame({
        name: pd.Categorical.from_codes(codes[:, v], categories=COVARIATES[name].levels)
        for v, name in enumerate(("placed", "treated", "sex"))
    })  # fmt: skip


def three(counts: Sequence[int]) -> pd.DataFrame:
    return rows_of(from_patterns(counts), variables=["placed", "treated", "sex"], classes=2, starts=4)


def rebuilt(rows: pd.DataFrame, n: float) -> np.ndarray:
    """Expected members of every pattern, from shares and probabilities: with three yes/no variables and two classes
    they are the exact counts. nan where something is withheld."""
    shares = rows[rows["measure"] == "class_share"]["estimate"].to_numpy(dtype=float) / 100
    found = np.zeros(8)
    for number, share in enumerate(shares, 1):
        part = np.full(8, share)
        for v, name in enumerate(("placed", "treated", "sex")):
            own = rows[(rows["group"] == f"class=class {number}") & (rows["term"] == name)]
            part = part * own["estimate"].to_numpy(dtype=float)[BITS[:, v]] / 100
        found += part
    return n * found


#: Tables with a rare pattern, and where it stands.
RARE = [([300, 40, 60, 20, 7, 30, 50, 260], 4), ([60, 25, 31, 52, 3, 47, 43, 180], 4)]
TABLES = [
    [60, 25, 31, 52, 22, 47, 43, 180],
    [212, 44, 61, 39, 58, 27, 33, 126],
    [95, 23, 28, 41, 25, 37, 49, 102],
    [410, 120, 133, 88, 97, 61, 75, 216],
]


def test_the_pattern_attack_bites_on_exact_estimates_and_not_on_released_ones() -> None:
    bitten = 0
    for counts in TABLES:
        rows = three(counts)
        n = sum(counts)
        bitten += np.abs(rebuilt(rows, n) - counts).max() < 0.5
        released = disclose(rows, POLICY).rows
        # The intruder may even know the number of members: rounding to whole numbers gives another table.
        assert not (np.abs(rebuilt(released, n) - counts) < 0.5).all()
    assert bitten >= 3


def test_an_intruder_who_runs_the_program_is_left_with_several_counts_of_a_rare_answer() -> None:
    """Other tables with one, two or three members more or less of the rare pattern are released alike."""
    for counts, rare in RARE:
        seen = disclose(three(counts), POLICY).rows
        possible = {counts[rare]}
        for change, other in itertools.product((-3, -2, -1, 1, 2, 3), range(8)):
            if other == rare or counts[rare] + change in possible:
                continue
            moved = list(counts)
            moved[rare] += change
            moved[other] -= change
            if disclose(three(moved), POLICY).rows.equals(seen):
                possible.add(moved[rare])
        assert len(possible) >= 3


def within(low: float, high: float, released: int) -> set[int]:
    """Margins that both the released rounded count and the classes allow."""
    return {m for m in range(released - 2, released + 3) if low <= m <= high}


def test_margins_that_are_added_up_from_classes_tell_no_more_than_rounded_ones() -> None:
    """Each cell is off by half a step of twenty: of five counts behind a rounded margin nearly all stay possible."""
    rng = np.random.default_rng(5)
    left: dict[str, list[int]] = {"exact": [], "released": []}
    for _ in range(8):
        counts = [int(c) for c in rng.integers(25, 220, 8)]
        rows = three(counts)
        members = from_patterns(counts)
        for how, frame, reach in (("exact", rows, 0.5), ("released", disclose(rows, POLICY).rows, 10.0)):
            for name in ("placed", "treated", "sex"):
                level = (COVARIATES[name].levels or [])[0]
                truth = int((members[name] == level).sum())
                own = frame[(frame["term"] == name) & (frame["level"] == level)]["n"]
                low = sum(0.0 if pd.isna(n) else float(n) - reach for n in own)
                # Where both are withheld, one of them may be for the sake of the other.
                hidden = 10.0 if own.isna().sum() == 1 else np.inf
                high = sum(hidden if pd.isna(n) else float(n) + reach for n in own)
                possible = within(low, high, 5 * round(truth / 5))
                assert truth in possible
                left[how].append(len(possible))
    assert np.mean(left["exact"]) < 4
    assert np.mean(left["released"]) > 4.8
    assert min(left["released"]) >= 3


@pytest.mark.parametrize(("cell", "hidden"), [(28, 1), (29, 2), (31, 1)])
def test_a_number_that_one_class_lacks_does_not_follow_from_the_margin_and_the_others(cell: int, hidden: int) -> None:
    """9 in the one class beside 29 in the other, shown as 20: of 38, shown as 40, they can only be 9 and 29."""
    classes = {"class 1": {"Anglesey": cell, "Cardiff": 200}, "class 2": {"Anglesey": 9, "Cardiff": 100}}
    n = sum(sum(own.values()) for own in classes.values())
    rows: list[dict[str, Any]] = [{"measure": "log_likelihood", "term": "fit", "level": "2 classes", "n": n}]
    for name, own in classes.items():
        size = sum(own.values())
        rows.append({"measure": "class_share", "term": "class", "level": name, "n": size, "total": n,
                     "estimate": 100 * size / n})  # fmt: skip
        rows += [{"measure": "item_probability", "group": f"class={name}", "term": "area", "level": level, "n": count,
                  "total": size, "estimate": 100 * count / size} for level, count in own.items()]  # fmt: skip
    released = disclose(tidy(rows, stream="s", analysis="a", kind="latent_classes", cohort="children"), POLICY).rows
    assert released.loc[released["level"] == "Anglesey", "status"].eq("suppressed").sum() == hidden
    assert released.loc[released["level"] == "Cardiff", "status"].eq("ok").all()


# --- figure and page ---------------------------------------------------------------------------------------------


def test_the_figure_and_the_page_show_the_profiles(way: Way, tmp_path: Path) -> None:
    alt = way.figures["a"]["alt"]
    assert "2 classes. Class 1, " in alt
    assert "placed" in alt
    assert "T: profiles" in way.page
    assert "Share of members" in way.page
    assert "T: fit" in way.page
    assert "withheld" in way.page
    assert (
        "Latent classes of children were fitted to placed, programme, sex and local authority, with 1, 2 and 3 classes"
        in (way.study["analyses"]["a"]["method"])
    )
    assert any("EM algorithm" in note for note in way.study["notes"])
    again = take(people(4000), KEYS, tmp_path / "again")
    for name in ("figure.svg", "results.csv"):
        assert (again.folder / "a" / name).read_bytes() == (way.folder / "a" / name).read_bytes()


def test_classes_that_are_withheld_as_a_whole_are_said_in_words(tmp_path: Path) -> None:
    way = take(people(25), KEYS | {"classes": 2}, tmp_path / "few")
    assert way.figures["a"]["caption"].startswith("All classes are withheld")
    assert "withheld" in way.page
