"""Tables of the report about rates: events, time and rate of every group, and what is compared or standardised."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import rates as charts
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd

#: Columns beside rates, where an analysis has them: measure, heading, and how a value is written.
_RATIOS = (("log_incidence_rate_ratio", "Ratio (95% CI)"), ("log_stratified_rate_ratio", "Stratified ratio (95% CI)"))
_NUMBERS = (
    ("incidence_rate_difference", "Difference (95% CI)"),
    ("standardised_rate", "Standardised rate (95% CI)"),
    ("standardised_ratio", "Observed/expected (95% CI)"),
)


def rates(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the table of rates, strata included, with comparisons and standardised rates beside the groups."""
    found = rows[rows["measure"] == "rate"].to_dict("records")
    times = {row["group"]: row for row in rows[rows["measure"] == "time_at_risk"].to_dict("records")}
    beside = _beside(rows)
    columns = [(measure, head) for measure, head in (*_RATIOS, *_NUMBERS) if any(m == measure for m, _ in beside)]
    key, names = labels.strata([str(row["group"]) for row in found])
    body = []
    for row in found:
        group, time = str(row["group"]), times.get(row["group"], {}).get("estimate")
        if row["status"] == "suppressed":
            word = hidden(labels.withheld(row["note"]), row["note"])
            body.append(Row(names[group], [word, *[Cell("")] * (3 + len(columns))]))
            continue
        rate = words.decimal(row["estimate"], 2) if words.present(row["estimate"]) else "not estimable"
        limits = words.interval(*(words.decimal(row[c], 2) for c in ("conf_low", "conf_high")))
        cells = [
            Cell(words.count(row["n"])),
            Cell(words.count(row["total"])),
            Cell(_time(time)),
            Cell(rate, sub=limits),
        ]
        cells += [_value(beside.get((measure, frozenset(words.pairs(group))))) for measure, _ in columns]
        body.append(Row(names[group], cells))
    people = words.sentence(labels.people(str(about.get("cohort", ""))))
    heads = [key or "Group", "Events", people, "Time at risk", "Rate (95% CI)", *(head for _, head in columns)]
    compare = str(about.get("compare") or "")
    against = ""
    if compare:
        which = str(about.get("reference") or "the first level")
        against = f" Ratios and differences: beside {which} ({words.lower_first(labels.covariate(compare))})."
    return Table(
        about["title"], heads, body, [f"Rates: {words.lower_first(charts.unit(about))}.{against}", labels.rounding()]
    )


def _time(value: Any) -> str:
    return words.decimal(value, 1 if float(value) < 100 else 0) if words.present(value) else ""


def _beside(rows: pd.DataFrame) -> dict[tuple[str, frozenset[tuple[str, str]]], dict[Any, Any]]:
    """Return what is compared or standardised, by measure and the group that it is about."""
    found = {}
    for row in rows[rows["measure"].isin([measure for measure, _ in (*_RATIOS, *_NUMBERS)])].to_dict("records"):
        own = {(str(row["term"]), str(row["level"]))} if row["term"] else set()
        found[str(row["measure"]), frozenset({*words.pairs(str(row["group"])), *own})] = row
    return found


def _value(row: dict[Any, Any] | None) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    if str(row["measure"]).startswith("log_"):
        value, low, high = (words.ratio(words.exponential(row[c])) for c in words.ESTIMATE)
    else:
        value, low, high = (words.decimal(row[c], 2) for c in words.ESTIMATE)
    return Cell(value, sub=words.interval(low, high))
