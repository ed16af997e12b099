"""Tables of the validation of a prediction: performance, and observed beside predicted risks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import calibration
from family_justice.measures import MEASURES
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd

#: What is best, in words, beside the name of a measure.
BEST = {
    "area_under_curve": "1 is best, 0.5 is chance",
    "brier_score": "0 is best",
    "scaled_brier_score": "1 is best, 0 is one risk for all",
    "observed_over_expected": "1 is best",
    "calibration_slope": "1 is best; below 1 predictions are too extreme",
}


def performance(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the measures of performance, apparent and corrected for optimism, at each time."""
    unit = str(about.get("time_unit") or "years")
    chosen = rows[rows["measure"].isin(tuple(BEST))]
    body: list[Row] = []
    for measure, best in BEST.items():
        own = chosen[chosen["measure"] == measure]
        times = [float(time) for time in own["time"].drop_duplicates()]  # one without a value for the whole follow-up
        if len(times) > 1:
            body.append(Row(f"{MEASURES[measure].words} ({best})"))
        for time in times:
            at = own[own["time"].isna()] if time != time else own[(own["time"] - time).abs() < 1e-9]
            by = f"{time:g} {unit.removesuffix('s') if time == 1 else unit}"
            name = f"by {by}" if len(times) > 1 else f"{MEASURES[measure].words} ({best})"
            if len(times) == 1 and time == time:
                name += f", by {by}"
            cells = [_value(at[at["term"] == term]) for term in ("apparent", "corrected")]
            body.append(Row(words.sentence(name), cells, indent=len(times) > 1))
    sizes = {str(row["measure"]): row for row in rows.to_dict("records") if row["measure"] == "analysed"}
    n = words.count(sizes["analysed"]["n"]) if "analysed" in sizes else ""
    of = f"Of {n} {labels.people(about['cohort'])}. " if n else ""
    note = f"{of}Corrected: apparent less optimism of {about['samples']} bootstrap samples, with 95% interval."
    heads = ["Measure", "Apparent", "Corrected (95% CI)"]
    return Table(f"{about['title']}: performance", heads, body, [note, labels.rounding()])


def _value(own: pd.DataFrame) -> Cell:
    if own.empty:
        return Cell("")
    row = own.iloc[0]
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    digits = 3 if "brier" in row["measure"] else 2
    value, low, high = (words.decimal(row[column], digits) for column in words.ESTIMATE)
    return Cell(words.with_interval(value, low, high))


def groups(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return predicted and observed risks of the groups of predicted risk at each time."""
    panels = calibration.arrange(rows, about)
    unit = str(about.get("time_unit") or "years")
    heads, names = ["Group of predicted risk", words.sentence(labels.people(about["cohort"]))], dict[str, str]()
    for time, places in panels.items():
        by = f"by {time:g} {unit.removesuffix('s') if time == 1 else unit}"
        heads += [f"Predicted, {by}", f"Observed, {by} (95% CI)"]
        names |= {p.name: p.n or names.get(p.name, "") for p in places}
    body = []
    for name, n in names.items():
        cells = [Cell(n) if n else hidden(words.WITHHELD)]
        for places in panels.values():
            own = next((p for p in places if p.name == name), None)
            cells += [_risk(own.predicted_words), _observed(own)] if own else [Cell(""), Cell("")]
        body.append(Row(words.sentence(name), cells))
    note = "Observed: cumulative incidence, with competing events."
    return Table(f"{about['title']}: observed and predicted risks", heads, body, [note, labels.rounding()])


def _risk(told: str) -> Cell:
    return hidden(told) if told == words.WITHHELD else Cell(told)


def _observed(own: calibration.Place) -> Cell:
    limits = words.interval(*(words.decimal(value, 1) for value in (own.low, own.high)))
    return Cell(own.observed_words, sub=limits) if own.observed == own.observed else hidden(own.observed_words)
