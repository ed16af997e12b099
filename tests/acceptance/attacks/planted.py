"""Small counts planted where a run of modest size may have none, so that no attack is shown to fail on nothing.

Every study here is a textbook case of its attack. The exact results go through the same disclosure control, and the
same naive rounding, as those of a run.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from attacks.estimates import PER, _slope, log_rank
from attacks.related import null
from attacks.release import naive_rows

Rows = list[dict[str, Any]]


def percent(term: str, cells: dict[str, int], total: int = 0, **labels: str) -> Rows:
    """A margin with exact percentages."""
    total = total or sum(cells.values())
    return [{"measure": "percent", "term": term, "level": level, "n": n, "total": total, "estimate": 100 * n / total,
             **labels} for level, n in cells.items()]  # fmt: skip


def steps(**left: int) -> Rows:
    """The units left after each step of a cohort."""
    return [{"measure": "count", "term": term, "n": n} for term, n in left.items()]


def odds_ratio(n1: int, d1: int, n0: int, d0: int) -> Rows:
    """A logistic model with one covariate of two levels, in closed form."""
    estimate = math.log(d1 / (n1 - d1) * (n0 - d0) / d0)
    error = math.sqrt(1 / d1 + 1 / (n1 - d1) + 1 / d0 + 1 / (n0 - d0))
    level = {"measure": "log_odds_ratio", "term": "exposed", "outcome": "event"}
    return [
        {**level, "level": "yes", "n": n1, "events": d1, "estimate": estimate, "std_error": error,
         "statistic": estimate / error, "p_value": math.erfc(abs(estimate / error) / math.sqrt(2))},
        {**level, "level": "no", "n": n0, "events": d0, "estimate": 0.0, "status": "reference"},
        {"measure": "log_likelihood", "term": "without_covariates", "outcome": "event", "n": n1 + n0,
         "events": d1 + d0, "estimate": null(n1 + n0, d1 + d0)},
    ]  # fmt: skip


def rates(groups: dict[str, tuple[int, int, float]]) -> Rows:
    """Events, persons and time at risk of each group."""
    found: Rows = []
    for level, (events, persons, time) in groups.items():
        row = {"outcome": "event", "group": f"area={level}", "term": "event", "level": "yes"}
        found += [{**row, "measure": "rate", "n": events, "total": persons, "estimate": PER * events / time},
                  {**row, "measure": "time_at_risk", "n": persons, "estimate": time}]  # fmt: skip
    return found


def slope(groups: dict[str, tuple[int, int]]) -> Rows:
    """Shares over ordered groups and their slope index."""
    found: Rows = []
    for level, (n, total) in groups.items():
        found += percent("event", {"yes": n}, total, group=f"quintile={level}", outcome="event")
    members, events = sum(total for _, total in groups.values()), sum(n for n, _ in groups.values())
    return [*found, {"measure": "slope_index", "term": "quintile", "outcome": "event", "n": members, "events": events,
                     "estimate": _slope(tuple(groups.values()))}]  # fmt: skip


def compared_groups(groups: dict[str, tuple[int, int, int]]) -> Rows:
    """Two groups of persons, their events by the first and by the second time, and the log-rank test."""
    found: Rows = []
    for level, (n, *events) in groups.items():
        at_risk, survival = [n, n, n - events[0]], [1.0, 1 - events[0] / n, 1 - events[1] / n]
        found += [
            {"measure": "survival", "outcome": "event", "group": f"exposed={level}", "time": float(time), "n": n,
             "events": d, "competing": 0, "censored": 0, "at_risk": r, "estimate": s}
            for time, (d, r, s) in enumerate(zip((0, *events), at_risk, survival, strict=True))
        ]  # fmt: skip
    (n1, *d1), (n2, *d2) = groups.values()
    statistic = float(log_rank(n1, n2, *d1, *d2))
    test = {"measure": "log_rank_test", "outcome": "event", "statistic": statistic, "df": 1}
    return [*found, {**test, "p_value": math.erfc(math.sqrt(statistic / 2)), "n": n1 + n2, "events": d1[1] + d2[1]}]


# Population, cohort and rows of each analysis of two studies; what the second counts is of the same people.
STUDIES: dict[str, dict[str, tuple[str, str, Rows]]] = {
    "planted": {
        "rounded_margin": ("table_one", "few", percent("size", {"a": 13, "b": 23, "c": 1})),
        "attrition.known": ("attrition", "known", steps(everybody=503, age_known=497)),
        "sexes": ("table_one", "everybody", percent("sex", {"female": 251, "male": 252})),
        "ages": ("table_one", "known", percent("age", {"young": 200, "old": 297})),
        "odds": ("logistic", "known", odds_ratio(61, 7, 433, 121)),
        "tested": ("kaplan_meier", "known", compared_groups({"yes": (61, 7, 23), "no": (436, 33, 121)})),
        "rates": ("funnel", "known", rates({"north": (7, 203, 411.3), "south": (43, 294, 603.7)})),
        "cells": (
            "incidence_rate",
            "known",
            rates(
                {
                    "north; age=young": (4, 101, 190.7),
                    "north; age=old": (31, 160, 220.6),
                    "south; age=young": (19, 99, 205.1),
                }
            ),
        ),
        "slope": ("inequality", "known", slope({"1": (43, 101), "2": (37, 113), "3": (29, 97), "4": (6, 89)})),
    },
    "planted_again": {
        "attrition.limited": ("attrition", "limited", steps(everybody=503, not_abroad=499)),
        "limited_sexes": ("table_one", "limited", percent("sex", {"female": 249, "male": 250})),
    },
}
LEVELS = {"size": "abc", "sex": ["female", "male"], "age": ["young", "old"], "exposed": ["yes", "no"]}


def write_planted(folder: Path, policy_text: dict[str, Any]) -> None:
    """Write ``internal``, ``release`` and ``naive`` of the planted studies under ``folder``."""
    from family_justice.config.schema import Policy
    from family_justice.disclosure.disclose import disclose
    from family_justice.results import tidy

    for stream, analyses in STUDIES.items():
        exact = pd.concat([
            tidy(rows, stream=stream, analysis=name, kind=kind, cohort=cohort)
            for name, (kind, cohort, rows) in analyses.items()
        ])  # fmt: skip
        exact = exact.reset_index(drop=True)
        about = {name: {"kind": kind, "cohort": cohort, "population": "planted", "restrict_to": {}}
                 for name, (kind, cohort, _) in analyses.items()}  # fmt: skip
        cohorts = {cohort: {"base": "everybody" if cohort in ("known", "limited") else None}
                   for _, cohort, _ in analyses.values()}  # fmt: skip
        study = {
            "stream": stream,
            "policy": policy_text,
            "analyses": about,
            "cohorts": cohorts,
            "covariates": {name: {"levels": list(levels), "missing": None} for name, levels in LEVELS.items()},
        }
        released = disclose(exact, Policy(**policy_text)).rows
        for kind, rows in (("internal", exact), ("release", released), ("naive", naive_rows(exact))):
            for name in analyses:
                target = folder / kind / stream / name / "results.csv"
                target.parent.mkdir(parents=True, exist_ok=True)
                rows[rows["analysis"] == name].to_csv(target, index=False, float_format="%.10g")
            (folder / kind / stream / "study.json").write_text(json.dumps(study))
