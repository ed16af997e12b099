"""How two programs are compared, what is said of it, and that they share nothing."""

from __future__ import annotations

import ast
import math
import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from family_justice.kinds.registry import KINDS
from family_justice.results import tidy
from family_justice.second_program import words
from family_justice.second_program.compare import (
    SecondProgramError,
    compare,
    power_of_ten,
    relative,
    require_agreement,
)
from family_justice.second_program.refit import LIFELINES, Refit
from family_justice.second_program.sentence import said_of
from family_justice.second_program.splines import Spline

LIBRARY = Path(__file__).resolve().parents[2] / "workflow/family_justice"
NAMES = sorted(path.parent.name for path in (LIBRARY / "kinds").glob("*/second.py"))
VERSIONS = {"lifelines": "0.30.3", "statsmodels": "0.14.5"}


# --- the size of a difference ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("ours", "theirs", "size", "difference"),
    [
        (2.0, 2.0, 0.0, 0.0),
        (2.0, 1.0, 0.0, 0.5),
        (-2.0, 2.0, 0.0, 2.0),
        (1e-12, -1e-12, 0.1, 2e-11),  # a coefficient near zero is known to its error only
        (0.0, 1e-9, 0.01, 1e-7),  # so is a probability
        (0.0, 1e-9, 0.0, 1.0),
        (0.0, 0.0, 0.0, 0.0),
        (math.nan, math.nan, 1.0, 0.0),
        (math.nan, 1.0, 1.0, math.inf),
        (1.0, math.inf, 1.0, math.inf),
        (math.inf, math.inf, 1.0, 0.0),
    ],
)
def test_a_difference_is_relative_to_the_estimate_or_its_error(ours, theirs, size, difference):
    assert relative(ours, theirs, size) == pytest.approx(difference)


@pytest.mark.parametrize(
    ("difference", "power"),
    [(0.0, 1e-9), (3e-12, 1e-9), (1e-7, 1e-7), (1.1e-7, 1e-6), (0.02, 0.1), (1.0, 1.0), (math.inf, math.inf)],
)
def test_a_difference_is_rounded_up_to_a_power_of_ten(difference, power):
    assert power_of_ten(difference) == pytest.approx(power, rel=1e-12)


# --- rows and their partners -----------------------------------------------------------------------------------------


def ours(*rows: dict) -> pd.DataFrame:
    about = {"measure": "log_odds_ratio", "outcome": "o", "term": "age"}
    return tidy([{**about, **row} for row in rows], stream="s", analysis="a", kind="logistic", cohort="c")


def theirs(level: str, estimate: float, error: float = math.nan, **more) -> Refit:
    return Refit(LIFELINES, "log_odds_ratio", "o", term="age", level=level, estimate=estimate, std_error=error, **more)


OLD = {"level": "old", "estimate": 0.5, "std_error": 0.1}
YOUNG = {"level": "young", "estimate": 0.001, "std_error": 0.1}


def test_the_largest_differences_are_kept_by_measure():
    found = compare(ours(OLD, YOUNG), [theirs("old", 0.5, 0.1001), theirs("young", 0.0010001, 0.1)], "here")
    assert found.program == LIFELINES
    assert found.estimates == pytest.approx({"log_odds_ratio": 1e-6})
    assert found.errors == pytest.approx({"log_odds_ratio": 1e-3}, rel=1e-2)
    assert found.largest == pytest.approx(1e-3, rel=1e-2)


def test_a_row_without_an_estimate_of_ours_is_not_compared():
    gone = {"level": "gone", "status": "not estimable", "note": "constant"}
    found = compare(ours(OLD, gone), [theirs("old", 0.5, 0.1), theirs("gone", 3.0, 1.0)], "here")
    assert found.largest == 0.0


def test_a_row_of_ours_that_nobody_looked_at_is_an_error():
    with pytest.raises(SecondProgramError, match=r"here: 1 rows of our results have no counterpart"):
        compare(ours(OLD, YOUNG), [theirs("old", 0.5, 0.1)], "here")


