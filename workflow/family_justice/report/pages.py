"""Pages of the report: one per stream and an index, as static HTML that needs no network and works without scripts."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.figures.draw import MODELS, has_figure, read_comparisons, read_study
from family_justice.files import write_text
from family_justice.report import inconsistencies, prose
from family_justice.report.tables import classes_table as classes
from family_justice.report.tables import groups_table as groups
from family_justice.report.tables import mean_times_table as mean_times
from family_justice.report.tables import page_tables as tables
from family_justice.report.tables import splines_table as splines
from family_justice.report.tables import states_table as states
from family_justice.report.tables import transitions_table as transitions
from family_justice.report.writers.latex import latex
from family_justice.report.writers.word import write_word
from family_justice.results import read_results

if TYPE_CHECKING:
    import jinja2
    import pandas as pd

CALIBRATION = "Calibration, not a finding"
#: So many levels are named in the table of variables; the results name them all.
MANY_LEVELS = 20
SYNTHETIC = "Synthetic records: figures here are a calibration, not findings."


@dataclass
class Block:
    """One analysis on a page: its words, its figure and its tables."""

    id: str
    title: str
    description: str
    folder: str
    figure: dict[str, Any] | None = None
    pictures: list[str] = field(default_factory=list)
    sentences: list[str] = field(default_factory=list)
    tables: list[tables.Table] = field(default_factory=list)
    after: list[str] = field(default_factory=list)
    disclosure: str = ""


@dataclass
class Chapter:
    """One cohort on a page: its words and the analyses that describe it."""

    id: str
    about: dict[str, Any]
    blocks: list[Block]
    outcomes: tables.Table | None


@dataclass
class Beside:
    """One comparison on a page."""

    id: str
    title: str
    tag: str
    description: str
    summary: str
    table: tables.Table


def write_stream_page(release_folder: str | Path) -> Path:
    """Write ``index.html`` of one stream, and ``tables.tex`` and ``tables.docx`` if its policy lets these leave, from
    its release folder alone.

    Needs ``study.json``, ``figures.json`` (see ``figures.draw.draw_stream``) and ``<analysis>/results.csv``; shows
    ``comparisons.csv`` if there is one. Raises ``PipelineError`` if the figures are not drawn.
    """
    folder = Path(release_folder)
    study = read_study(folder)
    figures = _figures(folder)
    labels = words.Labels(study)
    blocks: dict[str, Block] = {}
    for analysis, about in study["analyses"].items():
        rows = read_results(str(folder / analysis / "results.csv"))
        if has_figure(about["kind"]) and analysis not in figures:
            raise PipelineError(f"{folder}: figures.json has no figure of '{analysis}'; draw the figures again")
        blocks[analysis] = _block(analysis, about, rows, figures.get(analysis), labels)
    elsewhere = ("attrition", "follow_up", "quality")  # shown with their cohort, and in the data guide
    own = [name for name, about in study["analyses"].items() if about["kind"] not in elsewhere]
    page = page_environment().get_template("stream.html.j2")
    shown: dict[str, Any] = {
        "chapters": [_chapter(name, study, blocks) for name in study["cohorts"]],
        "blocks": [blocks[name] for name in own],
        "definitions": _definitions(study),
        "covariates": _covariates(study),
        "comparisons": _comparisons(folder, study),
    }
    html = page.render(study=study, labels=labels, methods=_methods(study), synthetic=SYNTHETIC, **shown)
    write_text(folder / "index.html", html)
    titled = _titled(**shown)
    source = study["source"]
    preface = f"{SYNTHETIC} {source['description']}" if source["is_synthetic"] else source["description"]
    for kind in ("tex", "docx"):
        path = folder / f"tables.{kind}"
        if kind not in study["policy"]["file_types"]:
            path.unlink(missing_ok=True)
        elif kind == "tex":
            write_text(path, latex(titled, preface))
        else:
            write_word(path, study["title"], preface, titled, source.get("refresh_date") or "")
    return folder / "index.html"


def write_index(release: str | Path, streams: list[str], published: str | Path | None = None) -> Path:
    """Write ``index.html`` over the pages of the streams, in the order given, and return its path.

    ``published``: file of published figures that do not reconcile (``config/references/inconsistencies.csv``).
    """
    folder = Path(release)
    # What is no longer configured may have been released under another policy, and no page would lead to it.
    for stale in folder.iterdir():
        if stale.is_dir() and stale.name not in streams:
            shutil.rmtree(stale)
    cards: list[dict[str, Any]] = []
    for stream in streams:
        study = read_study(folder / stream)
        compared = read_comparisons(folder / stream)
        summaries = []
        if compared is not None:
            for name, about in study["comparisons"].items():
                said = prose.verdicts(compared[compared["comparison"] == name])
                if said:
                    summaries.append((about["title"], said))
        sizes = [(about["label"], _size(folder / stream, name, study)) for name, about in study["cohorts"].items()]
        cards.append({"study": study, "summaries": summaries, "sizes": sizes})
    html = (
        page_environment()
        .get_template("index.html.j2")
        .render(
            cards=cards,
            synthetic=[c["study"]["stream"] for c in cards if c["study"]["source"]["is_synthetic"]],
            published=inconsistencies.table(published) if published else (),
            heading=inconsistencies.TITLE,
        )
    )
    write_text(folder / "index.html", html)
    return folder / "index.html"


def page_environment() -> jinja2.Environment:
    """Return the environment in which the templates of all pages are rendered."""
    import jinja2

    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(Path(__file__).parent / "templates"),
        autoescape=True,
        trim_blocks=True,
        lstrip_blocks=True,
        undefined=jinja2.StrictUndefined,
        keep_trailing_newline=True,
    )
    environment.filters["anchor"] = anchor
    environment.filters["pixels"] = lambda inches: round(inches * 96)
    return environment


def anchor(name: str) -> str:
    """Return a name that may stand in an ``id``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _titled(
    chapters: list[Chapter],
    blocks: list[Block],
    definitions: tables.Table | None,
    covariates: tables.Table | None,
    comparisons: list[Beside],
) -> list[tuple[str, tables.Table]]:
    """Return all tables of a page in its order, each under the heading that it has there."""
    found: list[tuple[str, tables.Table | None]] = [("The study", definitions)]
    for chapter in chapters:
        found.append((chapter.about["label"], chapter.outcomes))
        found += [(block.title, table) for block in chapter.blocks for table in block.tables]
    found.append(("Methods", covariates))
    found += [(block.title, table) for block in blocks for table in block.tables]
    found += [(beside.title, beside.table) for beside in comparisons]
    return [(title, table) for title, table in found if table]


