"""Standardised survival curves of a Cox model."""
