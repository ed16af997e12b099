"""Episodes of care: a new one begins when the legal status or the placement changes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from family_justice.sources.synthetic.children.care import NULL
from family_justice.sources.synthetic.children.looked_after import LookedAfter
from family_justice.sources.synthetic.children.parameters import NEEDS, PLACEMENTS
from family_justice.sources.synthetic.children.parameters import Episodes as EpisodeParameters
from family_justice.sources.synthetic.children.placements import PLACEMENT_ORDERS_FROM, draw_placements
from family_justice.sources.synthetic.clock import Ints, Streams, draw_from

#: Codes of the census; config/codelists/care_legal_status.csv and care_starts.csv.
STATUSES = ("V2", "V1", "L2", "C1", "C2", "E1", "D1", "L1", "J1")
VOLUNTARY, SHORT_BREAKS, EMERGENCY, INTERIM, CARE, PLACEMENT_ORDER, FREEING, POLICE, YOUTH_JUSTICE = range(9)
INSIDE = tuple(PLACEMENTS.index(code) for code in ("F1", "F2", "F3", "H1", "H3"))
OUTSIDE = tuple(PLACEMENTS.index(code) for code in ("F4", "F5", "F6", "H2", "H21", "H4"))
STARTS = ("S", "L", "P", "B")


@dataclass
class Episodes:
    """Episodes sorted by period and start; days, and places in the lists of codes above."""

    period: Ints
    start: Ints
    end: Ints
    status: Ints
    placement: Ints
    began: Ints
    ended: Ints
    """Place in ``care.ENDS``; -1 where the next episode of the period follows."""
    need: Ints


def _statuses(cared: LookedAfter) -> tuple[Ints, Ints, Ints]:
    """Return period, day and legal status of every change of status."""
    made = cared.periods
    first = np.where(cared.is_short_breaks, SHORT_BREAKS, np.where(cared.is_youth_justice, YOUTH_JUSTICE, VOLUNTARY))
    freed = made.is_placement & (made.order < PLACEMENT_ORDERS_FROM)
    ordered = np.where(freed, FREEING, np.where(made.is_placement, PLACEMENT_ORDER, CARE))
    number = np.arange(len(made))
    parts = [
        (days, status)
        for days, status in (
            (made.police, np.full(len(made), POLICE)), (made.voluntary, first),
            (made.emergency, np.full(len(made), EMERGENCY)),
            (made.interim, np.full(len(made), INTERIM)), (made.order, ordered),
            (made.revoked, np.full(len(made), CARE)),
        )
    ]  # fmt: skip
    there = [(days != NULL) & (days < made.end) for days, _ in parts]
    return (
        np.concatenate([number[rows] for rows in there]),
        np.concatenate([days[rows] for (days, _), rows in zip(parts, there, strict=True)]),
        np.concatenate([status[rows] for (_, status), rows in zip(parts, there, strict=True)]),
    )


def _in_force(key: Ints, at: Ints, values: Ints) -> Ints:
    """Return the value in force at each of the sorted keys: that of the last change up to it."""
    order = np.argsort(at, kind="stable")
    return values[order][np.searchsorted(at[order], key, side="right") - 1]


def draw_episodes(cared: LookedAfter, p: EpisodeParameters, streams: Streams) -> Episodes:
    """Return the episodes of all periods of care."""
    made = cared.periods
    birth = cared.birth[made.child]
    of, when, status = _statuses(cared)
    period, day, placement = draw_placements(
        p, made, birth, cared.is_short_breaks, (of, when), streams("placements of looked-after children")
    )
    scale = 10**6
    status_key, placement_key = of * scale + when + 10**5, period * scale + day + 10**5
    # Two changes of placement on one day are one.
    placement_key, once = np.unique(placement_key, return_index=True)
    placement = placement[once]
    key = np.unique(np.concatenate([status_key, placement_key]))
    number, start = key // scale, key % scale - 10**5
    is_first = np.diff(number, prepend=-1) != 0
    changed_status, changed_placement = np.isin(key, status_key), np.isin(key, placement_key)
    began = np.where(is_first, 0, np.where(changed_status & changed_placement, 3, np.where(changed_status, 1, 2)))
    is_last = np.append(is_first[1:], True)
    random = streams("needs of looked-after children")
    agreed = draw_from(p.needs_voluntary.value, len(made), random)
    ordered = draw_from(p.needs_compulsory.value, len(made), random)
    names_agreed, names_ordered = list(p.needs_voluntary.value), list(p.needs_compulsory.value)
    need = np.where(
        made.voluntary == NULL,
        np.array([NEEDS.index(name) for name in names_ordered])[ordered],
        np.array([NEEDS.index(name) for name in names_agreed])[agreed],
    )
    need = np.where(cared.is_short_breaks, NEEDS.index("N2"), need)
    return Episodes(
        period=number, start=start, end=np.where(is_last, made.end[number], np.append(start[1:], 0)),
        status=_in_force(key, status_key, status), placement=_in_force(key, placement_key, placement),
        began=began, ended=np.where(is_last, made.reason[number], -1), need=need[number],
    )  # fmt: skip
