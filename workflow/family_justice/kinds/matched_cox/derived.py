"""Standardised differences, which follow from the tables before and after matching."""

from __future__ import annotations

from family_justice.kinds.families.balance import balance_rows as rows

__all__ = ["rows"]
