rule harmonise_records:
    input:
        raw="results/restricted/sources/{source}/raw",
        codelists=CODELISTS,
    output:
        ready=directory("results/restricted/sources/{source}/ready"),
        quality="results/internal/sources/{source}/quality.csv",
    log:
        "logs/sources/{source}/harmonise_records.log",
    group:
        "stream"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: fingerprint.of_value(SOURCES[wildcards.source].harmonise_options()),
        code=fingerprint.of_job("harmonise_records"),
    message:
        "{wildcards.source}: harmonising the records"
    shell:
        "job --log {log} harmonise_records {wildcards.source} {threads}"


rule build_datasets:
    input:
        ready="results/restricted/sources/{source}/ready",
        hierarchies="config/codelists/order_hierarchies.csv",
    output:
        datasets=directory("results/restricted/sources/{source}/datasets"),
        checks="results/internal/sources/{source}/checks.csv",
    log:
        "logs/sources/{source}/build_datasets.log",
    group:
        "stream"
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        code=fingerprint.of_job("build_datasets"),
    message:
        "{wildcards.source}: building the data sets and checking them"
    shell:
        "job --log {log} build_datasets {wildcards.source}"


rule evaluate_harmonisation:
    input:
        raw="results/restricted/sources/{source}/raw",
        ready="results/restricted/sources/{source}/ready",
        quality="results/internal/sources/{source}/quality.csv",
    output:
        recovery="results/internal/sources/{source}/recovery.csv",
    log:
        "logs/sources/{source}/evaluate_harmonisation.log",
    group:
        "stream"
    params:
        code=fingerprint.of_job("evaluate_harmonisation"),
    message:
        "{wildcards.source}: comparing what harmonisation found with the planted defects"
    shell:
        "job --log {log} evaluate_harmonisation {wildcards.source}"
