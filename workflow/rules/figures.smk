# Drawn from the release room alone. Each of two jobs draws half of a stream's figures: what they share is made once,
# and two cores are busy.
for stream, half in [(stream, half) for stream in STREAMS for half in (0, 1)]:
    drawn = FILES.drawn_analyses(stream)[half::2]
    if not drawn:
        continue

    rule:
        name:
            f"draw_{stream}_{half + 1}"
        input:
            results=[f"results/release/{stream}/{analysis}/results.csv" for analysis in drawn],
            study=FILES.study(stream),
            comparisons=FILES.comparisons(stream),
            tiles="config/codelists/court_area_tiles.csv",
        output:
            figures=[
                report(file, category=stream, labels={"what": analysis}) if file.endswith(".svg") else file
                for analysis in drawn
                for file in FILES.figure(stream, analysis)
            ],
        log:
            f"logs/{stream}/figures_{half + 1}/draw_figures.log",
        group:
            "stream"
        params:
            stream=stream,
            analyses=drawn,
            code=fingerprint.of_job("draw_figures", *FILES.parts("show", stream, *drawn)),
        message:
            f"{stream}: drawing figures, part {half + 1} of 2"
        shell:
            "job --log {log} draw_figures {params.stream} {params.analyses}"
