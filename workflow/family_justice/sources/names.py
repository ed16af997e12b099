"""Which column of an extract is which of the contract, and what to write where none is."""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from difflib import SequenceMatcher, get_close_matches
from typing import Any

from family_justice.contracts import Column
from family_justice.sources.reading import Reading

#: What the look-ups of one system call as those of another do not.
OTHER_SPELLINGS = {"NAME": ("CAPTION", "DESCRIPTION"), "CAPTION": ("NAME", "DESCRIPTION")}
OTHER_KEYS = ("ITEMID", "ID")
#: As many columns make a rule of their ends worth while.
ENOUGH_FOR_A_RULE = 2
#: A name that may be meant, and whether it is a known other spelling.
Near = tuple[str | None, bool]


@dataclass(frozen=True)
class Named:
    """The columns of one table: ``found`` by their names in the contract (None: there is none, left empty), those that
    are ``missing``, and the names that ``there`` are."""

    found: Mapping[str, str | None]
    missing: Sequence[str]
    there: Sequence[str]


@dataclass(frozen=True)
class Lacking:
    """A table with columns that were not found, for ``how_to_settle``."""

    columns: Mapping[str, Column]
    named: Named
    reading: Reading


def find_columns(columns: Mapping[str, Column], there: Sequence[str], reading: Reading) -> Named:
    """Find each column of a contract among the names that are there: as ``renamed`` says, else with another end
    (``suffixes``), else under its own name. Upper and lower case are the same, unless both are there. An optional
    column that is not there is left empty."""
    exact, lower = set(there), {name.lower(): name for name in reversed(there)}
    given = {name.lower(): theirs for name, theirs in reading.renamed.items()}
    found: dict[str, str | None] = {}
    missing: list[str] = []
    for name, column in columns.items():
        if name.lower() in given:
            theirs = given[name.lower()]
            if theirs is None:
                found[name] = None
                continue
            ways = [theirs]
        else:
            ways = [name[: -len(ours)] + end for ours, end in reading.suffixes.items() if name.endswith(ours)]
            ways.append(name)
        ways = [way if way in exact else lower.get(way.lower(), "") for way in ways]
        ways = [way for way in ways if way]
        if ways:
            found[name] = ways[0]
        elif getattr(column, "optional", False):  # tables of one's own have none
            found[name] = None
        else:
            missing.append(name)
    return Named(found, missing, there)


def say_shared(named: Named) -> list[str]:
    """Return a sentence for each column of an extract that was found for two columns of the contract."""
    by_theirs: dict[str, list[str]] = {}
    for ours, theirs in named.found.items():
        if theirs is not None:
            by_theirs.setdefault(theirs, []).append(ours)
    return [
        f"'{theirs}' would be read as {' and as '.join(ours)}: write under 'renamed' which, and null for the other."
        for theirs, ours in by_theirs.items()
        if len(ours) > 1
    ]


def say_missing(lacking: Lacking) -> str:
    """Return one sentence with all columns of a table that are missing, and the columns that are there."""
    named, renamed = lacking.named, lacking.reading.renamed
    shown = [f"'{renamed[name]}' (for {name})" if renamed.get(name) else f"'{name}'" for name in named.missing]
    many = len(shown) > 1
    return (
        f"column{'s' if many else ''} {', '.join(shown)} {'are' if many else 'is'} missing. "
        f"There are: {', '.join(name for name in named.there if name) or '(none)'}."
    )


def may_be_a_record(lacking: Lacking) -> bool:
    """Say whether the names that are there may be the cells of a record, of a file that has no header: none of them is
    a name of the contract or a known other spelling of one. Then they are not shown."""
    found = any(lacking.named.found.values())
    return not found and not any(sure for _, sure in _near(lacking).values())


