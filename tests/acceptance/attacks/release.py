"""A release folder as an intruder reads it, the exact counts it is scored against, and a naive release to compare.

A count has a name, the same in all of them: stream, analysis, what is counted, outcome, group, term, level and time.
"""

from __future__ import annotations

import json
import re
import shutil
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pandas as pd

from attacks import rules

if TYPE_CHECKING:
    from family_justice.config.schema import Policy

Name = tuple[str, ...]
Bounds = tuple[int, int]

UNKNOWN = 10**7
#: Groups of the steps of a cohort that say whom matching chose, and how many cases have so many.
CHOSEN_FROM, SETS = "part=comparison", "part=sets"
TABLES = (
    *("table_one", "comparison_table", "frequency", "agreement", "inequality", "funnel", "flow", "incidence_rate"),
    *("sequence_typology", "matched_logistic", "matched_cox", "quality"),
)
CURVES = ("cumulative_incidence", "kaplan_meier", "follow_up", "mean_cumulative_count", "state_occupation")
COUNTED = ("percent", "count")  # measures of tables that count members
MEASURED = ("cumulative_incidence", "survival", "mean_cumulative_count")
DRAWN = (*MEASURED, "first_events", "state_probability", "transitions")
SERIES = ("events", "competing", "censored")
NUMBERS = (
    "time",
    "estimate",
    "std_error",
    "conf_low",
    "conf_high",
    "n",
    "events",
    "competing",
    "censored",
    "at_risk",
    "total",
    "statistic",
    "p_value",
)
#: Columns that the usual mistake rounds. What is computed from them stays exact.
COUNTS = ("n", "events", "competing", "censored", "at_risk", "total")


@dataclass(frozen=True)
class Release:
    """Released rows by stream, what the studies say about them, and where the figures and pages are.

    ``careful``: a blank may be any count, hidden for the sake of another one, and other counts are rounded by the rules
    of the policy. Otherwise a blank is a small count, and every other one is rounded to the nearest 5.
    """

    folder: Path
    rows: dict[str, pd.DataFrame]
    studies: dict[str, dict[str, Any]]
    careful: bool

    @property
    def threshold(self) -> int:
        """The threshold of all streams."""
        thresholds = {study["policy"]["threshold"] for study in self.studies.values()}
        assert len(thresholds) == 1, "streams under different thresholds are attacked one by one"
        return int(thresholds.pop())

    @cached_property
    def policy(self) -> Policy:
        """The rules of the streams."""
        return rules.policy_of(next(iter(self.studies.values()))["policy"])

    def table(self, number: float, positive: bool = False) -> Bounds:
        """Counts behind a released number of a table; ``positive``: a zero would have been shown."""
        if pd.isna(number):
            return (1 if positive or not self.careful else 0), UNKNOWN if self.careful else self.threshold - 1
        return rules.behind(int(number), self.policy) if self.careful else _nearest(number, self.threshold)

    def cumulative(self, number: float, rule: Policy | None = None) -> Bounds:
        """Counts behind a released cumulative count of a curve; ``rule``: its own, if its steps are wider."""
        if not self.careful:
            return self.table(number)
        return (0, UNKNOWN) if pd.isna(number) else rules.behind_cumulative(int(number), rule or self.policy)


def _nearest(number: float, threshold: int) -> Bounds:
    return (0, 0) if number == 0 else (max(threshold, int(number) - 2), int(number) + 2)


def read_rows(folder: Path) -> pd.DataFrame:
    """Return all rows of a stream, in the order of its files; texts stay texts."""
    frames = [pd.read_csv(path, dtype=str, keep_default_na=False) for path in sorted(folder.glob("*/results.csv"))]
    rows = pd.concat(frames, ignore_index=True)
    for column in NUMBERS:
        rows[column] = pd.to_numeric(rows[column], errors="coerce")
    return rows


def protected_streams(release: Path) -> tuple[list[str], list[str]]:
    """Return the streams under a policy that hides something, and the others."""
    rules = {p.parent.name: json.loads(p.read_text())["policy"]["threshold"] for p in release.glob("*/study.json")}
    return sorted(s for s, t in rules.items() if t > 1), sorted(s for s, t in rules.items() if t <= 1)


def read_release(folder: Path, streams: list[str], careful: bool) -> Release:
    """Read a release folder."""
    studies = {stream: json.loads((folder / stream / "study.json").read_text()) for stream in streams}
    return Release(folder, {s: read_rows(folder / s) for s in streams}, studies, careful)


