"""The three rooms of results, and how the two that stay inside are kept: private, sealed, and with a place to spill.

- The restricted room is readable by its owner alone.
- A file of the restricted or internal room has its SHA-256 beside it, written when the file was (``seal``), and is
  compared with it before it is read (``check``). A bit that a disk turned over in a Parquet file is not an error to
  whoever reads it, but another record.
- What a query cannot hold in memory goes to a folder of the job's own in the restricted room (``private_job``), and is
  gone with the job; what a killed job leaves, the next one removes.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from family_justice.errors import DamageError

#: Folders, relative to that of the pipeline, in which jobs run.
RESTRICTED, INTERNAL, RELEASE = "results/restricted", "results/internal", "results/release"
#: Megabytes of a job that nobody has given a number, and the part of them that DuckDB may take: Python needs the rest.
MEMORY, SHARE_OF_DUCKDB = 6000, 5 / 6
#: Environment variable with the megabytes of each job of the run, as JSON.
MEMORY_OF_JOBS = "FAMILY_JUSTICE_MEMORY"
#: Where jobs spill.
SPILL = f"{RESTRICTED}/.spill"


class _Job:
    """What is known of the job that runs in this process: its folder to spill into, and its memory in megabytes."""

    spill: Path | None = None
    memory = MEMORY


def is_inside(path: str | Path, *rooms: str) -> bool:
    """Say whether a path lies in one of the rooms (default: the two that stay inside) of the working directory."""
    place = os.path.abspath(path)
    return any(place.startswith(os.path.abspath(room) + os.sep) for room in rooms or (RESTRICTED, INTERNAL))


# --- checksums --------------------------------------------------------------------------------------------------------


def seal_of(path: str | Path) -> Path:
    """Return the file that holds the checksum of a file."""
    path = Path(path)
    return path.with_name(f".{path.name}.sha256")


def seal(path: str | Path) -> None:
    """Write the checksum of a file beside it, if it lies in a room that stays inside."""
    if is_inside(path):
        beside, temporary = seal_of(path), seal_of(path).with_suffix(".partial")
        temporary.write_text(_checksum(path) + "\n", encoding="ascii")
        os.replace(temporary, beside)


def check(path: str | Path, instead: str = "Delete it and start again: it is made anew") -> None:
    """Raise ``DamageError`` if a file of a room that stays inside is not as it was written.

    ``instead``: what to do then. A file that is not there is found by whoever reads it.
    """
    if not is_inside(path) or not os.path.isfile(path):
        return
    beside = seal_of(path)
    if not beside.is_file():
        raise DamageError(f"{path}: its checksum ({beside.name}) is not beside it. {instead}")
    if beside.read_text(encoding="ascii", errors="replace").strip() != _checksum(path):
        raise DamageError(
            f"{path}: the file is not as it was written; a disk, a copy or somebody has changed it (its SHA-256 is "
            f"another). {instead}"
        )


def _checksum(path: str | Path) -> str:
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def move(source: Path, target: Path) -> None:
    """Rename a file, with the checksum beside it; one of the restricted room is then its owner's alone."""
    if is_inside(target, RESTRICTED):
        source.chmod(0o600)
    os.replace(source, target)
    seal_of(source).unlink(missing_ok=True)
    seal(target)


# --- jobs -------------------------------------------------------------------------------------------------------------


@contextmanager
def private_umask(path: str | Path) -> Iterator[None]:
    """Let what is made within the block be readable by its owner alone, if ``path`` lies in the restricted room."""
    if not is_inside(path, RESTRICTED):
        yield
        return
    mask = os.umask(0o077)
    try:
        yield
    finally:
        os.umask(mask)


def memory_of(job: str) -> int:
    """Return the megabytes that the run gives a job; MEMORY if it is run by hand."""
    return int(json.loads(os.environ.get(MEMORY_OF_JOBS, "{}")).get(job, MEMORY))


@contextmanager
def private_job(memory: int = MEMORY) -> Iterator[None]:
    """Close the restricted room to others, and give the job its folder to spill into; ``memory`` is in megabytes."""
    restricted = Path(RESTRICTED)
    restricted.mkdir(parents=True, exist_ok=True)
    if restricted.stat().st_mode & 0o077:
        restricted.chmod(0o700)
    _remove_leftovers()
    _Job.spill, _Job.memory = Path(SPILL, f"{socket.gethostname()}-{os.getpid()}"), memory
    try:
        yield
    finally:
        shutil.rmtree(_Job.spill, ignore_errors=True)
        _Job.spill, _Job.memory = None, MEMORY


def _remove_leftovers() -> None:
    """Remove what jobs of this machine that are no more have spilled; those of another one look after their own."""
    for folder in Path(SPILL).glob(f"{socket.gethostname()}-*"):
        if not Path("/proc", folder.name.rpartition("-")[2]).is_dir():
            shutil.rmtree(folder, ignore_errors=True)


def duckdb_limits() -> dict[str, str]:
    """Return the settings of DuckDB for memory and for spilling; outside a job it has no place to spill into."""
    spill = ""
    if _Job.spill:
        _Job.spill.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        spill = str(_Job.spill)
    return {"memory_limit": f"{int(_Job.memory * SHARE_OF_DUCKDB)}MB", "temp_directory": spill}
