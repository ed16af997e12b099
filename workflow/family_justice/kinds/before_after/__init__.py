"""Rates before and after a day, in two groups."""
