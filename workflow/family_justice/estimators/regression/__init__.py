"""Regression of binary outcomes, counts and categories."""
