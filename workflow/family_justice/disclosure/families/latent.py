"""Latent classes: shares of classes and answers within them, in steps of expected members.

Class shares times probabilities add up to the exact margins of every variable, and the estimates of a small model even
to the number of members with each pattern of answers. So estimates are shown as tables show percentages: the expected
number of members in a class, and in a level of a class, is rounded and the percentages are computed from the rounded
numbers. The steps are twice the threshold (or the base of rounding, if that is larger): a margin that is added up from
the classes is then off by more than the margin that a table shows, which stays the better source. In steps of the
threshold itself, the rarest answers of a model with as many parameters as patterns (three yes/no variables, two
classes) were left with one or two possible counts beside rounded margins; in twice that with three or more. Two
analyses of the same members side by side can leave a rare pattern with a single value: so where a cohort has several,
the steps are as many times wider, and what is expected to be less than half a step is withheld
(``tests/acceptance/test_intruder_classes.py``). Expected numbers under the threshold are withheld. A number that is
withheld and is what the others leave of the class stays unknown too, as either of the two numbers is off by up to half
a step. What the other classes leave of a margin, which is off by less, may not: 29 and 9 of 38 are shown as 20 and
withheld, of 40, and can only be 29 and 9. So another class is withheld there.

Log-likelihood and information criteria are functions of all exact counts and stay inside. The entropy is shown to one
decimal.
"""

from __future__ import annotations

import math
from collections.abc import Mapping

import pandas as pd

from family_justice.config.schema import Policy
from family_justice.disclosure.families.tables import person_key
from family_justice.disclosure.ledger import SAFE_VALUES, Key, Ledger
from family_justice.disclosure.result_frame import (
    TELLS_COUNTS,
    count,
    real,
    require_empty,
    require_present,
    suppress,
    text,
)
from family_justice.disclosure.rounding import is_open, is_small, possible, round_to_base, shown
from family_justice.errors import DisclosureError
from family_justice.measures import of_role
from family_justice.results import COUNTS, VALUES

_PROFILE = of_role("class_share")
_UNUSED = [column for column in (*VALUES, *COUNTS) if column not in ("estimate", "n", "total")]


