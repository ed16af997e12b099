# Family-justice research: source records -> cohorts -> models -> disclosure control -> figures and report.
# `snakemake --cores N` runs all streams of config/config.yaml; `snakemake recurrence --cores N` runs one,
# `snakemake datasets --cores N` makes the flat data sets of the court records, with their checks.

import json
import os
import sys
from pathlib import Path

LIBRARY = str(Path(workflow.basedir, "workflow"))
sys.path.insert(0, LIBRARY)
# Jobs inherit these: the library's place, and one thread per job so that sums do not depend on the number of cores.
os.environ.update(PYTHONPATH=LIBRARY, OMP_NUM_THREADS="1", OPENBLAS_NUM_THREADS="1", MKL_NUM_THREADS="1")


configfile: "config/config.yaml"


container: "envs/family-justice.sif"  # built from envs/Containerfile; used with --sdm apptainer only


include: "workflow/rules/common.smk"
include: "workflow/rules/sources.smk"
include: "workflow/rules/harmonise.smk"
include: "workflow/rules/cohorts.smk"
include: "workflow/rules/covariates.smk"
include: "workflow/rules/analyses.smk"
include: "workflow/rules/disclosure.smk"
include: "workflow/rules/figures.smk"
include: "workflow/rules/report.smk"


rule all:
    default_target: True
    input:
        "results/release/index.html",
        "results/release/ro-crate-metadata.json",
        [FILES.release_files(stream) for stream in STREAMS],
    message:
        "Done. Open results/release/index.html"


rule datasets:
    input:
        FILES.data_set_files(SOURCES),
    message:
        "Done. The data sets are in results/restricted/sources, their checks in results/internal/sources"


for stream in STREAMS:

    rule:
        name:
            stream
        input:
            FILES.release_files(stream),
        message:
            f"Done. Open results/release/{stream}/index.html"
