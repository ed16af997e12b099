rule run_analysis:
    input:
        cohort=members_of("cohort"),
        covariates=members_of("covariates"),
    output:
        results="results/internal/{stream}/{analysis}/results.csv",
    log:
        "logs/{stream}/{analysis}/run_analysis.log",
    wildcard_constraints:
        analysis=one_of(
            analysis
            for stream in STREAMS
            for analysis in analyses_of(stream)
            if not analysis.startswith(("attrition.", "quality."))
        ),
    group:
        "stream"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        settings=analysis_settings,
        code=code_of("analyses.run", "kinds"),
    script:
        "../scripts/run_analysis.py"


# What is counted of the records themselves, for streams with a data guide.
rule count_quality:
    input:
        counted=counted_of,
    output:
        results="results/internal/{stream}/{analysis}/results.csv",
    log:
        "logs/{stream}/{analysis}/count_quality.log",
    wildcard_constraints:
        analysis=one_of(QUALITY),
    group:
        "stream"
    resources:
        mem_mb=1000,
        runtime=10,
    params:
        code=code_of("kinds.quality.run", "contracts"),
    script:
        "../scripts/count_quality.py"


# Published figures beside those of a synthetic source, with `snakemake datasets`.
rule calibrate_population:
    input:
        ready="results/restricted/sources/{source}/ready",
        queries=["config/calibration/views.yaml", "config/calibration/targets.yaml"],
        published="config/references/population.csv",
        codelists=CODELISTS,
    output:
        table="results/internal/sources/{source}/calibration.csv",
    log:
        "logs/sources/{source}/calibrate_population.log",
    group:
        "stream"
    resources:
        mem_mb=6000,
        runtime=20,
    params:
        settings=lambda wildcards: settings_of(getattr(SOURCES[wildcards.source], "scale", 1.0)),
        code=code_of("analyses.calibration"),
    script:
        "../scripts/calibrate_population.py"
