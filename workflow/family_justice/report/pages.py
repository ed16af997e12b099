"""Pages of the report: one per stream and an index, as static HTML that needs no network and works without scripts."""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.figures.draw import has_figure, read_comparisons, read_study
from family_justice.files import write_text
from family_justice.kinds.attrition.model import Attrition
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.registry import kind_of
from family_justice.kinds.second_program.model import SecondProgram
from family_justice.layout import RESULTS, TABLE_TYPES
from family_justice.measures import MEASURES
from family_justice.report import inconsistencies, prose, site
from family_justice.report.findings import INTERVALS, findings
from family_justice.report.tables import page_tables as tables
from family_justice.report.writers.excel import write_workbook
from family_justice.report.writers.latex import latex
from family_justice.report.writers.word import write_word
from family_justice.results import COLUMNS, meanings, read_results
from family_justice.second_program.sentence import said_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    import jinja2
    import pandas as pd
    from markupsafe import Markup

CALIBRATION = "Calibration, not a finding"
#: So many levels are named in the table of variables; the results name them all.
MANY_LEVELS = 20


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
    checked: str = ""


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


def write_stream_page(release_folder: str | Path, studies: Sequence[site.Named] = ()) -> Path:
    """Write ``index.html`` of one stream, and ``tables.tex``, ``tables.docx`` and ``tables.xlsx`` if its policy lets
    these leave, from its release folder alone: what it finds first, how it was found after it.

    Needs ``study.json`` and for each analysis ``results.csv`` and, of its figure, ``figure.json`` (see
    ``figures.draw.draw_figures``); shows ``comparisons.csv`` if there is one. ``studies`` are the names and titles of
    all studies of the release, in the order of its front page. Raises ``PipelineError`` if a figure is not drawn.
    """
    folder = Path(release_folder)
    study = read_study(folder)
    labels = words.Labels(study)
    blocks: dict[str, Block] = {}
    checked = _checked(folder, study)
    for analysis, about in study["analyses"].items():
        rows = read_results(str(folder / analysis / "results.csv"))
        figure = _figure(folder, analysis) if has_figure(about["kind"]) else None
        blocks[analysis] = _block(analysis, about, rows, figure, labels)
        blocks[analysis].checked = checked.get(analysis, "")
    page = page_environment().get_template("stream.html.j2")
    shown: dict[str, Any] = {
        "blocks": [blocks[name] for name in _own(study)],
        "comparisons": _comparisons(folder, study),
        "definitions": _definitions(study),
        "chapters": [_chapter(name, study, blocks) for name in study["cohorts"]],
        "covariates": _covariates(study),
    }
    kinds = [kind_of(about["kind"]).keys for about in study["analyses"].values()]
    areas = any(getattr(keys, "shows_areas", False) for keys in kinds)
    found = findings(folder, study)
    html = page.render(
        study=study,
        labels=labels,
        methods=_methods(study),
        way=site.way(study["stream"], studies),
        areas_are_shown=areas,
        findings=found,
        intervals=INTERVALS,
        picture=blocks.get(study.get("figure") or ""),
        **shown,
    )
    write_text(folder / "index.html", html)
    _write_tables(folder, study, _titled(**shown), [finding.text for finding in found])
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
        found = findings(folder / stream, study)
        results = [(anchor(name), study["analyses"][name]["title"]) for name in _own(study)]
        cards.append({"study": study, "findings": found, "summaries": summaries, "sizes": sizes, "results": results})
    html = (
        page_environment()
        .get_template("index.html.j2")
        .render(
            cards=cards,
            intervals=INTERVALS,
            synthetic=next((c["study"]["source"] for c in cards if c["study"]["source"]["is_synthetic"]), None),
            published=inconsistencies.table(published) if published else (),
            heading=inconsistencies.TITLE,
        )
    )
    write_text(folder / "index.html", html)
    return folder / "index.html"


@cache
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
    environment.filters["linked"] = site.linked
    environment.filters["plain"] = lambda value: json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    environment.filters["css"] = _css_string
    environment.globals["made_up"] = words.made_up
    environment.globals["citation"] = site.citation
    environment.globals["licence"] = (site.LICENCE, site.LICENCE_ADDRESS)
    return environment


def anchor(name: str) -> str:
    """Return a name that may stand in an ``id``."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")


def _own(study: dict[str, Any]) -> list[str]:
    """Return the analyses that stand among the results of a study's page."""
    return [name for name, about in study["analyses"].items() if kind_of(about["kind"]).show.place == "results"]


