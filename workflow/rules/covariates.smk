rule derive_covariates:
    input:
        tables=lambda wildcards: tables_of(wildcards.stream),
        codelists=CODELISTS,
        cohort="results/restricted/{stream}/{cohort}/cohort.parquet",
    output:
        covariates="results/restricted/{stream}/{cohort}/covariates.parquet",
    log:
        "logs/{stream}/{cohort}/derive_covariates.log",
    group:
        "stream"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        settings=lambda wildcards: settings_of(
            *(
                covariates_of(STREAMS[wildcards.stream], CONFIGURATION.covariates())[name]
                for name in STREAMS[wildcards.stream].cohorts[wildcards.cohort].covariates
            )
        ),
        code=code_of("covariates"),
    script:
        "../scripts/derive_covariates.py"
