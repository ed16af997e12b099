# Written from the release room and the configuration alone.
rule compare_results:
    input:
        results=lambda wildcards: FILES.result_files(wildcards.stream),
        references=lambda wildcards: FILES.references(wildcards.stream),
    output:
        comparisons="results/release/{stream}/comparisons.csv",
    log:
        "logs/{stream}/compare_results.log",
    group:
        "stream"
    params:
        settings=lambda wildcards: fingerprint.of_value(
            STREAMS[wildcards.stream], SOURCES[FILES.source_of(wildcards.stream)]
        ),
        code=fingerprint.of_job("compare_results"),
    message:
        "{wildcards.stream}: comparing the results with published ones"
    shell:
        "job --log {log} compare_results {wildcards.stream}"


for stream in STREAMS:

    rule:
        name:
            f"write_page_{stream}"
        input:
            study=FILES.study(stream),
            figures=FILES.figure_files(stream),
            comparisons=FILES.comparisons(stream),
            results=FILES.result_files(stream),
        output:
            page=report(f"results/release/{stream}/index.html", category=stream, labels={"what": "page"}),
            tables=FILES.printed_tables(stream),
        log:
            f"logs/{stream}/write_stream_page.log",
        group:
            "stream"
        params:
            stream=stream,
            studies=fingerprint.of_value(FILES.titles()),
            code=fingerprint.of_job("write_stream_page", *FILES.parts("show", stream)),
        message:
            f"{stream}: writing the page"
        shell:
            "job --log {log} write_stream_page {params.stream}"


rule write_guide:
    input:
        study="results/release/{stream}/study.json",
        results=lambda wildcards: FILES.quality_files(wildcards.stream),
        catalogue="config/catalogue.yaml",
        codelists=CODELISTS,
    output:
        pages=[f"results/release/{{stream}}/{name}" for name in GUIDE],
    log:
        "logs/{stream}/write_guide.log",
    group:
        "stream"
    params:
        code=fingerprint.of_job("write_guide"),
    message:
        "{wildcards.stream}: writing the data guide"
    shell:
        "job --log {log} write_guide {wildcards.stream}"


for stream in STREAMS:

    rule:
        name:
            f"write_evidence_{stream}"
        input:
            pages=FILES.page_files(stream),
        output:
            evidence=FILES.evidence_files(stream),
        log:
            f"logs/{stream}/write_evidence.log",
        group:
            "stream"
        params:
            stream=stream,
            code=fingerprint.of_job("write_evidence"),
        message:
            f"{stream}: writing the files for the output checker"
        shell:
            "job --log {log} write_evidence {params.stream}"


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
    params:
        streams=list(STREAMS),
        code=fingerprint.of_job("write_index"),
    message:
        "writing the front page"
    shell:
        "job --log {log} write_index"


rule write_crate:
    input:
        page="results/release/index.html",
        streams=[FILES.release_files(stream) for stream in STREAMS],
        snakefile=MAIN_FILE,
    output:
        crate="results/release/ro-crate-metadata.json",
        snakefile="results/release/Snakefile",
    log:
        "logs/write_crate.log",
    group:
        "stream"
    params:
        streams=list(STREAMS),
        settings=fingerprint.of_value(FILES.configuration.settings.project),
        code=fingerprint.of_job("write_crate"),
    message:
        "describing the release as a research object"
    shell:
        "job --log {log} write_crate"


# A reviewer's target: it takes the release as it is, and never makes one (so the release is no input). What it finds
# must outlive its failure, as a log does and an output does not.
rule reproduce:
    log:
        "logs/reproduce_release.log",
        report="results/reproduced.csv",
    group:
        "stream"
    params:
        code=fingerprint.of_job("reproduce", *(module for stream in STREAMS for module in FILES.parts("show", stream))),
    message:
        "Making the release again. It reproduces if this job succeeds; results/reproduced.csv says what was compared."
    shell:
        "job --log {log[0]} reproduce {log.report}"
