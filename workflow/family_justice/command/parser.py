"""What the command understands. Nothing is imported here that takes time: ``--help`` answers at once."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Callable
from pathlib import Path

from family_justice.errors import PipelineError

#: The folder that the library lies in: with Snakefile and config/.
HERE = Path(__file__).resolve().parents[3]
#: Folder of a quick look: configuration, results and logs of its own.
QUICK = "quick"

EXAMPLES = """\
first steps:
  ./family-justice run --quick        one study of a small made-up population; then look at its page
  ./family-justice sql --quick        look at the tables that it read
  ./family-justice init my_study      write a study file to start from
  ./family-justice check my_study     is everything in it right? Takes seconds, reads no record
  ./family-justice run my_study       run it

`./family-justice COMMAND --help` says more of each.
"""


def main(arguments: list[str] | None = None) -> int:
    """Do what the arguments say (None: those of the command line) and return the exit status: 1 for what the user can
    put right, said in one message."""
    arguments = sys.argv[1:] if arguments is None else arguments
    parser = make_parser()
    known, rest = parser.parse_known_args(arguments)
    if rest and not known.passes_on:
        parser.error(f"unknown: {' '.join(rest)}. `./family-justice {known.command} --help` says what there is")
    try:
        go_to_pipeline(getattr(known, "quick", False) and known.command != "run")
        return int(known.does(known, rest) or 0)
    except PipelineError as error:
        print(error, file=sys.stderr)
    except BrokenPipeError:  # who read along has seen enough
        sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - for what Python still wants to write at its end
    except OSError as error:
        print(f"{error.filename or 'the system'}: {error.strerror or type(error).__name__}", file=sys.stderr)
    except KeyboardInterrupt:
        print("stopped", file=sys.stderr)
    except Exception as error:
        from family_justice.job import explain

        print(explain(error), file=sys.stderr)
    return 1


def go_to_pipeline(quick: bool) -> None:
    """Work in the folder of the pipeline, the current one or that of the library, or in its quick look."""
    if not Path("config/config.yaml").is_file():
        if not Path(HERE, "config/config.yaml").is_file():
            raise PipelineError("There is no config/config.yaml here: go to the folder of the pipeline, a clone of it")
        os.chdir(HERE)
    if quick:
        if not Path(QUICK, "config").is_dir():
            raise PipelineError("There is no quick look yet. First: ./family-justice run --quick")
        os.chdir(QUICK)


def make_parser() -> argparse.ArgumentParser:
    """Return the parser of all commands: each with what it ``does`` and whether it ``passes_on`` unknown words."""
    parser = argparse.ArgumentParser(
        prog="./family-justice",
        description="Court records of families, from source tables to a report that may leave the safe haven.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")

    def add(name: str, does: Callable[..., int | None], text: str, passes_on: bool = False) -> argparse.ArgumentParser:
        said = text.replace("%", "%%")
        made = commands.add_parser(name, help=said.partition(".")[0], description=said, allow_abbrev=False)
        made.set_defaults(does=does, passes_on=passes_on)
        return made

    _add_running(add)
    _add_studies(add)
    _add_releases(add)
    _add_packing(add)
    return parser


def _add_running(add: Callable[..., argparse.ArgumentParser]) -> None:
    from family_justice.command import actions

    run = add(
        "run",
        actions.run,
        "Run the pipeline, or one study. All other words go to Snakemake as they are: `run recurrence -n` "
        "says what would be done and why. The same as `snakemake --cores N` in the pipeline's environment.",
        passes_on=True,
    )
    run.usage = "./family-justice run [--quick] [STREAM ...] [--cores N] [anything of Snakemake]"
    run.add_argument(
        "--quick",
        action="store_true",
        help=f"one study of a small made-up population, in a folder of its own ({QUICK}/) with its own results: a real "
        "run and what its releases are remembered by stay as they are",
    )
    test = add("test", actions.test, "Run the tests. All words that follow go to pytest.", passes_on=True)
    test.usage = "./family-justice test [anything of pytest]"
    again = add(
        "reproduce",
        actions.reproduce,
        "Make the release again and compare it byte by byte. Figures, tables and pages, from results/release alone.",
        passes_on=True,
    )
    again.usage = "./family-justice reproduce [anything of Snakemake]"


def _add_studies(add: Callable[..., argparse.ArgumentParser]) -> None:
    from family_justice.command import actions

    init = add("init", actions.init, "Write a study file to start from, with comments. It runs as it is written.")
    init.add_argument("name", help="name of the study: small letters, digits and _")
    init.add_argument("--file", type=_from_here, help="a CSV or Parquet file of yours, instead of the court records")
    init.add_argument("--time", metavar="COLUMN", help="of the file: a recorded duration, for a survival curve")
    init.add_argument("--event", metavar="COLUMN", help="of the file: 1 if the event ended the duration, else 0")
    init.add_argument(
        "--status",
        metavar="COLUMN",
        help="instead of --event: a code of how the duration ended, 0 with observation, 1 with the event, 2 with "
        "something that competes with it",
    )
    init.add_argument(
        "--entry", metavar="COLUMN", help="of the file: time at which observation began, if later than the duration did"
    )
    init.add_argument("--until", metavar="NUMBER", type=float, help="where the survival curve ends, in units of --time")
    check = add(
        "check",
        actions.check,
        "Check the configuration and all its SQL, on empty tables made from the contracts. Takes seconds and reads "
        "no record. What depends on values, such as a step that leaves nobody, is known only by running.",
    )
    check.add_argument("streams", nargs="*", metavar="STREAM", help="a study; none for all of config.yaml")
    sql = add(
        "sql",
        actions.sql,
        "Look at the research-ready tables of a finished run, with DuckDB's SQL. Nothing can be written, and no other "
        "file be opened. What it prints are records: it stays inside.",
    )
    sql.add_argument("--stream", help="with the cohorts of this study, and its definitions as $name")
    sql.add_argument("-c", dest="statement", metavar="SQL", help="run this and end")
    sql.add_argument("--quick", action="store_true", help="the tables of the quick look")
    plan = add(
        "plan", actions.plan, "Lock the plan of studies before the data are seen. The report lists what changes later."
    )
    plan.add_argument("streams", nargs="+", metavar="STREAM")


def _add_releases(add: Callable[..., argparse.ArgumentParser]) -> None:
    from family_justice.command import actions

    report = add("report", actions.report, "Say where the pages of a finished run are.")
    report.add_argument("streams", nargs="*", metavar="STREAM", help="a study; none for all")
    report.add_argument("--open", action="store_true", help="open the first of them in the web browser")
    report.add_argument("--quick", action="store_true", help="the page of the quick look")
    trace = add("trace", actions.trace, "Say where a released number comes from: back to cohort, tables and code.")
    trace.add_argument("stream", type=_folder_or_name, help="a study, or the folder that it was released into")
    trace.add_argument("analysis", help="name of an analysis, as its folder is called")
    trace.add_argument("--row", type=int, help="row of its results.csv: 1 is the first one below the heads")
    changes = add("changes", actions.changes, "Say what changed between two releases.")
    changes.add_argument("before", type=_from_here, help="release folder before")
    changes.add_argument("after", type=_from_here, help="release folder after")
    changes.add_argument("folder", type=_from_here, help="folder for index.html and changes.csv")
    unpack = add("unpack", actions.unpack, "Put what the SACRO viewer released back in its places.")
    unpack.add_argument("archive", type=_from_here, help="the ZIP file of the viewer")
    unpack.add_argument("folder", type=_from_here, help="where the files go")


def _add_packing(add: Callable[..., argparse.ArgumentParser]) -> None:
    from family_justice.command import actions

    pack = add(
        "pack",
        actions.pack,
        "Make one archive that is installed and run without a network. It holds what git tracks, the locked packages "
        "for one kind of machine and Python, their checksums and licences, and a bill of materials.",
    )
    pack.add_argument("folder", type=_from_here, help="where the archive goes")
    pack.add_argument("--python", metavar="VERSION", help="Python there: 3.11, 3.12 ... (default: as here)")
    pack.add_argument("--machine", help="machine there: x86_64 or aarch64, of Linux (default: as here)")
    pack.add_argument("--tests", action="store_true", help="with the packages of the tests")


def _from_here(path: str) -> Path:
    """Return a path that means the same after the command has gone to the folder of the pipeline."""
    inside = Path("config/config.yaml").is_file()
    return Path(path) if inside else Path(path).absolute()


def _folder_or_name(written: str) -> str:
    return str(_from_here(written)) if Path(written).is_dir() else written
