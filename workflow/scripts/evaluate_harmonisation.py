"""Compare what harmonisation found in one synthetic source with the defects that were planted."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.harmonise.recovery import evaluate_harmonisation

    source = Configuration(Path("config"), snakemake.config).source(snakemake.wildcards.source)
    raw, ready, quality = map(Path, (snakemake.input.raw, snakemake.input.ready, snakemake.input.quality))
    usable_from = source.harmonise_options().cms_orders_usable_from
    evaluate_harmonisation(raw, ready, quality, Path(snakemake.output.recovery), usable_from)