def test_a_row_that_ours_lacks_is_an_error():
    with pytest.raises(SecondProgramError, match="'log_odds_ratio' that our results do not have"):
        compare(ours(OLD), [theirs("old", 0.5, 0.1), theirs("young", 0.1, 0.1)], "here")


def test_two_rows_with_the_same_labels_are_an_error():
    with pytest.raises(SecondProgramError, match="same labels"):
        compare(ours(OLD, OLD), [theirs("old", 0.5, 0.1)], "here")


@pytest.mark.parametrize("rows", [[], [theirs("old", math.nan, why=words.CLUSTERED)]])
def test_comparing_nothing_is_an_error(rows):
    with pytest.raises(SecondProgramError, match="compared nothing"):
        compare(ours(OLD), rows, "here")


def test_a_value_that_is_missing_without_a_reason_differs():
    assert compare(ours(OLD), [theirs("old", 0.5)], "here").errors == {"log_odds_ratio": math.inf}
    assert compare(ours(OLD), [theirs("old", math.nan, 0.1)], "here").estimates == {"log_odds_ratio": math.inf}


def test_a_value_that_is_missing_with_a_reason_is_said():
    found = compare(ours(OLD), [theirs("old", 0.5, why=words.CLUSTERED)], "here")
    assert (found.errors, found.not_compared) == ({}, [words.CLUSTERED])


def test_a_difference_above_the_tolerance_stops_with_its_size_and_no_value():
    found = compare(ours(OLD), [theirs("old", 0.5003, 0.1)], "stream 's', analysis 'a'")
    with pytest.raises(SecondProgramError) as caught:
        require_agreement(found, 1e-5, "stream 's', analysis 'a'")
    message = str(caught.value)
    assert message.startswith("stream 's', analysis 'a': ")
    assert "estimates of 'log_odds_ratio' by up to 1e-03" in message
    assert "standard errors" not in message
    assert not re.search(r"0\.50|0\.1", message)
    require_agreement(found, 1e-3, "here")


# --- splines ---------------------------------------------------------------------------------------------------------


def test_our_own_spline_spans_the_same_curves_as_truncated_cubes_that_are_straight_outside():
    values = np.random.default_rng(1).gamma(3, 2, 300)
    spline = Spline.of(values, 5)
    at = np.linspace(-3, 30, 500)
    basis = np.column_stack([np.ones_like(at), spline.basis(at)])
    assert basis.shape == (500, 5)
    outside = at > spline.knots[-1]
    assert np.abs(np.diff(basis[outside], n=2, axis=0)).max() < 1e-9
    cubes = np.column_stack(
        [np.ones_like(at), at, *(np.clip(at - k, 0, None) ** 3 for k in spline.knots), at**2, at**3]
    )
    assert np.abs(cubes @ np.linalg.lstsq(cubes, basis, rcond=None)[0] - basis).max() < 1e-6


# --- what is said ----------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("row", "sentence"),
    [
        (
            {"status": "ok", "level": "lifelines", "estimate": 1e-7, "note": words.BOTH},
            "checked with lifelines 0.30.3: equal to 1e-7",
        ),
        (
            {"status": "ok", "level": "lifelines", "estimate": 1e-9,
             "note": f"{words.ESTIMATES}; {words.NOT_COMPARED}: {words.CLUSTERED}"},
            "checked with lifelines 0.30.3: estimates equal to 1e-9 "
            "(not compared: clustered standard errors of a Cox model)",
        ),
        (
            {"status": "ok", "level": "statsmodels", "estimate": 9.999999999e-10,
             "note": f"{words.BOTH}; {words.NOT_COMPARED}: {words.NO_ERROR_OF_AREA}; "
                     f"{words.NOT_COMPARED}: {words.EVERYBODY_GONE}"},
            f"checked with statsmodels 0.14.5: equal to 1e-9 "
            f"(not compared: {words.NO_ERROR_OF_AREA}, {words.EVERYBODY_GONE})",
        ),
        (
            {"status": "not estimable", "level": "", "estimate": math.nan,
             "note": "no second program: the model is statsmodels' own"},
            "no second program: the model is statsmodels' own",
        ),
        ({"status": "suppressed", "level": "", "estimate": math.nan, "note": ""}, "no second program shown"),
    ],
)  # fmt: skip
def test_the_sentence_of_a_page(row, sentence):
    assert said_of(row, VERSIONS) == sentence


