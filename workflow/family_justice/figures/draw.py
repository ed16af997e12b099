"""Draw the figures of a stream from its released rows, each as its kind says."""

from __future__ import annotations

import json
from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.errors import AnalysisError
from family_justice.figures.charts.tiles import Tiles, read_tiles
from family_justice.figures.house.beside import Beside
from family_justice.figures.house.style import house_style
from family_justice.figures.words import Labels
from family_justice.files import write_text
from family_justice.kinds.registry import KINDS, kind_of
from family_justice.results import read_results

if TYPE_CHECKING:
    import pandas as pd


def has_figure(kind: str) -> bool:
    """Say whether analyses of this kind are drawn."""
    return kind_of(kind).keys.is_drawn


def draw_analysis(
    study: dict[str, Any],
    analysis: str,
    rows: pd.DataFrame,
    folder: Path,
    planted: pd.DataFrame | None = None,
    tiles: Tiles | None = None,
) -> dict[str, Any]:
    """Draw one analysis into ``folder``: ``figure.svg``, and PNG and PDF if the policy lets these leave.

    ``study``: the content of ``study.json``. ``rows``: released rows in the result schema. ``planted``: rows of
    ``comparisons.csv`` of kind ``planted`` for this analysis, or None. ``tiles``: where areas lie in a grid.
    Returns ``alt``, ``caption`` and the size in inches. Raises ``AnalysisError`` for a kind that has no figure. The
    same input gives the same bytes.
    """
    about = study["analyses"][analysis]
    if about["kind"] not in KINDS or not has_figure(about["kind"]):
        raise AnalysisError(
            f"{study['stream']}: no figure for kind '{about['kind']}' of analysis '{analysis}'. "
            f"Kinds: {', '.join(name for name in KINDS if has_figure(name))}"
        )
    beside = Beside(planted, tiles or {})
    with house_style():
        sheet, alt, caption = KINDS[about["kind"]].show.figure(rows, about, Labels(study), beside)
        size = sheet.save(folder, alt, study["policy"]["file_types"])
    return {"alt": alt, "caption": caption, **size}


def draw_figures(
    release_folder: str | Path, codelists: str | Path | None = None, analyses: Collection[str] = ()
) -> dict[str, Any]:
    """Draw the figures of some analyses (none named: of all) and write ``figure.json`` beside each: alternative text,
    caption, size.

    ``release_folder``: ``results/release/<stream>`` with ``study.json``, ``<analysis>/results.csv`` and, where the
    study compares itself with something, ``comparisons.csv``. ``codelists``: folder with the tiles of areas, without
    which many areas are drawn as bars. Returns the contents of the files ``figure.json`` by analysis.
    """
    folder = Path(release_folder)
    study, compared = read_study(folder), read_comparisons(folder)
    tiles = read_tiles(Path(codelists)) if codelists else None
    drawn: dict[str, Any] = {}
    for analysis in analyses or [name for name, about in study["analyses"].items() if has_figure(about["kind"])]:
        rows, truth = read_results(str(folder / analysis / "results.csv")), None
        if compared is not None:
            truth = compared[(compared["kind"] == "planted") & (compared["analysis"] == analysis)]
        drawn[analysis] = draw_analysis(study, analysis, rows, folder / analysis, truth, tiles)
        text = json.dumps(drawn[analysis], indent=2, ensure_ascii=False, sort_keys=True) + "\n"
        write_text(folder / analysis / "figure.json", text)
    return drawn


def read_study(folder: Path) -> dict[str, Any]:
    """Read ``study.json`` of a stream's release folder."""
    study: dict[str, Any] = json.loads((folder / "study.json").read_text(encoding="utf-8"))
    return study


def read_comparisons(folder: Path) -> pd.DataFrame | None:
    """Read ``comparisons.csv`` of a stream's release folder, None if the stream compares itself with nothing."""
    import pandas as pd

    path = folder / "comparisons.csv"
    if not path.is_file():
        return None
    numbers = ("time", "ours", "ours_low", "ours_high", "reference", "reference_low", "reference_high", "decimals")
    frame = pd.read_csv(path, keep_default_na=False, na_values={name: [""] for name in numbers}, dtype=str)
    return frame.astype({name: "float64" for name in numbers})
