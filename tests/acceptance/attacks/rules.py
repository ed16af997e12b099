"""The rules of rounding, which are public, turned round: which counts can be behind a number that is shown."""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from family_justice.config.schema import Policy

Bounds = tuple[int, int]
#: The steps of a curve may be so many times wider than need be.
WIDER = (1, 2, 3, 4)
#: Rows that one person may have, as far as an intruder tries.
MOST_ROWS = 6


def policy_of(text: dict) -> Policy:
    """Return the policy of a released study."""
    from family_justice.config.schema import Policy

    return Policy(**{key: value for key, value in text.items() if key in Policy.model_fields})


def wider(policy: Policy, rows: int, times: int) -> Policy:
    """The policy of a curve of persons with up to ``rows`` rows, in steps ``times`` as wide as need be."""
    limits = {name: rows * getattr(policy, name) for name in ("threshold", "minimum_at_risk")}
    return policy.model_copy(update={**limits, "rounding_base": rows * times * policy.rounding_base})


def behind(number: int, policy: Policy) -> Bounds:
    """Least and greatest count that a table shows as ``number``; small ones are not shown. What no count is shown as is
    a number of areas, which are public."""
    if not _counts_behind(number, policy.model_dump_json(), cumulative=False):
        return number, number
    return _turned(number, policy.model_dump_json(), cumulative=False)


def behind_cumulative(number: int, policy: Policy) -> Bounds:
    """Least and greatest count that a curve shows as ``number``."""
    return _turned(number, policy.model_dump_json(), cumulative=True)


def widest(numbers: set[float], policy: Policy) -> Policy:
    """The rule with the widest steps by which curves can show all of some numbers: who is not told their steps cannot
    do better."""
    shown = {int(number) for number in numbers if not np.isnan(number)}
    every = [wider(policy, rows, times) for rows in range(1, MOST_ROWS + 1) for times in WIDER]
    every.sort(key=lambda rule: (rule.rounding_base, rule.threshold), reverse=True)
    found = (rule for rule in every if all(_counts_behind(number, rule.model_dump_json(), True) for number in shown))
    return next(found, policy)


@cache
def _turned(number: int, policy_text: str, cumulative: bool) -> Bounds:
    fits = _counts_behind(number, policy_text, cumulative)
    assert fits, f"the attack is faulty: no count is shown as {number}"
    return min(fits), max(fits)


@cache
def _counts_behind(number: int, policy_text: str, cumulative: bool) -> list[int]:
    from family_justice.config.schema import Policy
    from family_justice.disclosure.rounding import is_small, round_cumulative, shown

    policy = Policy.model_construct(**json.loads(policy_text))  # as the door does, for curves of several rows a person
    reach = 2 * policy.rounding_base + 2 * policy.threshold
    tried = range(max(0, number - reach), number + reach + 1)
    if cumulative:
        return [n for n, what in zip(tried, round_cumulative(np.array(tried), policy), strict=True) if what == number]
    return [n for n in tried if not is_small(n, policy) and shown(n, policy) == number]


def steps_of(series: list[tuple[list[float], list[int]]], policy: Policy, rows: int) -> Policy | None:
    """Return the rule by which series of curves over the same persons are shown: the narrowest of those under which
    most of them are what is behind them, rounded. An intruder sees it from a long curve; here he is told."""
    rules = [wider(policy, rows, times) for times in WIDER]
    fits = [sum(is_rounded(numbers, exact, rule) for numbers, exact in series) for rule in rules]
    return rules[fits.index(max(fits))] if any(fits) else None


def is_rounded(numbers: list[float], exact: list[int], policy: Policy) -> bool:
    """True for a series that is shown as its counts rounded; others are sums of such."""
    from family_justice.disclosure.rounding import round_cumulative

    if any(np.isnan(numbers)):
        return False
    return round_cumulative(np.array(exact[: len(numbers)]), policy).tolist() == [int(number) for number in numbers]
