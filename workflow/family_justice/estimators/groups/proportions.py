"""Limits of a proportion."""

from __future__ import annotations

import math

from family_justice.estimators.survival.life_table import Z95


def wilson(n: int, total: int) -> tuple[float, float]:
    """Return the 95% limits of a proportion (Wilson 1927), nan if the denominator is zero."""
    if not total:
        return math.nan, math.nan
    share, z2 = n / total, Z95**2 / total
    middle = (share + z2 / 2) / (1 + z2)
    width = Z95 * math.sqrt(share * (1 - share) / total + z2 / (4 * total)) / (1 + z2)
    return max(0.0, middle - width), min(1.0, middle + width)
