"""Cox regression of repeated events."""
