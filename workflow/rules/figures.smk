# Drawn from the release room alone.
for stream in STREAMS:

    rule:
        name:
            f"draw_{stream}"
        input:
            results=FILES.result_files(stream),
            study=FILES.study(stream),
            comparisons=FILES.comparisons(stream),
            tiles="config/codelists/court_area_tiles.csv",
        output:
            figures=FILES.figure_files(stream),
            description=f"results/release/{stream}/figures.json",
        log:
            f"logs/{stream}/draw_figures.log",
        group:
            "stream"
        params:
            stream=stream,
            code=fingerprint.of_job("draw_figures", *FILES.parts("show", stream)),
        message:
            f"{stream}: drawing the figures"
        shell:
            "job --log {log} draw_figures {params.stream}"
