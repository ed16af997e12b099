"""A stream's policy may be stricter than the custodian's, never looser."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from family_justice.config.schema import Policy
from family_justice.errors import ConfigError, report_together

#: Below this no custodian's minimum may lie where the tables are court records, whoever edits the files (assumption:
#: the safe haven's own number is not public). A minimum may round to midpoints instead. A policy in which the threshold
#: cuts into an interval of midpoints does not exist, so the least threshold is then 6: one more than a multiple of the
#: base, which is 5 or more.
FLOOR = Policy(
    name="floor",
    description="The least that court records get, synthetic ones included.",
    threshold=5,
    rounding_base=5,
    zero_discloses=False,
    minimum_events_per_level=5,
    minimum_residual_df=5,
    minimum_at_risk=5,
)
#: Released rows, what is known of them, and the pages with their figures; a custodian may forbid all other types.
NEEDED_TYPES = {"csv", "json", "svg", "html"}

#: Says of a field's value, that of the minimum, and the minimum, what to write instead; nothing if it is not looser.
Rule = Callable[[Any, Any, Policy], str]


def _at_least(own: int, least: int, minimum: Policy) -> str:
    return f", below the custodian's minimum in policy '{minimum.name}'; write {least} or more" if own < least else ""


def _at_most(own: int, most: int, minimum: Policy) -> str:
    return f", above that in policy '{minimum.name}'; write {most} or fewer" if own > most else ""


def _true_if(own: bool, needed: bool, minimum: Policy) -> str:
    return f"; write true, as in policy '{minimum.name}'" if needed and not own else ""


def _among(own: list[str], allowed: list[str], minimum: Policy) -> str:
    more = sorted(set(own) - set(allowed))
    return f", more than policy '{minimum.name}' allows; leave out {', '.join(more)}" if more else ""


def _same_intervals(own: int, base: int, minimum: Policy) -> str:
    """Two ways of rounding one count tell more of it than either: a stricter stream joins the custodian's intervals.
    The floor is nobody's release, so that any wider rounding is stricter."""
    if minimum is FLOOR:
        return f"; write {base} or more" if own < base else ""
    return f"; write a multiple of {base}, the base in policy '{minimum.name}'" if own % base else ""


def _same_rounding(own: str, other: str, minimum: Policy) -> str:
    differs = minimum is not FLOOR and minimum.rounding_base > 1 and own != other
    return f"; write {other}, as in policy '{minimum.name}'" if differs else ""


def _words(_own: str, _other: str, _minimum: Policy) -> str:
    """A field of words, neither strict nor loose."""
    return ""


#: In which direction each field of a policy is stricter. A field that is not here is an error at import.
STRICTER: Mapping[str, Rule] = {
    "name": _words,
    "description": _words,
    "threshold": _at_least,
    "rounding_base": _same_intervals,
    "rounding": _same_rounding,
    "zero_discloses": _true_if,
    "minimum_events_per_level": _at_least,
    "minimum_residual_df": _at_least,
    "minimum_at_risk": _at_least,
    "largest_share": _at_most,
    "file_types": _among,
    "maximum_rows": _at_most,
}


def check_every_field_has_a_rule(fields: Mapping[str, object]) -> None:
    """Raise ``ImportError`` that names the fields of a policy without a stricter direction, and rules of no field."""
    apart = sorted(set(fields) ^ set(STRICTER))
    if apart:
        raise ImportError(f"config.policy.STRICTER: say in which direction {', '.join(apart)} of a policy is stricter")


check_every_field_has_a_rule(Policy.model_fields)


def check_policy_not_below(policy: Policy, minimum: Policy, where: str = "") -> None:
    """Raise ``ConfigError`` with every field of ``policy`` that is looser than the custodian's ``minimum``.

    The configuration is checked when it is read; the door checks again, because it must not rest on the order in
    which others work.
    """
    report_together(where or f"policy '{policy.name}'", _looser_than(policy, minimum), ConfigError)


def is_looser(policy: Policy, minimum: Policy) -> bool:
    """Say whether a policy is looser than another in anything."""
    return bool(_looser_than(policy, minimum))


def _looser_than(policy: Policy, minimum: Policy) -> list[str]:
    """Say in which fields a policy is looser than the custodian's minimum, and what to write instead."""
    problems = []
    for field, rule in STRICTER.items():
        own, other = getattr(policy, field), getattr(minimum, field)
        instead = rule(own, other, minimum)
        if instead:
            problems.append(f"'{field}' is {_written(own)}{instead}")
    return problems


def _written(value: Any) -> str:
    """A value of a field as it stands in the file of a policy."""
    return (
        ", ".join(value) if isinstance(value, list) else str(value).lower() if isinstance(value, bool) else str(value)
    )
