# Names that the rules share: the configuration, and which files a stream has.

from family_justice import fingerprint
from family_justice.config.load import Configuration
from family_justice.config.check import covariates_of
from family_justice.analyses.quality import ANALYSES as QUALITY, analyses_of_records
from family_justice.errors import PipelineError
from family_justice.report.guide.data_guide import guide_files
from family_justice.sources.load import source_state

#: What a rule of the release room may read besides it.
BY_HAND = ("config/", "Snakefile")
CODELISTS = sorted(str(path) for path in Path("config/codelists").glob("*.csv"))

try:
    CONFIGURATION = Configuration(Path("config"), config)
    STREAMS = {name: CONFIGURATION.stream(name) for name in CONFIGURATION.settings.streams}
    SOURCES = {
        CONFIGURATION.source_of(stream): CONFIGURATION.source(CONFIGURATION.source_of(stream))
        for stream in STREAMS.values()
    }
    GUIDE = guide_files(CONFIGURATION.catalogue())
    STATES = {name: source_state(source, Path(".")) for name, source in SOURCES.items()}
except PipelineError as error:
    raise WorkflowError(str(error))


def one_of(names):
    return "|".join(sorted(names))


wildcard_constraints:
    stream=one_of(STREAMS),
    source=one_of(SOURCES),
    cohort=one_of({cohort for stream in STREAMS.values() for cohort in stream.cohorts}),


def has_court_records(source):
    """Court records are harmonised; tables of one's own are read as they are."""
    return not getattr(SOURCES[source], "tables", {})


def data_sets_of(sources):
    """Files that say that the data sets of the court records are made; of a synthetic source, how it was recovered and calibrated."""
    folders = {name: f"results/internal/sources/{name}" for name in sources if has_court_records(name)}
    synthetic = [name for name in folders if SOURCES[name].kind == "synthetic"]
    return [f"{folder}/checks.csv" for folder in folders.values()] + [
        f"{folders[name]}/{table}.csv" for name in synthetic for table in ("recovery", "calibration")
    ]


def tables_of(stream):
    """Folder with the tables that a stream's SQL reads."""
    source = CONFIGURATION.source_of(STREAMS[stream])
    room = "ready" if has_court_records(source) else "raw"
    return f"results/restricted/sources/{source}/{room}"


def analyses_of(stream):
    """Names of a stream's analyses, with the attrition and follow-up that every cohort has."""
    cohorts = STREAMS[stream].cohorts
    return [
        *(f"attrition.{cohort}" for cohort in cohorts),
        *(f"follow_up.{name}" for name, cohort in cohorts.items() if cohort.follow_up),
        *STREAMS[stream].analyses,
        *(analyses_of_records(source_kind(stream) == "synthetic") if STREAMS[stream].data_guide else []),
    ]


def source_kind(stream):
    """Kind of the source that a stream reads."""
    return SOURCES[CONFIGURATION.source_of(STREAMS[stream])].kind


def counted_of(wildcards):
    """File of a source's counts that an analysis of kind `quality` is made of."""
    source = CONFIGURATION.source_of(STREAMS[wildcards.stream])
    return f"results/internal/sources/{source}/{QUALITY[wildcards.analysis][-1]}.csv"


def released(stream):
    """Files with the released rows of a stream's analyses."""
    return [f"results/release/{stream}/{analysis}/results.csv" for analysis in analyses_of(stream)]


def let_out(stream, file_types):
    """Those of the file types that the stream's policy lets leave."""
    policy, _ = CONFIGURATION.policy_of(STREAMS[stream])
    return [kind for kind in file_types if kind in policy.file_types]


def tables_for_print(stream):
    """Files with all tables of a stream, for a paper."""
    return [f"results/release/{stream}/tables.{kind}" for kind in let_out(stream, ("tex", "docx"))]


def figures_of(stream):
    """Files of a stream's figures; a table of characteristics has none."""
    return [
        f"results/release/{stream}/{analysis}/figure.{kind}"
        for analysis in analyses_of(stream)
        for kind in let_out(stream, ("svg", "png", "pdf"))
        if getattr(STREAMS[stream].analyses.get(analysis), "kind", "") != "table_one"
        and not analysis.startswith("quality.")
    ]


def guide_of(stream):
    """Files of a stream's data dictionary, data guide and catalogue entries."""
    return [f"results/release/{stream}/{name}" for name in GUIDE] if STREAMS[stream].data_guide else []


