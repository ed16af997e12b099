"""Two groups in periods around a day: the rate ratio in each, and its change, as a forest on a logarithmic axis."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.forest import Entry, in_two_lines, lay_out, ratio_words
from family_justice.figures.house.style import Sheet, message

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


@dataclass(frozen=True)
class Period:
    """One period of a stratum: the rows of cases and comparison, and that of the change."""

    name: str
    case: Row
    comparison: Row
    change: Row


def arrange(rows: pd.DataFrame, about: dict[str, Any]) -> dict[str, list[Period]]:
    """Sort the released rows into periods by stratum, in their order."""
    case, period = str(about["case_level"]), str(about["period"])
    ratios: dict[tuple[str, str], dict[str, Row]] = {}
    changes: dict[tuple[str, str], Row] = {}
    for raw in rows.to_dict("records"):
        row = {str(key): value for key, value in raw.items()}
        outer, _, last = str(row["group"]).rpartition("; ")
        if row["measure"] == "log_rate_ratio":
            side = "case" if row["level"] == case else "comparison"
            ratios.setdefault((outer, last.removeprefix(f"{period}=")), {})[side] = row
        elif row["measure"] == "log_ratio_of_rate_ratios":
            changes[outer, str(row["level"])] = row
    found: dict[str, list[Period]] = {}
    for (outer, name), sides in ratios.items():
        found.setdefault(outer, []).append(Period(name, sides["case"], sides["comparison"], changes[outer, name]))
    return found


def _entry(label: str, row: Row, numbers: tuple[Row, Row], labels: words.Labels, planted: float = math.nan) -> Entry:
    entry = Entry(label, "level", words=ratio_words(row), status=str(row["status"]), indent=True, planted=planted)
    entry.n, entry.events = (words.count(r["events"]) or labels.withheld(r["note"]) for r in numbers)
    if row["status"] == "reference":
        entry.ratio = 1.0
    elif row["status"] == "ok" and words.present(row["estimate"]):
        ends = ("estimate", "conf_low", "conf_high")
        entry.ratio, entry.low, entry.high = (words.exponential(row[column]) for column in ends)
    return entry


def draw(
    rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, planted: pd.DataFrame | None = None
) -> tuple[Sheet, str, str]:
    """Draw ratios and changes; return the sheet, the alt text and the caption. ``planted``: values of the synthetic
    population, as hollow diamonds."""
    strata, entries = arrange(rows, about), list[Entry]()
    records = [] if planted is None else planted.to_dict("records")
    truth = {str(row["level"]): float(row["reference"]) for row in records if words.present(row["reference"])}
    base = words.lower_first(str(about["reference_period"]))
    for outer, periods in strata.items():
        if len(strata) > 1:
            entries.append(Entry(labels.group(outer), "block"))
        entries.append(Entry("Rate ratio", "term"))
        entries += [_entry(words.sentence(p.name), p.case, (p.case, p.comparison), labels) for p in periods]
        entries.append(Entry(f"Ratio to that of {base}", "term"))
        for p in periods:
            known = truth.get(p.name, math.nan) if len(strata) == 1 else math.nan
            entries.append(_entry(words.sentence(p.name), p.change, (p.case, p.comparison), labels, known))
    head = (about["title"], labels.subject(about, str(about["count"])))
    if not any(math.isfinite(entry.ratio) and entry.status == "ok" for entry in entries):
        reason = "All estimates are withheld: too few people or events to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all estimates are withheld.", reason
    note = "Columns: periods of people with a record. Squares and lines: ratios with 95% confidence intervals."
    if any(math.isfinite(entry.planted) for entry in entries):
        note += " Diamonds: values planted in the synthetic population."
    sides = [words.sentence(str(row["level"])) for row in (periods[0].case, periods[0].comparison)]
    heads = (in_two_lines(sides[0]), in_two_lines(sides[1]), "Ratio (95% CI)")
    sheet = lay_out(entries, heads, head, [note, labels.foot()])
    told = [f"{e.label}: {e.words}." if e.kind == "level" else f"{e.label}." for e in entries]
    caption = f"Rate ratios of both groups in each period, and their ratio to that of {base}."
    alt = f"Forest plot. {about['title']}. Rate ratios with 95% confidence intervals. {' '.join(told)}"
    return sheet, alt, caption
