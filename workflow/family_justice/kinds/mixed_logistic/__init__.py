"""Logistic regression with random intercepts of areas."""
