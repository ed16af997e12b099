"""Rates in cells of groups, age and calendar time: from members to tidy rows."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import member_rows
from family_justice.analyses.model_rows import Rows
from family_justice.analyses.rates import rate_rows, robust_limits
from family_justice.config.schema import Cohort, Covariate
from family_justice.estimators.groups.person_time import robust_error
from family_justice.kinds.incidence_rate.cells import Observed, observe
from family_justice.kinds.incidence_rate.derived import rows as derived_rows
from family_justice.kinds.incidence_rate.model import IncidenceRate
from family_justice.results import tidy


def run(
    members: pd.DataFrame, cohort: Cohort, analysis: IncidenceRate, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    """Yield rate and time at risk of every group, and of its strata where something rests on these; then ratios,
    differences and standardised rates.

    ``n`` of a rate are its events, ``total`` the members (of counts: the rows) with time at risk.
    """
    seen = observe(members, cohort, analysis, where)
    rows = [row for label, pieces, events in groups_of(seen, analysis) for row in _rows(seen, label, pieces, events)]
    yield from rows
    yield from derived_rows(tidy(rows), analysis.words_of_rows(cohort, covariates))
    yield from member_rows(len(members), *seen.left_out, outcome=seen.name)


def groups_of(seen: Observed, analysis: IncidenceRate) -> Iterator[tuple[str, np.ndarray, np.ndarray]]:
    """Yield label, and places among pieces and events, of every set of cells that has a rate, each once."""
    outer, compared = analysis.by, [analysis.compare] if analysis.compare else []
    over = analysis.all_strata()
    wanted = [outer, [*outer, *compared]]
    wanted += [[*outer, *compared, *over]] if over else []
    wanted += [over] if analysis.standardise else []
    known: set[str] = set()
    for columns in wanted:
        for label, pieces, events in seen.groups(columns):
            if label not in known:
                known.add(label)
                yield label, pieces, events


def in_cell(seen: Observed, pieces: np.ndarray, events: np.ndarray) -> np.ndarray:
    """Return the positions of the members with time or an event in a cell, each once."""
    both = [seen.pieces["member"].to_numpy()[pieces], seen.events["member"].to_numpy()[events]]
    return np.unique(np.concatenate(both))


def _rows(seen: Observed, label: str, pieces: np.ndarray, events: np.ndarray) -> Rows:
    time = seen.pieces["amount"].to_numpy()[pieces]
    counts = seen.events["amount"].to_numpy()[events]
    who = in_cell(seen, pieces, events)
    row = {"outcome": seen.name, "group": label}
    for line in rate_rows(row, round(float(counts.sum())), len(who), float(time.sum())):
        if seen.repeated and line["measure"] == "rate":
            size = len(who)
            each = [
                np.bincount(np.searchsorted(who, frame["member"].to_numpy()[at]), weights=amount, minlength=size)
                for frame, at, amount in ((seen.events, events, counts), (seen.pieces, pieces, time))
            ]
            error = robust_error(*each)
            if not math.isnan(error):
                low, high = robust_limits(line["estimate"], error * line["estimate"])
                line |= {"std_error": error * line["estimate"], "conf_low": low, "conf_high": high}
        yield line
