# Drawn from the release room alone, each figure by a job of its own.
for stream in STREAMS:

    rule:
        name:
            f"draw_{stream}"
        input:
            results=f"results/release/{stream}/{{analysis}}/results.csv",
            study=FILES.study(stream),
            comparisons=FILES.comparisons(stream),
            tiles="config/codelists/court_area_tiles.csv",
        output:
            figure=FILES.figure(stream, "{analysis}"),
        log:
            f"logs/{stream}/{{analysis}}/draw_figure.log",
        wildcard_constraints:
            analysis=one_of(FILES.drawn_analyses(stream)),
        group:
            "stream"
        params:
            stream=stream,
            code=lambda wildcards, stream=stream: fingerprint.of_job(
                "draw_figure", *FILES.parts("show", stream, wildcards.analysis)
            ),
        message:
            f"{stream}: drawing {{wildcards.analysis}}"
        shell:
            "job --log {log} draw_figure {params.stream} {wildcards.analysis}"
