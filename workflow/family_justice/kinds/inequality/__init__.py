"""The kind ``inequality``."""