def _figures(folder: Path) -> dict[str, Any]:
    path = folder / "figures.json"
    if not path.is_file():
        raise PipelineError(f"{path}: there is no such file; draw the figures of the stream first")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _block(
    analysis: str, about: dict[str, Any], rows: pd.DataFrame, figure: dict[str, Any] | None, labels: words.Labels
) -> Block:
    kind = about["kind"]
    block = Block(anchor(analysis), about["title"], about.get("description") or "", analysis, figure)
    block.pictures = [kind for kind in ("png", "svg", "pdf") if kind in labels.policy["file_types"]]
    block.disclosure = prose.disclosure(rows)
    if kind == "attrition":
        block.tables = [tables.attrition(rows, about, labels)]
    elif kind == "follow_up":
        block.sentences = [prose.follow_up(rows, about, labels)]
    elif kind in ("cumulative_incidence", "kaplan_meier", "mean_cumulative_count", "adjusted_survival"):
        block.tables = [tables.curve(rows, about, labels), *mean_times.table(rows, about, labels)]
        block.tables += mean_times.risk_differences(rows, about, labels)
        block.after = prose.rank_tests(rows, labels)
    elif kind == "state_occupation":
        block.tables = [states.table(rows, about, labels)]
        block.after = states.audit(rows, labels)
    elif kind == "frequency":
        block.tables = tables.frequency(rows, about, labels)
    elif kind == "funnel":
        block.tables = [groups.funnel(rows, about, labels)]
    elif kind == "inequality":
        block.tables = [groups.inequality(rows, about, labels)]
    elif kind == "agreement":
        block.tables = transitions.agreement(rows, about, labels)
    elif kind == "latent_classes":
        block.tables = classes.latent_classes(rows, about, labels)
    elif kind == "table_one":
        block.tables = [tables.table_one(rows, about, labels)]
    elif kind in MODELS:
        block.sentences = [*prose.repeated(rows, about, labels), *prose.model_summary(rows, labels)]
        block.tables = [tables.model(rows, about, labels)]
        block.after = [text for text in [prose.proportional_hazards(rows, labels)] if text]
        block.tables += splines.table(rows, about, labels)
        tested = tables.tests(rows, labels)
        block.tables += [tested] if tested else []
        if kind.startswith("matched_"):
            block.sentences = [*groups.found_sets(rows, about, labels), *block.sentences]
            balanced = groups.balance(rows, about, labels)
            block.tables += [balanced] if balanced else []
    return block


