"""A Workflow Run RO-Crate of a release: which workflow made which files from which source, in one JSON-LD file.

Profile: Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5) on RO-Crate 1.1. Everything in it is read from
the release room: no user name, no path, no record. The crate is the folder of the release itself.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from family_justice import fingerprint
from family_justice.errors import DisclosureError, report_together
from family_justice.figures.draw import read_study
from family_justice.files import write_text

METADATA = "ro-crate-metadata.json"
WORKFLOW = "Snakefile"
PAGE = "index.html"
PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
)
FORMATS = {
    ".csv": "text/csv", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
    ".html": "text/html", ".pdf": "application/pdf", ".tex": "application/x-tex", ".txt": "text/plain",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
LICENCE = "https://spdx.org/licenses/MIT"
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"

Entity = dict[str, Any]


def write_crate(release: str | Path, streams: list[str], snakefile: str | Path) -> None:
    """Write ``ro-crate-metadata.json`` over the release of the streams, and a copy of the workflow's front door.

    The day of the release is that of the clock, or of SOURCE_DATE_EPOCH (seconds since 1970) where that is set; it is
    the only thing in the release that tells when it was made. Raises ``DisclosureError`` for files put there by hand.
    """
    folder = Path(release)
    write_text(folder / WORKFLOW, Path(snakefile).read_text(encoding="utf-8"))
    studies = [read_study(folder / stream) for stream in streams]
    _check_strangers(folder, streams)
    files = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in (PAGE, *streams)
    ]
    entities: list[Entity] = [
        _descriptor(),
        _root(studies, files),
        *_profiles(),
        _workflow(studies[0]),
        _language(studies[0]),
    ]
    for study in studies:
        entities += _run(study, [file for file in files if file.startswith(f"{study['stream']}/")])
    sources = {study["source"]["name"]: study["source"] for study in studies}
    entities += [_source(source) for source in sources.values()]
    entities += [_file(folder, name) for name in files]
    document = {"@context": "https://w3id.org/ro/crate/1.1/context", "@graph": entities}
    write_text(folder / METADATA, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _check_strangers(folder: Path, streams: list[str]) -> None:
    """Raise ``DisclosureError`` for what stands beside the streams of this run, earlier released streams apart."""
    strange = [
        f"{path.name}: no rule of the pipeline makes it; remove it, and let results pass the door"
        for path in sorted(folder.iterdir())
        if path.name not in (METADATA, WORKFLOW, PAGE, *streams) and not (path / "study.json").is_file()
    ]
    report_together("release", strange, DisclosureError)


def _descriptor() -> Entity:
    return {
        "@id": METADATA,
        "@type": "CreativeWork",
        "conformsTo": [{"@id": "https://w3id.org/ro/crate/1.1"}, {"@id": PROFILES[2][0]}],
        "about": {"@id": "./"},
    }


def _root(studies: list[dict[str, Any]], files: list[str]) -> Entity:
    titles = "; ".join(study["title"] for study in studies)
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Family justice pipeline: released results",
        "description": f"Results after disclosure control, figures and report of: {titles}.",
        "datePublished": _today(),
        "license": {"@id": LICENCE},
        "conformsTo": [{"@id": address} for address, _, _ in PROFILES],
        "mainEntity": {"@id": WORKFLOW},
        "hasPart": [{"@id": name} for name in (WORKFLOW, *files)],
        "mentions": [{"@id": _run_id(study)} for study in studies],
    }


def _profiles() -> list[Entity]:
    licence = {"@id": LICENCE, "@type": "CreativeWork", "name": "MIT licence"}
    kinds = [{"@id": a, "@type": "CreativeWork", "name": name, "version": version} for a, name, version in PROFILES]
    return [*kinds, licence]


def _workflow(study: dict[str, Any]) -> Entity:
    return {
        "@id": WORKFLOW,
        "@type": ["File", "SoftwareSourceCode", "ComputationalWorkflow"],
        "name": "Family justice pipeline",
        "description": "From source records over cohorts and models to disclosure control, figures and report.",
        "version": study["versions"]["pipeline"],
        "license": {"@id": LICENCE},
        "programmingLanguage": {"@id": SNAKEMAKE},
    }


def _language(study: dict[str, Any]) -> Entity:
    return {
        "@id": SNAKEMAKE,
        "@type": "ComputerLanguage",
        "name": "Snakemake",
        "version": study["versions"]["snakemake"],
        "identifier": {"@id": "https://doi.org/10.1093/bioinformatics/bts480"},
        "url": {"@id": "https://snakemake.readthedocs.io"},
    }


def _run_id(study: dict[str, Any]) -> str:
    return f"#run-{study['stream']}"


def _run(study: dict[str, Any], files: list[str]) -> list[Entity]:
    """Return the run of one stream: the workflow, what it read, what it made, and with which code and settings."""
    source = study["source"]
    versions = ", ".join(f"{name} {version}" for name, version in study["versions"].items())
    action = {
        "@id": _run_id(study),
        "@type": "CreateAction",
        "name": f"{study['title']}: one run of the pipeline",
        "description": f"Code {study['code']}, settings {study['settings']}, data {source['fingerprint']}; {versions}.",
        "instrument": {"@id": WORKFLOW},
        "object": [{"@id": _source_id(source)}],
        "result": [{"@id": name} for name in files],
        "actionStatus": {"@id": "http://schema.org/CompletedActionStatus"},
        "endTime": _today(),
    }
    return [action]


def _source_id(source: dict[str, Any]) -> str:
    return f"#source-{source['name']}"


def _source(source: dict[str, Any]) -> Entity:
    """Return the source records by name and fingerprint: they are no part of the crate, and cannot leave."""
    return {
        "@id": _source_id(source),
        "@type": "CreativeWork",
        "name": f"Source records: {source['name']}",
        "description": source["description"],
        "identifier": source["fingerprint"],
        **({"temporalCoverage": f"../{source['refresh_date']}"} if source.get("refresh_date") else {}),
    }


def _file(folder: Path, name: str) -> Entity:
    path = folder / name
    return {
        "@id": name,
        "@type": "File",
        "name": name,
        "encodingFormat": FORMATS.get(path.suffix, "application/octet-stream"),
        "contentSize": str(path.stat().st_size),
        "sha256": fingerprint.of_file(path),
    }


def _today() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = (
        datetime.datetime.now(datetime.UTC)
        if epoch is None
        else datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    )
    return moment.date().isoformat()
