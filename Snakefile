# The front door of the workflow, which stands in workflow/Snakefile:
# `snakemake --cores N` runs all streams of config/config.yaml; `snakemake recurrence --cores N` runs one,
# `snakemake datasets --cores N` makes the flat data sets of the court records, with their checks.


include: "workflow/Snakefile"


workflow.default_target = "all"  # what is included has none of its own
