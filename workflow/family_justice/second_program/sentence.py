"""What a page says about the second program of an analysis."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from family_justice.second_program.compare import power_of_ten
from family_justice.second_program.words import ESTIMATES, NONE, NOT_COMPARED


def said_of(row: Mapping[str, Any], versions: Mapping[str, str]) -> str:
    """Return the sentence for a row of ``second_program``; ``versions`` has that of the program in ``level``.

    Examples: "checked with lifelines 0.30.3: equal to 1e-7"; "checked with lifelines 0.30.3: estimates equal to 1e-9
    (not compared: clustered standard errors of a Cox model)"; "no second program: the model is statsmodels' own". A row
    that disclosure control withheld is one of "not shown". Raises ``KeyError`` for a program without a version.
    """
    if row["status"] == "not estimable":
        return str(row["note"])
    if row["status"] != "ok":
        return f"{NONE} shown"
    compared, *rest = str(row["note"]).split("; ")
    lacking = [part.removeprefix(f"{NOT_COMPARED}: ") for part in rest]
    what = f"{ESTIMATES} " if compared == ESTIMATES else ""
    aside = f" ({NOT_COMPARED}: {', '.join(lacking)})" if lacking else ""
    program = str(row["level"])
    return f"checked with {program} {versions[program]}: {what}equal to {_digits(float(row['estimate']))}{aside}"


def _digits(difference: float) -> str:
    """Return a power of ten as ``1e-7``."""
    return f"1e{round(math.log10(power_of_ten(difference)))}"
