"""What one analysis counts of everybody and another of some must not tell of the few others."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
from scipy.optimize import Bounds, LinearConstraint, milp
from test_disclosure_gate import COURT

from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.tables import person_key
from family_justice.disclosure.ledger import Ledger
from family_justice.disclosure.nesting import restrictions, tie_groups
from family_justice.results import tidy

MOTHERS = {"mothers": {"parent": ["mother"]}}


def key(exact: int, **who: str) -> Any:
    return person_key("c", frozenset(who.items()), exact)


def test_a_restricted_analysis_counts_a_group_of_everybody() -> None:
    ledger = Ledger(COURT, within=restrictions(MOTHERS | {"both": {"parent": ["mother", "father"]}}))
    assert ledger.members("mothers", frozenset({("age", "old")})) == {("age", "old"), ("parent", "mother")}
    assert ledger.members("both") == {("parent", "father or mother")}
    assert ledger.members("other") == frozenset()


def test_groups_of_several_analyses_add_up_to_everybody() -> None:
    ledger = Ledger(COURT)
    everybody, mothers, fathers = (ledger.add(k, n) for k, n in (
        (key(100), 100), (key(60, parent="mother"), 60), (key(33, parent="father"), 33),
    ))  # fmt: skip
    both = ledger.add(key(93, parent="father or mother"), 93)
    some = ledger.add(key(58, parent="mother"), 58)  # a model without those with gaps
    old = [ledger.add(key(n, age="old", **who), n) for n, who in ((40, {}), (22, {"parent": "mother"}))]
    tie_groups(ledger)
    sums = {(tie.whole, frozenset(part for part in tie.parts if part[0] == "persons")) for tie in ledger.sums}
    assert {
        (both, frozenset({mothers, fathers})),
        (everybody, frozenset({some})),
        (everybody, frozenset({old[0]})),
        (old[0], frozenset({old[1]})),
        (mothers, frozenset({old[1]})),
    } <= sums
    rests = [ledger.counts[tie.parts[-1]].exact for tie in ledger.sums if tie.parts[-1][0] == "rest"]
    assert 100 - 93 in rests, "those who are neither"


def table(cells: list[int], analysis: str) -> pd.DataFrame:
    total = sum(cells)
    rows = [{"level": str(i), "n": n, "total": total, "estimate": 100 * n / total} for i, n in enumerate(cells)]
    return tidy(rows, stream="s", analysis=analysis, kind="table_one", cohort="c", measure="percent", term="age")


def behind(number: Any) -> tuple[int, int]:
    """Least and greatest count behind a released number; a hidden one may be any."""
    if pd.isna(number):
        return 0, 10**5
    return (0, 0) if number == 0 else (max(10, int(number) - 2), int(number) + 2)


def narrowest(everybody: list[int], mothers: list[int], restricted: dict[str, Any]) -> float:
    """The number of values that the released tables leave to the small count of others that they narrow down most."""
    frame = pd.concat([table(everybody, "everybody"), table(mothers, "mothers")], ignore_index=True)
    rows = disclose(frame, COURT, restricted).rows
    levels = len(mothers)
    unknown = np.eye(2 * levels)  # mothers and others at every age
    sums, limits = [], []
    for analysis, parts in (("everybody", (0, levels)), ("mothers", (0,))):
        own = rows[rows["analysis"] == analysis]
        at_age = [sum(unknown[start + age] for start in parts) for age in range(levels)]
        totals = own["total"].dropna()
        whole = (sum(at_age), totals.max() if len(totals) else None)
        for weights, number in [*zip(at_age, own["n"], strict=True), whole]:
            sums.append(weights)
            limits.append(behind(number))
    ties = LinearConstraint(np.array(sums), *np.array(limits, dtype=float).T)
    left = []
    others = [a - b for a, b in zip(everybody, mothers, strict=True)]
    for count, weights in [*zip(others, unknown[levels:], strict=True), (sum(others), sum(unknown[levels:]))]:
        if 0 < count < COURT.threshold:
            ends = [milp(s * weights, constraints=ties, integrality=np.ones(2 * levels), bounds=Bounds(0, 10**5)).fun
                    for s in (1, -1)]  # fmt: skip
            left.append(-ends[1] - ends[0] + 1 if None not in ends else math.inf)
    return min(left, default=math.inf)


def test_the_few_others_do_not_follow_from_everybody_and_mothers() -> None:
    # 3 and 1 others: untied, 87 shown as 85 beside 50 and 35 leaves two values to the one, and three to the four.
    assert narrowest([50, 37], [47, 36], {}) == 2
    assert narrowest([50, 37], [47, 36], MOTHERS) >= 3
    rng = np.random.default_rng(0)
    for _ in range(8):
        mothers = rng.integers(10, 60, 2).tolist()
        everybody = [n + int(more) for n, more in zip(mothers, rng.integers(0, 12, 2), strict=True)]
        assert narrowest(everybody, mothers, MOTHERS) >= 3
