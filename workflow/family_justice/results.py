"""The one tidy result schema. Every estimator's answer arrives as rows with these columns.

Each column has a disclosure type. For the columns in ``VALUES`` the type depends on the row's ``measure``, which must
be one of ``measures.MEASURES``:

- ``count``: the row's news is a number of people, cases or events in ``n`` / ``events`` / ``total``.
- ``derived``: computed from counts; the released value is recomputed from released counts.
- ``model``: an estimate of a fitted model; released if its counts allow it.

=============  ===========================================================================================
stream         name of the study stream
analysis       name of the analysis in the stream file (or ``attrition.<cohort>``, ``follow_up.<cohort>``)
kind           kind of the analysis (``cumulative_incidence``, ``cox``, ``frequency`` ...)
cohort         cohort that the analysis ran on
measure        what ``estimate`` is, see ``measures``
outcome        event or outcome that the row is about
group          stratum: ``column=level`` pairs joined by ``; ``, empty for everybody
term           covariate, variable, cohort step or test
level          level of a categorical term (of ``reference`` too), empty for a number
time           time since time zero in the unit that the analysis names, years unless it says otherwise; of
               ``log_hazard_ratio_at`` the value of the number in ``term``
estimate       value of the measure; coefficients on the log scale, marginal effects in percentage points, risks and
               their differences as proportions
std_error      standard error of ``estimate``
conf_low       lower 95% limit of ``estimate``, same scale
conf_high      upper 95% limit
statistic      test statistic
df             degrees of freedom of the statistic; of an F test (see ``note``) the first of its two
p_value        p value of the statistic
n              persons (rows) the row rests on: in the cell, in the level, in the stratum
events         events among them (cumulative up to ``time`` in a curve)
competing      competing events among them (cumulative up to ``time``)
censored       censored among them (cumulative up to ``time``)
at_risk        at risk just before ``time``; where counts are rounded, n less what is shown up to ``time``
total          denominator of a proportion; in a curve with delayed entry, who had entered up to ``time``
status         ``ok``, ``reference``, ``not estimable``, ``suppressed``
note           why, in words
=============  ===========================================================================================
"""

from __future__ import annotations

import re
from collections.abc import Hashable, Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.measures import MEASURES

if TYPE_CHECKING:
    import pandas as pd

LABELS = ("stream", "analysis", "kind", "cohort", "measure", "outcome", "group", "term", "level")
POSITION = ("time",)
VALUES = ("estimate", "std_error", "conf_low", "conf_high", "statistic", "df", "p_value")
COUNTS = ("n", "events", "competing", "censored", "at_risk", "total")
REMARKS = ("status", "note")
COLUMNS = LABELS + POSITION + VALUES + COUNTS + REMARKS
TYPES: dict[Hashable, Any] = {
    **dict.fromkeys(LABELS + REMARKS, "string"),
    **dict.fromkeys(POSITION + VALUES, "float64"),
    **dict.fromkeys(COUNTS, "Int64"),
}

STATUSES = ("ok", "reference", "not estimable", "suppressed")


def meanings() -> dict[str, str]:
    """Return what each column means, as it stands above."""
    _, table, _ = re.split(r"^=+ +=+$", str(__doc__), flags=re.MULTILINE)
    found: dict[str, str] = {}
    for line in table.strip().splitlines():
        name, text = line[:15].strip(), line[15:].strip().replace("``", "")
        if name:
            found[name] = text
        else:
            found[next(reversed(found))] += f" {text}"
    return found


def tidy(rows: Iterable[Mapping[str, Any]], **labels: str) -> pd.DataFrame:
    """Return the rows as a frame in the schema, with ``labels`` filled in where a row has none.

    Raises ``ValueError`` for a column, measure or status that the schema does not have.
    """
    import pandas as pd

    complete = [{**labels, **row} for row in rows]
    frame = pd.DataFrame(complete)
    unknown = sorted(set(frame.columns) - set(COLUMNS))
    if unknown:
        raise ValueError(f"columns outside the result schema: {', '.join(unknown)}")
    return conform(frame)


def conform(frame: pd.DataFrame) -> pd.DataFrame:
    """Give a frame all columns of the schema in order and with their types, and check its vocabulary."""
    frame = frame.reindex(columns=list(COLUMNS)).astype(TYPES).fillna(dict.fromkeys(LABELS + REMARKS, ""))
    frame["status"] = frame["status"].replace("", "ok")
    for column, allowed in (("measure", tuple(MEASURES)), ("status", STATUSES)):
        strange = sorted(set(frame[column]) - set(allowed))
        if strange:
            raise ValueError(f"{column} outside the result schema: {', '.join(strange)}")
    shown = frame.loc[frame["status"] == "ok", ["estimate", "std_error", "conf_low", "conf_high"]]
    endless = shown.isin([float("inf"), float("-inf")]).any(axis=1)
    if endless.any():
        raise ValueError(f"{int(endless.sum())} rows with status ok have a value that is infinite: not estimable, then")
    return frame


def read_results(path: str) -> pd.DataFrame:
    """Read a CSV of results in the schema."""
    import pandas as pd

    from family_justice import rooms

    rooms.check(path)

    text: dict[Hashable, Any] = {column: "string" for column in LABELS + REMARKS}
    return conform(
        pd.read_csv(path, dtype=text, keep_default_na=False, na_values={c: [""] for c in POSITION + VALUES + COUNTS})
    )


def behind_file(results: str | Path) -> Path:
    """Return the file, beside one of results, with what stands behind its counts (``behind``)."""
    return Path(results).with_suffix(".behind.npz")
