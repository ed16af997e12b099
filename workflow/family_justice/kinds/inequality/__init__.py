"""Indices of inequality over ordered groups."""
