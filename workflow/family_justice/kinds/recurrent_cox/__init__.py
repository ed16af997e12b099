"""The kind ``recurrent_cox``."""
