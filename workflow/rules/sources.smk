rule load_source:
    output:
        tables=directory("results/restricted/sources/{source}/raw"),
        manifest="results/internal/sources/{source}/manifest.csv",
    log:
        "logs/sources/{source}/load_source.log",
    group:
        "stream"
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: fingerprint.of_value(
            SOURCES[wildcards.source].model_dump(mode="json", exclude={"harmonise", "description", "minimum_policy"})
        ),
        parameters=lambda wildcards: (
            fingerprint.of_file(SOURCES[wildcards.source].parameters)
            if SOURCES[wildcards.source].kind == "synthetic"
            else ""
        ),
        code=code_of("sources.load"),
    script:
        "../scripts/load_source.py"
