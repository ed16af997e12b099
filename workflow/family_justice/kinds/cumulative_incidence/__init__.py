"""The kind ``cumulative_incidence``."""
