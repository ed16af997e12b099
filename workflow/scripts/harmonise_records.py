"""Make the research-ready tables of one source."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.harmonise.run import harmonise

    raw, ready, quality = snakemake.input.raw, snakemake.output.ready, snakemake.output.quality
    harmonise(Path(raw), Path(ready), Path(quality), Path("config/codelists"))
