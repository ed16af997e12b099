"""Survival by the Kaplan-Meier method."""
