rule extract_cohort:
    input:
        tables=lambda wildcards: FILES.tables(wildcards.stream),
        base=lambda wildcards: FILES.base_cohort(wildcards.stream, wildcards.cohort) or [],
        codelists=CODELISTS,
    output:
        cohort="results/restricted/{stream}/{cohort}/cohort.parquet",
        attrition="results/internal/{stream}/attrition.{cohort}/results.csv",
        behind="results/internal/{stream}/attrition.{cohort}/results.behind.npz",
    log:
        "logs/{stream}/{cohort}/extract_cohort.log",
    group:
        "stream"
    params:
        settings=lambda wildcards: fingerprint.of_value(
            STREAMS[wildcards.stream].cohorts[wildcards.cohort],
            {n: d.model_dump(mode="json") for n, d in STREAMS[wildcards.stream].definitions.items()},
        ),
        code=fingerprint.of_job("extract_cohort"),
    message:
        "{wildcards.stream}: extracting the cohort {wildcards.cohort}"
    shell:
        "job --log {log} extract_cohort {wildcards.stream} {wildcards.cohort}"
