# The one door: of the jobs that read records or aggregates of records, only this one writes into results/release. A rule
# that goes round it is an error before any job starts.
for stream in STREAMS:

    rule:
        name:
            f"disclose_{stream}"
        input:
            results=[f"results/internal/{stream}/{a}/results.csv" for a in analyses_of(stream)],
            manifest=f"results/internal/sources/{CONFIGURATION.source_of(STREAMS[stream])}/manifest.csv",
            plan=plan_of(stream),
        output:
            results=released(stream),
            study=f"results/release/{stream}/study.json",
            suppressions=f"results/internal/{stream}/suppressions.csv",
        log:
            f"logs/{stream}/disclose_results.log",
        group:
            "stream"
        resources:
            mem_mb=2000,
            runtime=10,
        params:
            stream=stream,
            analyses=analyses_of(stream),
            settings=settings_of(
                STREAMS[stream],
                *CONFIGURATION.policy_of(STREAMS[stream]),
                SOURCES[CONFIGURATION.source_of(STREAMS[stream])],
            ),
            code=code_of("disclosure", "analyses.study"),
            library=fingerprint.of_stage("analyses", "disclosure", "harmonise", "sources"),
        script:
            "../scripts/disclose_results.py"


onstart:
    check_rooms(workflow.dag.jobs)
