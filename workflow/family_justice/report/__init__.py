"""Pages, comparisons and their words, from the release room alone."""
