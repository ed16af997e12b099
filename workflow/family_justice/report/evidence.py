"""What goes with a release: the page for the output checker, the bundle that the SACRO viewer opens, and the crate.

All of it is written from the release room alone. Nothing else may stand there: a file of another type than the
policy's, or one that nobody declares, is an error.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice import fingerprint
from family_justice.errors import DisclosureError, report_together
from family_justice.figures import words
from family_justice.figures.draw import read_study
from family_justice.files import write_text
from family_justice.report.pages import page_environment
from family_justice.results import COUNTS, read_results

if TYPE_CHECKING:
    import pandas as pd

#: Version of the layout of results.json that the viewer reads (AI-SDC/SACRO-Viewer, sacro/models.py).
SACRO_LAYOUT = "0.4.0"
FILE_TYPES = {
    ".csv": "Table of released rows or words, comma-separated",
    ".json": "Description in words, without a record",
    ".svg": "Figure drawn from the released rows beside it",
    ".png": "The same figure as a picture",
    ".pdf": "The same figure for print",
    ".tex": "The tables of the page for print",
    ".html": "Page of the report",
}
OWN = ("checker.html", "results.json")
#: Kinds of the viewer, by ours; what is neither is a table.
VIEWER_TYPES = {"survival plot": ("cumulative_incidence", "kaplan_meier", "follow_up", "mean_cumulative_count")}


@dataclass(frozen=True)
class Output:
    """The files of one analysis, and what a checker asks about them."""

    name: str
    about: Mapping[str, Any]
    files: list[str]  # relative to the stream's folder
    rows: int
    suppressed: int
    smallest: str
    largest: str
    population: str

    @property
    def status(self) -> str:
        """What the viewer shows: a person looks at whatever holds suppressed values."""
        return "review" if self.suppressed else "pass"


def write_checker_files(stream_folder: str | Path) -> None:
    """Write ``checker.html``, ``results.json`` and ``checksums/`` of one stream from its release folder.

    Raises ``DisclosureError`` that names every file whose type is not allowed, and files that belong to no analysis and
    to no page.
    """
    folder = Path(stream_folder)
    study = read_study(folder)
    labels = words.Labels(study)
    shutil.rmtree(folder / "checksums", ignore_errors=True)
    for name in OWN:
        (folder / name).unlink(missing_ok=True)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    allowed = [f".{kind}" for kind in study["policy"]["file_types"]]
    wrong = [
        f"{name}: the policy lets no files of type '{Path(name).suffix}' leave; add it to 'file_types' or leave it out"
        for name in names
        if Path(name).suffix not in allowed
    ]
    report_together(f"release of {study['stream']}", wrong, DisclosureError)
    outputs = [_output(folder, name, about, names, labels) for name, about in study["analyses"].items()]
    taken = {file for output in outputs for file in output.files}
    others = [name for name in names if name not in taken]
    page = page_environment().get_template("checker.html.j2").render(
        study=study, labels=labels, outputs=outputs, others=[(name, FILE_TYPES[Path(name).suffix]) for name in others],
        types=FILE_TYPES, checksum=lambda name: fingerprint.of_file(folder / name),
        size=lambda name: (folder / name).stat().st_size,
    )  # fmt: skip
    write_text(folder / "checker.html", page)
    write_text(folder / "results.json", json.dumps(_viewer(study, outputs), indent=1, ensure_ascii=False) + "\n")
    for name in sorted(taken):
        write_text(folder / "checksums" / f"{name}.txt", fingerprint.of_file(folder / name))


def _output(folder: Path, name: str, about: Mapping[str, Any], names: list[str], labels: words.Labels) -> Output:
    files = sorted((file for file in names if file.startswith(f"{name}/")), key=lambda file: not file.endswith(".csv"))
    rows = read_results(str(folder / name / "results.csv"))
    suppressed = rows["status"].eq("suppressed")
    smallest, largest = _range(rows[~suppressed])
    population = labels.cohort(about["cohort"]) if about.get("cohort") else "the source records"
    restricted = [
        f"{labels.covariate(column).lower()}: {', '.join(levels)}"
        for column, levels in about.get("restrict_to", {}).items()
    ]
    return Output(
        name, about, files, len(rows), int(suppressed.sum()), smallest, largest, "; ".join([population, *restricted])
    )


def _range(rows: pd.DataFrame) -> tuple[str, str]:
    """Return the smallest released count above zero and the largest one, as words."""
    import pandas as pd

    counts = pd.concat([rows[column].dropna() for column in COUNTS])
    above = counts[counts > 0]
    return ("none", "none") if above.empty else (words.count(int(above.min())), words.count(int(above.max())))


def _viewer(study: Mapping[str, Any], outputs: list[Output]) -> dict[str, Any]:
    """Return results.json of the SACRO viewer: one result for each analysis, with its files."""
    rule = study["policy"]["name"]
    results = {}
    for output in outputs:
        kind = output.about["kind"]
        viewed = next((viewer for viewer, kinds in VIEWER_TYPES.items() if kind in kinds), "table")
        results[output.name] = {
            "uid": output.name,
            "status": output.status,
            "type": "regression" if output.about.get("terms") else viewed,
            "properties": {"method": kind, "policy": rule, "population": output.population},
            "files": [{"name": file, "sdc": {}} for file in output.files],
            "outcome": {},
            "command": f"{study['stream']}: analysis {output.name} of kind {kind}",
            "summary": f"{output.status}; policy {rule}: {output.suppressed} of {output.rows} rows suppressed",
            "timestamp": study["source"].get("refresh_date") or "",
            "comments": [output.about["title"], output.about.get("description", "")],
            "exception": "",
        }
    return {"version": SACRO_LAYOUT, "results": results}
