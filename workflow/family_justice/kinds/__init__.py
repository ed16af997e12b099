"""Kinds of analysis: one folder each, with its keys, its run and what is shown of it (``registry``)."""
