"""The kind ``gee``."""
