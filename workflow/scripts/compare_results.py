"""Set the released results of one stream beside reference values."""

from pathlib import Path

from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.comparisons import compare_results
    from family_justice.sources.load import planted_truth

    configuration = Configuration(Path("config"), snakemake.config)
    stream = configuration.stream(snakemake.params.stream)
    covariates = covariates_of(stream, configuration.covariates())
    truth = planted_truth(configuration.source(configuration.source_of(stream)), Path("."))
    output = Path(snakemake.output.comparisons)
    compare_results(stream, covariates, output.parent, truth, Path("."), output)
