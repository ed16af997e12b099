"""The kinds of analysis, a folder for each."""
