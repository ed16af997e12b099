"""The kind ``poisson``."""
