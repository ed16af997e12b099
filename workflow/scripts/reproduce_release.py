"""Make the release again from released rows alone, and fail if a byte of it comes out differently."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.errors import PipelineError
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.report.reproduce import reproduce

    catalogue = Configuration(Path("config"), snakemake.config).catalogue()
    different = reproduce(Path("results/release"), snakemake.log.report, Path("config/codelists"), catalogue)
    if different:
        raise PipelineError("the release does not reproduce:\n" + "\n".join(f"  - {line}" for line in different))
