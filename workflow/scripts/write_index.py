"""Write the front page of the report."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.pages import write_index

    write_index(Path(snakemake.output.page).parent, snakemake.params.streams, snakemake.input.published)
