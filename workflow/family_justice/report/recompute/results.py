"""Work out the values of a file of results again from its released counts, and say of each kind whether they follow.

A reader of the release could do the same by hand. Percentages, life tables, risks, means and medians are worked out
here and in ``recompute_curves`` by formulas of their own. Four formulas are shared with the pipeline, because they are
choices and not arithmetic: ``derived.py`` of the kinds (indices of inequality, funnel limits, balance), the exact
limits of rates (``analyses.rates``), ``disclosure.families.agreement.fill`` (what a hidden cell of a table of
transitions counts as), and the persons who have given life tables (``estimators.survival.grouped_tests``).
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.rates import PER, limits_of
from family_justice.disclosure.families.agreement import fill
from family_justice.estimators.groups.agreement import agreement_rows
from family_justice.estimators.groups.proportions import wilson
from family_justice.figures.draw import read_study
from family_justice.figures.words import pairs
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES, of_role
from family_justice.report.recompute import curves as recompute_curves
from family_justice.report.recompute import histories as recompute_histories
from family_justice.report.recompute.group_tests import TESTS, of_released, rank_test
from family_justice.results import VALUES, read_results

#: Released values have ten significant digits, and a difference of two of them has fewer.
RELATIVE, ABSOLUTE, ABSOLUTE_OF_DIFFERENCES = 1e-8, 1e-9, 1e-7
FOLLOWS = "follow from the released counts"
FITTED = "not recomputable: fitted to the records"
WITHHELD = "withheld or not estimable: there is nothing to compare"
EXACT_TIMES = "not recomputable: computed from exact times"

Values = pd.DataFrame  # index: rows of the results; columns: some of VALUES
Formula = Callable[[pd.DataFrame, pd.DataFrame], Values]


@dataclass(frozen=True)
class Check:
    """What was found of the values of one kind: how many were compared, the one that is furthest off (or the one there
    is) as released and as worked out again, and a verdict in words."""

    what: str
    values: int
    verdict: str
    released: str = ""
    made_again: str = ""
    agrees: bool = True


def recompute(path: Path) -> list[Check]:
    """Return a check for every measure in a file of results that is more than a count, in the order of the file."""
    study = read_study(path.parents[1])
    policy, rows = study["policy"], read_results(str(path))
    rows.attrs["about"] = study.get("analyses", {}).get(path.parent.name, {})
    checks: list[Check] = []
    for measure, every in rows.groupby("measure", sort=False):
        part = every[every["status"].isin(["ok", "reference"])]
        if MEASURES[str(measure)].disclosure == "count":
            continue
        checks += [Check(str(measure), 0, WITHHELD)] if part.empty else _check(str(measure), part, rows, policy)
    return checks


def _check(measure: str, part: pd.DataFrame, rows: pd.DataFrame, policy: Mapping[str, Any]) -> Iterator[Check]:
    kind, exact = str(part["kind"].iloc[0]), policy["rounding_base"] == 1
    if exact and measure in TESTS:
        for row in part.index:
            yield Check(*rank_test(rows, row))
    elif MEASURES[measure].disclosure == "model" or KINDS[kind].family == "exact_only":
        yield Check(measure, len(part), FITTED)
    elif measure == "time_at_risk":
        yield Check(measure, len(part), f"{EXACT_TIMES}; rates are worked out from it")
    elif exact and measure in recompute_curves.BOUNDS:
        yield between(measure, part, recompute_curves.BOUNDS[measure](rows, part))
    elif exact and measure in recompute_histories.FORMULAS:
        yield Check(measure, len(part), EXACT_TIMES)
    elif measure in FORMULAS:
        of_numbers = (part["measure"] == "standardised_difference") & (part["level"] == "")
        if of_numbers.any():
            reason = "not recomputable: of numbers, not of counts"
            yield Check("standardised_difference of numbers", int(of_numbers.sum()), reason)
            part = part[~of_numbers]
        yield compare(measure, part, FORMULAS[measure](rows, part))
    else:
        yield Check(measure, len(part), "there is no rule to work it out again", agrees=False)


def compare(what: str, released: pd.DataFrame, again: Values) -> Check:
    """Compare every released value with the one worked out again, to the digits that are released."""
    columns = [column for column in (*VALUES, "at_risk") if column in again]
    ours, theirs = (frame[columns].astype("float64").to_numpy() for frame in (again.reindex(released.index), released))
    # Some rows have no limits or standard error because the exact ones had none; an estimate must be there.
    needed = ~np.isnan(theirs) | (np.array([column == "estimate" for column in columns]) & ~np.isnan(ours))
    absolute = ABSOLUTE_OF_DIFFERENCES if what.endswith("_difference") else ABSOLUTE
    wrong = needed & ~np.isclose(theirs, ours, rtol=RELATIVE, atol=absolute)
    if not wrong.any():
        return Check(what, int(needed.sum()), FOLLOWS)
    distance = np.where(wrong, np.nan_to_num(np.abs(theirs - ours), nan=np.inf), -1.0)
    row, column = np.unravel_index(int(np.argmax(distance)), distance.shape)
    verdict = f"{int(wrong.sum())} do not follow; furthest off is {columns[column]}{_place(released.iloc[row])}"
    return Check(what, int(needed.sum()), verdict, _number(theirs[row, column]), _number(ours[row, column]), False)


def between(what: str, released: pd.DataFrame, bounds: pd.DataFrame) -> Check:
    """Compare estimates from exact times with the least and the greatest (``low``, ``high``) that their counts on the
    grid allow."""
    theirs, low, high = (
        values.to_numpy(dtype=float)
        for values in (released["estimate"], *(bounds.reindex(released.index)[end] for end in ("low", "high")))
    )
    beyond = np.maximum(low - theirs, theirs - high)
    wrong = ~(beyond <= RELATIVE * np.abs(theirs) + ABSOLUTE)
    if not wrong.any():
        return Check(what, len(theirs), "from exact times; all lie where the released counts put them")
    worst = int(np.argmax(np.where(wrong, np.nan_to_num(beyond, nan=np.inf), -1.0)))
    limits = f"{_number(low[worst])} to {_number(high[worst])}"
    verdict = f"{int(wrong.sum())} lie outside what the counts allow; furthest off{_place(released.iloc[worst])}"
    return Check(what, len(theirs), verdict, _number(theirs[worst]), limits, False)


def _place(row: pd.Series) -> str:
    time = "" if pd.isna(row["time"]) else f"time {row['time']:g}"
    words = [text for text in (row["outcome"], row["group"], row["term"], row["level"], time) if text]
    return f" of {', '.join(words)}" if words else ""


def _number(value: float) -> str:
    return "none" if np.isnan(value) else f"{value:.10g}"


def _percent(_: pd.DataFrame, part: pd.DataFrame) -> Values:
    """100 n / total, the binomial standard error and Wilson's limits."""
    n, total = part["n"].astype("float64"), part["total"].astype("float64")
    share = n / total
    limits = np.array([wilson(int(a), int(b)) for a, b in zip(n, total, strict=True)]).reshape(-1, 2)
    return pd.DataFrame(
        {
            "estimate": 100 * share,
            "std_error": 100 * np.sqrt(share * (1 - share) / total),
            "conf_low": 100 * limits[:, 0],
            "conf_high": 100 * limits[:, 1],
        },
        index=part.index,
    )


