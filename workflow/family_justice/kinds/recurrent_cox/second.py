"""Why this kind has no second program."""

NONE = "XX"