def step(policy: Policy, analyses: int = 1) -> int:
    """Step of the expected numbers of members that are shown where a cohort has so many ``analyses`` of classes."""
    base = policy.rounding_base
    return analyses * base * -(-2 * max(policy.threshold, base) // base)


def check_latent(frame: pd.DataFrame) -> None:
    """Raise ``DisclosureError`` unless all rows have their numbers and percentages are those of expected members."""
    require_empty(frame, [*_UNUSED, "time"], "latent classes")
    require_present(frame, ["n"], "latent classes")
    profile = frame[frame["measure"].isin(_PROFILE)]
    require_present(profile, ["total", "estimate"], "latent classes")
    classes = profile[profile["measure"] == "class_share"]
    sizes = {(text(classes, row, "analysis"), text(classes, row, "level")): row for row in classes.index}
    for name, rows in frame.groupby("analysis", sort=False):
        rested = set(rows.loc[~rows["measure"].isin(_PROFILE), "n"])
        if len(rested) != 1 or not set(classes.loc[classes["analysis"] == name, "total"]) <= rested:
            raise DisclosureError("latent classes: one analysis must rest on one number of members, beside its fit")
    for row in profile.index:
        n, total, share = (real(profile, row, column) for column in ("n", "total", "estimate"))
        if not 0 <= share <= 100 + 1e-9 or abs(n - share * total / 100) > 1.0 + 1e-6:
            raise DisclosureError("latent classes: the estimate of some rows is not 100 * n / total")
        if profile.at[row, "measure"] == "item_probability":
            whole = sizes.get((text(profile, row, "analysis"), text(profile, row, "group").removeprefix("class=")))
            if whole is None or count(profile, whole, "n") != total:
                raise DisclosureError("latent classes: answers of a class that has no size of its own")


def enter_latent(frame: pd.DataFrame, ledger: Ledger) -> dict[str, Key]:
    """Enter the members that each analysis rests on; the expected numbers of members are no counts."""
    found = {}
    for name, rows in frame[~frame["measure"].isin(_PROFILE)].groupby("analysis", sort=False):
        n = int(rows["n"].iloc[0])
        who = ledger.members(str(name))
        found[str(name)] = ledger.add(
            person_key(str(rows["cohort"].iloc[0]), who, n), n, anchored=True, at=(int(rows.index[0]), "n")
        )
    return found


def release_latent(
    frame: pd.DataFrame, rows: pd.Index, members: dict[str, Key], ledger: Ledger, policy: Policy
) -> None:
    """Write rounded expected numbers and what follows from them into ``frame``; withhold the others."""
    if is_open(policy):
        return
    answers = frame.loc[rows, "analysis"][frame.loc[rows, "measure"] == "item_probability"].value_counts()
    beside = frame.loc[rows].groupby("cohort")["analysis"].nunique()
    #: Expected numbers by row, of the same over all classes.
    across: dict[tuple[str, str, str], dict[int, float]] = {}
    for row in rows:
        analysis = text(frame, row, "analysis")
        # About as many rows as parameters: with few members more, the model is the members.
        free = ledger.counts[members[analysis]].exact - int(answers.get(analysis, 0))
        if not ledger.shown(members[analysis]) or free < policy.minimum_residual_df:
            suppress(frame, row, policy)
            continue
        measure = text(frame, row, "measure")
        if measure in _PROFILE:
            whole = "" if measure == "class_share" else text(frame, row, "level")
            expected = real(frame, row, "estimate") * (count(frame, row, "total") or 0) / 100
            across.setdefault((analysis, text(frame, row, "term"), whole), {})[int(row)] = expected
            _profile(frame, row, policy, step(policy, int(beside[text(frame, row, "cohort")])))
            continue
        frame.at[row, "n"] = shown(count(frame, row, "n") or 0, policy)
        if measure == "entropy":
            frame.at[row, "estimate"] = round(real(frame, row, "estimate"), 1)
        elif not math.isnan(real(frame, row, "estimate")):
            suppress(frame, row, policy)
            frame.at[row, "note"] = TELLS_COUNTS
    for numbers in across.values():
        unit = step(policy, int(beside[text(frame, next(iter(numbers)), "cohort")]))
        _withhold_beside(frame, numbers, policy, unit)


def _withhold_beside(frame: pd.DataFrame, numbers: Mapping[int, float], policy: Policy, unit: int) -> None:
    """Withhold the smallest number that is shown of the same over all classes, where what is withheld of it could be
    narrowed down: over the classes it adds up to a count that tables show in their own, finer steps.

    ``numbers`` are expected numbers of members by row.
    """
    least = math.ceil(max(policy.threshold, unit / 2))
    seen = [row for row in numbers if frame.at[row, "status"] == "ok"]
    few = len(numbers) - len(seen)
    whole = round(sum(numbers.values()))
    if not few or not seen or is_small(whole, policy):
        return
    low, high = possible(shown(whole, policy), policy)
    for n in (count(frame, row, "n") or 0 for row in seen):
        reach = unit // 2 - (unit % 2 == 0 and n // unit % 2)  # a tie goes to the even multiple
        low, high = low - (n + reach), high - max(n - reach, least)
    if min(least - 1, high) - max(0, low - (few - 1) * (least - 1)) + 1 < SAFE_VALUES:
        suppress(frame, min(seen, key=lambda row: numbers[row]), policy)


def _profile(frame: pd.DataFrame, row: int, policy: Policy, unit: int) -> None:
    n, total = count(frame, row, "n") or 0, count(frame, row, "total") or 0
    expected = min(n, real(frame, row, "estimate") * total / 100)  # not rounded up to the threshold
    if expected < max(policy.threshold, unit / 2):
        suppress(frame, row, policy)
        return
    whole = frame.at[row, "measure"] == "class_share"
    n_shown = max(int(round_to_base(n, unit)), unit)
    total_shown = shown(total, policy) if whole else max(int(round_to_base(total, unit)), unit)
    frame.at[row, "n"], frame.at[row, "total"] = n_shown, total_shown
    frame.at[row, "estimate"] = min(100.0, 100 * n_shown / total_shown)
