# Written from the release room and the configuration alone.
for stream in STREAMS:

    rule:
        name:
            f"compare_{stream}"
        input:
            results=released(stream),
            references=sorted(
                {c.reference for c in STREAMS[stream].comparisons.values() if not c.reference.startswith("truth:")}
            ),
        output:
            comparisons=f"results/release/{stream}/comparisons.csv",
        log:
            f"logs/{stream}/compare_results.log",
        group:
            "stream"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            stream=stream,
            settings=settings_of(STREAMS[stream], SOURCES[CONFIGURATION.source_of(STREAMS[stream])]),
            code=code_of("report.comparisons"),
        script:
            "../scripts/compare_results.py"


rule write_stream_page:
    input:
        study="results/release/{stream}/study.json",
        figures="results/release/{stream}/figures.json",
        comparisons="results/release/{stream}/comparisons.csv",
        results=lambda wildcards: released(wildcards.stream),
    output:
        page="results/release/{stream}/index.html",
    log:
        "logs/{stream}/write_stream_page.log",
    group:
        "stream"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("report"),
    script:
        "../scripts/write_stream_page.py"


rule write_index:
    input:
        pages=[f"results/release/{stream}/index.html" for stream in STREAMS],
    output:
        page="results/release/index.html",
    log:
        "logs/write_index.log",
    group:
        "stream"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        streams=list(STREAMS),
        code=code_of("report"),
    script:
        "../scripts/write_index.py"
