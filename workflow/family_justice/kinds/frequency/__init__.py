"""Shares of levels within groups."""
