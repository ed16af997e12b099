"""What holds for every kind of analysis, from the keys of a stream file to the page. Numbers, notes and errors of a
kind are tested in files of their own."""

from __future__ import annotations

import html
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from kind_samples import COHORT, COVARIATES, OPTIONS, SAMPLES, members
from kinds_on_the_way import OPEN, POLICY, House, Way, take

from family_justice.errors import ConfigError
from family_justice.figures import words
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, MEMBERS
from family_justice.report.recompute.results import recompute
from family_justice.results import tidy

HOUSE = House(COHORT, COVARIATES)
#: Kinds of result that no stream file asks for, and where they are tested: the first two below.
UNASKED = {"attrition", "follow_up", "quality", "second_program"}
#: What a table shows of a kind first; the first of these roles that its rows have.
LEADING = ("coefficient", "curve", "class_share", "agreement", "share", "rate")


def keys(kind: str, **changes: Any) -> dict[str, Any]:
    return {"kind": kind, **SAMPLES[kind], **changes}


def take_sample(kind: str, folder: Path) -> Way:
    """Take the sample of a kind along its whole way, in a folder."""
    # What leaves only where nothing is rounded would have nothing to show under the policy of court records.
    return take(members(), keys(kind), folder, OPEN if KINDS[kind].family == "exact_only" else POLICY, HOUSE)


