# A job for each covariate, so that a changed definition reruns the analyses that use it and no others: Snakemake plans
# before it starts, and takes every file of a job that will run for a changed one.
rule derive_covariate:
    input:
        tables=lambda wildcards: FILES.tables(wildcards.stream),
        codelists=CODELISTS,
        cohort="results/restricted/{stream}/{cohort}/cohort.parquet",
    output:
        covariate="results/restricted/{stream}/{cohort}/covariates/{covariate}.parquet",
    log:
        "logs/{stream}/{cohort}/{covariate}/derive_covariate.log",
    wildcard_constraints:
        covariate=r"\w+",
    group:
        "stream"
    params:
        settings=lambda wildcards: covariate_settings(wildcards.stream, [wildcards.covariate]),
        code=fingerprint.of_job("derive_covariate"),
    message:
        "{wildcards.stream}: deriving {wildcards.covariate} of {wildcards.cohort}"
    shell:
        "job --log {log} derive_covariate {wildcards.stream} {wildcards.cohort} {wildcards.covariate}"
