"""What an intruder knows beforehand who knows every definition: whom each count counts, and never how many.

That a level of one covariate is a union of levels of another, that two cohorts are nested, that an event of one outcome
is a competing one of another, is public or can be guessed. The strongest intruder knows all of it for certain, so it is
worked out here from the records: counts of the same members have one name, whatever stream, analysis and level they
stand in, and what is a union of what is a list of sums. The code is none of the pipeline's. A row whose members are
not found by its labels is a count of its own.
"""

from __future__ import annotations

import hashlib
import json
from collections import defaultdict
from collections.abc import Collection, Hashable, Iterable, Iterator
from dataclasses import dataclass, field, replace
from functools import reduce
from itertools import chain
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import yaml

from attacks.release import COUNTED, Name, counted, curves_of, named, pairs, read_rows

SetName = str
DAYS = {"days": 1.0, "weeks": 7.0, "months": 365.25 / 12, "years": 365.25}
#: A union that is part of another with more beyond it than this bounds it too loosely to matter.
NEAR = 100
#: Parts of one partition on either side: their sum is equal, or that of the first at most that of the second.
Tie = tuple[tuple[SetName, ...], tuple[SetName, ...], bool]


@dataclass
class Cohort:
    """Members of a cohort: columns, covariates, and where each stands among all units of its kind."""

    stream: str
    name: str
    about: dict[str, Any]
    frame: pd.DataFrame
    places: np.ndarray
    dated: dict[str, pd.Series] = field(default_factory=dict)
    coded: dict[str, tuple[np.ndarray, dict[str, int]]] = field(default_factory=dict)
    answered: dict[tuple[str, ...], np.ndarray] = field(default_factory=dict)

    def has(self, column: str, levels: list[Any]) -> np.ndarray:
        """Who has one of some levels of a column."""
        if column not in self.coded:
            codes, names = pd.factorize(self.frame[column].astype(str))
            self.coded[column] = codes, {name: code for code, name in enumerate(names)}
        codes, known = self.coded[column]
        return np.isin(codes, [known[str(level)] for level in levels if str(level) in known])

    def answers(self, columns: tuple[str, ...]) -> np.ndarray:
        """Who has a value of each of some columns."""
        if columns not in self.answered:
            self.answered[columns] = self.frame[list(columns)].notna().all(axis=1).to_numpy()
        return self.answered[columns]

    def days(self, column: str) -> pd.Series:
        """Days from time zero to a date; of an event that repeats a list of them."""
        if column not in self.dated:
            zero = pd.to_datetime(self.frame[self.about["time_zero"]]).to_numpy().astype("datetime64[D]")
            values = self.frame[column].reset_index(drop=True)
            each = values.explode()
            days = (pd.to_datetime(each).to_numpy().astype("datetime64[D]") - zero[each.index]).astype("timedelta64[D]")
            found = pd.Series(np.where(np.isnat(days), np.nan, days.astype(float)), index=each.index)
            if self.is_listed(column):
                found = found.dropna().groupby(level=0).agg(sorted).reindex(values.index)
                found = found.map(lambda own: own if isinstance(own, list) else [])
            self.dated[column] = found
        return self.dated[column]

    def repeats(self, column: str) -> bool:
        return bool(self.about.get("events", {}).get(column, {}).get("repeats"))

    def is_listed(self, column: str) -> bool:
        return self.repeats(column) or bool(self.about.get("events", {}).get(column, {}).get("states"))


@dataclass
class Pool:
    """All units of one kind (children, cases): sets of them that are counted somewhere, and how these are related."""

    size: int
    sets: dict[SetName, np.ndarray] = field(default_factory=dict)  # places
    partitions: dict[Hashable, list[SetName]] = field(default_factory=lambda: defaultdict(list))
    happened: list[pd.DataFrame] = field(default_factory=list)  # place, zero, day, what

    def name(self, places: np.ndarray) -> SetName:
        found = np.zeros(self.size, dtype=bool)
        found[places] = True
        name = hashlib.blake2b(np.packbits(found).tobytes(), digest_size=12).hexdigest()
        self.sets.setdefault(name, np.sort(places))
        return name

    def ties(self, here: Collection[SetName]) -> set[Tie]:
        """Return the smallest unions of parts of each partition that are, or lie in, unions of parts of another, or one
        set; of the sets that are ``here``."""
        labelled = []
        for parts in sorted({tuple(sorted({*parts} & {*here})) for parts in self.partitions.values()}):
            held = [part for part in parts if len(self.sets[part])]
            labels = np.zeros(self.size, dtype=np.int64)
            for number, part in enumerate(held, start=1):
                labels[self.sets[part]] += number * (labels[self.sets[part]] == 0)
            if held and sum(len(self.sets[part]) for part in held) == int((labels > 0).sum()):
                labelled.append((held, labels))
        found: set[Tie] = set()
        for i, (one, mine) in enumerate(labelled):
            for other, theirs in labelled[i + 1 :]:
                table = np.bincount(mine * (len(other) + 1) + theirs, minlength=(len(one) + 1) * (len(other) + 1))
                found |= set(_unions(one, other, table.reshape(len(one) + 1, -1)))
            sizes = np.bincount(mine, minlength=len(one) + 1)
            for name in sorted(here):
                inside = np.bincount(mine[self.sets[name]], minlength=len(one) + 1)
                table = np.column_stack([sizes - inside, inside])
                found |= set(_unions(one, [name], table)) if inside[1:].any() else set()
        return found


