"""Groups compared without a model of time: agreement, inequality, matching, shares, areas, latent classes."""
