"""Counts of one cohort in several analyses: what one analysis counts of everybody, another counts of some.

An analysis that `restrict_to` leaves with some levels of a covariate counts a group, like a table with `group_by`. Two
analyses, of everybody and of a group, tell by subtraction of the others, who may be few. So every count of a group is
tied to the same count of all groups, whichever analyses they are from.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from family_justice.disclosure.ledger import Key, Ledger
from family_justice.disclosure.result_frame import Conditions

#: Between the levels of a restriction to several.
OR = " or "

Restrictions = Mapping[str, Mapping[str, Sequence[str]]]


def restrictions(restricted: Restrictions) -> dict[str, Conditions]:
    """Return for each analysis the levels of covariates that it is restricted to, as conditions of a group."""
    return {
        analysis: frozenset((column, OR.join(sorted(levels))) for column, levels in columns.items())
        for analysis, columns in restricted.items()
    }


def tie_groups(ledger: Ledger) -> None:
    """Tie the persons, and the events, of the groups of each column to those of all groups; and those of a restriction
    to several levels to those of each. Where groups overlap each is tied by itself."""
    families: dict[Key, dict[Conditions, list[Key]]] = {}
    for name, key in list(ledger.named.items()):
        match name:
            case ("persons", cohort, frozenset() as who, time, _):
                families.setdefault(("persons", cohort, time), {}).setdefault(who, []).append(key)
            case ("events", cohort, outcome, frozenset() as who, _):
                families.setdefault(("events", cohort, outcome), {}).setdefault(who, []).append(key)
    for family in families.values():
        for whole, columns in _groups(family).items():
            for key in family[whole]:
                for levels in columns.values():
                    _tie(ledger, key, levels)


def _groups(family: Mapping[Conditions, list[Key]]) -> dict[Conditions, dict[str, dict[str, list[Key]]]]:
    """Return, for everybody and each group that is counted, the counts of its parts by column and level."""
    found: dict[Conditions, dict[str, dict[str, list[Key]]]] = {}
    for who, keys in family.items():
        for column, level in sorted(who):
            others = who - {(column, level)}
            wider = [others] + [
                others | {pair} for other in family if others < other for pair in other - others
                if len(other) == len(who) and pair[0] == column and pair[1] != level
                and set(level.split(OR)) < set(pair[1].split(OR))
            ]  # fmt: skip
            for whole in wider:
                if whole in family:
                    found.setdefault(whole, {}).setdefault(column, {}).setdefault(level, []).extend(keys)
    return found


def _tie(ledger: Ledger, whole: Key, levels: Mapping[str, list[Key]]) -> None:
    """Tie the parts that may lie in ``whole``. An analysis that leaves out members with gaps counts fewer; of several
    counts of a level, the largest stands in the sum."""
    most = ledger.counts[whole].exact
    fitting = [[key for key in keys if key != whole and ledger.counts[key].exact <= most] for keys in levels.values()]
    largest = [max(keys, key=lambda key: ledger.counts[key].exact) for keys in fitting if keys]
    together = sum(ledger.counts[key].exact for key in largest) <= most
    if together:
        ledger.add_sum(whole, largest, margin=False)
    for keys in fitting:
        for key in keys:
            if not together or key not in largest:
                ledger.add_sum(whole, [key], margin=False)
