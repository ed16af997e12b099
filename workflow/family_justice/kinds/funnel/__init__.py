"""The kind ``funnel``."""