def _write_tables(folder: Path, study: dict[str, Any], titled: list[tuple[str, tables.Table]], said: list[str]) -> None:
    """Write all tables of a page for a paper and for a spreadsheet, if the policy lets these leave."""
    source = study["source"]
    preface = f"{words.made_up(source)} {source['description']}" if source["is_synthetic"] else source["description"]
    for kind in TABLE_TYPES:
        path = folder / f"tables.{kind}"
        if kind not in study["policy"]["file_types"]:
            path.unlink(missing_ok=True)
        elif kind == "tex":
            write_text(path, latex(titled, preface))
        elif kind == "docx":
            intro = f"{preface} {INTERVALS}" if said else preface
            write_word(path, study["title"], intro, titled, source.get("refresh_date") or "", said)
        else:
            about = [study["question"], preface, *said, *([INTERVALS] if said else []), words.Labels(study).rounding()]
            rows = [line for name in study["analyses"] for line in _plain_rows(folder / name / RESULTS)]
            key = {**meanings(), **{name: MEASURES[name].words for name in dict.fromkeys(row[4] for row in rows)}}
            cited = f"Cite as: {site.citation(study)}"
            write_workbook(path, study["title"], [*about, cited], titled, (COLUMNS, rows), list(key.items()))


def _plain_rows(path: Path) -> list[list[Any]]:
    """Return the released rows of a file as lists of texts and numbers, None where there is none."""
    import pandas as pd

    rows = read_results(str(path))
    return [[None if pd.isna(value) else value for value in line] for line in rows.itertuples(index=False)]


def _css_string(text: Markup) -> str:
    """Return a text of HTML as it may stand between quotes in a style sheet."""
    return re.sub(r'["\\<]', lambda found: f"\\{ord(found[0]):x} ", text.unescape())


def _titled(
    blocks: list[Block],
    comparisons: list[Beside],
    definitions: tables.Table | None,
    chapters: list[Chapter],
    covariates: tables.Table | None,
) -> list[tuple[str, tables.Table]]:
    """Return all tables of a page in its order, each under the heading that it has there."""
    found: list[tuple[str, tables.Table | None]] = [(block.title, table) for block in blocks for table in block.tables]
    found += [(beside.title, beside.table) for beside in comparisons]
    found.append(("The study", definitions))
    for chapter in chapters:
        found.append((chapter.about["label"], chapter.outcomes))
        found += [(block.title, table) for block in chapter.blocks for table in block.tables]
    found.append(("Methods", covariates))
    return [(title, table) for title, table in found if table]


def _figure(folder: Path, analysis: str) -> dict[str, Any]:
    path = folder / analysis / "figure.json"
    if not path.is_file():
        raise PipelineError(f"{folder}: there is no figure of '{analysis}'; draw the figures of the stream first")
    found: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return found


def _checked(folder: Path, study: dict[str, Any]) -> dict[str, str]:
    """Return for each analysis what a second program gave, in words."""
    path = folder / SecondProgram.kind / "results.csv"
    rows = read_results(str(path)) if path.is_file() else None
    if rows is None:
        return {}
    said = {
        str(row["term"]): said_of({str(k): v for k, v in row.items()}, study["versions"])
        for row in rows.to_dict("records")
    }
    return {name: f"{words.sentence(text)}." for name, text in said.items()}


def _block(
    analysis: str, about: dict[str, Any], rows: pd.DataFrame, figure: dict[str, Any] | None, labels: words.Labels
) -> Block:
    block = Block(anchor(analysis), about["title"], about.get("description") or "", analysis, figure)
    block.pictures = [kind for kind in ("png", "svg", "pdf") if kind in labels.policy["file_types"]]
    block.disclosure = prose.disclosure(rows)
    shown = kind_of(about["kind"]).show.page(rows, about, labels)
    block.sentences, block.tables, block.after = shown.sentences, shown.tables, shown.after
    about_members = prose.analysed(rows, about, labels)
    if block.tables:
        block.tables[0].notes = [*about_members, *block.tables[0].notes]
    else:
        block.sentences += about_members
    return block


def _chapter(name: str, study: dict[str, Any], blocks: dict[str, Block]) -> Chapter:
    about = study["cohorts"][name]
    own = [blocks[key] for key in (Attrition.name_of(name), FollowUpSummary.name_of(name)) if key in blocks]
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
    path = folder / Attrition.name_of(cohort) / "results.csv"
    if not path.is_file():
        return ""
    labels = words.Labels(study)
    steps = tables.flow.steps(read_results(str(path)), cohort, labels)
    return (
        f"{steps[-1].remaining} {labels.people(cohort)}"
        if steps and steps[-1].remaining[:1].isdigit()
        else words.WITHHELD
    )