def test_a_program_without_a_version_is_an_error():
    with pytest.raises(KeyError):
        said_of({"status": "ok", "level": "lifelines", "estimate": 1e-7, "note": words.BOTH}, {})


def test_words_can_be_taken_apart_again():
    assert [w for w in (*words.LACKING, *words.REASONS) if "; " in w or not w or w.endswith(".")] == []


# --- what the kinds declare, and what is not shared ------------------------------------------------------------------


@pytest.mark.parametrize("kind", NAMES)
def test_a_kind_has_a_second_program_or_a_reason(kind: str):
    second = KINDS[kind].second
    if hasattr(second, "NONE"):
        assert second.NONE
        assert not second.NONE.endswith(".")
        assert KINDS[kind].programs == ()
        assert not hasattr(second, "refit")
    else:
        assert set(KINDS[kind].programs) <= {"lifelines", "statsmodels"}
        assert KINDS[kind].programs
        assert 0 < second.TOLERANCE <= 1e-4
        assert callable(second.refit)


def imports(path: Path) -> list[tuple[str, bool]]:
    """Return everything that a file imports, and whether it does so when it is loaded."""
    tree = ast.parse(path.read_text())
    typing = {
        node
        for block in ast.walk(tree)
        if isinstance(block, ast.If) and "TYPE_CHECKING" in ast.unparse(block.test)
        for node in ast.walk(block)
    }
    top = set(tree.body)
    found = []
    for node in ast.walk(tree):
        if node in typing:
            continue
        if isinstance(node, ast.Import):
            found += [(alias.name, node in top) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            found += [(f"{node.module}.{alias.name}", node in top) for alias in node.names]
    return found


PARTS = [*sorted((LIBRARY / "second_program").glob("*.py")), *sorted((LIBRARY / "kinds").glob("*/second.py"))]
#: All of this project that the two programs may share: the records, the configuration, and the form of results.
SHARED = (
    "family_justice.analyses.prepare.load_members",
    "family_justice.config.schema.",
    "family_justice.errors.",
    "family_justice.files.write_csv",
    "family_justice.kinds.follow_up.model.",
    "family_justice.kinds.registry.",
    "family_justice.kinds.second_program.model.",
    "family_justice.results.",
)
#: What a module is imported from stands with it.
SHARED += tuple(name.removesuffix(".") for name in SHARED if name.startswith("family_justice.kinds"))


@pytest.mark.parametrize("path", PARTS, ids=lambda path: str(path.relative_to(LIBRARY)))
def test_the_second_program_shares_nothing_with_the_first(path: Path):
    own = re.compile(r"family_justice\.(second_program(\.|$)|kinds\.\w+\.second\.)")
    assert len(PARTS) > 30
    strange = [
        name
        for name, _ in imports(path)
        if name.startswith("family_justice") and not own.match(name) and not name.startswith(SHARED)
    ]
    assert strange == []
    packages = ("lifelines", "statsmodels", "scipy")
    assert [name for name, at_once in imports(path) if at_once and name.startswith(packages)] == []
    whole = ("statsmodels.api", "statsmodels.formula")
    assert [name for name, _ in imports(path) if name.startswith(whole)] == []


def test_a_kind_loads_only_the_packages_it_names():
    loaded = {
        path.parent.name: {name.split(".")[0] for name, _ in imports(path)} & {"lifelines", "statsmodels"}
        for path in PARTS
        if path.name == "second.py"
    }
    assert {kind: packages for kind, packages in loaded.items() if not packages <= set(KINDS[kind].programs)} == {}
