"""Counts and percentages: tables of characteristics, frequencies and cohort steps."""

from __future__ import annotations

import math
from itertools import pairwise

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import (
    Conditions,
    conditions,
    count,
    real,
    require_empty,
    require_present,
    suppress,
    text,
)
from family_justice.disclosure.rounding import shown
from family_justice.errors import DisclosureError
from family_justice.estimators.groups.proportions import wilson
from family_justice.kinds.attrition.model import CHOSEN, SETS
from family_justice.kinds.registry import KINDS

_UNUSED = ["statistic", "df", "p_value", "events", "competing", "censored", "at_risk"]
_MARGIN = ["analysis", "cohort", "measure", "outcome", "group", "term", "time"]


def person_key(cohort: str, who: Conditions, exact: int, time: float | None = None) -> Key:
    """Name of a number of persons. Persons with the same levels in the same cohort are the same count wherever it
    occurs: as a cell, as the denominator of a group, in a model or under a curve. The exact number is part of the
    name because an analysis may leave out persons with missing values."""
    return ("persons", cohort, who, time, exact)


def check_tables(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless the rows hold what the rules below expect: ``n``, and for percentages
    ``total`` with estimate = 100 n / total."""
    require_empty(frame, _UNUSED, "counts and percentages")
    require_present(frame, ["n"], "counts and percentages")
    percents = frame[frame["measure"] == "percent"]
    require_present(percents, ["total"], "percentages")
    expected = 100 * percents["n"].astype(float) / percents["total"].astype(float)
    if ((percents["estimate"] - expected).abs() > 1e-6 * expected.abs() + 1e-9).any():
        raise DisclosureError("percentages: the estimate of some rows is not 100 * n / total")
    counts = frame[frame["measure"] == "count"]
    require_empty(counts, ["std_error", "conf_low", "conf_high"], "counts")
    if (counts["estimate"].notna() & (counts["estimate"] != counts["n"].astype(float))).any():
        raise DisclosureError("counts: the estimate of some rows is not n")
    # Events may be more than the members, or the areas, that they are of.
    if ((frame["n"] > frame["total"]) & (frame["measure"] != "rate")).fillna(False).any():
        raise DisclosureError("counts and percentages: n exceeds total in some rows")


def enter_tables(frame: pd.DataFrame, ledger: Ledger) -> dict[int, tuple[Key, Key | None]]:
    """Enter the cells and denominators of all tables and the sums between them: levels add up to the denominator,
    groups of one column to the table without that column. Returns the names of each row's cell and denominator."""
    names: dict[int, tuple[Key, Key | None]] = {}
    groups: dict[Key, dict[Conditions, Key]] = {}
    for _, margin in frame.groupby([*_MARGIN, "total"], dropna=False, sort=False):
        first = int(margin.index[0])
        analysis, cohort, outcome, term = (text(frame, first, c) for c in ("analysis", "cohort", "outcome", "term"))
        who = ledger.members(analysis, conditions(text(frame, first, "group")))
        time, total = real(frame, first, "time"), count(frame, first, "total")
        moment = None if math.isnan(time) else time
        whole = None
        apart = any(_is_apart(frame, int(row), ledger) for row in margin.index)
        if total is not None and not (apart and ledger.sets.is_public(first, "total")):
            whole = ledger.add(person_key(cohort, who, total, moment), total, anchored=True, at=(first, "total"))
            groups.setdefault((analysis, outcome, term, None, moment), {})[who] = whole
        cells = []
        for row, level, n in zip(margin.index, margin["level"], margin["n"], strict=True):
            here = who | {(term, str(level))} if level else who
            name = ("events", cohort, outcome, here, int(n)) if apart else person_key(cohort, here, int(n), moment)
            cell = ledger.add(name, int(n), at=(int(row), "n"))
            groups.setdefault((analysis, outcome, term, str(level), moment), {})[who] = cell
            names[int(row)] = (cell, whole)
            cells.append(cell)
        keys = KINDS[text(frame, first, "kind")].keys
        if whole is not None and not apart:
            ledger.add_sum(whole, cells, margin=getattr(keys, "hides_second", True))
        if term and getattr(keys, "numbered_by_size", "") == term:
            for larger, cell in pairwise(cells):
                ledger.add_order(larger, cell)
    for family in groups.values():
        add_group_sums(ledger, family)
    return names


def _is_apart(frame: pd.DataFrame, row: int, ledger: Ledger) -> bool:
    """True for events that are no part of the members beside them: they repeat (a robust standard error tells), or the
    members are areas and the events people."""
    repeat = frame.at[row, "measure"] == "rate" and not math.isnan(real(frame, row, "std_error"))
    return repeat or ledger.sets.is_public(row, "total") != ledger.sets.is_public(row, "n")


def add_group_sums(ledger: Ledger, family: dict[Conditions, Key]) -> None:
    """Tie the same count in the groups of one column to the count for all of them, where both are published."""
    parts: dict[tuple[Conditions, str], list[Key]] = {}
    disjoint: dict[frozenset[str], list[Key]] = {}
    for who, key in family.items():
        disjoint.setdefault(frozenset(column for column, _ in who), []).append(key)
        for column, level in sorted(who):
            parts.setdefault((who - {(column, level)}, column), []).append(key)
    for keys in disjoint.values():
        ledger.add_partition(keys)
    for (others, _), keys in parts.items():
        if others in family:
            ledger.add_sum(family[others], keys, margin=False)


def release_tables(
    frame: pd.DataFrame, names: dict[int, tuple[Key, Key | None]], ledger: Ledger, policy: Policy
) -> None:
    """Write rounded counts, and percentages computed from them, into ``frame``; hide what the ledger hides."""
    hidden = [
        row
        for row, (cell, whole) in names.items()
        if not ledger.shown(cell) or (whole is not None and ledger.hidden(whole))
    ]
    suppress(frame, hidden, policy)
    for row in names.keys() - hidden:
        exact_n, exact_total = count(frame, row, "n"), count(frame, row, "total")
        n, total = (
            ledger.sets.shown(row, column, exact or 0, policy)
            for column, exact in (("n", exact_n), ("total", exact_total))
        )
        frame.at[row, "n"] = n
        frame.at[row, "total"] = pd.NA if exact_total is None else total
        if frame.at[row, "measure"] == "percent":
            _percent(frame, row, n, total)
        elif frame.at[row, "measure"] == "count" and not math.isnan(real(frame, row, "estimate")):
            frame.at[row, "estimate"] = float(n)  # a rate waits for its time (``times``)


def _percent(frame: pd.DataFrame, row: int, n: int, total: int) -> None:
    """Percentage of rounded counts, with its standard error and Wilson interval where the exact row had them."""
    share = n / total if total else math.nan
    low, high = wilson(n, total)
    values = {"std_error": 100 * math.sqrt(share * (1 - share) / total) if total else math.nan,
              "conf_low": 100 * low, "conf_high": 100 * high}  # fmt: skip
    frame.at[row, "estimate"] = 100 * share
    for column, value in values.items():
        if not math.isnan(real(frame, row, column)):
            frame.at[row, column] = value


def check_attrition(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless the rows are the units left after each step, in order."""
    require_empty(frame, [*_UNUSED, "total", "std_error", "conf_low", "conf_high"], "cohort steps")
    require_present(frame, ["n"], "cohort steps")
    if (frame["measure"] != "count").any():
        raise DisclosureError("cohort steps: every row must be a count")
    for _, steps in frame.groupby(["analysis", "cohort", "outcome", "group"], sort=False):
        if (steps["n"].diff().fillna(0) > 0).any():
            raise DisclosureError("cohort steps: a step has more units left than the step before it")


def enter_attrition(frame: pd.DataFrame, ledger: Ledger) -> dict[int, Key]:
    """Enter the units left after each step, where it is known who they are; return the name of each row's number."""
    names: dict[int, Key] = {}
    for row in frame.index:
        who, n = ledger.sets.at(int(row), "n"), count(frame, row, "n") or 0
        if who is not None:
            step = ("step", text(frame, row, "analysis"), text(frame, row, "term"))
            names[int(row)] = ledger.add(step, n, anchored=True, at=(int(row), "n"))
    for _, rows in frame.groupby("analysis", sort=False):
        _tie_matched_sets(rows, names, ledger)
    return names


def _tie_matched_sets(rows: pd.DataFrame, names: dict[int, Key], ledger: Ledger) -> None:
    """Tie the comparison people who were chosen to the sets: one for each case that has any, one more for each that has
    two or more, and so on. If somebody is in several sets they are fewer, and nothing is tied."""
    chosen = [int(row) for row in rows.index[rows["term"] == CHOSEN] if row in names]
    sets = [int(row) for row in rows.index[rows["group"] == SETS] if row in names]
    if len(chosen) != 1 or count(rows, chosen[0], "n") != sum(count(rows, row, "n") or 0 for row in sets):
        return
    parts = []
    for row in sets:
        # Cases with one are cases with two, if all have two: the same count stands twice in the sum.
        again = ledger.add(("matched", names[row], row), count(rows, row, "n") or 0, published=False)
        ledger.add_sum(names[row], [again], margin=False)
        parts.append(again)
    ledger.add_sum(names[chosen[0]], parts, margin=False)


def release_attrition(
    frame: pd.DataFrame, rows: pd.Index, names: dict[int, Key], ledger: Ledger, policy: Policy
) -> None:
    """Write the units left after each step so that no small number of excluded units follows.

    Going back from the last step, a step keeps the number shown after it unless at least ``threshold`` units more
    were left. A step that excluded a few units is thus shown exactly as one that excluded nobody; differences
    telescope; and the last number, on which all analyses rest, is the rounded exact one.
    """
    sets = ledger.sets
    for _, steps in frame.loc[rows].groupby(["analysis", "cohort", "outcome", "group"], sort=False):
        anchor: int | None = None
        later: int | None = None
        for row in reversed(steps.index):
            n = count(frame, row, "n") or 0
            if sets.is_few(row, "n", n, policy) or (row in names and ledger.hidden(names[row])):
                suppress(frame, row, policy)
                continue
            if sets.is_public(row, "n"):
                continue  # areas: nobody is left out
            # Of persons with several rows each, as many persons must be excluded.
            if anchor is None or n - anchor >= policy.threshold * sets.rows_of_one(row, "n"):
                anchor = n
            elif policy.threshold > 1:
                assert later is not None
                frame.at[later, "note"] = f"fewer than {policy.threshold} excluded, or none"
            later = row
            frame.at[row, "n"] = shown(anchor, policy)
            if not math.isnan(real(frame, row, "estimate")):
                frame.at[row, "estimate"] = float(shown(anchor, policy))
