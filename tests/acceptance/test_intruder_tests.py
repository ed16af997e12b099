"""The intruder has a rank test of two groups: with few steps of time it is a function of their exact counts."""

from __future__ import annotations

import itertools
import math

import numpy as np
import pandas as pd
from attacks.estimates import log_rank
from attacks.planted import compared_groups
from attacks.rules import behind, behind_cumulative
from test_intruder import COURT

from family_justice.disclosure.coarsen import significant
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.rounding import round_cumulative, shown
from family_justice.results import tidy

Groups = tuple[int, int, int, int]  # persons of two groups, and their events in the one step of time


def guesses(groups: Groups) -> list[Groups]:
    """All counts that are behind the same rounded ones."""
    n1, n2, d1, d2 = groups
    spans = [behind(shown(n, COURT), COURT) for n in (n1, n2)]
    spans += [behind_cumulative(int(round_cumulative(d, COURT)), COURT) for d in (d1, d2)]
    return list(itertools.product(*(range(low, high + 1) for low, high in spans)))


def curves(groups: Groups, analysis: str) -> pd.DataFrame:
    """The rows of both curves and of their test."""
    n1, n2, d1, d2 = groups
    rows = compared_groups({"yes": (n1, d1, d1), "no": (n2, d2, d2)})
    return tidy(rows, stream="s", analysis=analysis, kind="kaplan_meier", cohort=analysis)


def examples(number: int) -> list[Groups]:
    rng = np.random.default_rng(20260102)
    found = [tuple(map(int, (rng.integers(40, 120), rng.integers(40, 120), 0, 0))) for _ in range(number)]
    return [(a, b, int(rng.integers(13, a - 12)), int(rng.integers(13, b - 12))) for a, b, *_ in found]


def test_three_digits_of_a_rank_test_single_out_counts() -> None:
    singled = 0
    for groups in examples(20):
        every = np.array(guesses(groups))
        n1, n2, d1, d2 = every.T
        statistics = [significant(float(value), 3) for value in log_rank(n1, n2, d1, d1, d2, d2)]
        own = statistics[[tuple(guess) for guess in every.tolist()].index(groups)]
        fits = every[[math.isclose(value, own) for value in statistics]]
        singled += any(len(set(column)) < 3 for column in fits.T.tolist())
    assert singled > 5


def test_released_rank_tests_tell_no_more_than_the_released_curves() -> None:
    """Every guess is released with the same test as the truth."""
    for groups in examples(3):
        chosen = [groups, *guesses(groups)[::60]]
        frame = pd.concat([curves(guess, f"guess {k:03}") for k, guess in enumerate(chosen)], ignore_index=True)
        released = disclose(frame, COURT).rows
        tests = released[released["measure"] == "log_rank_test"]
        assert tests["statistic"].notna().all()
        assert len(tests) == len(chosen) > 8
        assert tests[["statistic", "p_value"]].drop_duplicates().shape[0] == 1
