"""Data dictionary, data guide and catalogue entries, from contracts, code lists, rules and released counts.

Nothing here is read from a record: words come from the contracts and the configuration, numbers from
the analyses of kind ``quality`` in the release folder, which have passed the door.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.config.catalogue import Catalogue
from family_justice.contracts import Contract, Table, contracts
from family_justice.files import write_text

if TYPE_CHECKING:
    from family_justice.figures.words import Labels

CSV_FILES = ("tables.csv", "columns.csv", "codes.csv")


def guide_files(catalogue: Catalogue) -> list[str]:
    """Return the files that ``write_guide`` writes, relative to the release folder of the stream."""
    pages = [f"dictionary/{stem}.{kind}" for stem in contracts() for kind in ("html", "svg")]
    data = [f"dictionary/{name}" for name in CSV_FILES]
    return ["dictionary/index.html", *pages, *data, *(f"catalogue/{name}.json" for name in catalogue.data_sets)]


@dataclass(frozen=True)
class Number:
    """A released number in words, with what it was counted among."""

    text: str
    total: str = ""
    withheld: bool = False


@dataclass
class Rule:
    """A rule of harmonisation, with what it touched in each system."""

    name: str
    action: str
    label: str
    counts: dict[str, Number] = field(default_factory=dict)


def write_guide(release_folder: Path, catalogue: Catalogue, codelists: Path) -> None:
    """Write the files of ``guide_files`` into the release folder of a stream.

    Needs ``study.json`` and the results of the analyses of kind ``quality`` there; ``codelists`` is the folder of the
    code lists.
    """
    from family_justice.figures import words
    from family_justice.figures.draw import read_study
    from family_justice.figures.words import Labels
    from family_justice.report.guide.catalogue import catalogue_entries, ready_rows
    from family_justice.report.guide.diagram import diagram
    from family_justice.report.pages import page_environment
    from family_justice.results import read_results

    study = read_study(release_folder)
    labels = Labels(study)
    released = {
        name: read_results(str(release_folder / name / "results.csv")).to_dict("records")
        for name, about in study["analyses"].items()
        if about["kind"] == "quality"
    }
    tables, counted = released["quality.tables"], released["quality.rules"]
    rows = {str(row["term"]): _number(row, labels) for row in tables}
    rows |= {name: Number(words.count(n)) for name, n in ready_rows(counted).items()}
    rules, faults = known_problems(counted, labels)
    systems = contracts()
    lists = {path.stem: _read(path) for path in sorted(codelists.glob("*.csv"))}
    homes = {table: stem for stem, contract in systems.items() for table in contract.tables}
    folder = release_folder / "dictionary"
    common = {"study": study, "labels": labels, "rows": rows, "systems": systems, "homes": homes}
    environment = page_environment()
    page = environment.get_template("guide.html.j2")
    sizes = {stem: _size(contract) for stem, contract in systems.items()}
    columns = {
        t: sorted({system for rule in group for system in rule.counts}, key=_in_order) for t, group in rules.items()
    }
    html = page.render(
        **common,
        rules=rules,
        faults=faults,
        codelists=lists,
        sizes=sizes,
        columns=columns,
        checks=broken_checks(released["quality.checks"], labels),
        tried=len(released["quality.checks"]),
        defects=found_defects(released.get("quality.defects", []), labels),
        catalogue=catalogue.data_sets,
    )
    write_text(folder / "index.html", html)
    page = environment.get_template("dictionary.html.j2")
    for stem, contract in systems.items():
        drawing = diagram(contract.tables, f"Tables of {contract.system} and what they refer to")
        write_text(folder / f"{stem}.svg", drawing)
        html = page.render(**common, stem=stem, contract=contract, alt=_alt(contract), width=_width(drawing))
        write_text(folder / f"{stem}.html", html)
    for name, lines in dictionary_rows(systems, rows).items():
        write_text(folder / name, _csv(lines))
    for name, entry in catalogue_entries(catalogue, study, tables, counted).items():
        text = json.dumps(entry.as_json(), indent=2, ensure_ascii=False) + "\n"
        write_text(release_folder / "catalogue" / f"{name}.json", text)


def known_problems(
    counted: Iterable[Mapping[Any, Any]], labels: Labels
) -> tuple[dict[str, list[Rule]], list[tuple[str, str, Number]]]:
    """Return the rules of harmonisation by research-ready table, and the columns that a check found fault with.

    ``counted`` are the released rows of ``quality.rules``. Rules that no released row counts are left out.
    """
    from family_justice.analyses.quality import rules

    found: dict[str, Rule] = {}
    faults = []
    for row in counted:
        term, number = str(row["term"]), _number(row, labels)
        if term in rules():
            about = rules()[term]
            rule = found.setdefault(term, Rule(term, about["action"].replace("_", " "), about["label"]))
            rule.counts[str(row["group"]).partition("=")[2]] = number
        else:
            faults.append((term, str(row["level"]).replace("_", " "), number))
    tables: dict[str, list[Rule]] = {}
    for name, about in rules().items():
        if name in found:
            tables.setdefault(about["table"], []).append(found[name])
    return tables, faults


def broken_checks(rows: list[dict[Any, Any]], labels: Labels) -> list[tuple[str, str, Number]]:
    """Return the checks that some rows break: table, what should hold, and the rows that break it."""
    from family_justice.analyses.quality import checks

    found = {str(row["term"]): _number(row, labels) for row in rows}
    return [(term.partition(".")[0], checks()[term], number) for term, number in found.items() if number.text != "0"]


def found_defects(rows: list[dict[Any, Any]], labels: Labels) -> list[tuple[str, str, Number, Number]]:
    """Return the planted defects: name, what finding one means, found of those planted, planted of those found."""
    from family_justice.analyses.quality import defects

    numbers = {(str(row["term"]), str(row["level"])): _share(row, labels) for row in rows}
    names = dict.fromkeys(term for term, _ in numbers)
    return [(name, defects()[name], numbers[name, "planted"], numbers[name, "found"]) for name in names]


def _share(row: Mapping[Any, Any], labels: Labels) -> Number:
    """Return a released count with its share of the released total."""
    from family_justice.figures import words

    number = _number(row, labels)
    if number.withheld or not words.present(row["total"]) or not row["total"]:
        return number if number.withheld else Number("none")
    return Number(words.percent(min(100.0, 100 * row["n"] / row["total"])), f"{number.text} of {number.total}")


def dictionary_rows(systems: Mapping[str, Contract], rows: Mapping[str, Number]) -> dict[str, list[list[str]]]:
    """Return the lines of ``tables.csv``, ``columns.csv`` and ``codes.csv``, heads first."""
    tables = [["system", "table", "description", "row", "source", "rows_released"]]
    columns = [
        ["system", "table", "column", "type", "required", "key", "references", "sensitivity", "assumed_name",
         "open_codes", "description"]
    ]  # fmt: skip
    codes = [["system", "table", "column", "code", "meaning"]]
    for stem, contract in systems.items():
        for name, table in contract.tables.items():
            released = rows.get(name, Number(""))
            shown = "" if released.withheld else released.text.replace("\u202f", "")
            tables.append([stem, name, table.description, table.row, table.source, shown])
            for column, about in table.columns.items():
                flags = [str(flag).lower() for flag in (about.required, about.key)]
                more = [str(flag).lower() for flag in (about.assumed, about.open_codes)]
                where = [stem, name, column]
                columns.append(
                    [*where, about.type, *flags, about.references or "", about.sensitivity, *more, about.description]
                )
                codes += [[*where, code, meaning] for code, meaning in (about.codes or {}).items()]
    return dict(zip(CSV_FILES, (tables, columns, codes), strict=True))


def _number(row: Mapping[Any, Any], labels: Labels) -> Number:
    from family_justice.figures import words

    if words.present(row["n"]):
        return Number(words.count(row["n"]), words.count(row["total"]))
    return Number(words.WITHHELD, withheld=True)


def _size(contract: Contract) -> tuple[int, int]:
    return len(contract.tables), sum(len(table.columns) for table in contract.tables.values())


def _in_order(system: str) -> tuple[int, str]:
    from family_justice.harmonise.research_ready import COUNTED_APART

    return (COUNTED_APART.index(system) if system in COUNTED_APART else len(COUNTED_APART), system)


def _alt(contract: Contract) -> str:
    """Say in words what the diagram shows."""
    said = []
    for name, table in contract.tables.items():
        targets = list(dict.fromkeys(_targets(table)))
        if targets:
            said.append(f"{name} refers to {', '.join(targets)}")
    return f"Tables of {contract.system}. {'; '.join(said) or 'No table refers to another'}."


def _targets(table: Table) -> Iterable[str]:
    return (about.references.partition(".")[0] for about in table.columns.values() if about.references)


def _width(drawing: str) -> int:
    return int(drawing.partition('width="')[2].partition('"')[0])


def _read(path: Path) -> list[dict[str, str]]:
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def _csv(lines: list[list[str]]) -> str:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(lines)
    return text.getvalue()
