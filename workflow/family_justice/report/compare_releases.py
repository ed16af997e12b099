"""What changed between two releases: configuration, code and records, and what they did to cohorts and estimates.

    ./family-justice changes BEFORE AFTER FOLDER

reads two release folders and writes ``index.html`` and ``changes.csv`` (every released value that differs) into FOLDER.
"""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.errors import PipelineError
from family_justice.figures import words
from family_justice.figures.draw import read_study
from family_justice.files import write_csv, write_text
from family_justice.kinds.attrition.model import Attrition
from family_justice.report.pages import page_environment
from family_justice.report.tables.page_tables import Cell, Row, Table, text_table
from family_justice.results import COLUMNS, COUNTS, LABELS, read_results

if TYPE_CHECKING:
    import pandas as pd

CELL = [*LABELS, "time"]
VALUES = ("estimate", "conf_low", "conf_high", *COUNTS, "status")
SHOWN = 100  # cells on the page; the CSV has them all
#: Parts of study.json that say what was done; each is compared key by key.
DESCRIBED = ("definitions", "cohorts", "covariates", "outcomes", "analyses", "findings", "policy", "versions")


@dataclass
class Changes:
    """What differs between two releases of one stream."""

    stream: str
    title: str
    state: str = "in both"
    tables: list[Table] = field(default_factory=list)
    same: bool = False


def compare_releases(before: Path, after: Path, folder: Path) -> list[Changes]:
    """Write the page and the CSV into ``folder`` and return what changed, stream by stream.

    Raises ``PipelineError`` if one of the folders is no release.
    """
    import pandas as pd

    streams = [_streams(release) for release in (before, after)]
    found, values = [], []
    for name in dict.fromkeys([*streams[0], *streams[1]]):
        if name not in streams[0] or name not in streams[1]:
            release, state = (after, "new") if name in streams[1] else (before, "gone")
            found.append(Changes(name, read_study(release / name)["title"], state))
            continue
        studies = [read_study(release / name) for release in (before, after)]
        cells = _cells(before / name, after / name)
        values.append(cells)
        changes = Changes(name, studies[1]["title"])
        described = _described(*studies)
        changes.same = cells.empty and not described
        changes.tables = [_fingerprints(*studies)]
        if described:
            heads = ["Setting", "Before", "After"]
            changes.tables.append(text_table("Settings, definitions and versions that differ", heads, described))
        if not changes.same:
            changes.tables += _attrition(before / name, after / name, words.Labels(studies[1]))
        if not cells.empty:
            changes.tables.append(_shown(cells, words.Labels(studies[1])))
        found.append(changes)
    folder.mkdir(parents=True, exist_ok=True)
    page = page_environment().get_template("changes.html.j2").render(changes=found)
    write_text(folder / "index.html", page)
    empty = pd.DataFrame(columns=[*CELL, "value", "before", "after"])
    write_csv(pd.concat(values, ignore_index=True) if values else empty, folder / "changes.csv")
    return found


def _streams(release: Path) -> list[str]:
    found = sorted(path.parent.name for path in release.glob("*/study.json"))
    if not found:
        raise PipelineError(f"{release}: this is no release; name the folder that holds index.html and the streams")
    return found


def _fingerprints(before: Mapping[str, Any], after: Mapping[str, Any]) -> Table:
    """Return code, settings and records of the two runs."""

    def of(study: Mapping[str, Any]) -> list[str]:
        return [
            study["code"],
            study["settings"],
            study["source"]["fingerprint"],
            study["source"].get("refresh_date", ""),
        ]

    names = ["code", "settings", "records", "records to"]
    lines = [
        [name, was, now, "the same" if was == now else "changed"]
        for name, was, now in zip(names, of(before), of(after), strict=True)
        if was or now
    ]
    return text_table("The two runs", ["Fingerprint", "Before", "After", ""], lines)


def _described(before: Mapping[str, Any], after: Mapping[str, Any]) -> list[list[str]]:
    was, now = (
        {key: text for part in DESCRIBED for key, text in _flat(study.get(part) or {}, part)}
        for study in (before, after)
    )
    return [
        [key, was.get(key, ""), now.get(key, "")] for key in dict.fromkeys([*was, *now]) if was.get(key) != now.get(key)
    ]


def _flat(value: Any, key: str) -> list[tuple[str, str]]:
    if isinstance(value, Mapping):
        return [leaf for name, inner in value.items() for leaf in _flat(inner, f"{key}.{name}")]
    if isinstance(value, list) and value and isinstance(value[0], Mapping):
        return [leaf for place, inner in enumerate(value) for leaf in _flat(inner, f"{key}.{inner.get('name', place)}")]
    return [
        (
            key,
            ", ".join(map(str, value))
            if isinstance(value, list)
            else json.dumps(value)
            if value is None
            else str(value),
        )
    ]


