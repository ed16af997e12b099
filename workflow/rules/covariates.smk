# Covariates that the same analyses use are derived by one job, so that a changed definition reruns those analyses and no
# others: Snakemake plans before it starts, and takes every file of a job that will run for a changed one.
for stream, cohort, names in FILES.covariate_sets():

    rule:
        name:
            f"derive_{stream}_{cohort}_{names[0]}"
        input:
            tables=FILES.tables(stream),
            codelists=CODELISTS,
            cohort=FILES.cohort(stream, cohort),
        output:
            covariates=FILES.covariate_files(stream, cohort, names),
        log:
            f"logs/{stream}/{cohort}/{names[0]}/derive_covariates.log",
        group:
            "stream"
        params:
            stream=stream,
            cohort=cohort,
            names=names,
            settings=covariate_settings(stream, names),
            code=fingerprint.of_job("derive_covariates"),
        message:
            f"{stream}: deriving {', '.join(names)} of {cohort}"
        shell:
            "job --log {log} derive_covariates {params.stream} {params.cohort} {params.names}"
