"""Tables beneath curves: how much time is free of an event or lost to it, and how far the risks of groups differ."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd

MEANS = ("restricted_mean_time", "restricted_mean_time_lost")
DIFFERENCE = "restricted_mean_difference"
RISKS = "risk_difference"


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the table of mean times up to each asked time, none if the analysis asks for none."""
    means, differences = rows[rows["measure"].isin(MEANS)], rows[rows["measure"] == DIFFERENCE]
    if means.empty:
        return []
    unit = str(about.get("time_unit") or "years")
    times = list(dict.fromkeys(means["time"].astype(float)))
    outcomes = list(dict.fromkeys(means["outcome"]))
    key, names = labels.strata(list(dict.fromkeys(means["group"])))
    compared = not differences.empty
    body: list[Row] = []
    for outcome in outcomes:
        if len(outcomes) > 1:
            body.append(Row(labels.outcome(outcome)))
        for group, name in names.items():
            cells = []
            for time in times:
                cells.append(_cell(_find(means, outcome, group, time)))
                if compared:
                    cells.append(_cell(_find(differences, outcome, group, time), difference=True))
            body.append(Row(name, cells, indent=len(outcomes) > 1))
    heads = [key or "Group"]
    for time in times:
        heads += [
            f"Up to {time:g} {unit.removesuffix('s') if time == 1 else unit}",
            *(["Difference"] if compared else []),
        ]
    lost = (means["measure"] == "restricted_mean_time_lost").any()
    what = "mean time lost to the event" if lost else "mean time free of the event"
    note = f"Mean {unit} up to the time in the heading; in small type the 95% confidence interval."
    return [Table(f"{about['title']}: {what}", heads, body, [note, labels.rounding()])]


def risk_differences(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the table of risk differences at each asked time, none if the analysis asks for none."""
    differences = rows[rows["measure"] == RISKS]
    if differences.empty:
        return []
    unit = str(about.get("time_unit") or "years")
    times = list(dict.fromkeys(differences["time"].astype(float)))
    outcomes = list(dict.fromkeys(differences["outcome"]))
    key, names = labels.strata(list(dict.fromkeys(differences["group"])))
    body: list[Row] = []
    for outcome in outcomes:
        if len(outcomes) > 1:
            body.append(Row(labels.outcome(outcome)))
        for group, name in names.items():
            cells = [_cell(_find(differences, outcome, group, time), difference=True, percent=True) for time in times]
            body.append(Row(name, cells, indent=len(outcomes) > 1))
    heads = [key or "Group", *(f"At {time:g} {unit.removesuffix('s') if time == 1 else unit}" for time in times)]
    note = (
        "Differences in the probability of the event by the time in the heading, in percentage points; in small type "
        "the 95% confidence interval."
    )
    return [Table(f"{about['title']}: risk differences", heads, body, [note, labels.rounding()])]


def _find(rows: pd.DataFrame, outcome: str, group: str, time: float) -> Any:
    found = rows[(rows["outcome"] == outcome) & (rows["group"] == group) & ((rows["time"] - time).abs() < 1e-9)]
    return found.iloc[0] if len(found) else None


def _cell(row: Any, difference: bool = False, percent: bool = False) -> Cell:
    if row is None:
        return Cell("")
    if row["status"] == "reference":
        return Cell("reference")
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    scale, digits = (100, 1) if percent else (1, 2)
    low, high = (words.decimal(scale * row[column], digits) for column in ("conf_low", "conf_high"))
    text = words.decimal(scale * row["estimate"], digits)
    plus = "+" if difference and float(row["estimate"]) > 0 and text.strip("0.") else ""
    return Cell(plus + text, sub=words.interval(low, high))
