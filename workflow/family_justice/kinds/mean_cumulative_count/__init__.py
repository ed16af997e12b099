"""Mean number of repeated events."""
