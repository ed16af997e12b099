def members_of(wildcards, table):
    cohort = cohort_of(wildcards.stream, wildcards.analysis)
    return f"results/restricted/{wildcards.stream}/{cohort}/{table}.parquet"


def analysis_settings(wildcards):
    stream = STREAMS[wildcards.stream]
    cohort = stream.cohorts[cohort_of(wildcards.stream, wildcards.analysis)]
    covariates = covariates_of(stream, CONFIGURATION.covariates())
    analysis = stream.analyses.get(wildcards.analysis)
    return settings_of(
        analysis.model_dump(mode="json", exclude={"title", "description"}) if analysis else "",
        cohort,
        *(covariates[name] for name in cohort.covariates),
    )


rule run_analysis:
    input:
        cohort=lambda wildcards: members_of(wildcards, "cohort"),
        covariates=lambda wildcards: members_of(wildcards, "covariates"),
    output:
        results="results/internal/{stream}/{analysis}/results.csv",
    wildcard_constraints:
        analysis=one_of(
            analysis
            for stream in STREAMS
            for analysis in analyses_of(stream)
            if not analysis.startswith("attrition.")
        ),
    params:
        settings=analysis_settings,
        code=code_of("analyses.run", "analyses.models"),
    log:
        "logs/{stream}/{analysis}/run_analysis.log",
    group:
        "stream"
    resources:
        mem_mb=3000,
        runtime=10,
    script:
        "../scripts/run_analysis.py"