def _unions(one: list[SetName], other: list[SetName], table: np.ndarray) -> Iterator[Tie]:
    """Unions of rows and columns of a table of overlaps that share members; row and column 0 are nobody's."""
    left = {i for i in range(1, len(one) + 1) if table[i, 1:].any()}
    while left:
        rows, columns, before = {left.pop()}, set(), -1
        while len(rows) + len(columns) != before:
            before = len(rows) + len(columns)
            columns |= {j for j in range(1, table.shape[1]) if any(table[i, j] for i in rows)}
            rows |= {i for i in range(1, table.shape[0]) if any(table[i, j] for j in columns)}
        left -= rows
        these, those = tuple(one[i - 1] for i in sorted(rows)), tuple(other[j - 1] for j in sorted(columns))
        beyond = sum(int(table[i, 0]) for i in rows), sum(int(table[0, j]) for j in columns)
        if these != those and 0 in beyond and max(beyond) < NEAR:
            yield (those, these, False) if beyond[0] else (these, those, not beyond[1])


@dataclass
class Background:
    """Names of sets of members behind counts, by the names of the counts; ``series`` has of each series of a curve the
    set of its persons and what happens to them. ``kind`` says of a set of which units it is."""

    pools: dict[Hashable, Pool] = field(default_factory=dict)
    counts: dict[Name, tuple[Hashable, SetName]] = field(default_factory=dict)
    wholes: dict[Name, tuple[Hashable, SetName]] = field(default_factory=dict)  # denominators, by the name of a cell
    series: dict[Name, tuple[Hashable, SetName, str]] = field(default_factory=dict)
    # Of each series: counts, for the steps in which it is shown; names of these; times in days; the rows of one person.
    exact: dict[Name, list[int]] = field(default_factory=dict)
    names: dict[Name, list[Name]] = field(default_factory=dict)
    days: dict[Name, list[float]] = field(default_factory=dict)
    rows_of_one: dict[Name, int] = field(default_factory=dict)


def series_name(row: Any, what: str) -> Name:
    """The name of a series of a curve."""
    return (*named(row, what)[:7], "")


def know(run: Path, streams: list[str]) -> Background:
    """Work out the background of a finished run."""
    known = Background()
    cohorts = list(_cohorts(run, streams, known))
    for cohort in cohorts:
        pool = known.pools[_kind(cohort)]
        pool.partitions["cohort", cohort.stream, cohort.name] = [pool.name(cohort.places)]
    for stream in streams:
        study = yaml.safe_load((run / "config/streams" / f"{stream}.yaml").read_text(encoding="utf-8"))
        mine = {cohort.name: cohort for cohort in cohorts if cohort.stream == stream}
        described = json.loads((run / "results/release" / stream / "study.json").read_text(encoding="utf-8"))[
            "analyses"
        ]
        rows = read_rows(run / "results/internal" / stream)
        for analysis, part in rows.groupby("analysis", sort=False):
            cohort, about = mine.get(part["cohort"].iloc[0]), study["analyses"].get(analysis, {})
            # In YAML "yes" may be a truth value; the released description has the words.
            about = {**about, "restrict_to": described.get(analysis, {}).get("restrict_to") or {}}
            if cohort is not None:
                _tables(known, _placed(cohort, about), about, part)
                _curves(known, cohort, about, part)
    return known


