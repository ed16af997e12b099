"""The tables of types of careers: sizes and mean times, characteristics, and how well types hold together."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.house.frequency_layout import share
from family_justice.kinds.sequence_typology.model import TYPE, time_of
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden

if TYPE_CHECKING:
    import pandas as pd


def tables(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return the tables of a typology."""
    shares = rows[rows["measure"] == "percent"]
    sizes = shares[shares["term"] == TYPE]
    types = list(sizes["level"])
    found = [_profiles(rows, sizes, types, about, labels)]
    variables = list(about.get("variables") or [])
    if variables:
        found.append(_characteristics(shares, variables, types, about, labels))
    return [*found, _over_time(shares, types, about, labels), _validity(rows, about, labels)]


def _profiles(
    rows: pd.DataFrame, sizes: pd.DataFrame, types: list[str], about: dict[str, Any], labels: words.Labels
) -> Table:
    body = [Row("Share of members", [_share(row, labels) for row in sizes.to_dict("records")])]
    means = rows[rows["measure"] == "mean_time_in_type"]
    unit = about.get("time_unit") or "months"
    body.append(Row(f"Mean {unit} in each state"))
    for state, label in (about.get("states") or {}).items():
        cells = []
        for name in types:
            own = means[(means["group"] == f"{TYPE}={name}") & (means["term"] == state)]
            known = len(own) and words.present(own["estimate"].iloc[0])
            cells.append(Cell(words.decimal(own["estimate"].iloc[0], 1)) if known else hidden(words.WITHHELD))
        body.append(Row(label, cells, indent=True))
    heads = ["", *map(words.sentence, types)]
    return Table(f"{about['title']}: types", heads, body, ["In small type the count.", labels.rounding()])


def _over_time(shares: pd.DataFrame, types: list[str], about: dict[str, Any], labels: words.Labels) -> Table:
    terms = [term for term in about.get("terms") or [] if term.startswith("time_")]
    body: list[Row] = []
    for name in types:
        own = shares[shares["group"] == f"{TYPE}={name}"]
        body.append(Row(words.sentence(name)))
        for state, label in (about.get("states") or {}).items():
            at = {row["term"]: row for row in own[own["level"] == state].to_dict("records")}
            cells = [_share(at[term], labels) if term in at else Cell("") for term in terms]
            body.append(Row(label, cells, indent=True))
    unit = str(about.get("time_unit") or "months")
    heads = [words.sentence(unit), *(f"{time_of(term):g}" for term in terms)]
    note = "Percent of the type; in small type the count."
    return Table(f"{about['title']}: states of each type over time", heads, body, [note, labels.rounding()])


def _characteristics(
    shares: pd.DataFrame, variables: list[str], types: list[str], about: dict[str, Any], labels: words.Labels
) -> Table:
    groups = ["", *(f"{TYPE}={name}" for name in types)]
    body: list[Row] = []
    for variable in variables:
        own = shares[shares["term"] == variable]
        body.append(Row(labels.covariate(variable)))
        for level in labels.levels(variable, list(own["level"])):
            cells = []
            for group in groups:
                at = own[(own["group"] == group) & (own["level"] == level)].to_dict("records")
                cells.append(_share(at[0], labels) if at else Cell(""))
            body.append(Row(words.sentence(level), cells, indent=True))
    heads = ["Characteristic", "All", *map(words.sentence, types)]
    note = "Percent of those with a value; in small type the count."
    return Table(f"{about['title']}: characteristics of types", heads, body, [note, labels.rounding()])


def _share(row: Any, labels: words.Labels) -> Cell:
    cell = share(row, labels)
    return hidden(cell.words, cell.note) if cell.suppressed else Cell(words.percent(cell.percent), sub=cell.n)


def _validity(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    body, notes = [], ["Average silhouette width: 1 where types are far apart, 0 where they run into one another."]
    for row in rows[rows["measure"] == "silhouette"].to_dict("records"):
        shown = words.present(row["estimate"])
        cell = Cell(words.decimal(row["estimate"], 2)) if shown else hidden(words.WITHHELD, row["note"])
        body.append(Row(words.sentence(row["level"]), [cell]))
    for row in rows[rows["measure"] == "adjusted_rand"].to_dict("records"):
        if words.present(row["estimate"]):
            notes.append(
                f"{words.sentence(row['level'])} by the other distance: adjusted Rand index "
                f"{words.decimal(row['estimate'], 2)} (1: the same types, 0: as alike as by chance)."
            )
    return Table(f"{about['title']}: how well types hold together", ["Number of types", "Silhouette"], body, notes)
