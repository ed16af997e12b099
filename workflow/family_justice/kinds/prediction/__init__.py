"""Internal validation of a prediction model."""
