"""Set published figures beside what the research-ready tables of one source give."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.analyses.calibration import calibrate

    source = Configuration(Path("config"), snakemake.config).source(snakemake.wildcards.source)
    scale = getattr(source, "scale", 1.0)
    calibrate(Path(snakemake.input.ready), Path("config"), scale, Path(snakemake.output.table))
