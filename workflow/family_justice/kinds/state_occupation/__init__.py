"""Probabilities of states over time."""
