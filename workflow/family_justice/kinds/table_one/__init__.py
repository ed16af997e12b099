"""The kind ``table_one``."""
