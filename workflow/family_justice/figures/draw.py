"""Draw the figures of a stream from its released rows; the one place that knows which kind is drawn how."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.errors import AnalysisError
from family_justice.figures.charts import agreement, classes, curves, flow, forest, funnel, inequality, states, trends
from family_justice.figures.charts.tiles import Tiles, read_tiles
from family_justice.figures.house.style import house_style
from family_justice.figures.words import Labels
from family_justice.files import write_text
from family_justice.results import read_results

if TYPE_CHECKING:
    import pandas as pd

WITHOUT_FIGURE = ("table_one",)
KINDS = {
    "attrition": flow.draw,
    "follow_up": curves.small,
    "cumulative_incidence": curves.draw,
    "kaplan_meier": curves.draw,
    "mean_cumulative_count": curves.draw,
    "adjusted_survival": curves.draw,
    "state_occupation": states.draw,
    "frequency": trends.draw,
    "agreement": agreement.draw,
    "inequality": inequality.draw,
    "funnel": funnel.draw,
    "latent_classes": classes.draw,
    "cox": forest.draw,
    "recurrent_cox": forest.draw,
    "logistic": forest.draw,
    "aft": forest.draw,
    "fine_gray": forest.draw,
    "poisson": forest.draw,
    "negative_binomial": forest.draw,
    "risk_ratio": forest.draw,
    "multinomial": forest.draw,
    "mixed_logistic": forest.draw,
    "gee": forest.draw,
    "matched_logistic": forest.draw,
    "matched_cox": forest.draw,
}
MODELS = (
    "cox",
    "recurrent_cox",
    "fine_gray",
    "logistic",
    "aft",
    "poisson",
    "negative_binomial",
    "risk_ratio",
    "multinomial",
    "mixed_logistic",
    "gee",
    "matched_logistic",
    "matched_cox",
)


def has_figure(kind: str) -> bool:
    """Say whether analyses of this kind are drawn."""
    return kind in KINDS


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
    kind = about["kind"]
    if kind not in KINDS:
        raise AnalysisError(
            f"{study['stream']}: no figure for kind '{kind}' of analysis '{analysis}'. Kinds: {', '.join(KINDS)}"
        )
    labels = Labels(study)
    with house_style():
        if kind in MODELS:
            sheet, alt, caption = forest.draw(rows, about, labels, planted)
        else:
            sheet, alt, caption = KINDS[kind](rows, {**about, "tiles": tiles or {}}, labels)
        size = sheet.save(folder, alt, study["policy"]["file_types"])
    return {"alt": alt, "caption": caption, **size}


def draw_stream(release_folder: str | Path, codelists: str | Path | None = None) -> dict[str, Any]:
    """Draw all figures of one stream and write ``figures.json`` (analysis -> alt text, caption, size).

    ``release_folder``: ``results/release/<stream>`` with ``study.json``, ``<analysis>/results.csv`` and, where the
    study compares itself with something, ``comparisons.csv``. ``codelists``: folder with the tiles of areas, without
    which many areas are drawn as bars.
    """
    folder = Path(release_folder)
    study = read_study(folder)
    planted = read_comparisons(folder)
    tiles = read_tiles(Path(codelists)) if codelists else None
    drawn: dict[str, Any] = {}
    for analysis, about in study["analyses"].items():
        if not has_figure(about["kind"]):
            continue
        rows = read_results(str(folder / analysis / "results.csv"))
        truth = None
        if planted is not None:
            truth = planted[(planted["kind"] == "planted") & (planted["analysis"] == analysis)]
        drawn[analysis] = draw_analysis(study, analysis, rows, folder / analysis, truth, tiles)
    write_text(folder / "figures.json", json.dumps(drawn, indent=2, ensure_ascii=False, sort_keys=True) + "\n")
    return drawn


def draw_figures(release: str | Path, streams: list[str]) -> list[Path]:
    """Draw the figures of several streams under ``results/release``; return the SVG files."""
    drawn = []
    for stream in streams:
        folder = Path(release) / stream
        drawn += [folder / analysis / "figure.svg" for analysis in draw_stream(folder)]
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
