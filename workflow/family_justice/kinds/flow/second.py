"""Why this kind has no second program."""

NONE = "counts and percentages, which are recomputed from the released counts"
