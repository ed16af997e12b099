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
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: settings_of(SOURCES[wildcards.source].harmonise_options()),
        code=code_of("harmonise"),
    script:
        "../scripts/harmonise_records.py"
