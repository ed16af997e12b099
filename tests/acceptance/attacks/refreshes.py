"""Two releases of one cohort, a week of records apart: who came in between is the difference.

Both are made from the records of a run. The exact results of the earlier one are those of the cohort without its last
week; they go through the door, or the naive rounding, and then those of the whole cohort.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from attacks import tables
from attacks.release import Bounds, Name, Release, exact_counts, naive_rows, read_rows

STREAM, COHORT, DATE = "infants", "infants", "issue_date"
ANALYSES = ("characteristics", "newborns_under_2_weeks")
DAYS = 7
REFRESHES = ("2021-03-24", "2021-03-31")


@dataclass
class Refreshes:
    """Differences of the same count in both releases: exact, and as far as each pair of releases tells."""

    exact: dict[Name, int]
    naive: dict[Name, Bounds]
    real: dict[Name, Bounds]
    without_history: dict[Name, Bounds]  # had the door not remembered the first release
    refusal: str  # what the door says of the second release


def two_releases(run: Path, folder: Path) -> Refreshes:
    """Make both pairs of releases from a finished run, and subtract."""
    study = json.loads((run / "results/release" / STREAM / "study.json").read_text())
    internal = [folder / name / STREAM for name in REFRESHES]
    _exact_results(run, internal)
    exact = [read_rows(path) for path in internal]
    naive = [Release(folder, {STREAM: naive_rows(rows)}, {STREAM: study}, False) for rows in exact]
    released, refusal = _through_the_door(run, folder / "remembered", internal, history=True)
    forgotten, _ = _through_the_door(run, folder / "forgotten", internal, history=False)
    told = [
        [tables.from_percentages(Release(folder, {STREAM: read_rows(path)}, {STREAM: study}, True))
         for path in paths]
        for paths in (released, forgotten)
    ]  # fmt: skip
    counts = [exact_counts(rows, study) for rows in exact]
    known = {name for name in counts[0] if name in counts[1] and name[2] == "n"}
    return Refreshes(
        {name: counts[1][name] - counts[0][name] for name in known},
        _differences([tables.from_percentages(release) for release in naive]),
        _differences(told[0]) if len(told[0]) == 2 else {},
        _differences(told[1]),
        refusal,
    )


def _differences(answers: list[dict[Name, Bounds]]) -> dict[Name, Bounds]:
    """What two releases tell of who came in between; nobody has left."""
    before, after = answers
    return {
        name: (max(0, after[name][0] - before[name][1]), after[name][1] - before[name][0])
        for name in before if name in after
    }  # fmt: skip


def _exact_results(run: Path, folders: list[Path]) -> None:
    """Write the results of both refreshes before disclosure control."""
    from family_justice.analyses.run import run_analysis
    from family_justice.config.check import covariates_of
    from family_justice.config.load import Configuration

    configuration = Configuration(run / "config")
    stream = configuration.stream(STREAM)
    covariates = covariates_of(stream, configuration.covariates())
    here = run / "results/restricted" / STREAM / COHORT
    for folder, days in zip(folders, (DAYS, 0), strict=True):
        folder.mkdir(parents=True)
        members = pd.read_parquet(here / "cohort.parquet")
        dates = pd.to_datetime(members[DATE])
        members = members[dates <= dates.max() - pd.Timedelta(days=days)]
        key = [str(column) for column in stream.cohorts[COHORT].key]
        members.to_parquet(folder / "cohort.parquet")
        (folder / "covariates").mkdir()
        for file in (here / "covariates").glob("*.parquet"):
            pd.read_parquet(file).merge(members[key], on=key).to_parquet(folder / "covariates" / file.name)
        for name in ANALYSES:
            (folder / name).mkdir()
            run_analysis(stream, name, covariates, folder / "cohort.parquet", folder / "covariates",
                         folder / name / "results.csv")  # fmt: skip


def _through_the_door(run: Path, folder: Path, internal: list[Path], history: bool) -> tuple[list[Path], str]:
    """Release one refresh after the other, with a history or without; return what was released, and a refusal."""
    from family_justice.config.load import Configuration
    from family_justice.disclosure.door import open_door
    from family_justice.disclosure.history import Population
    from family_justice.errors import DisclosureError

    configuration = Configuration(run / "config")
    policy, minimum = configuration.policy_of(configuration.stream(STREAM))
    released = []
    for path, refresh in zip(internal, REFRESHES, strict=True):
        target = folder / refresh / STREAM
        population = Population(folder / "releases", refresh, refresh, keeps=True) if history else None
        results = {name: target / name / "results.csv" for name in ANALYSES}
        study = run / "results/release" / STREAM / "study.json"
        try:
            open_door({name: path / name / "results.csv" for name in ANALYSES}, results, policy, minimum, study,
                      target / "study.json", folder / "suppressions.csv", population)  # fmt: skip
        except DisclosureError as refusal:
            return released, str(refusal)
        released.append(target)
    return released, ""
