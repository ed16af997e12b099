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
            analysis for stream in STREAMS for analysis in analyses_of(stream) if not analysis.startswith("attrition.")
        ),
    group:
        "stream"
    resources:
        mem_mb=3000,
        runtime=10,
    params:
        settings=analysis_settings,
        code=code_of("analyses.run"),
    script:
        "../scripts/run_analysis.py"
