"""Write the page of one stream."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.pages import write_stream_page

    write_stream_page(Path(snakemake.output.page).parent)
