rule extract_cohort:
    input:
        tables=lambda wildcards: tables_of(wildcards.stream),
        base=base_cohort,
        codelists=CODELISTS,
    output:
        cohort="results/restricted/{stream}/{cohort}/cohort.parquet",
        attrition="results/internal/{stream}/attrition.{cohort}/results.csv",
    log:
        "logs/{stream}/{cohort}/extract_cohort.log",
    group:
        "stream"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        settings=lambda wildcards: settings_of(
            STREAMS[wildcards.stream].cohorts[wildcards.cohort],
            {n: d.model_dump(mode="json") for n, d in STREAMS[wildcards.stream].definitions.items()},
        ),
        code=code_of("cohorts"),
    script:
        "../scripts/extract_cohort.py"
