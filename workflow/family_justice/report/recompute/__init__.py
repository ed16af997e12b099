"""Results worked out again from their released counts."""