def _chapter(name: str, study: dict[str, Any], blocks: dict[str, Block]) -> Chapter:
    about = study["cohorts"][name]
    own = [blocks[key] for key in (f"attrition.{name}", f"follow_up.{name}") if key in blocks]
    lines = [
        [o["label"], o["event"], prose.listed(o["competing"]) or "none", prose.listed(o["censoring"]), o["entry"]]
        for o in (about.get("outcomes") or {}).values()
    ]
    heads = ["Outcome", "Event", "Competing events", "Ends of observation", "At risk from"]
    outcomes = tables.text_table(f"{about['label']}: outcomes", heads, lines) if lines else None
    return Chapter(anchor(f"cohort-{name}"), about, own, outcomes)


def _methods(study: dict[str, Any]) -> list[list[str]]:
    """Return the methods as lists: per cohort the sentences of its analyses, each once; then what all share."""
    said: set[str] = set()
    lists: dict[str, list[str]] = {cohort: [] for cohort in study["cohorts"]}
    for about in study["analyses"].values():
        sentence = str(about.get("method") or "").strip()
        if sentence and sentence not in said:
            said.add(sentence)
            lists[about["cohort"]].append(sentence)
    return [sentences for sentences in [*lists.values(), study.get("notes", [])] if sentences]


def _definitions(study: dict[str, Any]) -> tables.Table | None:
    lines = [[d["label"], d["text"], d["source"]] for d in study["definitions"]]
    return tables.text_table("Definitions of the study", ["Definition", "Value", "Source"], lines) if lines else None


def _covariates(study: dict[str, Any]) -> tables.Table | None:
    lines = []
    for about in study["covariates"].values():
        levels = [
            f"{level} (reference)" if level == about.get("reference") else str(level)
            for level in about.get("levels") or []
        ]
        values = "; ".join(levels) or f"number{', ' + about['unit'] if about.get('unit') else ''}"
        if len(levels) > MANY_LEVELS:
            values = f"{len(levels)} levels; reference: {about.get('reference')}"
        lines.append([about["label"], about["definition"], values, about.get("source") or ""])
    heads = ["Variable", "Definition", "Levels", "Source"]
    return tables.text_table("Variables: covariates, groups and their levels", heads, lines) if lines else None


def _comparisons(folder: Path, study: dict[str, Any]) -> list[Beside]:
    compared = read_comparisons(folder)
    if compared is None:
        return []
    found = []
    for name, about in study["comparisons"].items():
        rows = compared[compared["comparison"] == name]
        tag = CALIBRATION if study["source"]["is_synthetic"] else ""
        table = tables.comparison(rows, about["title"], about["kind"])
        summary = prose.verdicts(rows)
        found.append(Beside(anchor(f"beside-{name}"), about["title"], tag, about["description"], summary, table))
    return found


def _size(folder: Path, cohort: str, study: dict[str, Any]) -> str:
    """Return the size of a cohort after its last step, in words."""
    path = folder / f"attrition.{cohort}" / "results.csv"
    if not path.is_file():
        return ""
    labels = words.Labels(study)
    steps = tables.flow.steps(read_results(str(path)), cohort, labels)
    return (
        f"{steps[-1].remaining} {labels.people(cohort)}"
        if steps and steps[-1].remaining[:1].isdigit()
        else words.WITHHELD
    )
