"""Why this kind has no second program."""

NONE = "shares and the limits of chance around them, which are recomputed from the released counts"
