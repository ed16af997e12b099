"""The record systems: what they have in common, their tables, look-ups and denominators."""
