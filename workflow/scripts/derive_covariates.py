"""Derive the covariates of one cohort."""

from pathlib import Path

from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.covariates.derive import derive_covariates

    configuration = Configuration(Path("config"), snakemake.config)
    stream = configuration.stream(snakemake.wildcards.stream)
    covariates = covariates_of(stream, configuration.covariates())
    tables = {path.stem: path for path in Path(snakemake.input.tables).glob("*.parquet")}
    cohort, output = Path(snakemake.input.cohort), Path(snakemake.output.covariates)
    derive_covariates(stream, snakemake.wildcards.cohort, covariates, tables, Path("config/codelists"), cohort, output)
