"""The kind ``kaplan_meier``."""
