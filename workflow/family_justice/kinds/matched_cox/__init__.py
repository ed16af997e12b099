"""Hazard ratios within matched sets."""
