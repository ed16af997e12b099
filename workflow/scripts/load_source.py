"""Bring the raw tables of one source into the restricted room."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.sources.load import load_source

    source = Configuration(Path("config"), snakemake.config).source(snakemake.wildcards.source)
    load_source(source, Path("."), Path(snakemake.output.tables), Path(snakemake.output.manifest))
