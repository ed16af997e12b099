"""The way of an analysis from members to the page, in one call: for tests of kinds."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pandas as pd
from behind_samples import behind_labels

from family_justice.analyses.recount import find_behind
from family_justice.analyses.study import describe_study
from family_justice.behind import Behind
from family_justice.config.check import check_stream
from family_justice.config.load import Configuration
from family_justice.config.policy import NEEDED_TYPES
from family_justice.config.schema import Cohort, Covariate, Outcome, Policy, Step, Stream
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.door import open_door
from family_justice.figures.draw import draw_figures
from family_justice.files import write_csv
from family_justice.kinds.follow_up.run import summarise_follow_up
from family_justice.kinds.registry import KINDS
from family_justice.report.pages import write_stream_page
from family_justice.results import behind_file, read_results, tidy

CONFIG = Configuration(Path(__file__).resolve().parents[2] / "config")


def svg_only(policy: Policy) -> Policy:
    """Return the policy without the file types that take long to write; for tests to which a picture is a means."""
    return policy.model_copy(update={"file_types": sorted(NEEDED_TYPES)})


POLICY = svg_only(CONFIG.policy("court_records"))
OPEN = svg_only(CONFIG.policy("public_records"))
FIFTHS = ["1 most deprived", "2", "3", "4", "5 least deprived"]
COVARIATES = {
    "fifth": Covariate(label="Deprivation", definition="d", value="f", levels=[*FIFTHS, "not known"],
                       reference="5 least deprived", missing="not known"),
    "year": Covariate(label="Year", definition="d", value="y", levels=["2015", "2016"], reference="2015"),
    "placed": Covariate(label="Placed", definition="d", value="p", levels=["yes", "no"], reference="no"),
    "treated": Covariate(label="Programme", definition="d", value="t", levels=["yes", "no"], reference="no"),
    "sex": Covariate(label="Sex", definition="d", value="s", levels=["female", "male"], reference="male"),
    "age": Covariate(label="Age", definition="d", value="a", unit="years"),
    "area": Covariate(label="Local authority", definition="d", value="l", levels=["Anglesey", "Bridgend", "Cardiff"],
                      reference="Cardiff"),
}  # fmt: skip
COHORT = Cohort(
    label="Children", unit="children", description="Children.", key=["child_id"],
    steps=[Step(name="all", label="All", sql="SELECT 1")],
    outcomes={"back": Outcome(label="Return to court", duration="duration", indicator="came_back")},
    covariates=list(COVARIATES),
)  # fmt: skip


def as_categories(frame: pd.DataFrame) -> pd.DataFrame:
    for name, covariate in COVARIATES.items():
        if covariate.levels and name in frame:
            frame[name] = pd.Categorical(frame[name], categories=covariate.levels)
    return frame


@dataclass(frozen=True)
class House:
    """The cohort of an analysis, and the covariates that it may name."""

    cohort: Cohort
    covariates: dict[str, Covariate]

    def stream(self, **analyses: dict[str, Any]) -> Stream:
        """Return a stream with these analyses, unchecked."""
        shared = {"title": "T", "description": "d", "cohort": "children"}
        return Stream.model_validate({
            "stream": "s", "title": "t", "question": "q", "summary": "u", "cohorts": {"children": self.cohort},
            "covariates": self.covariates, "analyses": {k: {**shared, **keys} for k, keys in analyses.items()},
        })  # fmt: skip

    def checked(self, **analyses: dict[str, Any]) -> Stream:
        """Return the stream if the checks of its file pass."""
        made = self.stream(**analyses)
        check_stream(made, {}, Path("s.yaml"))
        return made

    def rows(self, made: Stream, members: pd.DataFrame) -> dict[str, pd.DataFrame]:
        """Return the tidy rows of every analysis of a stream, those that nobody asks for included."""
        labels = {"stream": "s", "cohort": "children"}
        steps = [{"measure": "count", "term": "all", "n": len(members)}]
        found = {"attrition.children": tidy(steps, **labels, analysis="attrition.children", kind="attrition")}
        labels_of_second = {"stream": "s", "analysis": "second_program", "kind": "second_program"}
        unchecked = {"status": "not estimable", "note": "no second program: made up"}
        second = [{"measure": "largest_relative_difference", "term": name, **unchecked} for name in made.analyses]
        found["second_program"] = tidy(second, **labels_of_second)
        if self.cohort.follow_up:
            name = "follow_up.children"
            found[name] = tidy(
                summarise_follow_up(members, self.cohort, name), **labels, analysis=name, kind="follow_up"
            )
        for name, analysis in made.analyses.items():
            rows = KINDS[analysis.kind].run(members, self.cohort, analysis, self.covariates, name)
            found[name] = tidy(rows, **labels, analysis=name, kind=analysis.kind)
        return found

    def behind(self, made: Stream, members: pd.DataFrame, name: str, rows: pd.DataFrame) -> Behind:
        """Return what stands behind the rows of an analysis: members counted again, or labels where there are none."""
        if name not in made.analyses and not name.startswith("follow_up."):
            return behind_labels(rows)
        named = (
            members if set(self.cohort.key) <= set(members) else members.assign(**{self.cohort.key[0]: members.index})
        )
        return find_behind(rows, named, self.cohort, made.analyses.get(name), self.covariates, name)


def stream_of(**analyses: dict[str, Any]) -> Stream:
    return House(COHORT, COVARIATES).stream(**analyses)


def checked(**analyses: dict[str, Any]) -> Stream:
    """Return the stream if the checks of its file pass."""
    return House(COHORT, COVARIATES).checked(**analyses)


@dataclass
class Results:
    """Rows of an analysis before and after disclosure control."""

    exact: pd.DataFrame
    released: pd.DataFrame


@dataclass
class Way(Results):
    """What an analysis left at each stage."""

    study: dict[str, Any]
    figures: dict[str, Any]
    page: str
    folder: Path


def disclosed(members: pd.DataFrame, keys: dict[str, Any], policy: Policy = POLICY) -> Results:
    """Take one analysis through check, run and disclosure control; nothing is written, drawn or said."""
    house = House(COHORT, COVARIATES)
    exact = house.rows(house.checked(a=keys), members)["a"]
    return Results(exact, disclose(exact, policy).rows)


def take(
    members: pd.DataFrame, keys: dict[str, Any], folder: Path, policy: Policy = POLICY, house: House | None = None
) -> Way:
    """Take one analysis from the keys of a stream file through check, run, door, figure and page, all in ``folder``."""
    house = house or House(COHORT, COVARIATES)
    made = house.checked(a=keys)
    study = describe_study(made, house.covariates, ("synthetic", CONFIG.source("synthetic")), policy, {})
    folder.mkdir(exist_ok=True)
    release, described, inside = folder / "release", folder / "study.json", {}
    described.write_text(json.dumps(study))
    for name, rows in house.rows(made, members).items():
        inside[name] = folder / f"{name}.csv"
        write_csv(rows, inside[name])
        house.behind(made, members, name, rows).write(behind_file(inside[name]))
    outside = {name: release / name / "results.csv" for name in inside}
    open_door(inside, outside, policy, policy, described, release / "study.json", folder / "suppressed.csv")
    released = read_results(str(outside["a"]))
    figures = draw_figures(release)
    page = write_stream_page(release).read_text(encoding="utf-8")
    return Way(read_results(str(inside["a"])), released, study, figures, page, release)


def one(frame: pd.DataFrame, **wanted: Any) -> pd.Series:
    """Return the only row with these values."""
    found = frame[pd.concat([frame[key] == value for key, value in wanted.items()], axis=1).all(axis=1)]
    assert len(found) == 1, f"{len(found)} rows have {wanted}"
    return found.iloc[0]
