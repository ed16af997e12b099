# The one door: of the jobs that read records or aggregates of records, only this one writes into results/release. A rule
# that goes round it is an error before any job starts.
for stream in STREAMS:

    rule:
        name:
            f"disclose_{stream}"
        input:
            results=[FILES.internal_results(stream, analysis) for analysis in FILES.analyses(stream)],
            behind=list(FILES.behind(stream).values()),
            manifest=FILES.counts(FILES.source_of(stream), "manifest"),
            plan=FILES.plan_files(stream),
        output:
            results=FILES.result_files(stream),
            study=FILES.study(stream),
            suppressions=FILES.suppressions(stream),
        log:
            f"logs/{stream}/disclose_results.log",
        group:
            "stream"
        params:
            stream=stream,
            settings=fingerprint.of_value(
                STREAMS[stream],
                *FILES.configuration.policy_of(STREAMS[stream]),
                SOURCES[FILES.source_of(stream)],
            ),
            code=fingerprint.of_job("disclose_results", *FILES.parts("derived", stream)),
            library=fingerprint.of_stage(*fingerprint.OF_RESULTS),
        message:
            f"{stream}: disclosure control of all results"
        shell:
            "job --log {log} disclose_results {params.stream} {params.library}"


onstart:
    before_the_run()


if IMPORTED:
    guard_imported()
