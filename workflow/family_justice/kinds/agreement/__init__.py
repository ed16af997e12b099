"""The kind ``agreement``."""
