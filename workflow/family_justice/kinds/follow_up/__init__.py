"""The kind ``follow_up``."""
