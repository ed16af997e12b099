"""What every job does around its one library call: write a log, and fail with words that help and reveal nothing."""

from __future__ import annotations

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
            message = _explain(error)
            print(message, file=stream)
            print(f"{message}\nLog: {path}", file=terminal)
            raise SystemExit(1) from None
        finally:
            print(f"{time.monotonic() - started:.1f} seconds", file=stream)
            sys.stdout, sys.stderr = sys.__stdout__, terminal


def _explain(error: Exception) -> str:
    if isinstance(error, PipelineError):
        return f"{type(error).__name__}: {error}"
    places = [
        f"  {Path(frame.filename).name}:{frame.lineno} in {frame.name}"
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    lines = "\n".join(places[-8:])
    return f"{type(error).__name__} (message withheld: it may quote a record)\n{lines}"
