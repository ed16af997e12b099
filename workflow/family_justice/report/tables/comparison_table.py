"""The table of two groups: numbers and percentages of both, what lies between them, and the test of each variable."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.prevalence import Row as Found
from family_justice.figures.charts.prevalence import cells, ratio_words, side, strata
from family_justice.report.tables.characteristics_table import size
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden, number

if TYPE_CHECKING:
    import pandas as pd


def tables(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return one table for each stratum: variables down, both sides across."""
    found, made = cells(rows), []
    shares = rows[rows["measure"] == "percent"]
    for outer, sides in strata(rows).items():
        body: list[Row] = []
        for term in dict.fromkeys(shares["term"]):
            test = found.get(("chi_squared_test", outer, term, ""))
            body.append(Row(labels.covariate(term), [*[Cell("")] * 5, _p_value(test)]))
            for level in labels.levels(term, list(shares.loc[shares["term"] == term, "level"])):
                here = (outer, term, level)
                line = [_share(found.get(("percent", s, term, level)), labels) for s in sides]
                line.append(_number(found.get(("standardised_difference", *here)), 3))
                line.append(_number(found.get(("share_difference", *here)), 1))
                line.append(_ratio(found.get(("log_prevalence_ratio", *here))))
                body.append(Row(words.sentence(level), [*line, Cell("")], indent=True))
        heads = ["Characteristic", *(f"{side(s, labels)}{size(rows, shares, s)}" for s in sides)]
        heads += ["Standardised difference", "Difference in points", "Prevalence ratio (95% CI)", "p"]
        title = about["title"] + (f": {words.lower_first(labels.group(outer))}" if outer else "")
        notes = [
            "Count (percent of all with a listed level). p: Pearson's chi-squared test of the variable.",
            labels.rounding(),
        ]
        made.append(Table(title, heads, body, notes))
    return made


def _share(row: Found | None, labels: words.Labels) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["n"]):
        return number(row["n"], row["status"], row["note"], labels)
    return Cell(f"{words.count(row['n'])} ({words.decimal(row['estimate'], 1)})")


def _number(row: Found | None, digits: int) -> Cell:
    if row is None or row["status"] == "suppressed":
        return hidden(words.WITHHELD, "" if row is None else row["note"])
    return Cell(words.decimal(row["estimate"], digits)) if words.present(row["estimate"]) else Cell("–")


def _ratio(row: Found | None) -> Cell:
    text = ratio_words(row)
    return hidden(text) if text == words.WITHHELD else Cell("–" if text == "not estimable" else text)


def _p_value(row: Found | None) -> Cell:
    if row is None or row["status"] == "suppressed":
        return hidden(words.WITHHELD)
    return Cell(words.p_value(row["p_value"]) if words.present(row["p_value"]) else "–")