def how_to_settle(tables: Mapping[str, Lacking], readings: Mapping[str, Reading]) -> str:
    """Return YAML for the file of the source that would settle missing columns; empty if none is missing.

    ``readings``, of all tables of the source, say what stands there already: it is repeated.
    """
    if not tables:
        return ""
    near = {table: _near(lacking) for table, lacking in tables.items()}
    suffixes = _rules(next(iter(tables.values())).reading.suffixes, near.values())
    lines = ["Check the names and write into the file of the source:", ""]
    if suffixes:
        lines.append(f"suffixes: {{{', '.join(f'{_yaml(end)}: {_yaml(other)}' for end, other in suffixes.items())}}}")
    entries: list[str] = []
    for table in dict.fromkeys([*readings, *tables]):
        written: dict[str, Any] = dict(readings[table].written) if table in readings else {}
        columns = {name: _yaml(theirs) for name, theirs in written.pop("columns", {}).items()}
        if table in tables:
            columns = {name: said for name, said in columns.items() if name not in near[table]}
            columns |= _renamed(tables[table].columns, near[table], suffixes)
        if written or columns:
            entries.append(f"  {table}:")
            entries += [f"    {key}: {_yaml(value)}" for key, value in written.items()]
            entries += ["    columns:"] if columns else []
            entries += [f"      {_yaml(name)}: {other}" for name, other in columns.items()]
    return "\n".join([*lines, *(["renamed:", *entries] if entries else [])])


def _rules(known: Mapping[str, str], near: Iterable[Mapping[str, Near]]) -> dict[str, str]:
    """Return the rules of ends that are known, and those that would find several missing columns."""
    ends = Counter(_ends(ours, theirs) for pairs in near for ours, (theirs, _) in pairs.items() if theirs)
    found = [pair for pair, number in ends.most_common() if all(pair) and number >= ENOUGH_FOR_A_RULE]
    return {**dict(reversed(found)), **known}


def _renamed(columns: Mapping[str, Column], near: Mapping[str, Near], suffixes: Mapping[str, str]) -> dict[str, str]:
    """Return what to write under ``renamed`` for the missing columns that no rule of ends finds."""
    said: dict[str, str] = {}
    for name, (nearest, sure) in near.items():
        if nearest is None:
            required = columns[name].required
            said[name] = f"null  # {'REQUIRED: write its name' if required else 'left empty, if there is none'}"
        elif nearest.lower() != name.lower() and _ends(name, nearest) not in suffixes.items():
            said[name] = _yaml(nearest) + ("" if sure else "  # the most alike")
    return said


def _near(lacking: Lacking) -> dict[str, Near]:
    """Return, for each missing column, the name there that is most like it and that no other column has, and whether
    that is a known other spelling."""
    taken = {name for name in lacking.named.found.values() if name}
    spare = {name.lower(): name for name in lacking.named.there if name and name not in taken}
    chosen: dict[str, Near] = {}
    for sure in (True, False):  # what is sure first, so that nothing less sure takes it
        for ours in lacking.named.missing:
            if ours in chosen and chosen[ours][0]:
                continue
            ways: list[str] = []
            for asked in (lacking.reading.renamed.get(ours) or ours, ours):
                ways += _sure_ways(asked, lacking.columns[ours], spare) if sure else _like(asked, spare)
            chosen[ours] = (spare.pop(ways[0]), sure) if ways else (None, False)
    return {ours: chosen[ours] for ours in lacking.named.missing}


def _sure_ways(name: str, column: Column, spare: Mapping[str, str]) -> list[str]:
    plain = {low: low.replace("_", "").replace(" ", "").replace("-", "") for low in spare}
    low, other_ends = name.lower(), (("_e", "_pe"), ("_pe", "_e"))
    ways = [way for way, short in plain.items() if short == low.replace("_", "")]
    ways += [low.removesuffix(old) + new for old, new in other_ends if low.endswith(old)]
    ways += [other.lower() for other in OTHER_SPELLINGS.get(name.upper(), ())]
    ways += [other.lower() for other in OTHER_KEYS] if column.key else []
    return [way for way in ways if way in spare]


def _like(name: str, spare: Mapping[str, str]) -> list[str]:
    return get_close_matches(name.lower(), sorted(spare), n=1, cutoff=0.6)


def _ends(ours: str, theirs: str) -> tuple[str, str]:
    """Return the parts, from an underscore on, in which two names differ if they begin alike; else empty text."""
    alike = SequenceMatcher(None, ours.upper(), theirs.upper()).find_longest_match()
    start = ours[: alike.size].rfind("_") if alike.a == alike.b == 0 else 0
    if start <= 0:
        return "", ""
    return ours[start:], theirs[start:].upper() if ours.isupper() else theirs[start:]  # one rule, however it is spelt


def _yaml(text: Any) -> str:
    """Return a scalar as YAML reads it back as text."""
    if text is None:
        return "null"
    plain = re.fullmatch("[A-Za-z_][A-Za-z0-9_]*", str(text)) and str(text).lower() not in {"null", "true", "false"}
    return str(text) if plain else json.dumps(str(text))
