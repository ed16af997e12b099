# Drawn from the release room alone.
for stream in STREAMS:

    rule:
        name:
            f"draw_{stream}"
        input:
            results=released(stream),
            study=f"results/release/{stream}/study.json",
            comparisons=f"results/release/{stream}/comparisons.csv",
            tiles="config/codelists/court_area_tiles.csv",
        output:
            figures=figures_of(stream),
            description=f"results/release/{stream}/figures.json",
        log:
            f"logs/{stream}/draw_figures.log",
        group:
            "stream"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            stream=stream,
            code=code_of("figures"),
        script:
            "../scripts/draw_figures.py"
