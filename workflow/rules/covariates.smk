# One job per cohort writes a file for each of its covariates.
for stream in STREAMS:
    for cohort in STREAMS[stream].cohorts:
        if STREAMS[stream].cohorts[cohort].covariates:

            rule:
                name:
                    f"derive_covariates_{stream}_{cohort}"
                input:
                    tables=FILES.tables(stream),
                    codelists=CODELISTS,
                    cohort=FILES.cohort(stream, cohort),
                output:
                    covariates=FILES.covariate_files(stream, cohort),
                log:
                    f"logs/{stream}/{cohort}/derive_covariates.log",
                group:
                    "stream"
                params:
                    names=f"{stream} {cohort}",
                    settings=covariate_settings(stream, STREAMS[stream].cohorts[cohort].covariates),
                    code=fingerprint.of_job("derive_covariates"),
                message:
                    f"{stream}: deriving the covariates of {cohort}"
                shell:
                    "job --log {log} derive_covariates {params.names}"
