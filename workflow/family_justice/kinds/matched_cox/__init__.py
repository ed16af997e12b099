"""The kind ``matched_cox``."""
