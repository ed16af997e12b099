"""What estimators are built on: arrays, Newton's method, distributions."""
