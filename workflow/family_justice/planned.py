"""Whether the configuration is still the one that the run was planned with.

Snakemake reads the configuration when a run starts, and a job when it starts, which may be minutes later. A file that
is edited meanwhile would make results of two studies in one release. So the run hands its jobs the checksums of the
files, and a job compares them with what is there when it starts and when it has ended.
"""

from __future__ import annotations

import hashlib
import json
import os
from pathlib import Path

from family_justice.errors import ConfigError

#: Environment variable with what ``state`` returned when the run was planned.
PLANNED = "FAMILY_JUSTICE_PLANNED"
SUFFIXES = (".yaml", ".csv", ".json")
#: Folders of files that belong to one stream each.
OF_STREAMS = ("streams", "plans")


def state(config: Path) -> str:
    """Return the checksums of all files of the configuration, as text for the environment."""
    return json.dumps(_checksums(config))


def check_unchanged(config: Path, stream: str | None) -> None:
    """Raise ``ConfigError`` if a file has changed since the run was planned; files of other streams do not matter.

    A job that is run by hand has no plan, and is not checked.
    """
    planned = json.loads(os.environ.get(PLANNED, "null"))
    if planned is None:
        return
    now = _checksums(config)
    changed = sorted(
        name
        for name in planned.keys() | now.keys()
        if planned.get(name) != now.get(name) and (name.split("/")[0] not in OF_STREAMS or Path(name).stem == stream)
    )
    if changed:
        files = ", ".join((config / name).as_posix() for name in changed)
        raise ConfigError(
            f"{files} was changed while the run was going on, so this job would work with another study than the jobs "
            "before it. Start again: what does not depend on the change is not made again"
        )


def _checksums(config: Path) -> dict[str, str]:
    """Return the checksum of each file of the configuration by its path in the folder."""
    files = sorted(path for path in config.rglob("*") if path.suffix in SUFFIXES and not path.name.startswith("."))
    return {path.relative_to(config).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest()[:16] for path in files}
