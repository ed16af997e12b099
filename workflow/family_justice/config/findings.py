"""Findings of a stream: sentences for a reader who is no statistician, in which released numbers have their places.

What a finding says is written before the numbers are known; ``report.findings`` puts them in, from released rows alone.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING

from pydantic import Field

from family_justice.config.base import Name, Strict
from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Grid, unknown
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, TOLD

if TYPE_CHECKING:
    from family_justice.config.schema import Covariate, Stream
    from family_justice.kinds.families.keys import Analysis


class ReleasedCell(Strict):
    """One released number: an analysis of the stream, and as many labels as its rows need to be told apart.

    A label that is left out may be any; an empty one is that of rows without it.
    """

    analysis: Name
    measure: str = Field(description="what the number is, such as `cumulative_incidence`, `percent`, `log_odds_ratio`")
    outcome: str | None = Field(default=None, description="outcome of the cohort that the row is about")
    group: str | None = Field(
        default=None, description="stratum as the rows have it, such as `parent=mother; jurisdiction=Wales`"
    )
    term: str | None = Field(default=None, description="covariate or variable")
    level: str | None = Field(default=None, description="level of the term")
    time: float | None = Field(default=None, description="time since time zero; of curves one of their grid")


class Finding(Strict):
    """One sentence with the released numbers that it rests on."""

    text: str = Field(
        min_length=1,
        description="plain sentence; `{name}` stands for the number of a cell, which brings its sign, unit of a "
        "percentage and 95% interval along",
    )
    cells: dict[Name, ReleasedCell] = Field(min_length=1, description="the numbers, by their names in `text`")


def pieces(text: str) -> list[tuple[str, str]]:
    """Return a text of a finding as pairs of words and the name of the cell after them, empty after the last words."""
    parts = re.split(r"\{(\w*)\}", text)
    return list(zip(parts[::2], [*parts[1::2], ""], strict=True))


def finding_problems(stream: Stream, covariates: Mapping[str, Covariate]) -> list[str]:
    """Say what is wrong with the findings and the key picture of a stream."""
    problems = []
    for name, finding in stream.findings.items():
        where = f"findings.{name}"
        problems += _places(where, finding)
        for cell, about in finding.cells.items():
            problems += _cell(f"{where}.cells.{cell}", about, stream.analyses, covariates)
    if stream.figure is not None:
        found = unknown([stream.figure], stream.analyses, "figure", "analysis")
        if not found and not stream.analyses[stream.figure].is_drawn:
            drawn = [name for name, analysis in stream.analyses.items() if analysis.is_drawn]
            found = [f"figure: analysis '{stream.figure}' has no figure. {did_you_mean('', drawn)}"]
        problems += found
    return problems


def _places(where: str, finding: Finding) -> list[str]:
    """A place in the text needs a cell, a cell needs a place, and braces stand for nothing else."""
    split = pieces(finding.text)
    named = [name for _, name in split[:-1]]
    problems = [
        f"{where}.text: there is no cell '{name}' for '{{{name}}}'. {did_you_mean(name, finding.cells)}"
        for name in dict.fromkeys(named)
        if name not in finding.cells
    ]
    problems += [
        f"{where}.cells: no text uses '{name}'; write '{{{name}}}' where its number stands, or remove it"
        for name in finding.cells
        if name not in named
    ]
    if any(brace in words for words, _ in split for brace in "{}"):
        problems.append(f"{where}.text: a brace is left over; write '{{name}}', the name of a cell between two braces")
    if typed := re.search(r"\d[\d.,]*\s*(%|per ?cent)", finding.text):
        problems.append(f"{where}.text: '{typed[0]}' is typed by hand; name its cell and write '{{name}}' in its place")
    return problems


def _cell(
    where: str, cell: ReleasedCell, analyses: Mapping[str, Analysis], covariates: Mapping[str, Covariate]
) -> list[str]:
    """The analysis must be there, its kind must release the measure, a sentence must be able to tell it, and labels
    that the analysis or a covariate declares must be spelt as there."""
    problems = unknown([cell.analysis], analyses, f"{where}.analysis", "analysis")
    if problems:
        return problems
    analysis = analyses[cell.analysis]
    allowed = [measure for measure in KINDS[analysis.kind].measures if MEASURES[measure].role in TOLD]
    if cell.measure not in allowed:
        near = did_you_mean(cell.measure, allowed)
        problems.append(
            f"{where}.measure: kind '{analysis.kind}' of '{cell.analysis}' releases no '{cell.measure}' that a "
            f"sentence can tell. {near}"
        )
    if cell.time is not None and isinstance(analysis, Grid) and analysis.off_grid(cell.time):
        problems.append(
            f"{where}.time: {cell.time:g} is not on the grid of '{cell.analysis}'; "
            f"write a multiple of {analysis.every:g} up to {analysis.until:g}"
        )
    return problems + _labels(where, cell, analysis, covariates)


def _labels(where: str, cell: ReleasedCell, analysis: Analysis, covariates: Mapping[str, Covariate]) -> list[str]:
    problems = []
    if cell.outcome and analysis.outcome_names():
        problems += unknown([cell.outcome], analysis.outcome_names(), f"{where}.outcome", "outcome")
    pairs = [part.partition("=")[::2] for part in cell.group.split("; ")] if cell.group else []
    groups = analysis.columns_of_groups()
    if groups:
        problems += unknown([column for column, _ in pairs], groups, f"{where}.group", "group")
    for key, column, level in [*(("group", *pair) for pair in pairs), ("level", cell.term or "", cell.level)]:
        levels = covariates[column].levels if column in covariates else None
        if level and levels:
            problems += unknown([level], levels, f"{where}.{key}", "level", f" of '{column}'")
    return problems