def plan_of(stream):
    """File of a stream's locked plan, if there is one."""
    return [str(path) for path in [Path(f"config/plans/{stream}.json")] if path.is_file()]


def evidence_of(stream):
    """What goes with a stream's release: for the output checker, the reporting checklist, where numbers come from."""
    folder = f"results/release/{stream}"
    pages = ["checker.html", "checklist.html", "checklist.csv", "trace.html"]
    viewed = [*pages, *(path.removeprefix(f"{folder}/") for path in pages_of(stream))]
    names = [*pages, "results.json", "config.json", *(f"checksums/{name}.txt" for name in viewed)]
    return [f"{folder}/{name}" for name in names]


def pages_of(stream):
    """The released rows of a stream and all that is drawn and written from them."""
    folder = f"results/release/{stream}"
    single = [f"{folder}/{name}" for name in ("index.html", "study.json", "figures.json", "comparisons.csv")]
    return [*single, *tables_for_print(stream), *released(stream), *figures_of(stream), *guide_of(stream)]


def release_of(stream):
    """Everything that a stream releases: a target lists it whole, so that a deleted file is made again."""
    return [*pages_of(stream), *evidence_of(stream)]


def cohort_of(stream, analysis):
    """Name of the cohort that an analysis runs on."""
    return (
        analysis.removeprefix("follow_up.")
        if analysis.startswith("follow_up.")
        else STREAMS[stream].analyses[analysis].cohort
    )


def base_cohort(wildcards):
    """File of the cohort that a cohort starts from, if it does."""
    base = STREAMS[wildcards.stream].cohorts[wildcards.cohort].base
    return f"results/restricted/{wildcards.stream}/{base}/cohort.parquet" if base else []


def members_of(table):
    """Input function: a table of the cohort that an analysis runs on."""
    return lambda wildcards: (
        f"results/restricted/{wildcards.stream}/{cohort_of(wildcards.stream, wildcards.analysis)}/{table}.parquet"
    )


def analysis_settings(wildcards):
    """Hash of what the result of an analysis depends on; its title and description do not change it."""
    stream = STREAMS[wildcards.stream]
    cohort = stream.cohorts[cohort_of(wildcards.stream, wildcards.analysis)]
    covariates = covariates_of(stream, CONFIGURATION.covariates())
    analysis = stream.analyses.get(wildcards.analysis)
    return settings_of(
        analysis.model_dump(mode="json", exclude={"title", "description"}) if analysis else "",
        cohort,
        *(covariates[name] for name in cohort.covariates),
    )


def settings_of(*parts):
    """Hash of parts of the configuration: what a rule depends on, and nothing that a report could reveal."""
    return fingerprint.of_value(
        *(part.model_dump(mode="json") if hasattr(part, "model_dump") else part for part in parts)
    )


def code_of(*modules):
    """Hash of the library modules that a job runs; Snakemake itself does not see into imported packages."""
    return fingerprint.of_stage("job", *modules)


def room_of(path):
    """Room that a path leads to, through links and dots: restricted, internal, release; "" for any other place."""
    place = Path(os.path.realpath(path))
    rooms = ("restricted", "internal", "release")
    return next((room for room in rooms if place.is_relative_to(os.path.realpath(f"results/{room}"))), "")


def check_rooms(jobs):
    """Raise an error that names every planned job that writes into the release room and is not allowed to.

    Only disclose_<stream> may read another room. The other rules of the release room read nothing but it and what is
    written by hand; a room that a rule names in its parameters or its command counts as read.
    """
    wrong = []
    for job in jobs:
        written = [*job.output, *job.log, *([job.benchmark] if job.benchmark else [])]
        released = [str(path) for path in written if room_of(path) == "release"]
        name = job.rule.name
        if not released or name.startswith("disclose_"):
            continue
        read = [str(path) for path in job.input if not str(path).startswith(BY_HAND) and room_of(path) != "release"]
        said = f"{job.rule.shellcmd or ''} {dict(job.params.items())}"
        read += [room for room in ("results/restricted", "results/internal") if room in said]
        if read:
            wrong.append(f"'{name}' reads {read[0]} and writes {released[0]}")
        elif not name.startswith(("draw_", "compare_", "write_")):
            wrong.append(f"'{name}' writes {released[0]} and is not one of the rules draw_, compare_, write_ that may")
    if wrong:
        raise WorkflowError(
            "\n".join(sorted(wrong)) + "\nOnly disclose_<stream> may take results into results/release: write into "
            "results/internal, and let them pass the door as an analysis of the stream file"
        )
