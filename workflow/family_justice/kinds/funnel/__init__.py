"""Funnel plots of areas."""
