"""``pack``: the archive holds what git tracks and a wheel of every package, and installs without a network."""

from __future__ import annotations

import csv
import hashlib
import json
import os
import platform
import shutil
import subprocess
import tarfile
import zipfile
from pathlib import Path

import pytest

from family_justice import __version__
from family_justice.command.pack import WHEELS, lines_of, needed, pack, read_lock
from family_justice.errors import PipelineError

ROOT = Path(__file__).resolve().parents[2]
PYTHON = ".".join(platform.python_version_tuple()[:2])
MACHINE = os.uname().machine
LOCK = """\
contourpy==1.3.3 ; python_full_version < '3.12' \\
    --hash=sha256:aa
contourpy==1.4.0 ; python_full_version >= '3.12' \\
    --hash=sha256:bb \\
    --hash=sha256:cc
greenlet==3.5.6 ; platform_machine == 'aarch64' or platform_machine == 'x86_64' \\
    --hash=sha256:dd
pyreadline3==3.5.6 ; sys_platform == 'win32' \\
    --hash=sha256:ee
six==1.17.0 \\
    --hash=sha256:ff
"""


@pytest.mark.parametrize(("python", "version"), [("3.11", "1.3.3"), ("3.12", "1.4.0"), ("3.13", "1.4.0")])
def test_what_a_lock_names_for_a_machine(python: str, version: str) -> None:
    wanted = needed(read_lock(LOCK), python, "aarch64")
    assert [(item.name, item.version) for item in wanted] == [
        ("contourpy", version), ("greenlet", "3.5.6"), ("six", "1.17.0"),
    ]  # fmt: skip
    assert [" ; " in item.written for item in wanted] == [False, False, False]
    assert wanted[2].written == "six==1.17.0 \\\n    --hash=sha256:ff"


@pytest.mark.parametrize("lock", ["requirements.lock", "requirements-test.lock"])
def test_every_package_of_the_locks_is_understood(lock: str) -> None:
    text = (ROOT / lock).read_text()
    found = read_lock(text)
    assert sum(len(item.lines) for item in found) == len([line for line in text.splitlines() if line.strip()])
    names = [item.name for item in needed(found, "3.11", "x86_64")]
    assert {"snakemake", "duckdb", "lifelines"} <= set(names)
    assert len(set(names)) == len(names)


def test_a_line_that_is_not_understood_is_an_error() -> None:
    with pytest.raises(PipelineError, match="not understood: six>=1"):
        read_lock("six>=1\n")


def wheel(folder: Path) -> Path:
    """Write a wheel of a package that does nothing."""
    path = folder / "tiny_thing-1.0-py3-none-any.whl"
    about = "tiny_thing-1.0.dist-info"
    metadata = (
        "Metadata-Version: 2.1\nName: tiny-thing\nVersion: 1.0\nClassifier: License :: OSI Approved :: MIT License\n"
    )
    with zipfile.ZipFile(path, "w") as inside:
        inside.writestr("tiny_thing.py", "")
        inside.writestr(f"{about}/METADATA", f"{metadata}\n")
        inside.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        inside.writestr(f"{about}/RECORD", "")
    return path


