"""The kind ``logistic``."""
