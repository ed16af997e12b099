"""The kind ``fine_gray``."""
