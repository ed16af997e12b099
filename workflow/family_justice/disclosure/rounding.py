"""What a count is shown as, and what somebody who knows the rules can infer from it.

All functions take whole numbers (scalars or arrays) and are deterministic: the same count is shown as the same
number wherever it occurs, so repeating a count in two tables tells nothing new.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from family_justice.config.models import Policy

Counts = npt.NDArray[np.int64]

# An upper bound for counts about which nothing is published.
UNBOUNDED = 10**12


def is_open(policy: Policy) -> bool:
    """True for a policy under which nothing is rounded and nothing hidden: exact curves may be shown."""
    return policy.rounding_base == 1 and policy.threshold == 1 and not policy.zero_discloses


def round_to_base(counts: npt.ArrayLike, base: int) -> Counts:
    """Round to the nearest multiple of ``base``; a tie goes to the even multiple, so that sums are not pushed up."""
    values = np.asarray(counts, dtype=np.int64)
    quotient, rest = np.divmod(values, base)
    up = (2 * rest > base) | ((2 * rest == base) & (quotient % 2 == 1))
    return np.asarray(base * (quotient + up), dtype=np.int64)


def is_small(count: int, policy: Policy) -> bool:
    """True for a count that must not be shown."""
    return 1 <= count < policy.threshold or (count == 0 and policy.zero_discloses)


def shown(count: int, policy: Policy) -> int:
    """A count that may be shown, rounded. A count that is not zero is never shown as zero."""
    if count == 0:
        return 0
    return max(int(round_to_base(count, policy.rounding_base)), policy.rounding_base)


def possible(number: int, policy: Policy) -> tuple[int, int]:
    """Least and greatest count that ``shown`` turns into ``number``, the small ones excluded: they are not shown."""
    base = policy.rounding_base
    if number == 0:
        return 0, 0
    # With an even base a tie goes to the even multiple: that one gains the tie at both ends, its neighbours lose it.
    reach = base // 2 if base % 2 or (number // base) % 2 == 0 else base // 2 - 1
    least = policy.threshold if number == base else max(policy.threshold, number - reach)
    return least, max(number + reach, least)


def curve_step(policy: Policy) -> int:
    """Step of the cumulative counts of a curve: the smallest multiple of the base that is half the threshold or more.

    The counts of a curve are differences of neighbouring numbers. A step under half the threshold would let the
    increments between two times, which are small, be read off.
    """
    half = -(-policy.threshold // 2)
    return policy.rounding_base * max(1, -(-half // policy.rounding_base))


def round_cumulative(counts: npt.ArrayLike, policy: Policy) -> Counts:
    """Round cumulative counts to the nearest number that may be shown: 0, or a multiple of the step from the
    threshold on. Never decreasing if ``counts`` never decreases; off by at most half of the larger of the step and the
    least number that is shown.
    """
    values = np.asarray(counts, dtype=np.int64)
    lowest = lowest_shown(policy)
    rounded = np.maximum(round_to_base(values, curve_step(policy)), lowest)
    return np.where(2 * values < lowest, 0, rounded).astype(np.int64)


def lowest_shown(policy: Policy) -> int:
    """The least cumulative count other than zero that a curve shows: the first step from the threshold on."""
    step = curve_step(policy)
    return step * -(-policy.threshold // step)
