"""Set the released results of one stream beside reference values."""

from pathlib import Path

from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.comparisons import compare_results

    configuration = Configuration(Path("config"), snakemake.config)
    stream = configuration.stream(snakemake.params.stream)
    covariates = covariates_of(stream, configuration.covariates())
    source = configuration.source(configuration.source_of(stream))
    output = Path(snakemake.output.comparisons)
    compare_results(stream, covariates, source, output.parent, Path("."), output)