@pytest.fixture
def clone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Return a clone whose lock names one package, which pip finds in a folder."""
    index, folder = tmp_path / "index", tmp_path / "clone"
    index.mkdir()
    (folder / "workflow").mkdir(parents=True)
    shutil.copytree(ROOT / "workflow/family_justice", folder / "workflow/family_justice",
                    ignore=shutil.ignore_patterns("__pycache__"))  # fmt: skip
    shutil.copy(ROOT / "family-justice", folder)
    said = hashlib.sha256(wheel(index).read_bytes()).hexdigest()
    (folder / "requirements.lock").write_text(f"tiny-thing==1.0 \\\n    --hash=sha256:{said}\n")
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(index))
    for command in (["init", "-q"], ["add", "."]):
        subprocess.run(["git", *command], cwd=folder, check=True)
    (folder / "records.csv").write_text("person_id\n1\n")
    return folder


def unpacked(archive: Path, to: Path) -> Path:
    with tarfile.open(archive) as inside:
        inside.extractall(to, filter="data")
    return to / f"family-justice-{__version__}"


def test_the_archive_holds_what_is_tracked_and_says_what_is_in_it(clone: Path, tmp_path: Path) -> None:
    archive, left = pack(clone, tmp_path / "out", PYTHON, MACHINE)
    assert left == ["records.csv"]
    assert "records.csv. `git add`" in "\n".join(lines_of(archive, left))
    folder = unpacked(archive, tmp_path / "there")
    held = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    assert "records.csv" not in held
    assert not any(name.startswith(".git/") for name in held)
    sums = dict(line.split("  ", 1)[::-1] for line in (folder / "SHA256SUMS").read_text().splitlines())
    assert set(sums) == held - {"SHA256SUMS"}
    assert all(hashlib.sha256((folder / name).read_bytes()).hexdigest() == said for name, said in sums.items())
    with open(folder / WHEELS / "licences.csv", newline="") as file:
        assert list(csv.DictReader(file)) == [
            {
                "name": "tiny-thing",
                "version": "1.0",
                "licence": "MIT License",
                "file": "tiny_thing-1.0-py3-none-any.whl",
            }
        ]
    bill = json.loads((folder / WHEELS / "bill-of-materials.cdx.json").read_text())
    assert [part["purl"] for part in bill["components"]] == ["pkg:pypi/tiny-thing@1.0"]


def test_the_same_clone_makes_the_same_content(clone: Path, tmp_path: Path) -> None:
    sums = [
        (unpacked(pack(clone, tmp_path / name, PYTHON, MACHINE)[0], tmp_path / name) / "SHA256SUMS").read_text()
        for name in "ab"
    ]
    assert sums[0] == sums[1]


def run(folder: Path, *before: str) -> subprocess.CompletedProcess[str]:
    """Run the command of an unpacked archive as one would there: nothing of pip is set."""
    there = {"PATH": os.environ["PATH"], "HOME": str(folder)}
    command = [*before, str(folder / "family-justice"), "--help"]
    return subprocess.run(command, cwd=folder, env=there, capture_output=True, text=True, check=False)


@pytest.mark.slow
def test_it_is_installed_where_there_is_no_network(clone: Path, tmp_path: Path) -> None:
    folder = unpacked(pack(clone, tmp_path / "out", PYTHON, MACHINE)[0], tmp_path / "there")
    alone = ["unshare", "--map-root-user", "--net"]
    if not shutil.which("unshare") or subprocess.run([*alone, "true"], check=False, capture_output=True).returncode:
        pytest.skip("no namespace without a network can be made here")
    answer = run(folder, *alone)
    assert answer.returncode == 0, answer.stderr
    assert "from the folder wheels" in answer.stderr
    assert "usage: ./family-justice" in answer.stdout
    assert list((folder / ".venv").rglob("tiny_thing.py"))


def test_an_archive_for_another_python_says_so(clone: Path, tmp_path: Path) -> None:
    folder = unpacked(pack(clone, tmp_path / "out", "3.19", MACHINE)[0], tmp_path / "there")
    answer = run(folder)
    assert answer.returncode == 1
    assert f"The packages here are for Python 3.19 {MACHINE}" in answer.stderr
    assert "PYTHON=/path/to/python" in answer.stderr
    assert not (folder / ".venv").exists()


@pytest.mark.parametrize(
    ("python", "machine", "said"),
    [
        ("3.10", MACHINE, "3.11 or a later"),
        ("python3.12", MACHINE, "3.11 or a later"),
        (PYTHON, "ppc64", "x86_64, aarch64"),
    ],
)
def test_what_there_is_no_archive_for(clone: Path, python: str, machine: str, said: str) -> None:
    with pytest.raises(PipelineError, match=said):
        pack(clone, clone, python, machine)


def test_a_package_that_cannot_be_fetched_and_a_folder_that_is_no_clone(clone: Path, tmp_path: Path) -> None:
    (clone / "requirements.lock").write_text("other-thing==1.0 \\\n    --hash=sha256:00\n")
    with pytest.raises(PipelineError, match="cannot fetch the packages"):
        pack(clone, tmp_path / "out", PYTHON, MACHINE)
    assert not list(tmp_path.glob("out/*"))
    with pytest.raises(PipelineError, match="no clone"):
        pack(tmp_path, tmp_path / "out", PYTHON, MACHINE)
