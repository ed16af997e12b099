"""Count the rows of the source tables, or what rules and checks found in them, as results of a stream."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.kinds.quality.run import count_quality

    counted, results = Path(snakemake.input.counted), Path(snakemake.output.results)
    count_quality(snakemake.wildcards.stream, snakemake.wildcards.analysis, counted, results)
