"""Where every released number comes from: row, configuration, method, variables, cohort, tables, refresh and code.

    ./family-justice trace recurrence ANALYSIS [--row N]

says it for an analysis or for one of its rows; ``trace.html`` says it for all analyses of a stream. Both know the
release room alone.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.contracts import contracts
from family_justice.errors import PipelineError, did_you_mean
from family_justice.figures import words
from family_justice.figures.draw import read_study
from family_justice.files import write_text
from family_justice.kinds.attrition.model import Attrition
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.quality.model import Quality
from family_justice.kinds.second_program.model import SecondProgram
from family_justice.report.pages import anchor, page_environment
from family_justice.report.prose import listed
from family_justice.results import read_results

if TYPE_CHECKING:
    import pandas as pd

READY = "research_ready"


@dataclass(frozen=True)
class Said:
    """Some words, and where a link on them leads; empty for nowhere."""

    text: str
    link: str = ""


@dataclass(frozen=True)
class Trace:
    """The origin of an analysis: facts in the order of the data, from the released row back to the code."""

    name: str
    title: str
    facts: dict[str, list[Said]]
    variables: dict[str, Mapping[str, Any]]  # as study.json describes them, by name


def write_trace(stream_folder: str | Path) -> None:
    """Write ``trace.html`` of one stream into its release folder."""
    folder = Path(stream_folder)
    study = read_study(folder)
    traces = [trace(study, name, _rows(folder, name)) for name in study["analyses"]]
    page = page_environment().get_template("trace.html.j2").render(study=study, traces=traces)
    write_text(folder / "trace.html", page)


def trace(study: Mapping[str, Any], name: str, rows: pd.DataFrame) -> Trace:
    """Return the origin of the released ``rows`` of an analysis: all of them, or the one that is asked for."""
    about, source = study["analyses"][name], study["source"]
    cohort = str(about.get("cohort") or "")
    facts = {
        "Released rows": [Said(f"{name}/results.csv", f"{name}/results.csv"), Said(f"{len(rows):,} in all")],
        "Configuration": [Said(f"config/streams/{study['stream']}.yaml: {_key(name)}")],
        "Method": [Said(f"{words.plain(about['kind'])}. {about.get('method') or about['description']}".strip())],
        "Outcome": [Said(text) for text in _outcomes(study, about, rows)],
        "Only members with": [
            Said(f"{words.Labels(dict(study)).covariate(column)}: {listed(list(map(str, levels)))}")
            for column, levels in (about.get("restrict_to") or {}).items()
        ],
        "Cohort": _cohort(study, cohort) or [Said("the source records")],
        "Source tables": [Said(table, _dictionary(study, table)) for table in _tables(study, cohort)],
        "Refresh": [Said(f"source {source['name']}", "index.html#study"), Said(_refresh(source))],
        "Disclosure control": [Said(f"policy {study['policy']['name']}", "index.html#disclosure")],
        "Code": [
            Said(f"pipeline {study['versions']['pipeline']}", "index.html#versions"),
            Said(f"fingerprint of the code {study['code']}"),
            Said(f"fingerprint of the settings {study['settings']}"),
        ],
    }
    variables = {name: study["covariates"][name] for name in _variables(study, about, rows)}
    facts["Variables"] = [Said(about["label"], f"#variable-{anchor(name)}") for name, about in variables.items()]
    return Trace(name, about["title"], {what: said for what, said in facts.items() if said}, variables)


def _rows(folder: Path, name: str) -> pd.DataFrame:
    return read_results(str(folder / name / "results.csv"))


def _key(name: str) -> str:
    """Return the place in the stream file that an analysis is made from."""
    kind, _, rest = name.partition(".")
    own = {
        Attrition.kind: f"cohorts.{rest}.steps",
        FollowUpSummary.kind: f"cohorts.{rest}.follow_up",
        Quality.kind: "data_guide",
        SecondProgram.kind: "analyses",
    }
    return own[kind] if rest or kind == SecondProgram.kind else f"analyses.{name}"


def _outcomes(study: Mapping[str, Any], about: Mapping[str, Any], rows: pd.DataFrame) -> Iterable[str]:
    declared = ((study["cohorts"].get(about.get("cohort")) or {}).get("outcomes")) or {}
    for name in dict.fromkeys(rows["outcome"]):
        if name in declared:
            o = declared[name]
            competing = f"; competing: {listed(o['competing'])}" if o["competing"] else ""
            event = f": {o['event']}" if o["event"] != o["label"] else ""
            yield f"{o['label']}{event}{competing}; observation ends with: {listed(o['censoring'])}"
        elif name:
            yield words.Labels(dict(study)).outcome(name)


def _cohort(study: Mapping[str, Any], name: str) -> list[Said]:
    """Return the cohort and those that it starts from, each with the file of its steps."""
    said = []
    while name:
        about = study["cohorts"][name]
        said.append(Said(about["label"], f"index.html#{anchor(f'cohort-{name}')}"))
        steps = f"{Attrition.name_of(name)}/results.csv"
        said.append(Said(steps, steps))
        name = str(about.get("base") or "")
    return said


def _tables(study: Mapping[str, Any], cohort: str) -> list[str]:
    found: set[str] = set()
    while cohort:
        about = study["cohorts"][cohort]
        found |= set(about.get("tables") or [])
        cohort = str(about.get("base") or "")
    return sorted(found)


def _dictionary(study: Mapping[str, Any], table: str) -> str:
    known = study.get("data_guide") and table in contracts()[READY].tables
    return f"dictionary/{READY}.html#{anchor(table)}" if known else ""


def _refresh(source: Mapping[str, Any]) -> str:
    until = f"records to {source['refresh_date']}, " if source.get("refresh_date") else ""
    return f"{until}fingerprint of the records {source['fingerprint']}"


def _variables(study: Mapping[str, Any], about: Mapping[str, Any], rows: pd.DataFrame) -> list[str]:
    """Return the variables that rows are about, that divide them and that choose their members, in declared order."""
    named = {*rows["term"], *rows["outcome"], *(about.get("restrict_to") or {}), str(about.get("cluster") or "")}
    named |= {column for group in set(rows["group"]) for column, _ in words.pairs(group)}
    return [name for name in study["covariates"] if name in named]


def row_words(study: Mapping[str, Any], row: Mapping[str, Any]) -> list[str]:
    """Return what one released row holds, a line for each column that is not empty; a withheld value has none."""
    labels = words.Labels(dict(study))
    lines = []
    for column, value in row.items():
        if value == "" or (not isinstance(value, str) and not words.present(value)):
            continue
        text = value if isinstance(value, str) else f"{value:.10g}"
        label = {"outcome": labels.outcome, "term": labels.covariate, "group": labels.group}.get(column)
        lines.append(f"{column}: {text}" + (f" ({label(text)})" if label and label(text) != text else ""))
    return lines


def traced(folder: Path, name: str, number: int | None = None) -> list[str]:
    """Return the origin of an analysis of a released stream in lines, or of one row of its results (from 1).

    Raises ``PipelineError`` if there is no such stream, analysis or row.
    """
    if not (folder / "study.json").is_file():
        raise PipelineError(f"{folder}: this is no released stream; name a folder such as results/release/recurrence")
    study = read_study(folder)
    if name not in study["analyses"]:
        raise PipelineError(f"{folder}: no analysis '{name}'. {did_you_mean(name, list(study['analyses']))}".strip())
    rows = _rows(folder, name)
    head = []
    if number is not None:
        if not 1 <= number <= len(rows):
            raise PipelineError(f"{folder / name}/results.csv: no row {number}; its rows are 1 to {len(rows)}")
        rows = rows.iloc[[number - 1]]
        row = {str(column): value for column, value in rows.iloc[0].to_dict().items()}
        head = [f"Row {number}", *(f"  {line}" for line in row_words(study, row))]
    found = trace(study, name, rows)
    if number is not None:
        found.facts["Released rows"][1:] = [Said(f"row {number}")]
    lines = [found.title, *head]
    for what, said in found.facts.items():
        lines += [what, *(f"  {one.text}" for one in said)]
    if found.variables:
        lines.append("Definitions of the variables")
    for about in found.variables.values():
        source = f" [{about['source']}]" if about.get("source") else ""
        lines.append(f"  {about['label']}: {about['definition']}{source}")
    return lines
