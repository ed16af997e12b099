"""What a count is shown as, and what somebody who knows the rules can infer from it.

All functions take whole numbers (scalars or arrays) and are deterministic: the same count is shown as the same
number wherever it occurs, so repeating a count in two tables tells nothing new.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from family_justice.config.schema import Policy

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


def rounded(counts: npt.ArrayLike, step: int, policy: Policy) -> Counts:
    """Round to the nearest multiple of ``step``, or to the midpoint of the interval of that many counts (1 to ``step``,
    and so on) if the policy says so. Zero stays zero."""
    if policy.rounding == "nearest":
        return round_to_base(counts, step)
    values = np.asarray(counts, dtype=np.int64)
    return np.asarray(-(-values // step) * step - np.where(values > 0, step // 2, 0), dtype=np.int64)


def is_small(count: int, policy: Policy) -> bool:
    """True for a count that must not be shown."""
    return 1 <= count < policy.threshold or (count == 0 and policy.zero_discloses)


def shown(count: int, policy: Policy) -> int:
    """A count that may be shown, rounded. A count that is not zero is never shown as zero."""
    if count == 0:
        return 0
    lowest = policy.rounding_base if policy.rounding == "nearest" else 1
    return max(int(rounded(count, policy.rounding_base, policy)), lowest)


def possible(number: int, policy: Policy) -> tuple[int, int]:
    """Least and greatest count that ``shown`` turns into ``number``, the small ones excluded: they are not shown."""
    base = policy.rounding_base
    if number == 0:
        return 0, 0
    if policy.rounding == "midpoint":
        greatest = number + base // 2
        return max(policy.threshold, greatest - base + 1), max(policy.threshold, greatest)
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
    """Round cumulative counts to a number that may be shown: 0, or one in steps from the threshold on. Never decreasing
    if ``counts`` never decreases; off by at most half of the larger of the step and the least number that is shown.
    """
    values = np.asarray(counts, dtype=np.int64)
    lowest = lowest_shown(policy)
    above = np.maximum(rounded(values, curve_step(policy), policy), lowest)
    return np.where(2 * values < lowest, 0, above).astype(np.int64)


def cumulative_bounds(numbers: Counts, policy: Policy) -> tuple[Counts, Counts]:
    """Least and greatest exact count behind each number that ``round_cumulative`` shows."""
    step, lowest = curve_step(policy), lowest_shown(policy)
    if policy.rounding == "midpoint":
        above = np.full_like(numbers, step // 2)
        below = step - 1 - above
    else:
        # As in ``possible``: a tie goes to the even multiple.
        above = np.where((step % 2 == 1) | ((numbers // step) % 2 == 0), step // 2, step // 2 - 1)
        below = above
    half = -(-lowest // 2)
    low = np.where(numbers == 0, 0, np.where(numbers == lowest, half, numbers - below))
    high = np.where(numbers == 0, half - 1, numbers + above)
    return low.astype(np.int64), high.astype(np.int64)


def lowest_shown(policy: Policy) -> int:
    """The least cumulative count other than zero that a curve shows: the first step from the threshold on."""
    step = curve_step(policy)
    middle = step // 2 if policy.rounding == "midpoint" else 0
    return step * -(-(policy.threshold + middle) // step) - middle
