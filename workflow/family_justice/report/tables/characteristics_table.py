"""The table of characteristics: numbers and percentages of each group and of all, and how far the groups are apart.

All of it follows from released counts. Where one of them is withheld, nothing is told that rests on it.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from family_justice.estimators.groups.two_groups import chi_squared, distance
from family_justice.estimators.parts.chi_square import upper_tail
from family_justice.figures import words
from family_justice.report.tables.page_tables import Cell, Row, Table, hidden, number

if TYPE_CHECKING:
    import pandas as pd

    from family_justice.estimators.parts.chi_square import ChiSquareTest

#: Released rows of one variable by level and group.
Found = dict[tuple[str, str], dict[str, Any]]


def table(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the characteristics of a cohort: n (%) per level, a column per group; of several groups also all of them
    together, the standardised difference of two, and the test of each variable."""
    shares = rows[rows["measure"].isin(("percent", "count"))]
    groups = list(dict.fromkeys(shares["group"]))
    several = len(groups) > 1
    key, names = labels.strata(groups)
    body: list[Row] = []
    for term in dict.fromkeys(shares["term"]):
        own = shares[shares["term"] == term]
        found = {(str(row["level"]), str(row["group"])): row for row in own.to_dict("records")}
        levels = labels.levels(term, list(own["level"]))
        body.append(Row(labels.covariate(term), _apart(found, levels, groups, labels) if several else []))
        empty = [Cell("")] * (len(body[-1].cells) - len(groups) - 1) if several else []
        for level in levels:
            line = [_share(found.get((level, group)), labels) for group in groups]
            line += [_of_all(found, level, levels, groups, labels), *empty] if several else []
            body.append(Row(words.sentence(level), line, indent=True))
        lacking = rows[(rows["measure"] == "left_out") & (rows["term"] == term)]
        if len(lacking):
            line = [_without(lacking[lacking["group"] == group], labels) for group in groups]
            body.append(Row("Missing", [*line, *([Cell(""), *empty] if several else [])], indent=True))
    sizes = {group: size(rows, shares, group) for group in ([*groups, ""] if several else groups)}
    heads = [key or "Characteristic", *(f"{names[group]}{sizes[group]}" for group in groups)]
    notes = ["Count (percent of all with a listed level)."]
    if several:
        heads.append(f"All{sizes['']}")
        heads += ["Standardised difference"] if len(groups) == 2 else []
        heads.append("p")
        notes.append(_what_is_apart(len(groups), labels))
    return Table(about["title"], heads, body, [*notes, labels.rounding()])


def _what_is_apart(groups: int, labels: words.Labels) -> str:
    apart = "All: sums of the released counts. "
    apart += "Standardised difference: of both groups in all levels (0.1 is small). " if groups == 2 else ""
    rounded = ", a range where rounding leaves one" if labels.rounds else ""
    return f"{apart}p: Pearson's chi-squared test of the released counts{rounded}, as if members were unrelated."


def size(rows: pd.DataFrame, shares: pd.DataFrame, group: str) -> str:
    """Return how many members a group has (``""``: all together), for the head of its column; empty if withheld."""
    told = rows.loc[(rows["measure"] == "members") & (rows["group"] == group), "n"].dropna()
    told = told if len(told) else shares.loc[shares["group"] == group, "total"].dropna()
    return f" (N\u00a0=\u00a0{words.count(told.max())})" if len(told) else ""


def _share(row: dict[str, Any] | None, labels: words.Labels) -> Cell:
    if row is None:
        return Cell("")
    if not words.present(row["n"]):
        return number(row["n"], row["status"], row["note"], labels)
    share = f" ({words.decimal(row['estimate'], 1)})" if row["measure"] == "percent" else ""
    return Cell(words.count(row["n"]) + share)


def _without(rows: pd.DataFrame, labels: words.Labels) -> Cell:
    """Return the cell of those without a value; nobody in a group that has no such row."""
    return Cell("0") if rows.empty else number(rows.iloc[0]["n"], rows.iloc[0]["status"], rows.iloc[0]["note"], labels)


def _counts(found: Found, levels: list[str], groups: list[str]) -> list[list[int]] | None:
    """Return the released counts (levels, groups) of a variable; None if one of them is withheld."""
    counts = [[found.get((level, group), {}).get("n") for group in groups] for level in levels]
    if not all(words.present(n) for line in counts for n in line):
        return None
    return [[int(n) for n in line if n is not None] for line in counts]


def _of_all(found: Found, level: str, levels: list[str], groups: list[str], labels: words.Labels) -> Cell:
    """Return number and percent of a level in all groups together; withheld if one of the groups is."""
    here = _counts(found, [level], groups)
    if here is None:
        return hidden(words.WITHHELD)
    counted = sum(here[0])
    if found[level, groups[0]]["measure"] != "percent":
        return Cell(words.count(counted))
    totals = [found[level, group]["total"] for group in groups]
    if not all(words.present(total) for total in totals) or not sum(totals):
        return Cell(words.count(counted))
    return Cell(f"{words.count(counted)} ({words.decimal(100 * counted / sum(totals), 1)})")


def _apart(found: Found, levels: list[str], groups: list[str], labels: words.Labels) -> list[Cell]:
    """Return the cells beside the name of a variable: how far the groups are apart, and the test; empty if one of the
    counts is withheld."""
    blank = [Cell("")] * (len(groups) + 1)
    counts = _counts(found, levels, groups)
    if counts is None:
        return [*blank, *[Cell("")] * (1 + (len(groups) == 2))]
    cells = [Cell(_p_values(counts, int(labels.policy.get("rounding_base") or 1)))]
    if len(groups) == 2:
        apart = distance([line[0] for line in counts], [line[1] for line in counts])
        cells.insert(0, Cell(words.decimal(apart, 2) if math.isfinite(apart) else ""))
    return [*blank, *cells]


def _p_values(counts: list[list[int]], base: int) -> str:
    """Return the p value of the test of a variable, or the smallest and largest that counts may have which are rounded
    to these; empty if there is no test."""
    test = chi_squared(counts)
    if not test.df:
        return ""
    away = _moved(counts, base) if base > 1 else 0.0
    root = math.sqrt(test.statistic)
    found = [words.p_value(_tail(test, end)) for end in (root + away, max(root - away, 0.0))]
    return found[0] if found[0] == found[1] else " to ".join(found)


def _tail(test: ChiSquareTest, root: float) -> float:
    return upper_tail(root**2, test.df)


def _moved(counts: list[list[int]], base: int) -> float:
    """Return by how much rounding may move the square root of Pearson's statistic, at most: the length of a change of
    half a step in every cell, in units of the cell's standard deviation (triangle inequality)."""
    lines = [line for line in counts if sum(line)]
    whole = sum(map(sum, lines))
    columns = [sum(column) for column in zip(*lines, strict=True)]
    expected = [sum(line) * column / whole for line in lines for column in columns if column]
    return math.sqrt(sum((base / 2) ** 2 / value for value in expected))