def _members(folder: Path, key: list[str]) -> pd.DataFrame:
    """Read a cohort with its covariates, which stand in one file or in several."""
    import duckdb

    files = sorted((folder / "covariates").glob("*.parquet")) or [folder / "covariates.parquet"]
    with duckdb.connect() as connection:
        tables = {file: connection.read_parquet(str(file)).columns for file in (folder / "cohort.parquet", *files)}
        derived = {column: file for file in files for column in tables[file] if column not in key}
        own = [f'cohort."{column}"' for column in tables[folder / "cohort.parquet"] if column not in derived]
        names = {file: f"t{number}" for number, file in enumerate(files)}
        columns = ", ".join([*own, *(f'{names[file]}."{column}"' for column, file in derived.items())])
        using = ", ".join(f'"{column}"' for column in key)
        joins = " ".join(f"JOIN read_parquet('{file}') AS {name} USING ({using})" for file, name in names.items())
        return connection.sql(
            f"SELECT {columns} FROM read_parquet('{folder / 'cohort.parquet'}') AS cohort {joins}"
        ).df()


def _kind(cohort: Cohort) -> Hashable:
    return tuple(sorted(cohort.about["key"]))


def _cohorts(run: Path, streams: list[str], known: Background) -> Iterator[Cohort]:
    read = []
    for stream in streams:
        study = yaml.safe_load((run / "config/streams" / f"{stream}.yaml").read_text(encoding="utf-8"))
        for name, about in study["cohorts"].items():
            frame = _members(run / "results/restricted" / stream / name, about["key"])
            read.append(Cohort(stream, name, about, frame, np.array([])))
    for kind in dict.fromkeys(map(_kind, read)):
        alike = [cohort for cohort in read if _kind(cohort) == kind]
        keys = [reduce(lambda a, b: a + "\x1f" + b, (c.frame[name].astype(str) for name in kind)) for c in alike]
        codes, units = pd.factorize(pd.concat(keys, ignore_index=True))
        known.pools[kind] = Pool(len(units))
        for cohort, places in zip(alike, np.split(codes, np.cumsum([len(key) for key in keys])[:-1]), strict=True):
            cohort.places = places
            yield cohort


# --- tables and models ------------------------------------------------------------------------------------------------


def _inside(cohort: Cohort, conditions: Iterable[tuple[str, Any]]) -> np.ndarray:
    inside = np.ones(len(cohort.frame), dtype=bool)
    for column, levels in conditions:
        if column in cohort.frame:
            inside &= cohort.has(column, levels if isinstance(levels, list) else [levels])
    return inside


def _choices(cohort: Cohort, about: dict[str, Any], term: str) -> Iterator[np.ndarray]:
    """Whom an analysis may be about: everybody, or who has a value of what it asks for."""
    lists = [about.get(key) or [] for key in ("group_by", "covariates", "variables")]
    single = [about[key] for key in ("variable", "over", "area", "outcome") if isinstance(about.get(key), str)]
    every = (
        [],
        [term],
        lists[0],
        single,
        [*lists[0], *single],
        [*lists[0], *lists[1], *single],
        [*chain(*lists), *single],
    )
    yield from map(cohort.answers, dict.fromkeys(tuple(n for n in names if n in cohort.frame) for names in every))


def _find(cohort: Cohort, about: dict[str, Any], term: str, inside: np.ndarray, exact: float) -> np.ndarray | None:
    """Return the places of the members of a count, or None if what the labels say is not as many."""
    for choice in _choices(cohort, about, term):
        if int((inside & choice).sum()) == exact:
            return cohort.places[inside & choice]
    return None


def _tables(known: Background, cohort: Cohort, about: dict[str, Any], rows: pd.DataFrame) -> None:
    """Name the sets behind the cells of tables, the levels of models, and all that these are parts of."""
    pool, kind = known.pools[_kind(cohort)], _kind(cohort)
    everybody = _inside(cohort, about["restrict_to"].items())
    # Steps that differ by few are shown alike, so that a number shown there is not that of its own members.
    for row in rows[rows["n"].notna() & rows["time"].isna() & (rows["kind"] != "attrition")].itertuples():
        if row.measure not in COUNTED and not row.measure.startswith("log_"):
            continue
        inside = everybody & _inside(cohort, pairs(row.group))
        cell = inside & _inside(cohort, [(row.term, row.level)] if row.level else [])
        what = "n" if row.measure in COUNTED else "level n" if row.level else "whole"
        found = _find(cohort, about, row.term, cell, row.n)
        if row.measure == "rate" or (row.level and row.term not in cohort.frame):
            found = None
        if found is not None:
            name = pool.name(found)
            known.counts[named(row, what)] = kind, name
            pool.partitions[row.stream, row.analysis, row.outcome, row.term, row.measure].append(name)
        whole = None if pd.isna(row.total) else _find(cohort, about, row.term, inside, row.total)
        if whole is not None:
            known.wholes[named(row, what)] = kind, pool.name(whole)
            pool.partitions[row.stream, row.analysis, row.outcome, row.term, "whole"].append(pool.name(whole))


