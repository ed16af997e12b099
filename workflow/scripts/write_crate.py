"""Describe the whole release, and the run that made it, as a Workflow Run RO-Crate."""

from pathlib import Path

from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.evidence.crate import write_crate

    write_crate(Path(snakemake.output.crate).parent, snakemake.params.streams, Path(snakemake.input.snakefile))
