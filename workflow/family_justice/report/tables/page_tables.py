"""The tables of a report, built from released rows: plain data that one template macro turns into HTML."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from family_justice.figures import words
from family_justice.figures.charts import flow, forest
from family_justice.figures.house.curve_parts import point
from family_justice.figures.house.frequency_layout import Board, Frequency, Share, arrange
from family_justice.report import prose

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True)
class Cell:
    """One cell: its text, a second line in small type, and the words that appear on pointing at it."""

    text: str
    sub: str = ""
    title: str = ""
    withheld: bool = False


@dataclass
class Row:
    """One row: its heading and its cells. A row without cells is the heading of the rows after it."""

    head: str
    cells: list[Cell] = field(default_factory=list)
    indent: bool = False


@dataclass
class Table:
    """A table: caption, heads of the columns (the first is that of the row heads), rows and footnotes."""

    caption: str
    heads: list[str]
    rows: list[Row]
    notes: list[str] = field(default_factory=list)
    text: frozenset[int] = frozenset()  # numbers of the columns that hold words, not numbers


def text_table(caption: str, heads: list[str], lines: list[list[str]]) -> Table:
    """Return a table of words."""
    rows = [Row(line[0], [Cell(text) for text in line[1:]]) for line in lines]
    return Table(caption, heads, rows, text=frozenset(range(1, len(heads))))


def hidden(text: str, note: str = "") -> Cell:
    """Return the cell of a withheld number, with the reason for those who point at it."""
    return Cell(text, title=note or "withheld by disclosure control", withheld=True)


def number(value: Any, status: str, note: str, labels: words.Labels) -> Cell:
    """Return the cell of a count, or the word for its absence."""
    if words.present(value):
        return Cell(words.count(value))
    return hidden(labels.withheld(note), note) if status == "suppressed" else Cell("")


def attrition(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the steps of a cohort: who is left, and how many were left out."""
    body = []
    for step in flow.steps(rows, about["cohort"], labels):
        cells = [Cell(t) if t[:1].isdigit() or not t else hidden(t, step.note) for t in (step.remaining, step.excluded)]
        body.append(Row(step.label, cells))
    people = words.sentence(labels.people(about["cohort"]))
    notes = ["Excluded: the difference of two released counts.", labels.rounding()]
    return Table(f"{labels.cohort(about['cohort'])}: steps", ["Step", people, "Excluded"], body, notes)


