"""Run one analysis of a stream."""

from pathlib import Path

from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.analyses.run import run_analysis

    configuration = Configuration(Path("config"), snakemake.config)
    stream = configuration.stream(snakemake.wildcards.stream)
    covariates = covariates_of(stream, configuration.covariates())
    cohort, derived = Path(snakemake.input.cohort), Path(snakemake.input.covariates)
    run_analysis(stream, snakemake.wildcards.analysis, covariates, cohort, derived, Path(snakemake.output.results))
