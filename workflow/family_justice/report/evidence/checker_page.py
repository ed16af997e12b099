"""What goes with a release: the page for the output checker, and the bundle that the SACRO viewer opens.

All of it is written from the release room alone. Nothing else may stand there: a file of another type than the
policy's, one that no rule makes, or results that are not those that passed the door, are an error.
"""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice import fingerprint
from family_justice.errors import DisclosureError, report_together
from family_justice.figures import words
from family_justice.figures.draw import read_study
from family_justice.files import write_text
from family_justice.kinds.registry import KINDS
from family_justice.layout import BUNDLE, CHECKER_PAGE, CHECKSUMS, RESULTS
from family_justice.report.evidence.sacro import write_bundle
from family_justice.report.pages import page_environment
from family_justice.report.prose import listed
from family_justice.results import COUNTS, read_results

if TYPE_CHECKING:
    import pandas as pd

#: What the door promises; docs/disclosure.md has the same words.
PROMISE = (
    "Whoever knows the rules and holds every file that was released of these records can narrow no count of few people "
    "and no small increment of a curve down to fewer than three values: across all analyses, groups, outcomes and "
    "streams, as far as counts add up."
)
FILE_TYPES = {
    ".csv": "Table of words or released numbers, comma-separated",
    ".json": "Description in words, without a record",
    ".svg": "Drawing",
    ".png": "Picture",
    ".pdf": "For print",
    ".tex": "For print",
    ".docx": "For print",
    ".xlsx": "For a spreadsheet",
    ".html": "Page of the report",
}
#: What is known of a file by its name; of every other one its type tells.
FILES = {
    "results.csv": "the released rows",
    "figure.svg": "figure of these rows",
    "figure.png": "the same figure as a picture",
    "figure.pdf": "the same figure for print",
    "index.html": "The report: figures, tables and text from the released rows",
    "tables.tex": "The tables of the report as LaTeX",
    "tables.docx": "The tables of the report for a word processor",
    "tables.xlsx": "The tables of the report and all released rows for a spreadsheet, with a key to the columns",
    "study.json": "Words of the study: question, population, definitions, methods; checksums of the released rows",
    "figure.json": "caption, alternative text and values of the figure, as the page tells them",
    "comparisons.csv": "Our released estimates beside published ones",
    "trace.html": "Where each number of the report comes from",
    "checklist.html": "Reporting checklist (STROBE and RECORD)",
    "checklist.csv": "The same checklist as a table",
}
FOLDERS = {
    "dictionary": "Data dictionary: tables, columns and codes by name; numbers as in the quality results",
    "catalogue": "Catalogue entry of a data set: names and descriptions, without a record",
}


@dataclass(frozen=True)
class Output:
    """The files of one analysis, and what a checker asks about them."""

    name: str
    about: Mapping[str, Any]
    files: list[str]  # relative to the stream's folder, the table first
    rows: pd.DataFrame
    population: str
    unit: str
    smallest: str
    largest: str
    people: str  # fewest people behind a count
    one_person: str  # what one person is of a count
    whole: int  # cells of 100 percent: everybody of a group
    zeros: int  # counts of nobody
    withheld: dict[str, int]  # reason -> number of rows
    remarks: list[str]

    @property
    def status(self) -> str:
        """What the viewer shows: a person looks at whatever holds withheld values."""
        return "review" if self.withheld else "pass"

    def shown(self) -> str:
        """Return in words how many rows are withheld and why."""
        if not self.withheld:
            return "nothing withheld"
        parts = [f"{number} of {len(self.rows)} rows withheld ({why})" for why, number in self.withheld.items()]
        return "; ".join(parts)


def write_checker_files(stream_folder: str | Path, expected: Collection[str] | None = None) -> None:
    """Write the checker's page and the viewer's bundle of one stream from its release folder.

    ``expected`` are the files that the rules make, relative to the folder; a reviewer does not know them. Raises
    ``DisclosureError`` that names every file whose type is not allowed, that nobody makes, or that is not the one that
    passed the door.
    """
    folder = Path(stream_folder)
    study = read_study(folder)
    labels = words.Labels(study)
    shutil.rmtree(folder / CHECKSUMS, ignore_errors=True)
    for name in (CHECKER_PAGE, *BUNDLE):
        (folder / name).unlink(missing_ok=True)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if not path.is_dir()]
    _check_files(folder, names, study, expected)
    outputs = [_output(folder, name, study, names, labels) for name in study["analyses"]]
    taken = {file for output in outputs for file in output.files}
    others = {name: what(name) for name in names if name not in taken}
    page = page_environment().get_template("checker.html.j2").render(
        study=study, labels=labels, outputs=outputs, others=others, what=what, promise=PROMISE,
        checksum=lambda name: fingerprint.of_file(folder / name), size=lambda name: (folder / name).stat().st_size,
    )  # fmt: skip
    write_text(folder / CHECKER_PAGE, page)
    write_bundle(folder, study, outputs, {**others, CHECKER_PAGE: "What is in this release, for the output checker"})


def what(name: str) -> str:
    """Say what a file of the release is."""
    path = Path(name)
    head = path.parts[0] if len(path.parts) > 1 else ""
    return FOLDERS.get(head) or FILES.get(path.name) or FILE_TYPES.get(path.suffix, "")


