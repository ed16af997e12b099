"""``run``, ``test`` and ``run --quick``: start Snakemake or pytest with the interpreter of the environment."""

from __future__ import annotations

import itertools
import os
import re
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import yaml

from family_justice.command.parser import QUICK
from family_justice.errors import PipelineError
from family_justice.targets import check_targets

#: Options of Snakemake that say how many jobs run at once.
HOW_MANY = ("--cores", "-c", "--jobs", "-j", "--workflow-profile", "--profile", "--unlock")
#: Megabytes that a job may take which says nothing else (``default-resources`` of the profile).
MEMORY_OF_A_JOB = 3000
#: The quick look: the study, and how large its population is beside the national one.
QUICK_STREAM, QUICK_SCALE = "recurrence", 0.02


def pipeline(arguments: list[str]) -> int:
    """Run Snakemake with ``arguments``, on as many cores as there are and as memory allows; does not return."""
    check_words(Path("config"), arguments)
    command = [sys.executable, "-m", "snakemake", *_cores(arguments), *arguments]
    print(f"snakemake {' '.join(command[3:])}", file=sys.stderr, flush=True)
    os.execv(command[0], command)


def tests(arguments: list[str]) -> int:
    """Run pytest with ``arguments`` as in an activated environment; does not return."""
    os.environ.pop("PYTHONPATH", None)  # by which the front door found this library; pytest has its own word for it
    os.execv(sys.executable, [sys.executable, "-m", "pytest", *arguments])


def _cores(arguments: list[str]) -> list[str]:
    if any(word.startswith(HOW_MANY) for word in arguments):
        return []
    return ["--cores", str(usable_cores())]


def usable_cores() -> int:
    """Return how many jobs can run at once: one a core that this process may use, each with its memory."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 1_000_000
    return max(1, min(len(os.sched_getaffinity(0)), memory // MEMORY_OF_A_JOB))


def check_words(config: Path, arguments: list[str]) -> None:
    """Raise ``PipelineError`` if a target before the first option is no stream, no rule and no file."""
    leading = list(itertools.takewhile(lambda word: not word.startswith("-"), arguments))
    rules = {
        name
        for path in Path("workflow/rules").glob("*.smk")
        for name in re.findall(r"^rule (\w+):", path.read_text(encoding="utf-8"), re.M)
    }
    check_targets(config, leading, _streams(config), rules)


def _streams(config: Path) -> list[str]:
    try:
        written = yaml.safe_load((config / "config.yaml").read_text(encoding="utf-8"))
        return [str(name) for name in written["streams"]]
    except (yaml.YAMLError, TypeError, KeyError, UnicodeDecodeError):
        return []  # Snakemake's start says what is wrong with it


# --- the quick look ---------------------------------------------------------------------------------------------------


def quick_look(arguments: list[str]) -> int:
    """Run one study of a small synthetic population in the folder QUICK and say where its page is.

    Code and rules are those of the pipeline (links), the configuration is a copy with another scale and one stream. So
    results, logs and what releases are remembered by are of that folder; nothing of a real run is read or written.
    """
    named = arguments[:1] if arguments and not arguments[0].startswith("-") else []
    stream, rest = (named or [QUICK_STREAM])[0], arguments[len(named) :]
    folder = Path(QUICK)
    prepare_quick(Path("config"), folder, stream)
    command = [sys.executable, "-m", "snakemake", stream, *_cores(rest), *rest]
    print(
        f"A quick look at '{stream}': a made-up population of {QUICK_SCALE:.0%} of the national volumes, in the folder "
        f"{folder}/. Your results/ stay as they are. It takes a minute or two.",
        file=sys.stderr,
        flush=True,
    )
    with subprocess.Popen(command, cwd=folder, env=os.environ | {"PWD": str(folder.absolute())}) as process:
        signal.signal(signal.SIGTERM, lambda *_: process.terminate())
        while (status := _ended(process)) is None:
            pass
    page = folder / "results/release" / stream / "index.html"
    if status == 0 and page.is_file():
        print(f"The page is {page} (its folder is {folder}/). For the whole: ./family-justice run", flush=True)
    return status


def _ended(process: subprocess.Popen[bytes]) -> int | None:
    """Wait for Snakemake, which ends its jobs itself when somebody presses Ctrl-C."""
    try:
        return process.wait()
    except KeyboardInterrupt:
        return None


def prepare_quick(config: Path, folder: Path, stream: str) -> None:
    """Make or renew the folder of the quick look: links to the code, and a copy of the configuration.

    Raises ``PipelineError`` for a stream that is not of a synthetic source: a quick look is of nobody.
    """
    from family_justice.config.load import Configuration

    configuration = Configuration(config)
    about = configuration.stream(stream)
    name = configuration.source_of(about)
    if configuration.source(name).kind != "synthetic":
        raise PipelineError(
            f"A quick look is of a made-up population, and '{stream}' reads the source '{name}', which is none. "
            f"Run it as it is: ./family-justice run {stream}"
        )
    folder.mkdir(exist_ok=True)
    shutil.rmtree(folder / "config", ignore_errors=True)
    shutil.copytree(config, folder / "config", ignore=shutil.ignore_patterns("plans"))
    for part in ("Snakefile", "workflow", "profiles"):
        if not (folder / part).exists():
            (folder / part).symlink_to(Path("..", part))
    _write_line(folder / "config/config.yaml", "streams", f"[{stream}]")
    _write_line(folder / "config/sources" / f"{name}.yaml", "scale", str(QUICK_SCALE))


def _write_line(path: Path, key: str, value: str) -> None:
    """Give a key at the top of a YAML file, which stands on lines of its own, another value."""
    text = path.read_text(encoding="utf-8")
    text = re.sub(rf"^{key}:.*\n(?:[ \t-].*\n)*", "", text, flags=re.MULTILINE)
    path.write_text(f"{text.rstrip()}\n{key}: {value}\n", encoding="utf-8")