def matching(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return from whom the comparison people of a cohort were chosen, and how many each case has; of a cohort without
    matching nothing."""
    named = flow.matching(rows, about["cohort"], labels)
    if not named:
        return []
    body = [Row(label, [number(row["n"], row["status"], row["note"], labels)]) for label, row in named]
    notes = ["Numbers next to one another may be shown as one, so that no small difference can be told."]
    title = f"{labels.cohort(about['cohort'])}: comparison people"
    return [Table(title, ["Of whom", "Number"], body, [*notes, labels.rounding()])]


def model(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, events: str = "Events") -> Table:
    """Return the ratios of a model with their intervals, p values and counts. ``events``: head of their numbers."""
    chosen = forest.coefficients(rows)
    effects, lost = (_by_level(rows[rows["measure"] == m]) for m in ("marginal_effect", "missing_information"))
    body: list[Row] = []
    blocks = list(dict.fromkeys(zip(chosen["outcome"], chosen["group"], strict=True)))
    for outcome, group in blocks:
        block = chosen[(chosen["outcome"] == outcome) & (chosen["group"] == group)]
        if len(blocks) > 1:
            named = words.lower_first(labels.group(group)) if group else ""
            body.append(Row(words.sentence(", ".join(filter(None, [labels.outcome(outcome), named])))))
        for term in dict.fromkeys(block["term"]):
            members = block[block["term"] == term]
            numeric = list(members["level"]) == [""]
            if not numeric:
                body.append(Row(labels.covariate(term)))
            for level in labels.levels(term, list(members["level"])):
                row = members[members["level"] == level].iloc[0]
                label = forest.term_label(term, True, labels) if numeric else words.sentence(level)
                cells = _model_cells(row, labels)
                if effects:
                    cells.append(_effect_cell(effects[outcome, group, term, level]))
                if lost:
                    cells.append(_lost_cell(lost.get((outcome, group, term, level))))
                body.append(Row(label, cells, indent=not numeric))
    people = words.sentence(labels.people(about.get("cohort") or ""))
    heads = ["Covariate and level", people, events, f"{forest.ratio_name(rows)} (95% CI)", "p"]
    notes = [labels.rounding()]
    if effects:
        heads.append("Marginal effect (95% CI)")
        notes.insert(0, "Marginal effect: average difference in probability, in percentage points.")
    if (chosen["measure"] == "log_area_odds_ratio").any():
        notes.insert(0, "Areas: odds beside those of the average area, drawn towards it (empirical Bayes).")
    if lost:
        heads.append("Information lost to missing values")
    degrees = chosen["df"].dropna()
    if len(degrees) and not lost:
        of = f"{degrees.min():g} degrees of freedom"
        notes.insert(0, f"Few clusters: intervals and p values of the t distribution with {of}.")
    return Table(f"{about['title']}: {forest.ratio_name(rows).lower()}s", heads, body, notes)


def _by_level(rows: pd.DataFrame) -> dict[tuple[str, ...], dict[str, Any]]:
    """Return rows by their outcome, group, term and level."""
    labels = ("outcome", "group", "term", "level")
    return {tuple(str(row[c]) for c in labels): {str(k): v for k, v in row.items()} for row in rows.to_dict("records")}


def _lost_cell(row: dict[str, Any] | None) -> Cell:
    """Return the cell of the share of information lost to missing values; empty for complete cases and references."""
    return Cell(f"{words.decimal(100 * row['estimate'], 0)}%" if row and words.present(row["estimate"]) else "")


def _effect_cell(row: Any) -> Cell:
    """Return the cell of an average marginal effect in percentage points; the reference level has none."""
    if row["status"] == "reference":
        return Cell("0 (reference)")
    if row["status"] != "ok":
        return hidden(words.WITHHELD if row["status"] == "suppressed" else "not estimable", row["note"])
    limits = words.interval(words.signed(row["conf_low"]), words.signed(row["conf_high"]))
    return Cell(words.signed(row["estimate"]) + (f" ({limits})" if limits else ""))


def _model_cells(row: Any, labels: words.Labels) -> list[Cell]:
    cells = []
    for column in ("n", "events"):
        count = words.count(row[column])
        cells.append(Cell(count) if count else hidden(labels.withheld(row["note"]), row["note"]))
    text = forest.ratio_words(row)
    plain = row["status"] in ("ok", "reference")
    cells.append(Cell(text) if plain else hidden(text, row["note"]))
    cells.append(Cell(words.p_value(row["p_value"]) if row["status"] == "ok" else ""))
    return cells


#: More decimals than so many are not shown to tell our number from a planted one.
MOST_DIGITS = 6
#: What stands where a curve does not reach a reported time.
ENDED = "ended"


def curve(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Table:
    """Return the curves at the reported times, in percent with 95% confidence intervals, and who was still at risk."""
    curves = rows[rows["measure"].isin(("cumulative_incidence", "survival", "mean_cumulative_count"))]
    counted = bool((curves["measure"] == "mean_cumulative_count").any())
    times = report_times(curves, about)
    unit = str(about.get("time_unit") or "years")
    outcomes = list(dict.fromkeys(curves["outcome"]))
    key, names = labels.strata(list(dict.fromkeys(curves["group"])))
    body: list[Row] = []
    for outcome in outcomes:
        if len(outcomes) > 1:
            body.append(Row(labels.outcome(outcome)))
        for group, name in names.items():
            stratum = curves[(curves["outcome"] == outcome) & (curves["group"] == group)]
            cells = [_at(stratum, time, labels) for time in times]
            body.append(Row(name, cells, indent=len(outcomes) > 1))
    what = "event-free" if (curves["measure"] == "survival").any() else "cumulative incidence"
    what = "mean number of events per person" if counted else what
    heads = [key or "Group", *(f"{time:g} {unit.removesuffix('s') if time == 1 else unit}" for time in times)]
    unit = "Mean number" if counted else "Percent"
    note = f"{unit}; in small type the 95% confidence interval and the number still at risk."
    remarks = dict.fromkeys(curves.loc[(curves["status"] == "ok") & (curves["note"] != ""), "note"])
    over = any(cell.text == ENDED for row in body for cell in row.cells)
    ended = [f"{words.sentence(ENDED)}: too few were left at risk to go on so far."] if over else []
    steps = [said for said in [labels.steps(curves)] if said]
    notes = [note, *ended, *(f"{words.sentence(remark)}." for remark in remarks), *steps, labels.rounding()]
    return Table(f"{about['title']}: {what}", heads, body, notes)


def report_times(curves: pd.DataFrame, about: dict[str, Any]) -> list[float]:
    """Return the times that a table of curves shows: those the study names, else up to five of the grid."""
    if about.get("report_at"):
        return [float(time) for time in about["report_at"]]
    grid = sorted(float(time) for time in set(curves["time"].dropna()) if time > 0)
    step = max(1, -(-len(grid) // 5))
    return grid[step - 1 :: step]


def _at(stratum: pd.DataFrame, time: float, labels: words.Labels) -> Cell:
    found = stratum[(stratum["time"] - time).abs() < 1e-9]
    if found.empty:
        return Cell("" if stratum.empty else ENDED)
    row = found.iloc[0]
    scale = 1.0 if row["measure"] == "mean_cumulative_count" else 100.0
    value, limits, risk = point(row, scale, labels)
    if not words.present(row["estimate"]):
        return hidden(value, row["note"])
    return Cell(value, sub="\n".join(line for line in (limits, risk) if line))


def frequency(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Table]:
    """Return percentages with their counts: a row per place on the axis, a column per series.

    Where the series are parts of a whole, the denominator is the same for all of them and has a column of its own.
    """
    found = arrange(rows, about, labels)
    result: list[Table] = []
    alone = len(found.boards) == 1  # its title goes into the note: the rows need no heading, and can be sorted
    for board in found.boards:
        heads = [found.axis, *(series.label for series in board.series), *(["All"] if board.whole else [])]
        body = _frequency_rows(board, found, headed=bool(board.title) and not alone)
        if result and result[-1].heads == heads:
            result[-1].rows += body
        else:
            what = f"{board.title}: percent. " if board.title and alone else ""
            small = "In small type: the count." if board.whole else "In small type: count and denominator."
            result.append(Table(about["title"], heads, body, [what + small, labels.rounding()]))
    lacking = rows[(rows["measure"] == "left_out") & (rows["group"] == "")].to_dict("records")
    if lacking and result:
        said = [
            f"{words.count(row['n']) or words.WITHHELD} of {labels.covariate(row['term']).lower()}" for row in lacking
        ]
        result[0].notes.insert(1, f"Members without a value, not in the table: {prose.listed(said)}.")
    return result


def _frequency_rows(board: Board, found: Frequency, headed: bool) -> list[Row]:
    """Return a row per place on the axis that has a share, ``headed`` by the title of the board."""
    body = [Row(board.title)] if headed else []
    for place in found.places:
        shares = [series.cells.get(place) for series in board.series]
        if not any(shares):
            continue
        cells = [_frequency_cell(cell, board.whole) for cell in shares]
        if board.whole:
            totals = [cell.total for cell in shares if cell and cell.total[:1].isdigit()]
            cells.append(Cell(totals[0] if totals else ""))
        body.append(Row(found.names[place], cells, indent=headed))
    return body


def _frequency_cell(cell: Share | None, whole: bool) -> Cell:
    if cell is None:
        return Cell("")
    if cell.suppressed:
        return hidden(cell.words, cell.note)
    if cell.n == cell.words:  # a count without a percentage
        return Cell(cell.n)
    return Cell(words.percent(cell.percent), sub=cell.n if whole else f"{cell.n} of {cell.total}")


def tests(rows: pd.DataFrame, labels: words.Labels) -> Table | None:
    """Return the tests of proportional hazards, None if the model has none."""
    chosen = rows[rows["measure"] == "proportional_hazards_test"]
    if chosen.empty:
        return None
    body = []
    for row in chosen.to_dict("records"):
        name = "All covariates" if row["term"].lower() in prose.WHOLE else labels.covariate(row["term"])
        if words.present(row["p_value"]):
            values = [words.decimal(row["statistic"], 2), words.decimal(row["df"], 0), words.p_value(row["p_value"])]
            body.append(Row(name, [Cell(value) for value in values]))
        else:
            text = words.WITHHELD if row["status"] == "suppressed" else "not estimable"
            body.append(Row(name, [hidden(text, row["note"]), Cell(""), Cell("")]))
    return Table("Tests of proportional hazards", ["Covariate", "Chi-squared", "Degrees of freedom", "p"], body)


def comparison(rows: pd.DataFrame, title: str, kind: str) -> Table:
    """Return our numbers beside reference values, each with the decimals that the reference has, and more where these
    do not show the verdict.

    Sources that are longer than a word or two become numbered notes.
    """
    sources = list(dict.fromkeys(filter(None, rows["source"])))
    numbered = any(len(source) > 25 for source in sources)
    body = []
    for row in rows.to_dict("records"):
        printed = int(row["decimals"]) if words.present(row["decimals"]) else 2
        digits = _telling_digits(row, printed)
        mine = _with_limits(row, "ours", digits if kind == "published" else max(digits, 1))
        verdict = verdict_words(row["verdict"])
        source = row["source"]
        if numbered and source:
            source = f"[{sources.index(source) + 1}]"
        reference = _with_limits(row, "reference", digits if kind == "planted" else printed)
        cells = [mine if mine.text else hidden(verdict), reference, Cell(verdict), Cell(source)]
        body.append(Row(row["label"], cells))
    ours = "Ours (95% CI)" if any(row.cells[0].sub for row in body) else "Ours"
    heads = ["Quantity", ours, "Planted" if kind == "planted" else "Published", "Verdict", "Source"]
    notes = [f"[{number}] {source}." for number, source in enumerate(sources, 1)] if numbered else []
    return Table(title, heads, body, notes, text=frozenset({3, 4}))


def _telling_digits(row: Mapping[Hashable, Any], printed: int) -> int:
    """Return with how many decimals our number has to stand so that it does not seem to contradict its verdict."""
    if row["verdict"] == prose.CUT:
        return printed + 1
    if row["verdict"] not in (prose.INSIDE, prose.OUTSIDE):
        return printed
    for digits in range(printed, MOST_DIGITS):
        low, value, high = (round(float(row[name]), digits) for name in ("ours_low", "reference", "ours_high"))
        if (low <= value <= high) == (row["verdict"] == prose.INSIDE):
            return digits
    return MOST_DIGITS


def verdict_words(verdict: str) -> str:
    """Return a verdict as the page says it: one word for what is withheld, a true minus before a difference."""
    if verdict == "suppressed":
        return words.WITHHELD
    return re.sub(r"(^|\bby )-", rf"\g<1>{words.MINUS}", verdict)


def _with_limits(row: Mapping[Hashable, Any], name: str, digits: int) -> Cell:
    low, high = (words.decimal(row[f"{name}_{side}"], digits) for side in ("low", "high"))
    limits = words.interval(low, high)
    return Cell(words.decimal(row[name], digits), sub=limits)
