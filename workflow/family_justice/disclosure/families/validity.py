"""How well clusters of members hold together: averages over all members, shown to two decimals.

An average silhouette width changes by a few hundredths if a single member of a hundred has another career, so that it
is shown where it rests on ten times the threshold or more, and then tells no more than the shares of the types.
"""

from __future__ import annotations

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.result_frame import count, real, require_empty, suppress, text
from family_justice.disclosure.rounding import is_open
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES

_UNUSED = [column for column in (*VALUES, *COUNTS, "time") if column != "estimate"]


def release_validity(frame: pd.DataFrame, rows: pd.Index, policy: Policy) -> None:
    """Shorten the values of analyses of enough members; withhold the others.

    Raises ``DisclosureError`` unless the rows are estimates by themselves, of 1 at most.
    """
    given = frame.loc[rows]
    require_empty(given, _UNUSED, "silhouettes and the like")
    if (given["estimate"].isna() | (given["estimate"].abs() > 1 + 1e-9)).any():
        raise DisclosureError("silhouettes and the like: some are missing or beyond 1")
    if is_open(policy):
        return
    for row in rows:
        analysis = text(frame, row, "analysis")
        used = frame.index[(frame["analysis"] == analysis) & (frame["measure"] == "analysed")]
        shown = [count(frame, at, "n") for at in used]
        if len(shown) == 1 and (shown[0] or 0) >= 10 * policy.threshold:
            frame.at[row, "estimate"] = round(real(frame, row, "estimate"), 2)
        else:
            suppress(frame, row, policy)
