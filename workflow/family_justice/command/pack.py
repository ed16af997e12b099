"""``pack``: one archive that is installed and run where there is no network, such as a safe haven.

The archive holds the files that git tracks, as they are now, and a wheel of every package that the lock names for one
kind of machine and one Python version. ``./family-justice`` installs from ``wheels`` where that folder is beside it.
What git does not track stays behind: results, records, an environment.
"""

from __future__ import annotations

import csv
import hashlib
import json
import os
import re
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from email.parser import HeaderParser
from pathlib import Path
from typing import Any

from packaging.markers import Marker
from packaging.utils import canonicalize_name

from family_justice import __version__
from family_justice.errors import PipelineError
from family_justice.files import atomic, write_text

#: Kinds of machine for which there are wheels, all of them Linux: jobs are forked by a server, which Windows cannot do.
MACHINES = ("x86_64", "aarch64")
#: Versions of the C library for which wheels are made, newest first; a machine needs one no newer than its own.
MANYLINUX = ("manylinux_2_28", "manylinux_2_27", "manylinux_2_26", "manylinux_2_24", "manylinux_2_17", "manylinux2014",
             "manylinux_2_12", "manylinux2010", "manylinux_2_5", "manylinux1", "linux")  # fmt: skip
WHEELS, TARGET = "wheels", "target.txt"
_PINNED = re.compile(r"^(?P<name>[A-Za-z0-9._-]+)==(?P<version>[^ ;\\]+)(?: ; (?P<marker>[^\\]+?))?(?: \\|$)")


@dataclass(frozen=True)
class Pinned:
    """One package of a lock: its lines as written, and the condition under which it is needed."""

    name: str
    version: str
    marker: str
    lines: tuple[str, ...]

    @property
    def written(self) -> str:
        """The lines without the condition."""
        first, *rest = self.lines
        return "\n".join([first.replace(f" ; {self.marker}", "") if self.marker else first, *rest])


def read_lock(text: str) -> list[Pinned]:
    """Return the packages of a lock file, in its order."""
    blocks: list[list[str]] = []
    for line in text.splitlines():
        if line.startswith((" ", "\t")) and blocks:
            blocks[-1].append(line)
        elif line.strip() and not line.startswith("#"):
            blocks.append([line])
    found = []
    for block in blocks:
        said = _PINNED.match(block[0])
        if not said:
            raise PipelineError(f"a line of the lock is not understood: {block[0]}")
        found.append(Pinned(said["name"], said["version"], said["marker"] or "", tuple(block)))
    return found


def needed(lock: Iterable[Pinned], python: str, machine: str) -> list[Pinned]:
    """Return the packages that Linux on ``machine`` needs with ``python`` (3.11, say)."""
    # Any release of the version: no condition of a lock tells 3.11.4 from 3.11.9.
    there = {
        **{"python_version": python, "python_full_version": f"{python}.99", "platform_machine": machine},
        **{"sys_platform": "linux", "platform_system": "Linux", "os_name": "posix"},
        **{"implementation_name": "cpython", "platform_python_implementation": "CPython"},
    }
    return [item for item in lock if not item.marker or Marker(item.marker).evaluate(there)]


def pack(folder: Path, to: Path, python: str, machine: str, tests: bool = False) -> tuple[Path, list[str]]:
    """Write ``family-justice-<version>-linux-<machine>-python<python>.tar.gz`` into ``to``, from the clone ``folder``;
    with ``tests`` the packages of the tests as well.

    Returns the archive, and the files of the folder that stay behind because git does not track them. Raises
    ``PipelineError`` if this is no clone, if a machine or version is unknown, or if a package has no wheel.
    """
    if machine not in MACHINES:
        raise PipelineError(f"--machine is '{machine}'; write one of: {', '.join(MACHINES)}")
    if not re.fullmatch(r"3\.1[1-9]", python):
        raise PipelineError(f"--python is '{python}'; write 3.11 or a later version of two numbers")
    tracked = _git(folder, "ls-files", "-z")
    left = _git(folder, "ls-files", "-z", "--others", "--exclude-standard")
    name = f"family-justice-{__version__}"
    archive = to / f"{name}-linux-{machine}-python{python}.tar.gz"
    with tempfile.TemporaryDirectory() as temporary:
        wheels = Path(temporary, WHEELS)
        wheels.mkdir()
        for lock in ("requirements.lock", *(["requirements-test.lock"] if tests else [])):
            _collect(folder / lock, wheels, python, machine)
        write_text(wheels / TARGET, f"{python} {machine}\n")
        _describe(wheels)
        files = {path: folder / path for path in tracked if (folder / path).is_file()}
        files |= {f"{WHEELS}/{path.name}": path for path in wheels.iterdir()}
        to.mkdir(parents=True, exist_ok=True)
        with atomic(archive) as path:
            _write_archive(path, name, files)
    return archive, left


def _git(folder: Path, *arguments: str) -> list[str]:
    answer = subprocess.run(["git", *arguments], cwd=folder, capture_output=True, text=True, check=False)
    if answer.returncode:
        raise PipelineError("pack takes what git tracks, and this folder is no clone: make the archive in one")
    return [name for name in answer.stdout.split("\0") if name]


def _pip(*arguments: str | Path) -> None:
    command = [sys.executable, "-m", "pip", *map(str, arguments)]
    answer = subprocess.run(command, capture_output=True, text=True, check=False)
    if answer.returncode:
        said = [line for line in answer.stderr.splitlines() if line.startswith("ERROR")]
        raise PipelineError("\n".join(["pip cannot fetch the packages:", *said[:5]]))


