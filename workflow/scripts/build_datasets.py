"""Make the data sets of one source from its research-ready tables, and check both."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.harmonise.datasets import build_datasets

    ready, datasets, checks = map(Path, (snakemake.input.ready, snakemake.output.datasets, snakemake.output.checks))
    build_datasets(ready, datasets, checks, Path("config/codelists"), threads=snakemake.threads)
