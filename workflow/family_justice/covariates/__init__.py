"""Covariates: one definition each (``config/covariates.yaml`` and stream files), derived for the members of a cohort."""
