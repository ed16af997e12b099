"""The tables of a page: plain data, built from released rows."""
