# What the rules share and only Snakemake can give: the configuration that it was started with, constraints, parameters
# that say when a job must run again, and the guard of the door. Which files a stream has: family_justice/layout.py.

import re

from snakemake.cli import get_argument_parser
from snakemake.logging import logger

from family_justice import fingerprint, jobs, jobserver, planned, rooms, terminal
from family_justice.analyses.calibration import check_calibration
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.errors import PipelineError
from family_justice.kinds.quality.model import ANALYSES as QUALITY
from family_justice.layout import Layout, guide_names
from family_justice.sources.load import source_state
from family_justice.targets import check_targets

#: What a rule of the release room may read besides it.
BY_HAND = ("config/", "Snakefile", "workflow/Snakefile")
#: Whether another workflow imports this one as a module, and how it calls the rules: before and after their names.
IMPORTED = not workflow.modifier.is_main_snakefile()
BEFORE, AFTER = workflow.modifier.modify_rulename("*").split("*")
#: What the crate of a release has as its workflow.
MAIN_FILE = next(path for path in ("workflow/Snakefile", "Snakefile") if Path(path).is_file())

# Before anything is read: what is changed from here on is noticed by the jobs. A node of a cluster is told by the run.
if workflow.is_main_process:
    os.environ[planned.PLANNED] = planned.state(Path("config"))

try:
    FILES = Layout(Configuration(Path("config"), config))
    STREAMS = {name: FILES.stream(name) for name in FILES.streams}
    SOURCES = {name: FILES.settings_of_source(name) for name in FILES.sources}
    if workflow.is_main_process:
        check_calibration(FILES.configuration.folder)
        for name in STREAMS:
            FILES.configuration.check_sql(name)
    GUIDE = guide_names(FILES.configuration.catalogue())
    STATES = {name: source_state(source, Path(".")) for name, source in SOURCES.items()}
except PipelineError as error:
    raise WorkflowError(str(error))

CODELISTS = FILES.codelists()
os.environ[jobs.OVERRIDES] = json.dumps(config)
# The rules' commands call `job`. In a container every job is alone, with a Python of its own.
contained = any(method.name == "APPTAINER" for method in workflow.deployment_settings.deployment_method)
program = "python -m family_justice.jobs" if contained else jobserver.open_folder()
shell.prefix('set -euo pipefail; job() {{ %s "$@"; }}; ' % program.replace("{", "{{").replace("}", "}}"))

if workflow.is_main_process:
    terminal.show_jobs(logger, whole=workflow.output_settings.dryrun or workflow.output_settings.verbose)


def one_of(names):
    return "|".join(sorted(names))


wildcard_constraints:
    stream=one_of(STREAMS),
    source=one_of(SOURCES),
    cohort=one_of({cohort for stream in STREAMS.values() for cohort in stream.cohorts}),


def covariate_settings(stream, names):
    """Hash of what covariates of a stream are."""
    covariates = covariates_of(STREAMS[stream], FILES.configuration.covariates())
    return fingerprint.of_value({name: covariates[name].model_dump(mode="json") for name in names})


def analysis_settings(wildcards):
    """Hash of what the result of an analysis depends on; its title and description do not change it, nor do covariates
    that it does not name."""
    stream = STREAMS[wildcards.stream]
    cohort = stream.cohorts[FILES.cohort_of(wildcards.stream, wildcards.analysis)]
    analysis = stream.analyses.get(wildcards.analysis)
    return fingerprint.of_value(
        analysis.model_dump(mode="json", exclude={"title", "description"}) if analysis else "",
        cohort.model_dump(mode="json", exclude={"covariates"}),
        covariate_settings(wildcards.stream, FILES.needed_covariates(wildcards.stream, wildcards.analysis)),
    )


def room_of(path):
    """Room that a path leads to, through links and dots: restricted, internal, release; "" for any other place."""
    place = Path(os.path.realpath(path))
    rooms = ("restricted", "internal", "release")
    return next((room for room in rooms if place.is_relative_to(os.path.realpath(f"results/{room}"))), "")


def planned_jobs():
    """Every job of the plan. Snakemake has no other way to ask for them; this is the only place that depends on it."""
    return workflow.dag.jobs


def hand_memory():
    """Tell the jobs of the plan how many megabytes they may take: what their rules, or --set-resources, say."""
    memory = {}
    for job in planned_jobs():
        said = re.search(r"job --log \S+ (\w+)", job.rule.shellcmd or "")
        megabytes = job.resources.get("mem_mb")
        if said and isinstance(megabytes, int):
            memory[said.group(1)] = max(megabytes, memory.get(said.group(1), 0))
    os.environ[rooms.MEMORY_OF_JOBS] = json.dumps(memory)


def lift_job_limit():
    """Take away Snakemake's limit of jobs per second. It sets a timer at every look at the queue, which makes it look
    again and set a timer, as long as the run lasts; each look measures the files of all jobs that are ready. That took
    more time than any rule. No option turns it off, and the scheduler is there when the run starts, not before."""
    if getattr(workflow.scheduler, "job_rate_limiter", None) is not None:
        workflow.scheduler.job_rate_limiter = None


def targets_asked_for():
    """Targets of the command line. Snakemake knows them only when the rules have been read, and asks nobody then."""
    if Path(sys.argv[0]).parent.name != "snakemake" and Path(sys.argv[0]).name != "snakemake":
        return []
    # By Snakemake's own parser; what this takes for a target after `--config a=b` is none.
    said, _ = get_argument_parser().parse_known_args(sys.argv[1:])
    return sorted(map(str, said.targets or []))


def rule_names():
    """Names of all rules that can be asked for: those here, and those that the main file writes after them."""
    written = Path(workflow.main_snakefile).read_text(encoding="utf-8")
    known = {known.name for known in workflow.rules}
    return known | set(re.findall(r"^ *(?:rule|checkpoint) +(\w+)", written, re.M))


def before_the_run():
    """What must be done when all is planned and no job has started."""
    check_rooms()
    hand_memory()
    lift_job_limit()


def guard_imported():
    """Check the rooms before the jobs of a workflow that imports this one; Snakemake lets no module have an onstart."""

    def guarded(started):
        def start(log):
            before_the_run()
            started(log)

        return start

    register = workflow.onstart
    workflow._onstart = guarded(workflow._onstart)
    workflow.onstart = lambda started: register(guarded(started))


def check_rooms():
    """Raise an error that names every planned job that writes into the release room and is not allowed to.

    Only disclose_<stream> may read another room. The other rules of the release room read nothing but it and what is
    written by hand; a room that a rule names in its parameters or its command counts as read.
    """
    wrong, doors = [], {f"{BEFORE}disclose_{stream}{AFTER}" for stream in STREAMS}
    for job in planned_jobs():
        written = [*job.output, *job.log, *([job.benchmark] if job.benchmark else [])]
        released = [str(path) for path in written if room_of(path) == "release"]
        name = job.rule.name.removeprefix(BEFORE).removesuffix(AFTER)
        if not released or job.rule.name in doors:
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