def _check_files(
    folder: Path, names: list[str], study: Mapping[str, Any], expected: Collection[str] | None = None
) -> None:
    allowed = [f".{kind}" for kind in study["policy"]["file_types"]]
    wrong = []
    for name in names:
        if (folder / name).is_symlink():
            wrong.append(f"{name}: a link to another file; put nothing into the release by hand, and remove it")
        elif Path(name).suffix not in allowed:
            wrong.append(
                f"{name}: the policy lets no files of type '{Path(name).suffix}' leave; add it to 'file_types' or "
                "leave it out"
            )
        elif expected is not None and name not in expected:
            wrong.append(
                f"{name}: no rule of the pipeline makes it; remove it, and let results pass the door as an analysis "
                "of the stream file"
            )
    wrong += [
        f"{name}: not the file that passed the door; run disclose_{study['stream']} again"
        for name in unsealed(folder, study)
    ]
    report_together(f"release of {study['stream']}", wrong, DisclosureError)


def unsealed(folder: Path, study: Mapping[str, Any]) -> list[str]:
    """Return the results of a stream's folder that are not the ones that passed the door, by their checksums."""
    return [
        f"{name}/{RESULTS}"
        for name in study["analyses"]
        if (path := folder / name / RESULTS).is_file()
        and fingerprint.of_file(path) != study.get("sealed", {}).get(name)
    ]


def _output(folder: Path, name: str, study: Mapping[str, Any], names: list[str], labels: words.Labels) -> Output:
    about = study["analyses"][name]
    order = [".csv", ".svg", ".png"]  # as a checker reads them
    files = sorted(
        (file for file in names if file.startswith(f"{name}/")),
        key=lambda file: (order.index(Path(file).suffix) if Path(file).suffix in order else len(order), file),
    )
    rows = read_results(str(folder / name / RESULTS))
    suppressed = rows["status"].eq("suppressed")
    reasons = rows.loc[suppressed, "note"].str.removeprefix("suppressed: ").replace("", "no reason given")
    population = labels.cohort(about["cohort"]) if about.get("cohort") else "The source records"
    restricted = [
        f"{labels.covariate(column).lower()}: {', '.join(levels)}"
        for column, levels in about.get("restrict_to", {}).items()
    ]
    return Output(
        name=name,
        about=about,
        files=files,
        rows=rows,
        population="; ".join([population, *restricted]),
        unit=labels.people(about["cohort"]) if about.get("cohort") else "records",
        **_range(rows[~suppressed]),
        **_people(study, name),
        whole=_everybody(rows[~suppressed]),
        zeros=int((rows.loc[~suppressed & rows["measure"].isin(("percent", "count")), "n"] == 0).sum()),
        withheld={str(reason): int(number) for reason, number in reasons.value_counts(sort=False).items()},
        remarks=_remarks(rows[~suppressed], name, labels),
    )


def _range(rows: pd.DataFrame) -> dict[str, str]:
    """Return the smallest released count above zero and the largest one, as words."""
    import pandas as pd

    counts = pd.concat([rows[column].dropna() for column in COUNTS])
    above = counts[counts > 0]
    smallest, largest = ("none", "none") if above.empty else map(words.count, (int(above.min()), int(above.max())))
    return {"smallest": smallest, "largest": largest}


def _people(study: Mapping[str, Any], name: str) -> dict[str, str]:
    """Return the fewest people behind a count that is shown, and the most that one of them is of one, as words."""
    told = study.get("people", {}).get(name, {})
    if told.get("people") is None:
        return {"people": "none", "one_person": "none"}
    rows = told["rows_of_one"]
    alone = "1 row" if rows == 1 else "public areas" if not rows else f"up to {words.count(rows)} rows"
    share = f", at most {words.count(told['share'])}%" if rows > 1 else ""
    return {"people": words.count(told["people"]), "one_person": alone + share}


def _everybody(rows: pd.DataFrame) -> int:
    """Return how many shares are of everybody in a group."""
    shares = rows[(rows["measure"] == "percent") & rows["estimate"].notna() & (rows["total"] > 0)]
    return int((shares["n"] == shares["total"]).sum())


def _remarks(shown: pd.DataFrame, name: str, labels: words.Labels) -> list[str]:
    """Say what else a checker meets in the rows: what could not be estimated, and where a curve ends."""
    noted = shown[shown["note"].ne("")]
    remarks = []
    for (status, note), number in sorted(Counter(zip(noted["status"], noted["note"], strict=True)).items()):
        said = "Noted" if status == "ok" else words.sentence(status)
        remarks.append(f"{said} in {number} {'row' if number == 1 else 'rows'}: {note}.")
    at_risk = labels.study["policy"].get("minimum_at_risk", 0)
    if KINDS[labels.study["analyses"][name]["kind"]].family == "curve" and at_risk > 1:
        remarks.append(f"Curves end where fewer than {at_risk} are at risk.")
        steps = sorted({curve["step"] for curve in labels.study.get("people", {}).get(name, {}).get("steps", [])})
        if steps:
            remarks.append(
                f"Counts of curves are cumulative and in steps of {listed([str(step) for step in steps])}: 0 stands "
                "for whatever is nearer to it than to the first number that is shown, not for nobody."
            )
    return remarks