def _collect(lock: Path, wheels: Path, python: str, machine: str) -> None:
    """Fetch a wheel of every package of a lock, and write the lock again with the checksums of these wheels."""
    wanted = needed(read_lock(lock.read_text(encoding="utf-8")), python, machine)
    with tempfile.TemporaryDirectory() as temporary:
        listed, fetched = Path(temporary, "requirements.txt"), Path(temporary, "fetched")
        write_text(listed, "\n".join(item.written for item in wanted) + "\n")
        platforms = [word for libc in MANYLINUX for word in ("--platform", f"{libc}_{machine}")]
        same = ["--disable-pip-version-check", "--no-deps"]
        _pip("download", *same, "--require-hashes", "--python-version", python, "--implementation", "cp", *platforms,
             "-r", listed, "-d", fetched)  # fmt: skip
        for source in sorted(fetched.glob("*.tar.gz")):  # checked by its checksum; only a wheel installs without tools
            _pip("wheel", *same, source, "-w", fetched)
            source.unlink()
        for path in fetched.iterdir():
            os.replace(path, wheels / path.name)
    made = {canonicalize_name(path.name.split("-")[0]): path for path in wheels.glob("*.whl")}
    lines = []
    for item in wanted:
        wheel = made.get(canonicalize_name(item.name))
        # A wheel that was built here of its source must not hold anything of this machine.
        if wheel is None or not wheel.name.endswith(("-any.whl", f"_{machine}.whl")):
            raise PipelineError(f"{item.name} {item.version} has no wheel for Python {python} on Linux {machine}")
        lines.append(f"{item.name}=={item.version} --hash=sha256:{_sha256(wheel)}")
    write_text(wheels / lock.name, "\n".join(lines) + "\n")


def _sha256(path: Path) -> str:
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _describe(wheels: Path) -> None:
    """Write the list of licences, and the bill of materials (CycloneDX 1.5) of the packages."""
    rows = [_about(path) for path in sorted(wheels.glob("*.whl"))]
    with open(wheels / "licences.csv", "w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, ["name", "version", "licence", "file"], lineterminator="\n")
        writer.writeheader()
        writer.writerows({key: row[key] for key in writer.fieldnames} for row in rows)
    components = [
        {
            "type": "library",
            "name": row["name"],
            "version": row["version"],
            "purl": f"pkg:pypi/{canonicalize_name(row['name'])}@{row['version']}",
            "hashes": [{"alg": "SHA-256", "content": row["sha256"]}],
            "licenses": [{"license": {"name": row["licence"]}}],
        }
        for row in rows
    ]
    about = {"type": "application", "name": "family-justice-pipeline", "version": __version__}
    bill = {
        "bomFormat": "CycloneDX",
        "specVersion": "1.5",
        "version": 1,
        "metadata": {"component": {**about, "licenses": [{"license": {"id": "MIT"}}]}},
        "components": components,
    }
    write_text(wheels / "bill-of-materials.cdx.json", json.dumps(bill, indent=2, ensure_ascii=False) + "\n")


def _about(wheel: Path) -> dict[str, Any]:
    """Return what a wheel says of itself. Its licence: expression, else classifiers, else first line of text."""
    with zipfile.ZipFile(wheel) as inside:
        name = next(name for name in inside.namelist() if name.endswith(".dist-info/METADATA"))
        said = HeaderParser().parsestr(inside.read(name).decode("utf-8"))
    classifiers = [
        line.rsplit(" :: ", 1)[1] for line in said.get_all("Classifier", []) if line.startswith("License :: ")
    ]
    text = (said.get("License") or "").strip().splitlines()
    licence = said.get("License-Expression") or "; ".join(classifiers) or (text[0][:80] if text else "not said")
    return {
        **{"name": said["Name"], "version": said["Version"], "licence": licence, "file": wheel.name},
        "sha256": _sha256(wheel),
    }


def _write_archive(path: Path, name: str, files: dict[str, Path]) -> None:
    """Write the archive: every file, and SHA256SUMS of all of them (``sha256sum -c SHA256SUMS``)."""
    with tempfile.TemporaryDirectory() as temporary:
        sums = Path(temporary, "SHA256SUMS")
        write_text(sums, "".join(f"{_sha256(file)}  {inside}\n" for inside, file in sorted(files.items())))
        with tarfile.open(path, "w:gz", compresslevel=1) as archive:  # wheels are compressed already
            for inside, file in sorted({**files, sums.name: sums}.items()):
                archive.add(file, f"{name}/{inside}", recursive=False, filter=_nobody)


def _nobody(entry: tarfile.TarInfo) -> tarfile.TarInfo:
    """Leave out who made the archive, and when."""
    entry.uid = entry.gid = 0
    entry.uname = entry.gname = ""
    entry.mtime = 0
    return entry


def lines_of(archive: Path, left: Sequence[str]) -> list[str]:
    """Say where the archive is, what to do with it, and what stays behind."""
    folder = f"family-justice-{__version__}"
    said = [
        f"{archive}  ({archive.stat().st_size / 1e6:,.0f} MB)",
        f"There, without any network: tar xf {archive.name} && cd {folder} && sha256sum --quiet -c SHA256SUMS && "
        "./family-justice run",
    ]
    if left:
        named = ", ".join(left[:5]) + (f" and {len(left) - 5} more" if len(left) > 5 else "")
        said.append(f"Stays behind, because git does not track it: {named}. `git add` what belongs to a study.")
    return said
