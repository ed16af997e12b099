"""The reporting checklist of a stream, filled as far as the release answers it.

Items of STROBE (von Elm et al. 2007, PLoS Medicine 4(10): e296) and of its extension to routinely collected records,
RECORD (Benchimol et al. 2015, PLoS Medicine 12(10): e1001885), in our own words; see the papers for theirs.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from family_justice.figures.draw import read_study
from family_justice.files import write_text
from family_justice.report.pages import page_environment

ITEMS = Path(__file__).with_name("checklist.csv")
ANSWERED = {"yes": "Yes", "partly": "In part", "authors": "For the authors to write"}


def items(study: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the items in their order: item, list, asks, answered (yes, partly, authors), where (a section), answer.

    What a study without findings leaves to its authors stands so.
    """
    with open(ITEMS, encoding="utf-8", newline="") as file:
        found = list(csv.DictReader(file))
    open_ones = [] if study.get("findings") else [item for item in found if item["where"] == "findings"]
    for item in open_ones:
        item |= {"answered": "authors", "where": "", "answer": ""}
    return found


def write_checklist(stream_folder: str | Path) -> None:
    """Write ``checklist.html`` and ``checklist.csv`` of one stream into its release folder."""
    folder = Path(stream_folder)
    study = read_study(folder)
    page = (
        page_environment().get_template("checklist.html.j2").render(study=study, items=items(study), answered=ANSWERED)
    )
    write_text(folder / "checklist.html", page)
    lines = [["item", "list", "asks", "answered", "answer", "where"]]
    for item in items(study):
        where = f"index.html#{item['where']}" if item["where"] else ""
        lines.append([item["item"], item["list"], item["asks"], ANSWERED[item["answered"]], item["answer"], where])
    write_text(folder / "checklist.csv", "".join(",".join(map(_quoted, line)) + "\n" for line in lines))


def _quoted(text: str) -> str:
    return '"' + text.replace('"', '""') + '"' if "," in text or '"' in text else text
