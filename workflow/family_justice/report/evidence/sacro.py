"""The bundle that the SACRO viewer opens: ``results.json``, ``config.json`` and ``checksums/`` in a stream's folder.

The layout is that of ACRO 1.0.2 (``acro/record.py``: ``finalise_json`` writes it, ``load_records`` reads it) as
SACRO viewer 0.2.1 shows it (``sacro/models.py``, ``sacro/versioning.py`` and its page). The viewer

- takes the one JSON file of the folder that has ``version`` and ``results``, and refuses versions below 0.4;
- releases only files that a result names, so every file of the folder belongs to one;
- writes texts into its page as HTML, so they are escaped here;
- marks cells as ``[row, column]``, counted from the first row under the head and the second column of the file;
- shows PDF as text, so those files stand apart from the tables and figures;
- hides an empty time and shows any other as the time of making, which the release does not tell.
"""

from __future__ import annotations

import html
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice import fingerprint
from family_justice.files import write_text
from family_justice.kinds.registry import KINDS
from family_justice.layout import BUNDLE, CHECKSUMS
from family_justice.results import COLUMNS, COUNTS, VALUES

if TYPE_CHECKING:
    from family_justice.report.evidence.checker_page import Output

LAYOUT = "1.0.2"
PRINT = (".pdf", ".tex", ".docx", ".xlsx")
#: Files without results of their own, in a few bundles that a checker approves at once.
BUNDLES = {
    "files.report": "The report and its pages. They show the released rows and nothing else; the viewer shows them "
    "without their figures: open index.html in a browser",
    "files.tables": "Tables of words, and of released numbers",
    "files.descriptions": "Descriptions in words",
    "files.print": "The figures and tables for print. The viewer shows them as bytes: use its button to open a file",
}


def write_bundle(folder: Path, study: Mapping[str, Any], outputs: Sequence[Output], others: Mapping[str, str]) -> None:
    """Write the viewer's files into ``folder``: one result for each analysis, and a few for all ``others``.

    ``others`` maps each file that belongs to no analysis to what it is.
    """
    results = {output.name: _result(study, output, folder) for output in outputs}
    bundles: dict[str, dict[str, str]] = {name: {} for name in BUNDLES}
    for file, what in others.items():
        bundles[_bundle_of(file)][file] = what
    for output in outputs:
        printed = {file: f"{output.about['title']}, for print" for file in output.files if _printed(file)}
        bundles["files.print"] |= printed
    results |= {name: _custom(name, bundle, folder) for name, bundle in bundles.items() if bundle}
    tool = {
        "@type": "SoftwareApplication",
        "name": "Family justice pipeline",
        "version": study["versions"]["pipeline"],
    }
    _write(folder / BUNDLE[0], {"version": LAYOUT, "tool": tool, "results": results})
    _write(folder / BUNDLE[1], dict(study["policy"]))
    for name in sorted({file["name"] for result in results.values() for file in result["files"]}):
        write_text(folder / CHECKSUMS / f"{name}.txt", fingerprint.of_file(folder / name))


def _write(path: Path, value: object) -> None:
    write_text(path, json.dumps(value, indent=1, ensure_ascii=False) + "\n")


def _printed(file: str) -> bool:
    return Path(file).suffix in PRINT


def _bundle_of(file: str) -> str:
    if _printed(file):
        return "files.print"
    return {".csv": "files.tables", ".json": "files.descriptions"}.get(Path(file).suffix, "files.report")


def _result(study: Mapping[str, Any], output: Output, folder: Path) -> dict[str, Any]:
    kind = output.about["kind"]
    counts = (
        f"Released counts are of {output.unit}: smallest above zero {output.smallest}, largest {output.largest}"
        if output.largest != "none"
        else "No counts"
    )
    refreshed = f", to {study['source']['refresh_date']}" if study["source"].get("refresh_date") else ""
    comments = [
        output.about["title"],
        " ".join(filter(None, (output.about.get("description", ""), output.about.get("method", "")))),
        f"Population: {output.population}. Records: {study['source']['name']}{refreshed}",
        counts,
        *output.remarks,
        "The figure is drawn from the rows in results.csv and shows no other records" if len(output.files) > 1 else "",
    ]
    shown = _files([file for file in output.files if not _printed(file)], folder)
    shown[0]["sdc"] = _marks(output)
    return _entry(
        output.name,
        status=output.status,
        type=_TYPES.get(KINDS[kind].family, "table"),
        properties={"method": kind.replace("_", " "), "policy": study["policy"]["name"]},
        files=shown,
        command=f"{study['stream']}: analysis {output.name} of kind {kind}",
        summary=f"{output.status}; policy {study['policy']['name'].replace('_', ' ')}; {output.shown()}",
        comments=comments,
        exception="None is asked for: what is withheld is in no file" if output.withheld else "",
    )


def _custom(name: str, files: Mapping[str, str], folder: Path) -> dict[str, Any]:
    """Return an entry for files that hold no result of their own; ACRO calls them custom."""
    return _entry(
        name,
        status="review",
        type="custom",
        properties={"method": "bundle"},
        files=_files(list(files), folder),
        command="custom",
        summary="review",
        comments=[BUNDLES[name], *(f"{file}: {what}" for file, what in files.items())],
        exception="None is asked for",
    )


def _files(names: list[str], folder: Path) -> list[dict[str, Any]]:
    return [{"name": name, "sdc": {}, "checksum": fingerprint.of_file(folder / name)} for name in names]


#: What SACRO calls results of a family.
_TYPES = {"ratios": "regression", "latent": "regression", "curve": "survival plot"}


def _entry(name: str, *, comments: list[str], summary: str, **rest: Any) -> dict[str, Any]:
    return {
        "uid": name,
        **rest,
        "outcome": {},
        "fair": {},
        "summary": html.escape(summary, quote=False),
        "timestamp": "",
        "comments": [html.escape(text, quote=False) for text in comments if text],
    }


def _marks(output: Output) -> dict[str, Any]:
    """Return which cells of the table were emptied, by reason: those that are filled in other rows of the file."""
    used = [column for column in (*VALUES, *COUNTS) if output.rows[column].notna().any()] + ["status"]
    columns = sorted(COLUMNS.index(column) - 1 for column in used)
    cells: dict[str, list[list[int]]] = {reason: [] for reason in output.withheld}
    for number, (status, note) in enumerate(zip(output.rows["status"], output.rows["note"], strict=True)):
        if status == "suppressed":
            reason = note.removeprefix("suppressed: ") or "no reason given"
            cells[reason] += [[number, column] for column in columns]
    return {"summary": {"suppressed": bool(output.withheld), **output.withheld}, "cells": cells}
