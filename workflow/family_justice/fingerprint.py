"""Fingerprints: of the library code a rule runs, and of data.

Snakemake sees when a rule changes, not when the code that its command runs does. Each rule therefore carries
``params: code=fingerprint.of_job(...)``. Settings are fingerprinted too, so that parameters of rules, which Snakemake's
own report prints in clear, hold hashes only.
"""

from __future__ import annotations

import ast
import hashlib
import json
import re
from functools import cache
from pathlib import Path

PACKAGE = Path(__file__).resolve().parent
#: Where results come from: a release tells the fingerprint of this code.
OF_RESULTS = ("analyses", "disclosure", "harmonise", "sources")


def of_stage(*modules: str) -> str:
    """Return a hash of the named modules or packages and of all they import from this library.

    ``modules`` are dotted names without the library's own name (``cohorts``, ``analyses.fit``). A package counts
    with all its files; a module with the SQL, YAML and templates that lie beside it.
    """
    return _of_files(PACKAGE, tuple((path, path.stat().st_mtime_ns) for path in _closure(PACKAGE, modules)))


@cache
def _of_files(library: Path, files: tuple[tuple[Path, int], ...]) -> str:
    """Return a hash of files of the library, of which the times say that they are as they were: many jobs ask."""
    digest = hashlib.sha256()
    for path, changed in files:
        digest.update(str(path.relative_to(library)).encode())
        digest.update(_bytes(path, changed))
    return digest.hexdigest()[:16]


def of_job(name: str, *modules: str) -> str:
    """Return a hash of a function of ``jobs`` with the helpers that it calls, and of all that they import; ``modules``
    are those that it finds by name."""
    path = PACKAGE / "jobs.py"
    said, imported = _job(path.read_text(encoding="utf-8"), name)
    return of_value(said, of_stage("job", *sorted({*imported, *modules})))


@cache
def _job(text: str, name: str) -> tuple[dict[str, str], frozenset[str]]:
    """Return the text of a function of ``jobs`` and of its helpers, by name, and the modules that these import."""
    functions = {node.name: node for node in ast.parse(text).body if isinstance(node, ast.FunctionDef)}
    if name not in functions:
        raise ValueError(f"no job '{name}' in jobs.py")
    waiting, used = [name], dict[str, ast.FunctionDef]()
    while waiting:
        function = functions[waiting.pop()]
        used[function.name] = function
        called = {node.id for node in ast.walk(function) if isinstance(node, ast.Name)}
        waiting += sorted((called & functions.keys()) - used.keys())
    said = {name: ast.unparse(used[name]) for name in sorted(used)}
    return said, frozenset(module for function in said.values() for module in _imported(function))


@cache
def _bytes(path: Path, changed: int) -> bytes:
    """Return the bytes of a file, read once until it has changed: many jobs ask for the same."""
    return path.read_bytes()


def imported_by_jobs() -> list[str]:
    """Return the modules of this library that jobs import, by their names in full."""
    return sorted(f"{PACKAGE.name}.{name}" for name in _imports(PACKAGE / "jobs.py") if name)


def of_value(*values: object) -> str:
    """Return a hash of plain data (anything that JSON, or ``str`` for dates and the like, can write).

    A part of the configuration counts as the plain data that it holds.
    """
    plain = [value.model_dump(mode="json") if hasattr(value, "model_dump") else value for value in values]
    text = json.dumps(plain, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()[:16]


def of_file(path: str | Path) -> str:
    """Return the SHA-256 of a file's bytes."""
    with open(path, "rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()


@cache
def _closure(library: Path, modules: tuple[str, ...]) -> tuple[Path, ...]:
    """Return the files that modules and what they import consist of, in order."""
    seen: set[Path] = set()
    waiting = [path for module in modules for path in _files(library, module)]
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        if path.suffix == ".py":
            for module in _imports(path):
                waiting.extend(_files(library, module))
            if path == library / "kinds/registry.py":  # which finds them by their folders
                waiting.extend(library.glob("kinds/*/model.py"))
    return tuple(sorted(seen))


@cache
def _files(library: Path, module: str) -> list[Path]:
    """Return the files of a package and everything in it, or a module with what lies beside it and is no Python."""
    base = library.joinpath(*module.split("."))
    if module and base.is_dir():
        return [path for path in base.rglob("*") if path.is_file() and path.suffix != ".pyc"]
    file = base.with_suffix(".py") if module else library / "__init__.py"
    if not file.is_file():
        raise ValueError(f"no module '{module}' in the library")
    return [file, *(_beside(file.parent) if file.parent != library else ())]


@cache
def _beside(folder: Path) -> tuple[Path, ...]:
    """Return what a folder holds that is no Python, with its folders that are no packages."""
    found = [path for path in folder.iterdir() if path.is_file() and path.suffix not in (".py", ".pyc")]
    for inner in folder.iterdir():
        if inner.is_dir() and not any(inner.glob("*.py")) and inner.name != "__pycache__":
            found += [path for path in inner.rglob("*") if path.is_file()]
    return tuple(found)


def _module_of(name: str) -> str:
    """Return the module in a dotted name that may end in something defined inside the module."""
    while name and not (
        PACKAGE.joinpath(*name.split(".")).is_dir() or PACKAGE.joinpath(*name.split(".")).with_suffix(".py").is_file()
    ):
        name = name.rpartition(".")[0]
    return name


#: A statement that imports from this library, in a function too; to parse whole files takes twenty times as long.
_STATEMENT = re.compile(rf"^[ \t]*((?:from|import) {PACKAGE.name}\b(?:[^\n(]*\([^)]*\)|[^\n]*))", re.MULTILINE)
#: What is imported for the types alone never runs.
_FOR_TYPES = re.compile(r"^if TYPE_CHECKING:\n(?:[ \t]+[^\n]*\n|\n)*", re.MULTILINE)


@cache
def _imports(path: Path) -> frozenset[str]:
    """Return the modules of this library that a file imports, anywhere in it."""
    return frozenset(_imported(path.read_text(encoding="utf-8")))


def _imported(text: str) -> set[str]:
    """Return the modules of this library that a piece of code imports."""
    found: set[str] = set()
    for statement in _STATEMENT.findall(_FOR_TYPES.sub("", text)):
        (node,) = ast.parse(statement).body
        if isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{alias.name}" for alias in node.names]
        else:
            names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
        found |= {_module_of(name.removeprefix(PACKAGE.name).removeprefix(".")) for name in names}
    return found
