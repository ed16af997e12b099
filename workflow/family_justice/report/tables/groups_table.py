"""Tables of the report about groups that are compared: inequality, areas, matched sets."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import funnel as funnels
from family_justice.figures.charts import inequality as gradients
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def inequality(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the share or rate of every group, best off first, and the three indices."""
    found = gradients.arrange(rows)
    names = {place.level: words.sentence(place.level) for gradient in found for place in gradient.places}
    key, strata = labels.strata([gradient.group for gradient in found])
    body = []
    for gradient in found:
        own = {place.level: place for place in gradient.places}
        cells = [_share(own.get(level), about, labels) for level in names]
        for text, note in (
            (gradient.slope, "slope"), (gradient.relative, "relative"), (gradient.concentration, "concentration")
        ):  # fmt: skip
            cells.append(_index(text, gradient.notes[note]))
        body.append(Row(strata[gradient.group], cells))
    rate = bool(about.get("outcome"))
    unit = words.lower_first(gradients.unit(about)) if rate else "percentage points"
    heads = [key or "Group", *names.values(), "Slope index (95% CI)", "Relative index (95% CI)"]
    heads.append("Concentration index (95% CI)")
    what = gradients.unit(about) if rate else "Percent"
    small = f"{what}; in small type events and people. Slope index: {unit}. "
    small += "Concentration index: negative where events are concentrated among the worst off."
    return Table(f"{about['title']}: indices of inequality", heads, body, [small, labels.rounding()])


def _share(place: gradients.Place | None, about: dict[str, Any], labels: words.Labels) -> Cell:
    if place is None:
        return Cell("")
    if not words.present(place.value):
        return hidden(labels.withheld(place.note), place.note)
    text = words.decimal(place.value, 1) if about.get("outcome") else words.percent(place.value)
    return Cell(text, sub=f"{place.n} of {place.total}")


def _index(text: str, note: str) -> Cell:
    estimate, _, limits = text.partition(" (")
    if text in (words.WITHHELD, "not estimable"):
        return hidden(text, note)
    return Cell(estimate, sub=limits.rstrip(")"))


def found_sets(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[str]:
    """Say how many of those to be matched found their comparisons."""
    chosen = rows[rows["term"] == "matching"]
    if chosen.empty:
        return []
    totals = chosen["total"].dropna()
    total = words.count(totals.max()) if len(totals) else words.WITHHELD
    parts = [
        f"{row['level']} {words.count(row['n']) or labels.withheld(row['note'])}"
        for row in chosen.to_dict("records")
        if row["status"] == "suppressed" or row["n"] > 0
    ]
    return [f"{words.sentence(labels.people(about['cohort']))} to be matched: {total} ({', '.join(parts)})."]


def balance(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table | None:
    """Return shares and standardised differences of both sides, before matching and after; None without covariates."""
    differences = rows[rows["measure"] == "standardised_difference"]
    if differences.empty:
        return None
    shares = rows[(rows["measure"] == "percent") & (rows["term"] != "matching")]
    sides = list(dict.fromkeys(group for group in shares["group"] if "; " not in group))
    by_share = {(r["group"], r["term"], r["level"]): r for r in shares.to_dict("records")}
    by_difference = {(r["group"], r["term"], r["level"]): r for r in differences.to_dict("records")}
    body = []
    for term in dict.fromkeys([*shares["term"], *differences["term"]]):
        levels = labels.levels(term, list(shares.loc[shares["term"] == term, "level"]))
        if levels:
            body.append(Row(labels.covariate(term)))
        for level in levels or [""]:
            cells = []
            for prefix, when in (("", ""), ("matched=yes; ", "matched=yes")):
                for side in sides:
                    cells.append(_balance_share(by_share.get((prefix + side, term, level)), labels))
                cells.append(_difference(by_difference.get((when, term, level))))
            body.append(Row(words.sentence(level) if level else labels.covariate(term), cells, indent=bool(level)))
    names = [labels.group(side) for side in sides]
    heads = ["Covariate and level"]
    for when in ("before", "after"):
        heads += [*(f"{name}, {when}" for name in names), f"Difference {when}"]
    small = "Percent; in small type the count. Difference: standardised difference of shares or means. "
    small += "After matching every set counts once."
    return Table(f"{about['title']}: balance before and after matching", heads, body, [small, labels.rounding()])


def _balance_share(row: dict[Any, Any] | None, labels: words.Labels) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["n"]):
        return hidden(labels.withheld(row["note"]), row["note"])
    return Cell(words.percent(row["estimate"]), sub=words.count(row["n"]))


def _difference(row: dict[Any, Any] | None) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["estimate"]):
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    return Cell(words.decimal(row["estimate"], 2))


def funnel(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the share or rate of every area and where it lies between the limits of chance."""
    found = funnels.arrange(rows)
    rates = bool(about.get("outcome"))
    body = []
    for area in found.areas:
        if area.place == words.WITHHELD:
            word = hidden(labels.withheld(area.note), area.note)
            body.append(Row(area.name, [word, Cell(""), Cell(""), Cell("")]))
            continue
        value = words.decimal(area.value, 1) if rates else words.percent(area.value)
        limits = words.interval(*(words.decimal(limit, 1) for limit in area.outer))
        body.append(Row(area.name, [Cell(f"{area.n} of {area.total}"), Cell(value), Cell(limits), Cell(area.place)]))
    heads = [labels.covariate(str(about.get("area"))), "Events", gradients.unit(about), "99.8% limits", "Place"]
    return Table(about["title"], heads, body, [labels.rounding()], text=frozenset({4}))
