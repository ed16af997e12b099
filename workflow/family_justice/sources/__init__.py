"""Where source tables come from: the synthetic population, files or a database."""
