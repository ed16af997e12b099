"""The tables of a page for a paper: Word and LaTeX."""
