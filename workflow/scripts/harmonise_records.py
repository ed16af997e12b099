"""Make the research-ready tables of one source."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.harmonise.research_ready import harmonise

    source = Configuration(Path("config"), snakemake.config).source(snakemake.wildcards.source)
    raw, ready, quality = map(Path, (snakemake.input.raw, snakemake.output.ready, snakemake.output.quality))
    harmonise(raw, ready, quality, Path("config/codelists"), source.harmonise_options(), threads=snakemake.threads)
