"""Open the door for one stream: disclosure control of all its results, or of none."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.disclosure.release import release_stream

    configuration = Configuration(Path("config"), snakemake.config)
    internal = {Path(path).parent.name: Path(path) for path in snakemake.input.results}
    release, suppressions = Path(snakemake.output.study).parent, Path(snakemake.output.suppressions)
    manifest, code = Path(snakemake.input.manifest), snakemake.params.library
    release_stream(configuration, snakemake.params.stream, internal, release, suppressions, manifest, code)
