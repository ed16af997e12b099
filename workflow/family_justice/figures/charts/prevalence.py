"""Two groups beside each other: shares of both and ratios of prevalence, as a forest on a logarithmic axis."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts.forest import Entry, in_two_lines, lay_out
from family_justice.figures.house.style import Sheet, message

if TYPE_CHECKING:
    import pandas as pd

Row = dict[str, Any]


def cells(rows: pd.DataFrame) -> dict[tuple[str, str, str, str], Row]:
    """Return released rows by measure, group (with the side for shares), term and level."""
    found: list[Row] = [{str(k): v for k, v in row.items()} for row in rows.to_dict("records")]
    return {(str(r["measure"]), str(r["group"]), str(r["term"]), str(r["level"])): r for r in found}


def strata(rows: pd.DataFrame) -> dict[str, list[str]]:
    """Return the groups of both sides by the group within which they are compared."""
    found: dict[str, list[str]] = {}
    for group in dict.fromkeys(rows.loc[rows["measure"] == "percent", "group"]):
        found.setdefault(str(group).rpartition("; ")[0], []).append(str(group))
    return found


def side(group: str, labels: words.Labels) -> str:
    """Return the name of a side."""
    return labels.group(group.rpartition("; ")[2])


def told_levels(term: str, seen: list[str], labels: words.Labels) -> list[str]:
    """Return the levels of a variable that tell it: of yes and no, yes."""
    levels = labels.levels(term, seen)
    return ["yes"] if set(levels) == {"yes", "no"} else levels


def ratio_words(row: Row | None) -> str:
    """Return a prevalence ratio with its limits, or in words why there is none."""
    if row is None or row["status"] == "suppressed":
        return words.WITHHELD
    if row["status"] != "ok" or not words.present(row["estimate"]):
        return "not estimable"
    return words.ratio_with_interval(row)


def percent_words(row: Row | None, labels: words.Labels) -> str:
    """Return a share, or the word for its absence."""
    if row is None:
        return ""
    return words.percent(row["estimate"]) if words.present(row["estimate"]) else labels.withheld(row["note"])


def _entries(rows: pd.DataFrame, labels: words.Labels) -> list[Entry]:
    found, groups, entries = cells(rows), strata(rows), list[Entry]()
    shares = rows[rows["measure"] == "percent"]
    for outer, sides in groups.items():
        if len(groups) > 1:
            entries.append(Entry(labels.group(outer), "block"))
        for term in dict.fromkeys(shares["term"]):
            told = told_levels(term, list(shares.loc[shares["term"] == term, "level"]), labels)
            if told != ["yes"]:
                entries.append(Entry(labels.covariate(term), "term"))
            for level in told:
                row = found.get(("log_prevalence_ratio", outer, term, level))
                label = labels.covariate(term) if told == ["yes"] else words.sentence(level)
                entry = Entry(label, "level", words=ratio_words(row), indent=told != ["yes"])
                entry.n, entry.events = (percent_words(found.get(("percent", s, term, level)), labels) for s in sides)
                entry.status = str(row["status"]) if row else "suppressed"
                if row and entry.status == "ok" and words.present(row["estimate"]):
                    ends = ("estimate", "conf_low", "conf_high")
                    entry.ratio, entry.low, entry.high = (words.exponential(row[column]) for column in ends)
                entries.append(entry)
    return entries


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw the ratios of prevalence; return the sheet, the alt text and the caption."""
    entries, head = _entries(rows, labels), (about["title"], labels.subject(about))
    if not any(math.isfinite(entry.ratio) for entry in entries):
        reason = "All ratios are withheld: too few people to release."
        return message(*head, reason, [labels.foot()]), f"{about['title']}: all ratios are withheld.", reason
    sides = [side(group, labels) for group in next(iter(strata(rows).values()))]
    note = "Columns: percent of either side. Squares and lines: ratios of these with 95% confidence intervals."
    heads = (in_two_lines(sides[0]), in_two_lines(sides[1]), "Prevalence ratio\n(95% CI)")
    sheet = lay_out(entries, heads, head, [note, labels.foot()])
    told = [f"{e.label}: {e.n} beside {e.events}, {e.words}." for e in entries if e.kind == "level"]
    both = " and ".join(map(words.lower_first, sides))
    alt = f"Forest plot. {about['title']}. Percent of {both}, and prevalence ratios. {' '.join(told)}"
    return sheet, alt, f"Percent of {both}, and ratios of prevalence with 95% confidence intervals."
