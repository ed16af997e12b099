"""The kind ``aft``."""
