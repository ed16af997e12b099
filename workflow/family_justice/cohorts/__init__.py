"""Cohorts: SQL steps from research-ready tables to one row per member, which count themselves."""