def naive_rows(exact: pd.DataFrame, threshold: int = 10) -> pd.DataFrame:
    """The usual mistake: blank small counts and their percentages, round the others to the nearest 5, and leave every
    estimate as it is."""
    rows = exact.copy()
    in_table = rows["kind"].isin(TABLES) & rows["measure"].isin(["percent", "count"])
    small = rows["n"].between(1, threshold - 1)
    for column in ("estimate", "std_error", "conf_low", "conf_high"):
        rows[column] = rows[column].where(~(in_table & small))
    for column in COUNTS:
        counts = rows[column].astype("float64")
        rows[column] = (5 * ((counts + 2) // 5)).where(~counts.between(1, threshold - 1))
    return rows


def write_naive(internal: Path, release: Path, folder: Path, streams: list[str]) -> None:
    """Write the release that the same exact results would make naively: CSV, figures of curves, and the page and its
    tables for print, all drawn by the pipeline's own code."""
    from family_justice.figures.draw import draw_analysis
    from family_justice.report.pages import write_stream_page
    from family_justice.results import read_results

    for stream in streams:
        study = json.loads((release / stream / "study.json").read_text())
        for path in sorted((internal / stream).glob("*/results.csv")):
            target = folder / stream / path.parent.name / "results.csv"
            target.parent.mkdir(parents=True)
            naive_rows(read_results(str(path))).to_csv(target, index=False, float_format="%.10g")
            if study["analyses"][path.parent.name]["kind"] in CURVES[:4]:
                draw_analysis(study, path.parent.name, read_results(str(target)), target.parent)
            described = release / stream / path.parent.name / "figure.json"
            if described.is_file():
                shutil.copy(described, target.parent)
        shutil.copy(release / stream / "study.json", folder / stream)
        write_stream_page(folder / stream)


def pairs(group: str) -> frozenset[tuple[str, str]]:
    """Return the ``column=level`` pairs of a group."""
    parts = [part.partition("=") for part in group.split("; ")] if group else []
    return frozenset((column, level) for column, _, level in parts)


def named(row: Any, what: str) -> Name:
    """The name of a count of a row."""
    time = "" if pd.isna(row.time) else f"{row.time:g}"
    return row.stream, row.analysis, what, row.outcome, row.group, row.term, row.level, time


def exact_counts(rows: pd.DataFrame, study: dict[str, Any]) -> dict[Name, int]:
    """Return every count of exact results that an attack may be after, and the differences that nobody shows: units
    that a step of a cohort excludes, events between two times, members whom a model leaves out."""
    found: dict[Name, int] = {}
    for row in rows[rows["kind"].isin(TABLES) & rows["measure"].isin(["percent", "count", "rate"])].itertuples():
        found[named(row, "n")] = int(row.n)
        if not pd.isna(row.total) and (row.measure != "rate" or pd.isna(row.std_error)):
            found[named(row, "not n")] = int(row.total - row.n)
    sizes: dict[str, int] = {}
    for (cohort, group), steps in rows[rows["kind"] == "attrition"].groupby(["cohort", "group"], sort=False):
        left = [int(n) for n in steps["n"]]
        if group in ("", CHOSEN_FROM):  # of a cohort with matching, cases and comparison people
            sizes[str(cohort)] = sizes.get(str(cohort), 0) + left[-1]
        for row, before, after in zip(list(steps.itertuples())[1:], left, left[1:], strict=False):
            found[named(row, "excluded")] = before - after
    for curve in curves_of(rows):
        for what, counts in counted(curve).items():
            for row, now, before in zip(curve.itertuples(), counts, [0, *counts], strict=False):
                if not pd.isna(now):
                    found[named(row, what)] = int(now)
                    found[named(row, f"new {what}")] = int(now - before)
    models = rows[rows["measure"].str.startswith("log_") & rows["n"].notna() & rows["events"].notna()]
    for row in models[~models["kind"].isin(TABLES)].itertuples():
        found[named(row, "level n")], found[named(row, "level events")] = int(row.n), int(row.events)
    for row in rows[(rows["measure"] == "log_likelihood") & (rows["term"] == "without_covariates")].itertuples():
        if row.cohort in sizes and not study["analyses"][row.analysis].get("restrict_to"):
            found[named(row, "left out")] = sizes[row.cohort] - int(row.n)
    return found


def counted(curve: pd.DataFrame) -> dict[str, list[float]]:
    """Return the cumulative counts of a curve; of a state, only who was last seen in it."""
    measure = curve["measure"].iloc[0]
    if measure == "state_probability":
        return {"censored": list(curve["censored"])}
    if measure == "first_events":
        return {"first events": list(curve["events"])}
    names = ("events",) if measure == "transitions" else SERIES
    return {name: list(curve[name]) for name in names}


def curves_of(rows: pd.DataFrame) -> list[pd.DataFrame]:
    """Return the rows of each curve, in the order of time."""
    drawn = rows[rows["kind"].isin(CURVES) & rows["time"].notna() & rows["n"].notna()]
    drawn = drawn[drawn["measure"].isin(DRAWN) & (drawn["status"] != "suppressed")]
    keys = ["stream", "analysis", "measure", "outcome", "group", "term"]
    return [curve.sort_values("time") for _, curve in drawn.groupby(keys, sort=False)]


def levels_of(study: dict[str, Any], column: str) -> set[str]:
    """Return the levels that the study declares for a covariate, the one of missing values included; or for a term of
    its own of an analysis."""
    if column not in study["covariates"]:
        every = study.get("analyses", {}).values()
        own = [about for about in every if column in about.get("terms", []) and about.get("states")]
        return {str(state) for about in own[:1] for state in about["states"]} if "_" in column else set()
    about = study["covariates"].get(column, {})
    return {str(level) for level in about.get("levels") or []} | ({about["missing"]} if about.get("missing") else set())


def texts(path: Path) -> list[str]:
    """Return the words that a browser shows on pointing at a figure."""
    found = re.findall(r"<title>([^<]*)</title>", path.read_text(encoding="utf-8")) if path.is_file() else []
    return [text.replace("&gt;", ">").replace("&lt;", "<").replace("&amp;", "&") for text in found[1:]]
