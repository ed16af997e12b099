"""A stream's policy may be stricter than the custodian's, never looser."""

from __future__ import annotations

from family_justice.config.schema import Policy
from family_justice.errors import ConfigError, report_together

#: Below this no custodian's minimum may lie where the tables are court records, whoever edits the files (assumption:
#: the safe haven's own number is not public).
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


def check_policy_not_below(policy: Policy, minimum: Policy, where: str = "") -> None:
    """Raise ``ConfigError`` with every field of ``policy`` that is looser than the custodian's ``minimum``.

    The configuration is checked when it is read; the door checks again, because it must not rest on the order in
    which others work.
    """
    report_together(where or f"policy '{policy.name}'", _looser_than(policy, minimum), ConfigError)


def _looser_than(policy: Policy, minimum: Policy) -> list[str]:
    """Say in which numbers a policy is looser than the custodian's minimum, and what to write instead."""
    problems = []
    for field in ("threshold", "minimum_events_per_level", "minimum_residual_df", "minimum_at_risk"):
        if getattr(policy, field) < getattr(minimum, field):
            problems.append(
                f"'{field}' is {getattr(policy, field)}, below the custodian's minimum in policy '{minimum.name}'; "
                f"write {getattr(minimum, field)} or more"
            )
    if minimum is FLOOR and policy.rounding_base < FLOOR.rounding_base:
        problems.append(f"'rounding_base' is {policy.rounding_base}; write {FLOOR.rounding_base} or more")
    # Two ways of rounding one count tell more of it than either: a stricter stream joins the custodian's intervals.
    if minimum is not FLOOR and policy.rounding_base % minimum.rounding_base:
        problems.append(
            f"'rounding_base' is {policy.rounding_base}; write a multiple of {minimum.rounding_base}, "
            f"the base in policy '{minimum.name}'"
        )
    if minimum is not FLOOR and minimum.rounding_base > 1 and policy.rounding != minimum.rounding:
        problems.append(f"'rounding' is {policy.rounding}; write {minimum.rounding}, as in policy '{minimum.name}'")
    if minimum.zero_discloses and not policy.zero_discloses:
        problems.append(f"'zero_discloses' is false; write true, as in policy '{minimum.name}'")
    more = sorted(set(policy.file_types) - set(minimum.file_types))
    if more:
        problems.append(f"'file_types' has {', '.join(more)} beyond those of policy '{minimum.name}'; leave them out")
    if policy.maximum_rows > minimum.maximum_rows:
        problems.append(
            f"'maximum_rows' is {policy.maximum_rows}, above that in policy '{minimum.name}'; write "
            f"{minimum.maximum_rows} or fewer"
        )
    return problems