# --- curves -----------------------------------------------------------------------------------------------------------


def _curves(known: Background, cohort: Cohort, about: dict[str, Any], rows: pd.DataFrame) -> None:
    """Name persons and events of curves."""
    curves = curves_of(rows)
    if not curves:
        return
    kind, pool, found = _kind(cohort), known.pools[_kind(cohort)], {}
    everybody = _inside(cohort, about["restrict_to"].items())
    states = _moves(cohort, about) if "states" in about else {}
    for curve in curves:
        first = curve.iloc[0]
        row = next(curve.itertuples())
        inside = everybody & _inside(cohort, pairs(first["group"]))
        outcome = cohort.about.get("outcomes", {}).get(first["outcome"] or cohort.about.get("follow_up"), {})
        unit = about.get("time_unit") or outcome.get("time_unit") or "years"
        grid = curve["time"].to_numpy(dtype=float) * DAYS[unit] + outcome.get("at_risk_after_days", 0)
        ends = states or found.setdefault(first["outcome"], _ends(cohort, outcome))
        for what, counts in counted(curve).items():
            numbers, series = np.nan_to_num(np.array(counts, dtype=float)).astype(int).tolist(), series_name(row, what)
            key = first["term"] + ("" if first["measure"] == "transitions" else ":") if states else what
            if first["kind"] == "follow_up":
                key = {"events": "censored", "censored": "gone"}.get(what, "nothing")
            happened = ends.get(key)
            if happened is None or not len(happened):
                continue
            mine = happened[inside[happened["row"]]]
            seen = np.searchsorted(np.sort(mine["day"].to_numpy()), grid + 1e-6, side="right")
            who = _find(cohort, {**about, "covariates": []}, "", inside, first["n"])
            if seen.tolist() != numbers or who is None:
                continue
            name = "|".join((cohort.stream, cohort.name, "states" if states else str(first["outcome"]), key))
            known.series[series] = kind, pool.name(who), name
            known.exact[series], known.days[series] = numbers, grid.round(6).tolist()
            known.names[series] = [named(line, what) for line in curve.itertuples()]
            known.rows_of_one[series] = _rows_of_one(cohort, inside)
            if about.get("spells"):
                seen = mine[mine["day"] <= grid[-1] + 1e-6]
                known.rows_of_one[series] = max(known.rows_of_one[series], _most_of_one(cohort, seen["row"]))
            _happen(pool, cohort, name, happened)
            pool.partitions[row.stream, row.analysis, row.outcome, "", "curve"].append(pool.name(who))


def _rows_of_one(cohort: Cohort, inside: np.ndarray) -> int:
    """The most rows that one person has."""
    person = cohort.about.get("person")
    return 1 if person is None else int(cohort.frame.loc[inside, person].value_counts().max())


def _most_of_one(cohort: Cohort, rows: pd.Series) -> int:
    """The most that one person adds to what happened in some rows, each as often as it did."""
    person = cohort.about.get("person") or cohort.about["key"][0]
    return int(cohort.frame[person].to_numpy()[rows].size and cohort.frame.loc[rows, person].value_counts().max())


def _happen(pool: Pool, cohort: Cohort, name: str, happened: pd.DataFrame) -> None:
    if any(name == part["what"].iloc[0] for part in pool.happened):
        return
    zero = cohort.frame[cohort.about["time_zero"]].astype(str).to_numpy()[happened["row"]]
    pool.happened.append(pd.DataFrame({"place": cohort.places[happened["row"]], "zero": zero,
                                       "day": happened["day"].to_numpy(), "what": name}))  # fmt: skip


