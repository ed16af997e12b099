"""Characteristics of a cohort."""
