"""Extract one cohort of a stream and count its attrition."""

from pathlib import Path

from family_justice.config.load import Configuration
from family_justice.job import job

with job(snakemake.log[0]):
    from family_justice.cohorts.extract import extract_cohort

    stream = Configuration(Path("config"), snakemake.config).stream(snakemake.wildcards.stream)
    tables = {path.stem: path for path in Path(snakemake.input.tables).glob("*.parquet")}
    if snakemake.input.base:
        tables["base"] = Path(snakemake.input.base)
    cohort, attrition = Path(snakemake.output.cohort), Path(snakemake.output.attrition)
    extract_cohort(stream, snakemake.wildcards.cohort, tables, Path("config/codelists"), cohort, attrition)
