"""How well clusters of members hold together: averages over all members, in steps of what several of them change.

A member with another career changes an average silhouette width by up to 2 / n: its own lies between -1 and 1. To two
decimals the average of a hundred members with few careers told how many had the rarest. So it is shown in steps that
are at least three times as wide (0.1 for a hundred members, 0.01 from six hundred on), where it rests on ten times the
threshold or more.
"""

from __future__ import annotations

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.coarsen import in_steps
from family_justice.disclosure.ledger import SAFE_VALUES
from family_justice.disclosure.result_frame import count, real, require_empty, suppress, text
from family_justice.disclosure.rounding import is_open
from family_justice.errors import DisclosureError
from family_justice.results import COUNTS, VALUES

#: Steps of what is shown, and how many members of 2 / n have to be in one.
STEPS, TOGETHER = (0.01, 0.02, 0.05, 0.1), SAFE_VALUES
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
            frame.at[row, "estimate"] = round(in_steps(real(frame, row, "estimate"), step(shown[0] or 0)), 2)
        else:
            suppress(frame, row, policy)


def step(n: int) -> float:
    """Return the step of an average over ``n`` members."""
    return next((step for step in STEPS if step * n >= 2 * TOGETHER - 1e-9), STEPS[-1])
