"""The kind ``mixed_logistic``."""
