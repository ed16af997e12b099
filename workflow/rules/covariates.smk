rule derive_covariates:
    input:
        tables=lambda wildcards: FILES.tables(wildcards.stream),
        codelists=CODELISTS,
        cohort="results/restricted/{stream}/{cohort}/cohort.parquet",
    output:
        covariates=directory("results/restricted/{stream}/{cohort}/covariates"),
    log:
        "logs/{stream}/{cohort}/derive_covariates.log",
    group:
        "stream"
    params:
        settings=lambda wildcards: covariate_settings(
            wildcards.stream, STREAMS[wildcards.stream].cohorts[wildcards.cohort].covariates
        ),
        code=fingerprint.of_job("derive_covariates"),
    message:
        "{wildcards.stream}: deriving the covariates of {wildcards.cohort}"
    shell:
        "job --log {log} derive_covariates {wildcards.stream} {wildcards.cohort}"
