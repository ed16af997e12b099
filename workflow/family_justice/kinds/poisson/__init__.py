"""Rate ratios by Poisson regression."""
