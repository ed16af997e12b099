"""Fine-Gray regression."""
