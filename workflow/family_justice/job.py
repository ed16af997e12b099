"""What every job does around its one library call: write a log, and fail with words that help and reveal nothing."""

from __future__ import annotations

import errno
import os
import sys
import time
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from family_justice.errors import PipelineError


@contextmanager
def job(log: str | Path) -> Iterator[None]:
    """Send output to ``log``; on failure print the reason there and on the terminal, and exit.

    The message of a ``PipelineError`` is written for users and holds no value of a record. Of any other exception only
    its type and the places in the code are shown, because its message may quote data.
    """
    path = Path(log)
    path.parent.mkdir(parents=True, exist_ok=True)
    terminal, started = sys.stderr, time.monotonic()
    with open(path, "w", encoding="utf-8", buffering=1) as stream:
        sys.stdout = sys.stderr = stream
        try:
            yield
        except Exception as error:
            message = explain(error)
            print(message, file=stream)
            print(f"{message}\nLog: {path}", file=terminal)
            raise SystemExit(1) from None
        finally:
            print(f"{time.monotonic() - started:.1f} seconds", file=stream)
            sys.stdout, sys.stderr = sys.__stdout__, terminal


#: What the system says when it cannot do its work, and what to do. Neither quotes a record.
SYSTEM = {
    errno.ENOSPC: "Make room on the disk that holds results/ and logs/, and start again",
    errno.EDQUOT: "Make room, or ask for more, on the disk that holds results/ and logs/, and start again",
    errno.EACCES: "results/ and logs/ must belong to whoever starts the run, and the source be readable by them",
    errno.EPERM: "results/ and logs/ must belong to whoever starts the run",
    errno.EROFS: "Run the pipeline in a folder that can be written",
    errno.EIO: "The disk has a fault: look at it before you start again",
    errno.EMFILE: "Start again with fewer jobs at once (--cores)",
}
NO_MEMORY = (
    "the memory of the job ran out. Give its rule more: snakemake TARGET --set-resources RULE:mem_mb=12000 (megabytes)"
)


def _system_words(error: BaseException | None) -> str:
    """Return what the system could not do, in words; "" if it is nothing of the kind."""
    while error is not None:
        number = error.errno if isinstance(error, OSError) else None
        # DuckDB has no number, but the words that the system has for it.
        quoted = type(error).__module__.partition(".")[0] in ("duckdb", "_duckdb")
        for known, remedy in SYSTEM.items():
            if number == known or (quoted and os.strerror(known).lower() in str(error).lower()):
                return f"{os.strerror(known)}. {remedy}"
        if isinstance(error, MemoryError) or type(error).__name__ == "OutOfMemoryException":
            return NO_MEMORY
        error = error.__cause__ or error.__context__
    return ""


def explain(error: Exception) -> str:
    """Return what a person is told of an error: nothing that may quote a record."""
    if isinstance(error, PipelineError):
        return f"{type(error).__name__}: {error}"
    if words := _system_words(error):
        return f"{type(error).__name__}: {words}"
    places = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    lines = "\n".join(places[-8:])
    return f"{type(error).__name__} (message withheld: it may quote a record)\n{lines}"
