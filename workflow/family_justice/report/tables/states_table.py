"""The table of state probabilities, and what the audit of the histories found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.curve_parts import LIMITS
from family_justice.kinds.state_occupation.model import AUDIT
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden, report_times

if TYPE_CHECKING:
    import pandas as pd


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the probability of each state at the reported times, and how many were in it."""
    chosen = rows[rows["measure"] == "state_probability"]
    times = report_times(chosen, about)
    unit = str(about.get("time_unit") or "years")
    key, names = labels.strata(list(dict.fromkeys(chosen["group"])))
    body: list[Row] = []
    for group, name in names.items():
        if len(names) > 1:
            body.append(Row(f"{key}: {words.lower_first(name)}" if key else name))
        for state, label in (about.get("states") or {}).items():
            own = chosen[(chosen["group"] == group) & (chosen["term"] == state)]
            body.append(Row(label, [_cell(own, time, labels) for time in times], indent=len(names) > 1))
    heads = ["State", *(f"{time:g} {unit.removesuffix('s') if time == 1 else unit}" for time in times)]
    note = "Percent; in small type the 95% confidence interval and the number in the state."
    return Table(f"{about['title']}: probability of each state", heads, body, [note, labels.rounding()])


def mean_times(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the table of mean times in each state, one column for each group and end; none if it is not asked for."""
    chosen = rows[rows["measure"] == "mean_time_in_state"]
    if chosen.empty:
        return []
    unit = str(about.get("time_unit") or "years")
    key, names = labels.strata(list(dict.fromkeys(chosen["group"])))
    places = [(group, time) for group in names for time in dict.fromkeys(chosen["time"].astype(float))]
    body = [
        Row(label, [_mean(chosen[chosen["term"] == state], *place) for place in places])
        for state, label in (about.get("states") or {}).items()
    ]
    heads = ["State"]
    for group, time in places:
        up_to = f"up to {time:g} {unit.removesuffix('s') if time == 1 else unit}"
        heads.append(f"{names[group]}, {up_to}" if len(names) > 1 else words.sentence(up_to))
    by = f" Columns: {words.lower_first(key)}." if len(names) > 1 and key else ""
    note = f"Mean {unit} in the state; in small type the 95% confidence interval.{by}"
    return [Table(f"{about['title']}: mean time in each state", heads, body, [note, labels.rounding()])]


def _mean(own: pd.DataFrame, group: str, time: float) -> Cell:
    found = own[(own["group"] == group) & ((own["time"] - time).abs() < 1e-9)]
    if found.empty:
        return Cell("")
    row = found.iloc[0]
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    return Cell(
        words.decimal(row["estimate"], 2), sub=words.interval(*(words.decimal(row[column], 2) for column in LIMITS))
    )


def _cell(own: pd.DataFrame, time: float, labels: words.Labels) -> Cell:
    found = own[(own["time"] - time).abs() < 1e-9]
    if found.empty:
        return Cell("")
    row = found.iloc[0]
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD, row["note"])
    limits = words.interval(*(words.decimal(100 * row[column], 1) for column in LIMITS))
    inside = words.count(row["at_risk"]) or words.WITHHELD
    return Cell(words.percent(100 * row["estimate"]), sub="\n".join(line for line in (limits, inside) if line))


def audit(rows: pd.DataFrame, labels: words.Labels) -> list[str]:
    """Say what the audit of the histories found."""
    counted = rows[rows["term"].isin(AUDIT)].to_dict("records")
    found = []
    for row in counted:
        number = words.count(row["n"]) or labels.withheld(row["note"])
        if number != "0":
            found.append(f"{AUDIT[row['term']]}: {number}")
    if not counted:
        return []
    return [f"Audit of the histories: {'; '.join(found) or 'no overlap, gap or other contradiction'}."]
