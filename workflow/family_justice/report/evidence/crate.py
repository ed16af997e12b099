"""An RO-Crate of a release: which workflow made which files from which source, for whom, in one JSON-LD file.

Profiles: Workflow Run Crate 0.5 (https://w3id.org/ro/wfrun/workflow/0.5) and Five Safes RO-Crate 0.4
(https://w3id.org/5s-crate/0.4). Everything in it is read from the release room, and from ``project`` in
``config/config.yaml``: no user name, no path, no record. People that are not told there stand as not told
(``five_safes``). The crate is the folder of the release itself.

The profiles ask different things of one entity. To a Workflow Run Crate its main entity is a file that is a workflow,
to a Five Safes crate a data set that is a workflow crate: it has both types. The former rests on RO-Crate 1.1, the
latter on 1.2: the metadata conform to both.
"""

from __future__ import annotations

import datetime
import json
import os
from pathlib import Path
from typing import Any

from family_justice import fingerprint
from family_justice.config.schema import Project
from family_justice.errors import DisclosureError, report_together
from family_justice.figures import words
from family_justice.figures.draw import read_study
from family_justice.files import write_text
from family_justice.layout import BESIDE_STREAMS, CRATE, CRATE_WORKFLOW, PAGE, STUDY
from family_justice.report.evidence.five_safes import (
    COMPLETED,
    FIVE_SAFES,
    REQUESTING,
    Entity,
    five_safes,
    run_id,
    timestamp,
)
from family_justice.report.findings import findings
from family_justice.report.site import LICENCE, LICENCE_ADDRESS, PIPELINE

PROFILES = (
    ("https://w3id.org/ro/wfrun/process/0.5", "Process Run Crate", "0.5"),
    ("https://w3id.org/ro/wfrun/workflow/0.5", "Workflow Run Crate", "0.5"),
    ("https://w3id.org/workflowhub/workflow-ro-crate/1.0", "Workflow RO-Crate", "1.0"),
    (FIVE_SAFES, "Five Safes RO-Crate", "0.4"),
)
#: The workflow profiles know a workflow by the name that it has in the context of RO-Crate 1.1.
CONTEXT = [
    "https://w3id.org/ro/crate/1.2/context",
    {"ComputationalWorkflow": "https://bioschemas.org/ComputationalWorkflow"},
]
FORMATS = {
    ".csv": "text/csv", ".json": "application/json", ".svg": "image/svg+xml", ".png": "image/png",
    ".html": "text/html", ".pdf": "application/pdf", ".tex": "application/x-tex", ".txt": "text/plain",
    ".xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    ".docx": "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
}  # fmt: skip
SNAKEMAKE = "https://w3id.org/workflowhub/workflow-ro-crate#snakemake"
#: A release whose owner has not said for whom it is.
NOT_TOLD = Project()


def write_crate(release: str | Path, streams: list[str], snakefile: str | Path, project: Project = NOT_TOLD) -> None:
    """Write ``ro-crate-metadata.json`` over the release of the streams, and a copy of the workflow's front door.

    ``project`` is who asks for the results and answers for them.

    The day of the release is that of the clock, or of SOURCE_DATE_EPOCH (seconds since 1970) where that is set; it is
    the only thing in the release that tells when it was made. Raises ``DisclosureError`` for files put there by hand.
    """
    folder = Path(release)
    write_text(folder / CRATE_WORKFLOW, Path(snakefile).read_text(encoding="utf-8"))
    studies = [read_study(folder / stream) for stream in streams]
    _check_strangers(folder, streams)
    files = [
        path.relative_to(folder).as_posix()
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.relative_to(folder).parts[0] in (PAGE, *streams)
    ]
    safes = five_safes(project, studies, CRATE_WORKFLOW, _moment())
    entities: list[Entity] = [
        _descriptor(),
        _root(folder, studies, files) | safes.of_root,
        *_profiles(),
        _workflow(studies[0]),
        _language(studies[0]),
    ]
    for study in studies:
        entities.append(_run(study, [file for file in files if file.startswith(f"{study['stream']}/")]))
    sources = {study["source"]["name"]: study["source"] for study in studies}
    entities += [_source(source) for source in sources.values()]
    entities += safes.entities
    entities += [_file(folder, name) for name in files]
    document = {"@context": CONTEXT, "@graph": entities}
    write_text(folder / CRATE, json.dumps(document, indent=1, ensure_ascii=False) + "\n")


