"""The environment is stated once, in the lock; every other form of it says the same."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

ROOT = Path(__file__).resolve().parents[2]
LOCKS = ("requirements.lock", "requirements-test.lock", "requirements-extras.lock")
#: What each lock adds to requirements.lock, for whoever needs it.
EXTRAS = {
    "requirements-test.lock": ("slurm", "postgresql", "latent", "test"),
    "requirements-extras.lock": ("slurm", "postgresql", "db2", "latent"),
}
PYTHON_3_11_ON_LINUX = {"python_full_version": "3.11.7", "python_version": "3.11", "sys_platform": "linux"}
CONDA_NAMES = {"matplotlib-base": "matplotlib", "python-duckdb": "duckdb", "snakemake-minimal": "snakemake"}
HASH = re.compile(r"--hash=sha256:[0-9a-f]{64}")


def entries(lock: str) -> list[str]:
    """Return a lock's entries, each with its hashes, as one line."""
    text = (ROOT / lock).read_text().replace("\\\n", " ")
    return [line.strip() for line in text.splitlines() if line.strip()]


def requirements(lock: str) -> list[Requirement]:
    return [Requirement(HASH.sub("", entry).strip()) for entry in entries(lock)]


def version(requirement: Requirement) -> str:
    (pin,) = requirement.specifier
    assert pin.operator == "==", f"{requirement} is not pinned"
    return pin.version


def pins(lock: str) -> set[tuple[str, str, str]]:
    return {(canonicalize_name(r.name), version(r), str(r.marker or "")) for r in requirements(lock)}


def versions(lock: str) -> dict[str, str]:
    """Return what the lock installs on Linux with Python 3.11."""
    chosen = [r for r in requirements(lock) if r.marker is None or r.marker.evaluate(PYTHON_3_11_ON_LINUX)]
    found = {canonicalize_name(r.name): version(r) for r in chosen}
    assert len(found) == len(chosen), "the lock chooses two versions of one package"
    return found


def project() -> dict:
    return tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]


def unmet(direct: list[str], lock: str) -> list[str]:
    """Return the requirements that the lock does not meet."""
    locked = versions(lock)
    wanted = [Requirement(text) for text in direct]
    return [
        str(r) for r in wanted if (found := locked.get(canonicalize_name(r.name))) is None or found not in r.specifier
    ]


def test_the_lock_meets_every_direct_dependency():
    assert unmet(project()["dependencies"], "requirements.lock") == []


@pytest.mark.parametrize("lock", EXTRAS)
def test_the_other_locks_meet_their_extras(lock: str):
    extras = [text for extra in EXTRAS[lock] for text in project()["optional-dependencies"][extra]]
    assert unmet([*project()["dependencies"], *extras], lock) == []


def test_every_extra_is_in_a_lock():
    assert {extra for extras in EXTRAS.values() for extra in extras} == set(project()["optional-dependencies"])


@pytest.mark.parametrize("lock", EXTRAS)
def test_the_other_locks_hold_all_of_the_lock(lock: str):
    missing = pins("requirements.lock") - pins(lock)
    assert not missing, f"{lock} must be made with --constraints requirements.lock"


@pytest.mark.parametrize("lock", LOCKS)
def test_every_entry_is_pinned_by_hash(lock: str):
    bare = [entry.split()[0] for entry in entries(lock) if not HASH.search(entry)]
    assert bare == []


@pytest.mark.parametrize("lock", LOCKS)
def test_no_lock_names_an_index_or_a_path(lock: str):
    text = (ROOT / lock).read_text()
    assert not re.search(r"://|^\s*-|\s@\s|--(extra-)?index|--find-links|--trusted", HASH.sub("", text), re.MULTILINE)


def conda() -> tuple[dict[str, str], dict[str, str]]:
    """Return the versions of the conda packages, under conda's names, and of the packages left to pip."""
    listed = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())["dependencies"]
    ours = dict(entry.partition("=")[::2] for entry in listed if isinstance(entry, str))
    pip = dict(entry.partition("==")[::2] for part in listed if isinstance(part, dict) for entry in part["pip"])
    return ours, pip


def test_the_conda_environment_has_the_versions_of_the_lock():
    packages, pip = conda()
    python = packages.pop("python")
    packages.pop("pip")
    named = {CONDA_NAMES.get(name, name): found for name, found in packages.items()} | pip
    locked = versions("requirements.lock")
    assert {name: (found, locked.get(name)) for name, found in named.items() if found != locked.get(name)} == {}
    assert python == PYTHON_3_11_ON_LINUX["python_version"]


def test_the_conda_environment_has_every_direct_dependency():
    packages, pip = conda()
    named = {CONDA_NAMES.get(name, name) for name in packages} | pip.keys()
    direct = {canonicalize_name(Requirement(text).name) for text in project()["dependencies"]}
    assert direct - named == set()


def test_the_conda_environment_uses_community_channels_only():
    channels = yaml.safe_load((ROOT / "envs/environment.yaml").read_text())["channels"]
    assert channels == ["conda-forge", "bioconda", "nodefaults"]


def test_the_container_is_made_from_the_lock():
    recipe = (ROOT / "envs/Containerfile").read_text().replace("\\\n", " ")
    (install,) = re.findall(r"^RUN .*pip install.*$", recipe, re.MULTILINE)
    assert "--require-hashes" in install
    assert re.search(r"--requirement\s+/opt/requirements\.lock\s*$", install)
    assert re.search(r"^COPY requirements\.lock /opt/requirements\.lock$", recipe, re.MULTILINE)
    (base,) = re.findall(r"^FROM (\S+)$", recipe, re.MULTILINE)
    assert base.startswith(f"python:{PYTHON_3_11_ON_LINUX['python_version']}-slim")


def test_the_version_is_the_same_wherever_it_is_written():
    import family_justice

    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert project()["version"] == family_justice.__version__ == str(citation["version"])
