"""The kind ``mean_cumulative_count``."""
