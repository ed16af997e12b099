rule load_source:
    output:
        tables=directory("results/restricted/sources/{source}/raw"),
        manifest="results/internal/sources/{source}/manifest.csv",
        repairs="results/internal/sources/{source}/repairs.csv",
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
        code=fingerprint.of_job("load_source"),
    message:
        "{wildcards.source}: loading the source tables"
    shell:
        "job --log {log} load_source {wildcards.source}"
