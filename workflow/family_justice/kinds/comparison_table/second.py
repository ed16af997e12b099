"""Why this kind has no second program."""

NONE = "counts and percentages, and what follows from them, which is recomputed from the released counts"
