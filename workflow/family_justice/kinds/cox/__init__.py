"""The kind ``cox``."""
