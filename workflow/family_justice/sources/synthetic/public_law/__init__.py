"""Families in public law: first care proceedings, returns, outcomes, and what happens in court."""
