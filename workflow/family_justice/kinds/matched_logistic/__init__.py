"""Odds ratios within matched sets."""
