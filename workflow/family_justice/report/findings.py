"""The findings of a stream, with their numbers: one place for the page, the front page, the Word file and the crate.

The sentences are those of ``study.json`` (``config.findings`` says what may stand there), the numbers those of the
released rows, printed as in tables and figures (``figures.words``).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.config.findings import pieces
from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.measures import MEASURES
from family_justice.results import read_results

if TYPE_CHECKING:
    import pandas as pd

WITHHELD = "Not told: a number that this finding rests on is withheld."
NOT_ESTIMABLE = "Not told: a number that this finding rests on could not be estimated."
INTERVALS = "In brackets: 95% confidence intervals."
#: The labels that choose a row.
CHOSEN = ("measure", "outcome", "group", "term", "level", "time")
#: So many rows are named in an error.
MANY = 12


@dataclass(frozen=True)
class Piece:
    """Some words of a finding, or a number and the analysis that it is of."""

    text: str
    analysis: str = ""


@dataclass(frozen=True)
class Finding:
    """One sentence in pieces, so that a page can let its numbers lead to their analyses."""

    pieces: tuple[Piece, ...]

    @property
    def is_told(self) -> bool:
        """False where a sentence without a number stands in its place."""
        return any(piece.analysis for piece in self.pieces)

    @property
    def text(self) -> str:
        """The whole sentence."""
        return "".join(piece.text for piece in self.pieces)


def findings(stream_folder: str | Path, study: Mapping[str, Any]) -> list[Finding]:
    """Return the findings of a stream in their order, from its release folder alone; none if it declares none.

    ``study``: the content of ``study.json``. A finding of which a number is withheld, or was not estimable, says that
    it is not told. Raises ``PipelineError`` if a cell is no released row, or several.
    """
    folder = Path(stream_folder)
    return [_finding(folder, study, name, about) for name, about in (study.get("findings") or {}).items()]


def _finding(folder: Path, study: Mapping[str, Any], name: str, about: Mapping[str, Any]) -> Finding:
    numbers: dict[str, Piece] = {}
    for cell, wanted in about["cells"].items():
        rows = read_results(str(folder / wanted["analysis"] / "results.csv"))
        row = _row(rows, wanted, f"stream '{study['stream']}', finding '{name}', cell '{cell}'")
        if row is None or row["status"] == "suppressed":
            return Finding((Piece(WITHHELD),))
        number = words.told(row)
        if not number:
            return Finding((Piece(NOT_ESTIMABLE),))
        numbers[cell] = Piece(number, wanted["analysis"])
    told: list[Piece] = []
    for text, cell in pieces(about["text"]):
        told += [Piece(text)] if text else []
        told += [numbers[cell]] if cell else []
    return Finding(tuple(told))


def _row(rows: pd.DataFrame, wanted: Mapping[str, Any], where: str) -> dict[str, Any] | None:
    """Return the one released row that a cell names; None if it lies beyond the end of its curve, which is cut where
    too few are at risk."""
    chosen = rows
    for label in (label for label in CHOSEN if label in wanted and label != "time"):
        chosen = chosen[chosen[label] == wanted[label]]
    time = wanted.get("time")
    found = chosen if time is None else chosen[(chosen["time"] - time).abs() < 1e-9]
    if len(found) == 1:
        return {str(column): value for column, value in found.iloc[0].to_dict().items()}
    is_curve = MEASURES[wanted["measure"]].role == "curve"
    one_curve = not chosen.empty and len(chosen[["outcome", "group", "term", "level"]].drop_duplicates()) == 1
    if time is not None and is_curve and found.empty and one_curve and time > chosen["time"].max():
        return None
    asked = ", ".join(f"{label}: {wanted[label]}" for label in CHOSEN if label in wanted)
    if found.empty:
        raise PipelineError(f"{where}: no released row of '{wanted['analysis']}' has {asked}. {_there(rows, wanted)}")
    raise PipelineError(
        f"{where}: {len(found)} released rows of '{wanted['analysis']}' have {asked}; write more of outcome, group, "
        f"term, level and time, so that one is left. {_there(found, wanted)}"
    )


def _there(rows: pd.DataFrame, wanted: Mapping[str, Any]) -> str:
    """Say which labels the rows of an analysis have: of the measure that is asked for, if there are any."""
    own = rows[rows["measure"] == wanted["measure"]]
    own = rows if own.empty else own
    said = []
    for label in CHOSEN:
        values = [value for value in dict.fromkeys(own[label]) if value == value]
        shown = [f"{value:g}" if label == "time" else f"'{value}'" for value in values[:MANY]]
        more = f" and {len(values) - MANY} more" if len(values) > MANY else ""
        said += [f"{label}: {', '.join(shown)}{more}"] if any(value != "" for value in values) else []
    return f"There are: {'; '.join(said)}."
