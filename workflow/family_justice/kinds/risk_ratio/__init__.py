"""Risk ratios by modified Poisson regression."""
