"""Agreement of two classifications."""
