"""Covariates, one definition each (``config/covariates.yaml`` and stream files), derived for members of a cohort."""
