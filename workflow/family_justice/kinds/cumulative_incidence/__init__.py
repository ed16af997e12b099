"""Cumulative incidence with competing events."""