@pytest.fixture(scope="module")
def way(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """Return a function from kind to what its sample left at each stage; each kind is taken along the way once."""

    @cache
    def taken(kind: str) -> Way:
        return take_sample(kind, tmp_path_factory.mktemp(kind))

    return taken


def test_every_kind_has_a_sample() -> None:
    assert {name for name, kind in KINDS.items() if kind.is_asked} == set(SAMPLES)
    assert set(KINDS) - set(SAMPLES) == UNASKED
    assert {kind for kind, _ in OPTIONS} <= set(SAMPLES)


def _misspelt(value: Any) -> list[tuple[str, Any]]:
    """Return every covariate that a value of a key names, with the value in which it is misspelt."""
    if isinstance(value, list):
        return [(n, [f"{n}x" if other == n else other for other in value]) for n in value if n in COVARIATES]
    return [(value, f"{value}x")] if isinstance(value, str) and value in COVARIATES else []


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_misspelt_covariate_is_an_error_that_names_it(kind: str) -> None:
    wrong = [(name, key, changed) for key, value in SAMPLES[kind].items() for name, changed in _misspelt(value)]
    for name, key, changed in wrong:
        with pytest.raises(ConfigError, match=rf"analyses\.a.*'{name}x'"):
            HOUSE.checked(a=keys(kind, **{key: changed}))
    assert wrong


@pytest.mark.parametrize("kind", SAMPLES)
def test_rows_pass_the_door(kind: str, way: Any) -> None:
    rows, released = way(kind).exact, way(kind).released
    assert set(rows["measure"]) <= set(KINDS[kind].measures)
    assert len(released) == len(rows)
    assert released.loc[released["status"] == "ok", "estimate"].notna().any()
    if KINDS[kind].family != "exact_only":
        counts = released[["n", "events", "total", "at_risk"]]
        assert (counts.fillna(0) % POLICY.rounding_base == 0).all(axis=None)
        assert not counts.stack().between(1, POLICY.threshold - 1).any()


@pytest.mark.parametrize("kind", [kind for kind in SAMPLES if KINDS[kind].family == "exact_only"])
def test_what_needs_exact_counts_stays_inside_where_they_are_rounded(kind: str, tmp_path: Path) -> None:
    released = take(members(), keys(kind), tmp_path, POLICY, HOUSE).released
    whom = released["measure"].isin(MEMBERS)
    assert released.loc[~whom, "status"].eq("suppressed").all()
    columns = ["estimate", "std_error", "conf_low", "conf_high", "n", "events"]
    assert released.loc[~whom, columns].isna().all(axis=None)
    assert (released.loc[whom, "n"].fillna(0) % POLICY.rounding_base == 0).all()  # whom it is about leaves, rounded
    assert released.loc[whom, [name for name in columns if name != "n"]].isna().all(axis=None)


AGAIN = """
import sys
from pathlib import Path
from test_kinds import SAMPLES, take_sample
for kind in SAMPLES:
    take_sample(kind, Path(sys.argv[1], kind))
"""


def test_another_process_makes_the_same_bytes(way: Any, tmp_path: Path) -> None:
    """Whatever the order in which sets are walked, which Python draws anew for every process."""
    paths = os.pathsep.join([*sys.path, str(Path(__file__).parent)])
    subprocess.run([sys.executable, "-c", AGAIN, tmp_path], check=True, env={**os.environ, "PYTHONPATH": paths})
    for kind in SAMPLES:
        ours, theirs = (contents(folder) for folder in (way(kind).folder.parent, tmp_path / kind))
        assert ours.keys() == theirs.keys()
        assert [name for name in ours if ours[name] != theirs[name]] == [], kind


def contents(folder: Path) -> dict[str, bytes]:
    """Return every file of a folder, by its path in it."""
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


@pytest.mark.parametrize("kind", SAMPLES)
def test_a_figure_is_drawn(kind: str, way: Any) -> None:
    taken = way(kind)
    assert ("a" in taken.figures) == KINDS[kind].keys.is_drawn == (taken.folder / "a/figure.svg").is_file()
    if KINDS[kind].keys.is_drawn:
        assert len(taken.figures["a"]["alt"]) > 30
        assert taken.figures["a"]["caption"]
        assert taken.page.count('data="a/figure.svg"') == 1


def leading(released: pd.DataFrame) -> pd.DataFrame:
    """Return the released rows whose estimates the first table must show: at the reported time, of groups if any."""
    roles = released["measure"].map(lambda measure: MEASURES[measure].role)
    role = next(role for role in LEADING if (roles == role).any())
    rows = released[(roles == role) & (released["status"] == "ok") & (released["time"].fillna(1) == 1)]
    return (
        rows[rows["group"] != ""] if role == "share" and (rows["group"] != "").any() else rows[rows["term"] != "scale"]
    )


def shown(measure: str, estimate: float) -> str:
    match MEASURES[measure].scale:
        case "log":
            return words.ratio(words.exponential(estimate))
        case "percent":
            return words.decimal(estimate, 1)
        case "proportion":
            return words.decimal(100 * estimate, 1)
        case _:
            return words.decimal(estimate, 2)


@pytest.mark.parametrize("kind", SAMPLES)
def test_the_page_has_a_table_with_the_estimates_and_the_methods(kind: str, way: Any) -> None:
    taken = way(kind)
    block = taken.page[taken.page.index('id="a"') :]
    tables = [re.sub(r"<[^>]+>", " ", table) for table in re.findall(r"<table.*?</table>", block, re.DOTALL)]
    rows = leading(taken.released)
    assert len(rows)
    for measure, estimate in zip(rows["measure"], rows["estimate"], strict=True):
        text = shown(measure, estimate)
        assert any(re.search(rf"(?<![\d.]){re.escape(text)}(?!\d)", table) for table in tables), (measure, text)
    sentences = [taken.study["analyses"]["a"]["method"], *taken.study["notes"]]
    assert len(sentences[0]) > 40
    said = html.unescape(taken.page)
    assert [sentence for sentence in sentences if sentence not in said] == []


RATIOS = [kind for kind in SAMPLES if KINDS[kind].family == "ratios"]


@pytest.mark.parametrize("kind", RATIOS)
def test_a_model_shows_its_ratios_and_hides_its_intercept_and_likelihood(kind: str, way: Any) -> None:
    released = way(kind).released
    inside = (released["term"] == "intercept") | (released["measure"] == "log_likelihood")
    if KINDS[kind].keys.is_matched:  # its single coefficient would follow from its test
        inside |= released["measure"] == "wald_test"
    assert released.loc[inside, "status"].eq("suppressed").all()
    small = released["measure"] == "count"  # of members with so many events: hidden where they are few
    assert released.loc[~inside & ~small, "status"].ne("suppressed").all()
    first, *others = leading(released)["measure"].unique()
    assert f"{MEASURES[first].words}s with 95% confidence intervals. " in way(kind).figures["a"]["alt"]
    assert not others or kind == "before_after"
    assert "female:" in way(kind).figures["a"]["alt"] or "covariates" not in SAMPLES[kind]


@pytest.mark.parametrize("kind", [kind for kind in RATIOS if KINDS[kind].keys.is_matched])
def test_matched_sets_are_counted_and_their_balance_is_shown(kind: str, way: Any) -> None:
    for text in ("to be matched: ", ": balance before and after", "were matched, without replacement"):
        assert way(kind).page.count(text), text


@pytest.mark.parametrize("kind", SAMPLES)
def test_what_is_released_follows_from_its_counts_or_is_said_not_to(kind: str, way: Any) -> None:
    taken = way(kind)
    found = recompute(taken.folder / "a/results.csv")
    more_than_counts = {m for m in set(taken.released["measure"]) if MEASURES[m].disclosure != "count"}
    assert more_than_counts <= {check.what.split(" of ")[0] for check in found}
    assert [check for check in found if not check.agrees] == []


@pytest.mark.parametrize(
    ("kind", "more"), [*((kind, {}) for kind in SAMPLES), *OPTIONS],
    ids=[*SAMPLES, *(f"{kind}-{'-'.join(more)}" for kind, more in OPTIONS)],
)  # fmt: skip
def test_a_run_reads_no_more_than_its_kind_says(kind: str, more: dict[str, Any]) -> None:
    made = HOUSE.checked(a=keys(kind, **more))
    analysis: Any = made.analyses["a"]
    needed = [
        *COHORT.key, *analysis.covariates_needed(), *analysis.events_needed(COHORT), *analysis.columns_needed(),
    ]  # fmt: skip
    everything = members()
    narrow = everything[list(dict.fromkeys(needed))]
    assert narrow.shape[1] < everything.shape[1]
    of_all, of_needed = (
        tidy(KINDS[kind].run(frame, COHORT, analysis, COVARIATES, "a"), kind=kind) for frame in (everything, narrow)
    )
    pd.testing.assert_frame_equal(of_needed, of_all, check_exact=True)


def test_every_cohort_has_its_steps_and_its_follow_up(tmp_path: Path) -> None:
    followed = House(COHORT.model_copy(update={"follow_up": "back"}), COVARIATES)
    taken = take(members(), keys("table_one"), tmp_path, POLICY, followed)
    for name in ("attrition.children", "follow_up.children"):
        assert taken.page.count(f'data="{name}/figure.svg"') == 1
        assert len(taken.figures[name]["alt"]) > 30
        checks = recompute(taken.folder / name / "results.csv")
        assert all(check.agrees for check in checks), checks
    assert taken.page.count("reverse Kaplan-Meier")
    assert taken.page.count(">600<")  # who is left after the only step
