"""The kind ``risk_ratio``."""
