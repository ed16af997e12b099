"""The kind ``adjusted_survival``."""
