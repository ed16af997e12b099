"""The kind ``multinomial``."""