def _attrition(before: Path, after: Path, labels: words.Labels) -> list[Table]:
    """Return the steps of each cohort side by side."""
    tables = []
    for name in sorted({path.name for release in (before, after) for path in release.glob(Attrition.name_of("*"))}):
        both = [read_results(str(r / name / "results.csv")) if (r / name).is_dir() else None for r in (before, after)]
        sides = [{} if rows is None else dict(zip(rows["term"], rows["n"], strict=True)) for rows in both]
        cohort = name.removeprefix(Attrition.name_of(""))
        steps = {step["name"]: step["label"] for step in labels.study["cohorts"].get(cohort, {}).get("steps", [])}
        body = []
        for term in dict.fromkeys([*sides[0], *sides[1]]):
            was, now = (side.get(term) for side in sides)
            cells = [words.count(value) if words.present(value) else "–" for value in (was, now)]
            cells.append("the same" if cells[0] == cells[1] else _moved(was, now))
            body.append(Row(steps.get(term, term), [Cell(text) for text in cells]))
        tables.append(
            Table(
                f"{labels.cohort(cohort) if steps else cohort}: members after each step",
                ["Step", "Before", "After", "Change"],
                body,
            )
        )
    return tables


def _cells(before: Path, after: Path) -> pd.DataFrame:
    """Return every released value that differs: the cell, which value, before, after; empty text for none."""
    import pandas as pd

    sides = []
    for release in (before, after):
        frames = [read_results(str(path)) for path in sorted(release.glob("*/results.csv"))]
        rows = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=COLUMNS)
        rows["time"] = rows["time"].map(lambda time: "" if pd.isna(time) else f"{time:g}")
        rows["row"] = rows.groupby(CELL).cumcount()
        sides.append(rows)
    both = sides[0].merge(sides[1], how="outer", on=[*CELL, "row"], suffixes=(" before", " after"), sort=False)
    parts = []
    for value in VALUES:
        was, now = (both[f"{value} {side}"].map(_text) for side in ("before", "after"))
        part = both[CELL].assign(value=value, before=was, after=now)[was != now]
        parts.append(part)
    return pd.concat(parts, ignore_index=True)


def _text(value: Any) -> str:
    if isinstance(value, str):
        return value
    return f"{value:.10g}" if words.present(value) else ""


def _shown(cells: pd.DataFrame, labels: words.Labels) -> Table:
    """Return the estimates that moved most, relative to their size, and how many values differ in all."""
    import pandas as pd

    estimates = cells[cells["value"] == "estimate"].copy()
    was, now = (pd.to_numeric(estimates[side], errors="coerce") for side in ("before", "after"))
    estimates["moved"] = ((now - was).abs() / was.abs().clip(lower=1e-12)).fillna(float("inf"))
    estimates = estimates.sort_values("moved", ascending=False, kind="stable").head(SHOWN)
    body = [
        Row(_named(row, labels), [Cell(_short(row["before"])), Cell(_short(row["after"]))])
        for row in estimates.to_dict("records")
    ]  # fmt: skip
    notes = [f"{len(cells):,} released values differ; all are in changes.csv.", labels.rounding()]
    return Table("Estimates that moved most", ["Estimate", "Before", "After"], body, notes)


def _named(row: Mapping[Hashable, Any], labels: words.Labels) -> str:
    """Return in words which estimate a cell is: the analysis, what was estimated, of whom and when."""
    about = labels.study["analyses"].get(row["analysis"], {})
    parts = [
        about.get("title") or row["analysis"],
        words.lower_first(words.plain(row["measure"])),
        labels.outcome(row["outcome"], short=True) if row["outcome"] else "",
        labels.group(row["group"]) if row["group"] else "",
        labels.covariate(row["term"]) if row["term"] else "",
        row["level"],
        f"at {row['time']}" if row["time"] else "",
    ]
    return " · ".join(str(part) for part in parts if part)


def _moved(was: Any, now: Any) -> str:
    """Return a change in members with its sign; nothing where one side has no number."""
    if not words.present(was) or not words.present(now):
        return ""
    difference = int(now) - int(was)
    return f"{'+' if difference > 0 else words.MINUS}{words.count(abs(difference))}"


def _short(text: str) -> str:
    return f"{float(text):.4g}" if text else "–"
