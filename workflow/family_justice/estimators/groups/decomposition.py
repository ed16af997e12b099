"""Change of a share between two periods, split into composition and change within groups."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from family_justice.estimators.parts.arrays import Floats, numbers


@dataclass(frozen=True)
class Decomposition:
    """The change of a share, the part of other sizes of groups, and the part within groups: ``parts`` (3,) and their
    standard errors (3,)."""

    parts: tuple[float, float, float]
    std_errors: tuple[float, float, float]


def decompose(
    events_before: ArrayLike, size_before: ArrayLike, events_after: ArrayLike, size_after: ArrayLike
) -> Decomposition:
    """Split the change of the share of members with an event, over K groups: each argument is (K,).

    Kitagawa (1955, JASA 50): with w the share of a group among all and r the share with the event within it,
    composition is sum((w1 - w0) (r0 + r1) / 2) and within groups sum((r1 - r0) (w0 + w1) / 2). Variances by the delta
    method: sizes are multinomial, events binomial given the sizes. A group that is empty on one side has there the
    share of the other side, so that all of its change is one of composition. Raises ``ValueError`` for a side without
    members.
    """
    d = [numbers("events", events_before), numbers("events", events_after)]
    n = [numbers("size", size_before), numbers("size", size_after)]
    if not all(size.sum() > 0 for size in n):
        raise ValueError("a side has no members")
    w = [size / size.sum() for size in n]
    with np.errstate(divide="ignore", invalid="ignore"):
        r = [events / size for events, size in zip(d, n, strict=True)]
    r = [np.where(n[side] > 0, r[side], np.nan_to_num(r[1 - side])) for side in (0, 1)]
    change = float(w[1] @ r[1] - w[0] @ r[0])
    composition = float((w[1] - w[0]) @ (r[0] + r[1])) / 2
    variances = np.zeros(3)
    for side, sign in ((0, -1.0), (1, 1.0)):
        of_share = np.where(n[side] > 0, r[side] * (1 - r[side]) / np.maximum(n[side], 1), 0.0)
        # How each part moves with the shares within groups, and with the sizes, of this side.
        by_share = (sign * w[side], (w[1] - w[0]) / 2, sign * (w[0] + w[1]) / 2)
        by_size = (sign * r[side], sign * (r[0] + r[1]) / 2, (r[1] - r[0]) / 2)
        for part in range(3):
            variances[part] += float(by_share[part] ** 2 @ of_share)
            variances[part] += _of_sizes(by_size[part], w[side], float(n[side].sum()))
    errors = tuple(math.sqrt(max(value, 0.0)) for value in variances)
    return Decomposition((change, composition, change - composition), (errors[0], errors[1], errors[2]))


def _of_sizes(slope: Floats, w: Floats, whole: float) -> float:
    """Return the variance of a sum of ``slope`` times multinomial shares ``w`` of so many members."""
    return float(w @ slope**2 - (w @ slope) ** 2) / whole
