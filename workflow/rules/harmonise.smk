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
        settings=lambda wildcards: settings_of(SOURCES[wildcards.source].harmonise_options()),
        code=code_of("harmonise"),
    script:
        "../scripts/harmonise_records.py"


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
    threads: 2
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        code=code_of("harmonise"),
    script:
        "../scripts/build_datasets.py"


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
    resources:
        mem_mb=4000,
        runtime=20,
    params:
        code=code_of("harmonise"),
    script:
        "../scripts/evaluate_harmonisation.py"
