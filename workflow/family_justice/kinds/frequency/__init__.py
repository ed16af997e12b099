"""The kind ``frequency``."""
