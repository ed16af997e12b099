"""Cox regression of one move between two states."""