def _rate(rows: pd.DataFrame, part: pd.DataFrame) -> Values:
    """Events per 1000 units of the time at risk of the same group, with the exact limits of a Poisson count, or those
    of a released robust standard error."""
    times = rows[rows["measure"] == "time_at_risk"].set_index(["outcome", "group"])["estimate"]
    lines = []
    for row in part.index:
        line: Any = part.loc[row]
        events, time = float(line["n"]), float(times[(line["outcome"], line["group"])])
        rate, error = PER * events / time if time > 0 else np.nan, float(line["std_error"])
        lines.append((rate, *limits_of(rate, error, events, time)))
    return pd.DataFrame(lines, index=part.index, columns=["estimate", "conf_low", "conf_high"])


def _derived(rows: pd.DataFrame, part: pd.DataFrame) -> Values:
    """What ``derived.py`` of the kind makes of the released table (formula shared with the pipeline)."""
    labels = ["measure", "outcome", "group", "term", "level"]
    table = rows[rows["measure"].isin(["percent", "count", "rate", "time_at_risk"])]
    derived = KINDS[str(part["kind"].iloc[0])].derived
    made = derived(table, rows.attrs["about"]) if derived else ()
    found = {tuple(line.get(label, "") for label in labels): line for line in made}
    lines = [found.get(tuple(part.loc[row, labels]), {}) for row in part.index]
    values = [[line.get(value, np.nan) for value in VALUES] for line in lines]
    return pd.DataFrame(values, part.index, list(VALUES), dtype=float)


def _agreement(rows: pd.DataFrame, part: pd.DataFrame) -> Values:
    """Observed agreement and kappa of the released table of transitions, hidden cells filled in from its margins."""
    columns = ["estimate", "std_error", "conf_low", "conf_high"]
    lines = []
    for row in part.index:
        table = _transitions(rows, str(part.at[row, "group"]), str(part.at[row, "term"]))
        levels = str(part.at[row, "level"]).split(":")
        found = {line["measure"]: line for line in agreement_rows(table.loc[levels, levels].to_numpy())}
        lines.append([found[part.at[row, "measure"]].get(column, np.nan) for column in columns])
    return pd.DataFrame(lines, part.index, columns, dtype=float)


def _transitions(rows: pd.DataFrame, group: str, pair: str) -> pd.DataFrame:
    """Return the table of a group: first classification down, second across."""
    first, _, second = pair.partition(":")
    cells = rows[rows["measure"] == "percent"]
    whole = cells[cells["group"] == group]
    downs = whole[whole["term"] == second].set_index("level")["n"].astype("float64")
    levels = list(whole.loc[whole["term"] == first, "level"])
    table = pd.DataFrame(0.0, index=levels, columns=levels)
    acrosses = pd.Series(np.nan, index=levels)
    for level in levels:
        inside = {*pairs(group), (first, level)}
        same = np.array([set(pairs(label)) == inside for label in cells["group"]])
        line = cells[(cells["term"] == second).to_numpy() & same]
        if not line.empty:
            table.loc[level] = line.set_index("level")["n"].astype("float64").reindex(levels)
            acrosses[level] = line["total"].astype("float64").max()
    return pd.DataFrame(fill(table.to_numpy(), acrosses.to_numpy(), downs[levels].to_numpy()), levels, levels)


FORMULAS: Mapping[str, Formula] = {
    "percent": _percent,
    "rate": _rate,
    **dict.fromkeys(of_role("index"), _derived),
    **dict.fromkeys(of_role("agreement"), _agreement),
    **dict.fromkeys(TESTS, of_released),
    **recompute_curves.FORMULAS,
    **recompute_histories.FORMULAS,
}
