"""Types of careers: in which states the members of each type are over time, as stacked areas."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from family_justice.figures import words
from family_justice.figures.charts import states
from family_justice.figures.house.style import Sheet, message
from family_justice.kinds.sequence_typology.model import TYPE, time_of

if TYPE_CHECKING:
    import pandas as pd

FILLED = "Withheld shares are drawn on a line between their neighbours."


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw one panel per type, with its share of all; return the sheet, the alt text and the caption."""
    areas = _areas(rows)
    title, subtitle = about["title"], labels.subject(about)
    if areas is None:
        said = "All types are withheld: too few people to release."
        return message(title, subtitle, said, [labels.foot()]), f"{title}: all types are withheld.", said
    sheet, alt, _ = states.draw(areas, about, labels, "Percent of the type")
    filled = f" {FILLED}" if areas["n"].isna().any() else ""
    unit = about.get("time_unit") or "months"
    caption = f"Percent of the members of each type in each state, stacked, by {unit}; share of the type in brackets."
    return sheet, alt, f"{caption} Numbers of people in each state below the axis.{filled}"


def _areas(rows: pd.DataFrame) -> pd.DataFrame | None:
    """Return the shares of states as the probabilities that stacked areas show, of types that are shown."""
    import pandas as pd

    sizes = rows[(rows["term"] == TYPE) & (rows["measure"] == "percent") & rows["estimate"].notna()]
    parts = []
    for size in sizes.to_dict("records"):
        of_type = rows[(rows["group"] == f"{TYPE}={size['level']}") & rows["term"].str.startswith("time_")]
        for state, mine in of_type.groupby("level", sort=False):
            times = mine["term"].map(time_of).to_numpy(dtype=float)
            share = mine["estimate"].to_numpy(dtype=float) / 100
            known = ~np.isnan(share)
            if not known.any():
                share, known = np.zeros_like(share), np.ones_like(known)
            filled = np.interp(times, times[known], share[known])
            own = pd.DataFrame({"time": times, "estimate": filled, "at_risk": mine["n"].array, "n": mine["n"].array})
            group = f"{TYPE}={size['level']} ({words.percent(size['estimate'])})"
            parts.append(own.assign(measure="state_probability", group=group, term=state, censored=0))
    if not parts:
        return None
    found = pd.concat(parts, ignore_index=True)
    # Withheld shares that were filled in must not make more than all.
    whole = found.groupby(["group", "time"])["estimate"].transform("sum")
    found["estimate"] /= whole.where(whole > 0, 1.0)
    return found.assign(std_error=np.nan, conf_low=np.nan, conf_high=np.nan, status="ok", note="", outcome="")
