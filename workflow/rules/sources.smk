rule load_source:
    output:
        tables=directory("results/restricted/sources/{source}/raw"),
        manifest="results/internal/sources/{source}/manifest.csv",
    log:
        "logs/sources/{source}/load_source.log",
    group:
        "stream"
    threads: 2
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: fingerprint.of_value(
            SOURCES[wildcards.source].model_dump(mode="json", exclude={"harmonise", "description", "minimum_policy"})
        ),
        state=lambda wildcards: STATES[wildcards.source],
        code=code_of("sources.load"),
    script:
        "../scripts/load_source.py"
