"""The members behind each count of an analysis: found again from the labels of its rows, and counted again.

What a row counts follows from its labels: the group, the level of a term, the outcome, the time. So every count is
counted a second time, from the members, without the code that made the row; one that does not come out the same is an
error here, before anything is released. What is kept is how many people stand behind each count, how much of it is one
person's, and the print of the set (``prints``), with which disclosure control sees that two counts are of the same
members, or that some add up to another, whatever they are called.

A kind whose counts do not follow from labels says so in ``kinds/<kind>/behind.py`` or in its keys (``uncounted``).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
import pandas as pd

from family_justice.analyses.left_out import NO_VALUE
from family_justice.analyses.prepare import CENSORED, COMPETING, EVENT, FollowUp, follow_up
from family_justice.behind import PRINTED, Behind, printer_of
from family_justice.config.schema import Cohort, Covariate, Outcome
from family_justice.errors import AnalysisError
from family_justice.kinds.families.imputed_run import without_missing_level
from family_justice.kinds.families.keys import repeats
from family_justice.kinds.registry import KINDS
from family_justice.measures import MEASURES
from family_justice.prints import BUCKETS, NO_SALT, Counted

#: Groups that are ways to estimate, or how members were found, and no covariates.
MISSING_VALUES = "missing_values"
_Line = tuple[int, str, int, int, int, bool, np.ndarray]
#: What rows of one series have in common.
_SERIES = [*("measure", "outcome", "group", "term", "level"), "status"]
_CAUSES = {"events": EVENT, "competing": COMPETING, "censored": CENSORED}


def find_behind(
    frame: pd.DataFrame,
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: Any,
    covariates: Mapping[str, Covariate],
    where: str,
    salt: bytes = NO_SALT,
) -> Behind:
    """Return what stands behind every count of the rows ``frame`` of an analysis (None: the cohort's follow-up).

    Raises ``AnalysisError`` for counts that do not come out the same when members are counted again.
    """
    printer = printer_of(members, cohort, salt)
    finder = Finder(members, cohort, analysis, covariates, where)
    kind = KINDS[str(frame["kind"].iloc[0])]
    own = dict(kind.behind(members, cohort, analysis, covariates, where)) if kind.behind else {}
    uncounted = kind.keys.uncounted
    lines: list[_Line] = []
    lost: dict[str, int] = {}
    for labels, rows in frame.groupby(_SERIES, sort=False, dropna=False):
        row = dict(zip(_SERIES, labels, strict=True))
        if str(row["measure"]) in uncounted:
            lines += _uncounted(rows)
            continue
        times, indices = rows["time"].to_numpy(dtype="float64"), rows.index.to_numpy()
        for column in PRINTED:
            known = rows[column].notna().to_numpy()
            if not known.any():
                continue
            values = rows[column].fillna(0).to_numpy(dtype=np.int64)
            candidates = _own(own, row, column) or finder.candidates(row, column)
            found = next((c for c in candidates if _fits(c, times, values, known)), None)
            if found is None:
                lost[str(row["measure"])] = lost.get(str(row["measure"]), 0) + int(known.sum())
                continue
            printed = printer.print(found, None if found.times is None else times)
            for i in np.flatnonzero(known):
                at = 0 if found.times is None else i
                # A sum of numbers of areas is of the people whom they count; only how many areas there are is public.
                summed = cohort.counts is not None and found.weights is not None
                people = int(values[i] if summed else printed.people[at])
                public = cohort.counts is not None and not summed
                numbers = int(values[i]), people, int(printed.largest[at]), public
                lines.append((int(indices[i]), column, *numbers, printed.prints[at]))
    if lost:
        named = ", ".join(f"{n} of '{measure}'" for measure, n in lost.items())
        raise AnalysisError(
            f"{where}: counts do not come out the same when members are counted again from the labels of their rows "
            f"({named}); a kind whose counts are no sets of members says so in its keys ('uncounted')"
        )
    return Behind.of(lines, cohort)


def _is_series(measure: str) -> bool:
    """True for a measure that counts up to the times of a grid."""
    return MEASURES[measure].role in ("curve", "curve_count")


def _fits(counted: Counted, times: np.ndarray, values: np.ndarray, known: np.ndarray) -> bool:
    counts = counted.at(None if counted.times is None else times)
    return bool((np.broadcast_to(counts, values.shape)[known] == values[known]).all())


def _own(own: Mapping[tuple[str, ...], Counted], row: Mapping[str, Any], column: str) -> list[Counted]:
    """Return what a kind itself says that a count counts, by (measure, outcome, group, term, level, column)."""
    key = (*(str(row[name]) for name in _SERIES[:5]), column)
    return [own[key]] if key in own else []


def _uncounted(rows: pd.DataFrame) -> Iterator[_Line]:
    nobody = np.zeros(BUCKETS, dtype=np.int64)
    for column in PRINTED:
        known = rows.loc[rows[column].notna(), column]
        yield from (
            (int(index), column, int(value), -1, 0, False, nobody)
            for index, value in zip(known.index, known, strict=True)
        )


@dataclass
class Finder:
    """Finds the members that a row counts from its labels.

    Who is in an analysis may be everybody, who is observed, who has a value of what the analysis needs: these are
    looked through from the widest to the narrowest, so that the one that gives the count is the set.
    """

    members: pd.DataFrame
    cohort: Cohort
    analysis: Any
    covariates: Mapping[str, Covariate]
    where: str
    _observed: dict[str, FollowUp] = field(default_factory=dict)

    def candidates(self, row: Mapping[str, Any], column: str) -> Iterator[Counted]:
        """Yield what a count of a row may count, the likeliest first."""
        outcome, measure = str(row["outcome"]), str(row["measure"])
        inside = self._group(str(row["group"]))
        cell = inside & self._level(str(row["term"]), str(row["level"]))
        seen = self._follow_up(outcome)
        wholes = list(self._whole(outcome, seen))
        if column == "total":
            if _is_series(measure):
                yield from self._entered(inside, seen)
            yield from (Counted(np.flatnonzero(inside & whole)) for whole in wholes)
            yield from self._in_both(inside, str(row["term"]), str(row["level"]), agree=False)
            return
        if column == "n":
            if measure == "rate":
                yield from self._with_event(inside, wholes, outcome, seen)
            if measure == "left_out":
                yield from self._left_out(inside, str(row["term"]), str(row["level"]), seen)
            yield from (Counted(np.flatnonzero(cell & whole)) for whole in wholes)
            yield from self._contrast(cell, outcome, wholes)
            yield from self._in_both(inside, str(row["term"]), str(row["level"]), agree=True)
            return
        if seen is not None and _is_series(measure):
            yield from self._series(inside, wholes, seen, _CAUSES[column])
        yield from self._with_event(cell, wholes, outcome, seen, _CAUSES[column])

    # --- conditions ---

    @cached_property
    def _everybody(self) -> np.ndarray:
        return np.ones(len(self.members), dtype=bool)

    def _group(self, group: str) -> np.ndarray:
        inside = self._everybody.copy()
        for pair in group.split("; ") if group else []:
            name, _, level = pair.partition("=")
            if name != MISSING_VALUES:
                inside &= self._level(name, level)
        return inside

    def _level(self, name: str, level: str) -> np.ndarray:
        if not level or name not in self.members:
            return self._everybody
        if level == NO_VALUE:
            return self.members[name].isna().to_numpy()
        return (self.members[name] == level).fillna(False).to_numpy(dtype=bool)

    def _known(self, names: list[str]) -> np.ndarray:
        present = [name for name in names if name in self.members]
        return self.members[present].notna().all(axis=1).to_numpy() if present else self._everybody

    def _follow_up(self, outcome: str) -> FollowUp | None:
        """Return the time at risk of every member under an outcome of the cohort; None for what is no such outcome."""
        if outcome not in self.cohort.outcomes:
            return None
        if outcome not in self._observed:
            about = self.cohort.outcomes[outcome]
            if repeats(self.cohort, about):
                about = Outcome(**{**about.model_dump(), "event": None})
            self._observed[outcome] = follow_up(self.members, about, self.where)
        return self._observed[outcome]

    def _whole(self, outcome: str, seen: FollowUp | None) -> Iterator[np.ndarray]:
        """Yield whom an analysis may be about (n,)."""
        observed = [self._everybody]
        if seen is not None and len(seen.rows) < len(self.members):
            mask = np.zeros(len(self.members), dtype=bool)
            mask[seen.rows] = True
            observed.append(mask)
        for mask in observed:
            for known in self._knowns:
                yield mask & known

    @cached_property
    def _knowns(self) -> list[np.ndarray]:
        """Who has a value of nothing in particular, and of what the analysis names: from few names to many."""
        if self.analysis is None:
            return [self._everybody]
        named = self.analysis.levelled()
        model = list(getattr(self.analysis, "covariates", []))
        imputation = getattr(self.analysis, "imputation", None)
        numbers = [n for n in (getattr(self.analysis, key, None) for key in ("count", "exposure")) if n]
        more = [*self.analysis.columns_needed(), *numbers]
        answered = [*named.get("variable", []), *more]
        groups = list(named.get("group_by", []))
        every = [n for names in named.values() for n in names]
        choices = [[], answered, groups, every, [*answered, *model], [*every, *model, *more]]
        if imputation is not None:
            gaps = [*imputation.variables, *imputation.auxiliary]
            choices.append([n for n in [*every, *model] if n not in gaps])
        found = [self._known(names) for names in choices]
        if imputation is not None:
            found.append(self._known([*every, *model]) & self._recorded(imputation))
        over = getattr(self.analysis, "over", None)
        if over is not None and self.covariates[over].missing:
            found += [mask & (self.members[over] != self.covariates[over].missing).to_numpy() for mask in found]
        return found

    def _recorded(self, imputation: Any) -> np.ndarray:
        """Who has a level of each imputed variable that does not stand for a missing value."""
        recorded = self._everybody.copy()
        for name, covariate in without_missing_level(self.analysis, self.covariates).items():
            if name in imputation.variables and covariate.levels:
                recorded &= self.members[name].isin(covariate.levels).to_numpy()
        return recorded

    # --- what is counted ---

    def _with_event(
        self, cell: np.ndarray, wholes: list[np.ndarray], outcome: str, seen: FollowUp | None, cause: int = EVENT
    ) -> Iterator[Counted]:
        """Yield the members of a cell who have the event: of an outcome in time, or a level of a variable."""
        event = self._everybody & False
        if seen is not None:
            event[seen.rows[seen.cause == cause]] = True
        else:
            variable = getattr(self.analysis, "variable", None)
            level = getattr(self.analysis, "event_level", None)
            if outcome in self.members and variable is None:
                yield from self._amounts(cell, wholes, outcome)
                return
            if variable is not None:
                event = (self.members[variable] == (outcome if level is None else level)).to_numpy(dtype=bool)
        yield from (Counted(np.flatnonzero(cell & event & whole)) for whole in wholes)

    def _amounts(self, cell: np.ndarray, wholes: list[np.ndarray], column: str) -> Iterator[Counted]:
        """Yield the sum of a number, and the members in whom it is not zero."""
        amount = self.members[column].astype("float64").fillna(0).to_numpy()
        for whole in wholes:
            positions = np.flatnonzero(cell & whole)
            yield Counted(positions[amount[positions] > 0])
            yield Counted(positions, weights=amount[positions])

    def _series(self, inside: np.ndarray, wholes: list[np.ndarray], seen: FollowUp, cause: int) -> Iterator[Counted]:
        mine = seen.cause == cause
        rows, times = seen.rows[mine], seen.exit[mine]
        for whole in wholes:
            here = (inside & whole)[rows]
            yield Counted(rows[here], times[here])

    def _entered(self, inside: np.ndarray, seen: FollowUp | None) -> Iterator[Counted]:
        if seen is not None and seen.entry is not None:
            here = inside[seen.rows]
            yield Counted(seen.rows[here], seen.entry[here])

    def _left_out(self, inside: np.ndarray, name: str, reason: str, seen: FollowUp | None) -> Iterator[Counted]:
        """Yield who lacks a value, of those who lack nothing named before; and who is not observed."""
        if reason != NO_VALUE:
            unseen = self._everybody.copy()
            if seen is not None:
                unseen[seen.rows] = False
            yield Counted(np.flatnonzero(inside & unseen))
            return
        lacking = inside & self.members[name].isna().to_numpy()
        over = self.covariates[name].missing if name in self.covariates else None
        observed = self._everybody if seen is None else np.isin(np.arange(len(self.members)), seen.rows)
        for among in (self._everybody, observed):
            yield Counted(np.flatnonzero(lacking & among))
            for names in self._before(name):
                for known in (self._known(names), self._known(names) & self._told(names)):
                    yield Counted(np.flatnonzero(lacking & among & known))
        if over is not None:
            without = inside & (self.members[name].isna() | (self.members[name] == over)).to_numpy()
            yield Counted(np.flatnonzero(without))
            for names in self._before(name):
                for known in (self._known(names), self._known(names) & self._told(names)):
                    yield Counted(np.flatnonzero(without & observed & known))

    def _told(self, names: list[str]) -> np.ndarray:
        """Who has none of the levels that stand for missing values (n,)."""
        told = self._everybody.copy()
        for name in names:
            missing = self.covariates[name].missing if name in self.covariates else None
            if missing is not None and name in self.members:
                told &= (self.members[name] != missing).to_numpy(dtype=bool)
        return told

    def _before(self, name: str) -> Iterator[list[str]]:
        """Yield the names that may have been asked for before a name."""
        if self.analysis is None:
            return
        needed = [n for n in self.analysis.covariates_needed() if n != name]
        numbers = [n for n in (getattr(self.analysis, key, None) for key in ("count", "exposure", "variable")) if n]
        model = list(getattr(self.analysis, "covariates", []))
        for order in (
            numbers + model,
            [*numbers, *needed],
            model,
            needed,
            [*model, *getattr(self.analysis, "strata", [])],
        ):
            if name in order:
                order = order[: order.index(name)]
            yield [n for n in order if n != name]

    def _contrast(self, cell: np.ndarray, outcome: str, wholes: list[np.ndarray]) -> Iterator[Counted]:
        """Yield the members with one of two levels of a variable: its reference and the one of the row."""
        variable = getattr(self.analysis, "variable", None)
        if variable is None or outcome not in (self.covariates[variable].levels or []):
            return
        among = self.members[variable].isin([outcome, self.covariates[variable].reference]).to_numpy()
        yield from (Counted(np.flatnonzero(cell & among & whole)) for whole in wholes)

    def _in_both(self, inside: np.ndarray, term: str, level: str, agree: bool) -> Iterator[Counted]:
        """Yield the members with one of some levels in each of two variables; with the same one if they must agree."""
        names, levels = term.split(":"), level.split(":")
        if len(names) != 2 or not set(names) <= set(self.members):
            return
        first, second = (self.members[name].astype(object) for name in names)
        both = inside & (first.isin(levels) & second.isin(levels)).to_numpy()
        yield Counted(np.flatnonzero(both & (first == second).to_numpy() if agree else both))
