"""The kind ``matched_logistic``."""
