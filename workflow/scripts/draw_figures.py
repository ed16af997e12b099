"""Draw all figures of one stream from its released rows."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.figures.draw import draw_stream

    draw_stream(Path(snakemake.input.study).parent, Path(snakemake.input.tiles).parent)
