"""What a figure may need beside the rows of its analysis."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pandas as pd

    from family_justice.figures.charts.tiles import Tiles


@dataclass(frozen=True)
class Beside:
    """Planted values of the same analysis, and where areas lie in a grid."""

    planted: pd.DataFrame | None = None
    tiles: Tiles = field(default_factory=dict)
