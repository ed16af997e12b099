"""Fingerprints: of the library code a rule runs, and of data.

Snakemake sees when a script changes, not when a module that the script imports does. Each rule therefore
carries ``params: code=fingerprint.of_stage(...)``. Settings are fingerprinted too, so that parameters of rules, which
Snakemake's own report prints in clear, hold hashes only.
"""

from __future__ import annotations

import ast
import hashlib
import json
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent


def of_stage(*modules: str) -> str:
    """Return a hash of the named modules or packages and of all they import from this library.

    ``modules`` are dotted names without the library's own name (``cohorts``, ``analyses.fit``). A package counts
    with all its files, SQL, YAML and templates included.
    """
    digest = hashlib.sha256()
    for path in sorted(_closure(modules)):
        digest.update(str(path.relative_to(PACKAGE)).encode())
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def of_value(*values: object) -> str:
    """Return a hash of plain data (anything that JSON, or ``str`` for dates and the like, can write)."""
    text = json.dumps(values, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


def _closure(modules: tuple[str, ...]) -> set[Path]:
    seen: set[Path] = set()
    waiting = [path for module in modules for path in _files(module)]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            for module in _imports(path):
                waiting.extend(_files(module))
    return seen


def _files(module: str) -> list[Path]:
    """Return the files of a module, or of a package and everything in it."""
    base = PACKAGE.joinpath(*module.split("."))
    if module and base.is_dir():
        return [p for p in base.rglob("*") if p.is_file() and p.suffix != ".pyc"]
    file = base.with_suffix(".py") if module else PACKAGE / "__init__.py"
    if not file.is_file():
        raise ValueError(f"no module '{module}' in the library")
    return [file]


def _module_of(name: str) -> str:
    """Return the module in a dotted name that may end in something defined inside the module."""
    while name and not (
        PACKAGE.joinpath(*name.split(".")).is_dir() or PACKAGE.joinpath(*name.split(".")).with_suffix(".py").is_file()
    ):
        name = name.rpartition(".")[0]
    return name


@cache
def _imports(path: Path) -> frozenset[str]:
    """Return the modules of this library that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        names: list[str] = []
        if isinstance(node, ast.ImportFrom) and node.module and node.level == 0:
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        elif isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        for name in names:
            head, _, rest = name.partition(".")
            if head == PACKAGE.name:
                found.add(_module_of(rest))
    return frozenset(found)
