"""A stream's policy may be stricter than the custodian's, never looser."""

from __future__ import annotations

from family_justice.config.load import looser_than
from family_justice.config.models import Policy
from family_justice.errors import ConfigError, report_together


def check_policy_not_below(policy: Policy, minimum: Policy) -> None:
    """Raise ``ConfigError`` with every field of ``policy`` that is looser than the custodian's ``minimum``.

    The configuration is checked when it is read; the door checks again, because it must not rest on the order in
    which others work.
    """
    report_together(f"policy '{policy.name}'", looser_than(policy, minimum), ConfigError)