def _check_strangers(folder: Path, streams: list[str]) -> None:
    """Raise ``DisclosureError`` for what stands beside the streams of this run, earlier released streams apart."""
    strange = [
        f"{path.name}: no rule of the pipeline makes it; remove it, and let results pass the door"
        for path in sorted(folder.iterdir())
        if path.name not in (*BESIDE_STREAMS, *streams) and not (path / STUDY).is_file()
    ]
    report_together("release", strange, DisclosureError)


def _descriptor() -> Entity:
    return {
        "@id": CRATE,
        "@type": "CreativeWork",
        "conformsTo": [{"@id": f"https://w3id.org/ro/crate/{version}"} for version in ("1.1", "1.2")]
        + [{"@id": PROFILES[2][0]}],
        "about": {"@id": "./"},
    }


def _root(folder: Path, studies: list[dict[str, Any]], files: list[str]) -> Entity:
    titles = "; ".join(study["title"] for study in studies)
    said = [f"Results after disclosure control, figures and report of: {titles}."]
    for study in studies:
        found = [finding.text for finding in findings(folder / study["stream"], study)]
        made_up = [words.SYNTHETIC] if study["source"]["is_synthetic"] else []
        said += [" ".join([f"{study['title']}.", *made_up, *found])] if found else []
    return {
        "@id": "./",
        "@type": "Dataset",
        "name": "Family justice pipeline: released results",
        "description": "\n".join(said),
        "datePublished": _today(),
        "license": {"@id": LICENCE_ADDRESS},
        "conformsTo": [{"@id": address} for address, _, _ in PROFILES],
        "mainEntity": {"@id": CRATE_WORKFLOW},
        "hasPart": [{"@id": name} for name in (CRATE_WORKFLOW, *files)],
        "mentions": [{"@id": run_id(study)} for study in studies],
    }


def _profiles() -> list[Entity]:
    licence = {"@id": LICENCE_ADDRESS, "@type": "CreativeWork", "name": LICENCE}
    types = ["CreativeWork", "Profile"]
    kinds = [{"@id": a, "@type": types, "name": name, "version": version} for a, name, version in PROFILES]
    return [*kinds, licence]


def _workflow(study: dict[str, Any]) -> Entity:
    return {
        "@id": CRATE_WORKFLOW,
        "@type": ["File", "Dataset", "SoftwareSourceCode", "ComputationalWorkflow"],
        "conformsTo": {"@id": PROFILES[2][0]},
        "name": PIPELINE,
        "description": "From source records over cohorts and models to disclosure control, figures and report.",
        "version": study["versions"]["pipeline"],
        "license": {"@id": LICENCE_ADDRESS},
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


def _run(study: dict[str, Any], files: list[str]) -> Entity:
    """Return the run of one stream: the workflow, what it read, what it made, and with which code and settings."""
    source = study["source"]
    versions = ", ".join(f"{name} {version}" for name, version in study["versions"].items())
    return {
        "@id": run_id(study),
        "@type": "CreateAction",
        "name": f"{study['title']}: one run of the pipeline",
        "description": f"Code {study['code']}, settings {study['settings']}, data {source['fingerprint']}; {versions}.",
        "agent": {"@id": REQUESTING},
        "instrument": {"@id": CRATE_WORKFLOW},
        "object": [{"@id": _source_id(source)}],
        "result": [{"@id": name} for name in files],
        "actionStatus": COMPLETED,
        "endTime": _moment(),
    }


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
    return _moment()[:10]


def _moment() -> str:
    """The start of the day of the release."""
    epoch = os.environ.get("SOURCE_DATE_EPOCH")
    moment = (
        datetime.datetime.now(datetime.UTC)
        if epoch is None
        else datetime.datetime.fromtimestamp(int(epoch), datetime.UTC)
    )
    return timestamp(moment.date())
