"""Describe a stream and take all its results through the door."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from family_justice import fingerprint, rooms
from family_justice.analyses.study import describe_study
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.config.plan import describe_plan
from family_justice.config.sources import SyntheticSource
from family_justice.disclosure.door import open_door
from family_justice.disclosure.history import Population
from family_justice.disclosure.rounding import is_open


def release_stream(
    configuration: Configuration,
    name: str,
    internal: Mapping[str, Path],
    release: Path,
    suppressions: Path,
    manifest: Path,
    code: str,
) -> None:
    """Release the results of one stream into the folder ``release``, or nothing.

    ``internal`` maps each analysis to its tidy rows before disclosure control; ``suppressions`` receives the number of
    suppressed rows per analysis, which stays inside, because it tells how many were hidden for the sake of others;
    ``manifest`` lists the raw tables and their checksums, of which only a fingerprint is released; ``code`` is the
    fingerprint of the library. What was released is remembered beside the streams' folders of ``suppressions``, in
    ``releases`` (``history``).
    """
    stream = configuration.stream(name)
    policy, minimum = configuration.policy_of(stream)
    source = configuration.source_of(stream)
    settings = configuration.source(source)
    rooms.check(manifest)
    data = fingerprint.of_file(manifest)[:16]
    population = None
    if not is_open(policy):
        # A population that is made up has no past that could tell of anybody; its streams are looked at together.
        is_real = not isinstance(settings, SyntheticSource)
        population = Population(suppressions.parents[1] / "releases", data, str(settings.refresh_date or ""), is_real)
    fingerprints = {
        "code": code,
        "settings": fingerprint.of_value(stream.model_dump(mode="json")),
        "data": data,
    }
    covariates = covariates_of(stream, configuration.covariates())
    study = describe_study(stream, covariates, (source, settings), policy, fingerprints)
    study["plan"] = describe_plan(configuration, configuration.folder, name)
    # Nothing of an earlier release stays: it may have been made under a looser policy, or of an analysis that is gone.
    shutil.rmtree(release, ignore_errors=True)
    targets = {analysis: release / analysis / "results.csv" for analysis in internal}
    with tempfile.TemporaryDirectory() as folder:
        described = Path(folder, "study.json")
        described.write_text(json.dumps(study, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
        open_door(internal, targets, policy, minimum, described, release / "study.json", suppressions, population)
