"""Generalised estimating equations."""
