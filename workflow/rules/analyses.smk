rule run_analysis:
    input:
        cohort=lambda wildcards: FILES.cohort(wildcards.stream, FILES.cohort_of(wildcards.stream, wildcards.analysis)),
        covariates=lambda wildcards: FILES.covariate_files(
            wildcards.stream,
            FILES.cohort_of(wildcards.stream, wildcards.analysis),
            FILES.needed_covariates(wildcards.stream, wildcards.analysis),
        ),
    output:
        results="results/internal/{stream}/{analysis}/results.csv",
        behind="results/internal/{stream}/{analysis}/results.behind.npz",
    log:
        "logs/{stream}/{analysis}/run_analysis.log",
    wildcard_constraints:
        analysis=one_of(
            analysis for stream in STREAMS for analysis in FILES.analyses(stream) if analysis in FILES.refitted(stream)
        ),
    group:
        "stream"
    params:
        settings=analysis_settings,
        code=lambda wildcards: fingerprint.of_job(
            "run_analysis", *FILES.parts("run", wildcards.stream, wildcards.analysis)
        ),
    message:
        "{wildcards.stream}: analysing {wildcards.analysis}"
    shell:
        "job --log {log} run_analysis {wildcards.stream} {wildcards.analysis}"


# Independent double programming: what lifelines or statsmodels can fit is fitted again, and must come out the same.
rule refit_analyses:
    input:
        members=lambda wildcards: [
            file
            for cohort in STREAMS[wildcards.stream].cohorts
            for file in [FILES.cohort(wildcards.stream, cohort), *FILES.covariate_files(wildcards.stream, cohort)]
        ],
        results=lambda wildcards: [
            FILES.internal_results(wildcards.stream, analysis) for analysis in FILES.refitted(wildcards.stream)
        ],
    output:
        results="results/internal/{stream}/second_program/results.csv",
    log:
        "logs/{stream}/refit_analyses.log",
    group:
        "stream"
    params:
        settings=lambda wildcards: fingerprint.of_value(STREAMS[wildcards.stream]),
        code=lambda wildcards: fingerprint.of_job("refit_analyses", *FILES.parts("second", wildcards.stream)),
    message:
        "{wildcards.stream}: fitting the analyses by a second program"
    shell:
        "job --log {log} refit_analyses {wildcards.stream}"


# What is counted of the records themselves, for streams with a data guide.
rule count_quality:
    input:
        counted=lambda wildcards: FILES.counted(wildcards.stream, wildcards.analysis),
    output:
        results="results/internal/{stream}/{analysis}/results.csv",
    log:
        "logs/{stream}/{analysis}/count_quality.log",
    wildcard_constraints:
        analysis=one_of(QUALITY),
    group:
        "stream"
    params:
        code=fingerprint.of_job("count_quality"),
    message:
        "{wildcards.stream}: counting for {wildcards.analysis}"
    shell:
        "job --log {log} count_quality {wildcards.stream} {wildcards.analysis}"


# Published figures beside those of a synthetic source, with `snakemake datasets`.
rule calibrate_population:
    input:
        ready="results/restricted/sources/{source}/ready",
        queries=["config/calibration/views.yaml", "config/calibration/targets.yaml"],
        published="config/references/population.csv",
        codelists=CODELISTS,
    output:
        table="results/internal/sources/{source}/calibration.csv",
    log:
        "logs/sources/{source}/calibrate_population.log",
    group:
        "stream"
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: fingerprint.of_value(getattr(SOURCES[wildcards.source], "scale", 1.0)),
        code=fingerprint.of_job("calibrate_population"),
    message:
        "{wildcards.source}: comparing the population with published figures"
    shell:
        "job --log {log} calibrate_population {wildcards.source}"
