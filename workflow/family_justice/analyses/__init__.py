"""Analyses: what a stream file calls a ``kind``. Each chooses an estimator and returns tidy rows."""
