"""The kind ``negative_binomial``."""