def _ends(cohort: Cohort, outcome: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return row and day of everything that happens under an outcome: what comes first ends the time at risk."""
    if not outcome or outcome.get("duration") or outcome.get("entry"):
        return {}
    event = outcome.get("event")
    again = event is not None and cohort.repeats(event)
    roles = [(event, "events")] if event and not again else []
    roles += [(name, "competing") for name in outcome.get("competing") or []]
    roles += [(name, "censored") for name in outcome.get("censoring") or []]
    days = np.column_stack([cohort.days(name).to_numpy() for name, _ in roles])
    end = np.nanmin(days, axis=1)
    cause = np.array([what for _, what in roles])[np.argmax(days == end[:, None], axis=1)]
    rows = np.flatnonzero(end > outcome.get("at_risk_after_days", 0) - (not outcome.get("at_risk_after_days", 0)))
    found = {what: pd.DataFrame({"row": rows, "day": end[rows]})[cause[rows] == what] for _, what in roles}
    found["gone"] = pd.DataFrame({"row": rows, "day": end[rows]})[cause[rows] != "censored"]
    if again:
        each = [(row, day, number) for row, own in enumerate(cohort.days(event)) for number, day in enumerate(own)
                if day <= end[row]]  # fmt: skip
        table = pd.DataFrame(each, columns=["row", "day", "number"])
        found |= {"events": table[["row", "day"]], "first events": table[table["number"] == 0][["row", "day"]]}
    return found


def _moves(cohort: Cohort, about: dict[str, Any]) -> dict[str, pd.DataFrame]:
    """Return row and day of every move between states, and of ends of observation in each."""
    end = np.nanmin(np.column_stack([cohort.days(name).to_numpy() for name in about["censoring"]]), axis=1)
    if about.get("spells"):
        return _told_moves(cohort, about, end)
    names, entered = list(about["states"]), []
    for state, how in about["states"].items():
        if how.get("entered_by"):
            days, number = cohort.days(how["entered_by"]), how.get("number", 1)
            if cohort.repeats(how["entered_by"]):
                days = pd.Series([own[number - 1] if len(own) >= number else np.nan for own in days])
            entered.append((names.index(state), days.to_numpy(dtype=float)))
    moves: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row, last in enumerate(end):
        here = dict(sorted((days[row], state) for state, days in entered if days[row] <= last))
        now = 0
        for day, state in here.items():
            if about["states"][names[now]].get("absorbing") or (about.get("ordered") and state <= now):
                continue
            moves[f"{names[now]}:{names[state]}"].append((row, day))
            now = state
        if not about["states"][names[now]].get("absorbing"):
            moves[f"{names[now]}:"].append((row, last))
    return {move: pd.DataFrame(found, columns=["row", "day"]) for move, found in moves.items()}


def _placed(cohort: Cohort, about: dict[str, Any]) -> Cohort:
    """Return the cohort with a column for the state of each member at each time of a flow."""
    if about.get("kind") != "flow":
        return cohort
    end = np.nanmin(np.column_stack([cohort.days(name).to_numpy() for name in about["censoring"]]), axis=1)
    frame, moves, spells = cohort.frame.copy(), _moves(cohort, about), bool(about.get("spells"))
    gone = {name for name, how in about["states"].items() if how.get("absorbing")}
    for time in about["times"]:
        day = time * DAYS[about.get("time_unit") or "months"] + 1e-6
        here: list[Any] = [None if spells else next(iter(about["states"]))] * len(frame)
        steps = [(when, row, move.partition(":")[2]) for move, found in moves.items() if not move.endswith(":")
                 for row, when in found.itertuples(index=False)]  # fmt: skip
        for when, row, state in sorted(steps):
            here[row] = state if when <= day else here[row]
        seen = [state in gone or last >= day - 1e-5 for state, last in zip(here, end, strict=True)]
        frame[f"at_{time:g}"] = np.where(seen, here, "not_observed")
    return replace(cohort, frame=frame, coded={}, answered={})


def _told_moves(cohort: Cohort, about: dict[str, Any], end: np.ndarray) -> dict[str, pd.DataFrame]:
    """The same of states that spells tell: who starts in which state, and every change of it."""
    names = {word: name for name, how in about["states"].items() for word in how.get("spells") or [name]}
    words = cohort.frame[f"{about['spells']}_state"].reset_index(drop=True)
    moves: dict[str, list[tuple[int, float]]] = defaultdict(list)
    for row, (days, told, last) in enumerate(zip(cohort.days(about["spells"]), words, end, strict=True)):
        now = names[told[0]]
        moves[f"time_zero:{now}"].append((row, 0.0))
        for day, word in zip(days[1:], told[1:], strict=True):
            if day > last or about["states"][now].get("absorbing"):
                break
            if names[word] != now:
                moves[f"{now}:{names[word]}"].append((row, day))
                now = names[word]
        if not about["states"][now].get("absorbing"):
            moves[f"{now}:"].append((row, last))
    return {move: pd.DataFrame(found, columns=["row", "day"]) for move, found in moves.items()}
