"""Write the data dictionary, the data guide and the catalogue entries of a stream's records."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.guide.data_guide import write_guide

    entries = Configuration(Path("config"), snakemake.config).catalogue()
    write_guide(Path(snakemake.input.study).parent, entries, Path("config/codelists"))
