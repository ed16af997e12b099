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


for stream in STREAMS:

    rule:
        name:
            f"write_page_{stream}"
        input:
            study=f"results/release/{stream}/study.json",
            figures=f"results/release/{stream}/figures.json",
            comparisons=f"results/release/{stream}/comparisons.csv",
            results=released(stream),
        output:
            page=f"results/release/{stream}/index.html",
            tables=tables_for_print(stream),
        log:
            f"logs/{stream}/write_stream_page.log",
        group:
            "stream"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            code=code_of("report"),
        script:
            "../scripts/write_stream_page.py"


rule write_guide:
    input:
        study="results/release/{stream}/study.json",
        results=lambda wildcards: [r for r in released(wildcards.stream) if Path(r).parent.name.startswith("quality.")],
        catalogue="config/catalogue.yaml",
        codelists=CODELISTS,
    output:
        pages=[f"results/release/{{stream}}/{name}" for name in GUIDE],
    log:
        "logs/{stream}/write_guide.log",
    group:
        "stream"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("report"),
    script:
        "../scripts/write_guide.py"


for stream in STREAMS:

    rule:
        name:
            f"write_evidence_{stream}"
        input:
            pages=pages_of(stream),
        output:
            evidence=evidence_of(stream),
        log:
            f"logs/{stream}/write_evidence.log",
        group:
            "stream"
        resources:
            mem_mb=1000,
            runtime=10,
        params:
            stream=stream,
            code=code_of("report"),
        script:
            "../scripts/write_evidence.py"


rule write_index:
    input:
        pages=[f"results/release/{stream}/index.html" for stream in STREAMS],
        published="config/references/inconsistencies.csv",
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


rule write_crate:
    input:
        page="results/release/index.html",
        streams=[release_of(stream) for stream in STREAMS],
        snakefile="Snakefile",
    output:
        crate="results/release/ro-crate-metadata.json",
        snakefile="results/release/Snakefile",
    log:
        "logs/write_crate.log",
    group:
        "stream"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        streams=list(STREAMS),
        code=code_of("report"),
    script:
        "../scripts/write_crate.py"


# A reviewer's target: it takes the release as it is, and never makes one (so the release is no input). What it finds
# must outlive its failure, as a log does and an output does not.
rule reproduce:
    log:
        "logs/reproduce_release.log",
        report="results/reproduced.csv",
    group:
        "stream"
    resources:
        mem_mb=2000,
        runtime=10,
    params:
        code=code_of("report", "figures"),
    message:
        "Making the release again. It reproduces if this job succeeds; results/reproduced.csv says what was compared."
    script:
        "../scripts/reproduce_release.py"
