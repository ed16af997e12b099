"""The kind ``state_occupation``."""
