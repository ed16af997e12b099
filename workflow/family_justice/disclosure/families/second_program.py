"""How far a second program's answers lie from ours: a power of ten, and no count."""

from __future__ import annotations

import math

import pandas as pd

from family_justice.disclosure.result_frame import require_empty
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES


def check_second_program(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless every row has a power of ten that is at most 1, or none, and nothing else."""
    require_empty(frame, [*(column for column in VALUES if column != "estimate"), *COUNTS, "time"], "a second program")
    for value in frame["estimate"].dropna():
        exponent = math.log10(value) if value > 0 else math.nan
        if not (exponent <= 0 and abs(exponent - round(exponent)) < 1e-9):
            raise DisclosureError("a second program: a difference is told as a power of ten, and no closer")
