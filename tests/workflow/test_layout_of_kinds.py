"""The shape of the folders of kinds: named nowhere else, shown without being run, whole or an error at import."""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterable
from pathlib import Path

import pytest
from test_layout import LIBRARY, ROOT

from family_justice.kinds.registry import FAMILIES, KINDS
from family_justice.measures import MEASURES

KIND_FOLDERS = LIBRARY / "kinds"
#: Words of an estimator that are the name of a kind as well: the chance of a count in a funnel.
WORDS_OF_ESTIMATORS = {("figures/charts/funnel.py", "poisson")}


def test_no_kind_is_named_outside_its_folder():
    """A kind that is named elsewhere is a list that somebody forgets. Names of measures and families may be the same;
    estimators are named for their methods."""
    names = set(KINDS) - set(MEASURES) - set(FAMILIES)
    found = [
        (path.relative_to(LIBRARY).as_posix(), node.value)
        for path in sorted(LIBRARY.rglob("*.py"))
        if path.relative_to(LIBRARY).parts[0] not in ("kinds", "estimators")
        for node in ast.walk(ast.parse(path.read_bytes()))
        if isinstance(node, ast.Constant) and node.value in names
    ]
    assert set(found) - WORDS_OF_ESTIMATORS == set()


def test_no_template_names_a_kind() -> None:
    names = "|".join(sorted(set(KINDS) - set(MEASURES) - set(FAMILIES)))
    quoted = re.compile(rf"""["'](?:{names})["']""")
    found = {path.name: quoted.findall(path.read_text()) for path in LIBRARY.rglob("*.j2")}
    assert len(found) > 5
    assert {name: hits for name, hits in found.items() if hits} == {}


@pytest.mark.parametrize(
    ("part", "text", "says"),
    [
        ("run", "", "run.py defines no run"),
        ("show", "", "show.py defines no SHOW"),
        ("second", 'PROGRAMS = ("statsmodels",)', "second.py defines no TOLERANCE and no refit"),
    ],
)
def test_a_part_that_is_empty_is_an_error_at_import(tmp_path: Path, part: str, text: str, says: str) -> None:
    copy = shutil.copytree(LIBRARY, tmp_path / "family_justice", ignore=shutil.ignore_patterns("__pycache__"))
    (copy / "kinds/gee" / f"{part}.py").write_text(text)
    command = [sys.executable, "-c", "import family_justice.kinds.registry"]
    environment = {**os.environ, "PYTHONPATH": str(tmp_path)}
    answer = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert answer.returncode
    assert f"kind 'gee': {says}" in answer.stderr


def reached(start: Iterable[Path]) -> set[str]:
    """Return the files that are imported from these, wherever in a file it is done, but for the sake of types alone."""
    waiting, seen = list(start), set()
    while waiting:
        path = waiting.pop()
        if path in seen:
            continue
        seen.add(path)
        tree = ast.parse(path.read_bytes())
        for node in ast.walk(tree):
            for_types = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
            if for_types:
                node.body = []  # type: ignore[attr-defined]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.module:
                names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
            else:
                names = [alias.name for alias in node.names] if isinstance(node, ast.Import) else []
            files = [ROOT / "workflow" / name.replace(".", "/") for name in names]
            waiting += [file.with_suffix(".py") for file in files if file.with_suffix(".py").is_file()]
    return {path.relative_to(LIBRARY).as_posix() for path in seen}


def test_what_is_shown_imports_nothing_that_runs():
    runs = re.compile(r"kinds/(\w+/run|families/\w+_run)\.py")
    shows = re.compile(r"(kinds/\w+/show|figures/\w+|report/\w+)\.py")
    folders = {name: sorted((LIBRARY / name).rglob("*.py")) for name in ("figures", "report", "disclosure")}
    shown = reached([*KIND_FOLDERS.glob("*/show.py"), *folders["figures"], *folders["report"]])
    run = reached([*KIND_FOLDERS.glob("*/run.py"), *KIND_FOLDERS.glob("families/*_run.py")])
    door = reached(folders["disclosure"])
    assert {"kinds/families/show.py", "figures/charts/forest.py"} <= shown
    assert {"kinds/families/curve_run.py", "estimators/survival/cox.py"} <= run
    assert "kinds/registry.py" in door
    assert [name for name in shown if runs.fullmatch(name)] == []
    assert [name for name in run | door if shows.fullmatch(name)] == []
    assert [name for name in door if runs.fullmatch(name)] == []


#: A kind, the part that is taken away (a file, or what stands in one and what takes its place), and what is said.
PARTS = [
    ("cox", "model.py", "", "", "kind 'cox' lacks model.py"),
    ("cox", "show.py", "", "", "kind 'cox' lacks show.py"),
    ("cox", "run.py", "", "", "kind 'cox': run.py is missing"),
    ("funnel", "derived.py", "", "", "kind 'funnel': derived.py goes with measures of the role 'index'"),
    ("table_one", "model.py", "    family:", "    # family:", "kind 'table_one': 'family' is not said"),
    ("table_one", "model.py", "    measures:", "    # measures:", "kind 'table_one': 'measures' is not said"),
    ("table_one", "model.py", '"percent")', '"per_cent")', "kind 'table_one': there is no measure 'per_cent'"),
    ("table_one", "model.py", 'ClassVar[str] = "table"', 'ClassVar[str] = "tab"', "there is no family 'tab'"),
    ("cox", "model.py", "def sentence(", "def words(", "kind 'cox': it has no methods sentence"),
    ("cox", "model.py", 'Literal["cox"]', 'Literal["coxe"]', "kind 'cox': 'cox' must be its 'kind'"),
]


@pytest.mark.parametrize(("kind", "file", "part", "instead", "said"), PARTS)
def test_a_kind_without_one_of_its_parts_is_an_error_at_import(
    kind: str, file: str, part: str, instead: str, said: str, tmp_path: Path
):
    copy = tmp_path / "family_justice"
    copy.mkdir()
    for path in LIBRARY.iterdir():
        if path.name == "kinds":
            shutil.copytree(path, copy / "kinds", ignore=shutil.ignore_patterns("__pycache__"))
        elif path.name != "__pycache__":
            (copy / path.name).symlink_to(path)
    changed = copy / "kinds" / kind / file
    text = changed.read_text()
    changed.unlink()
    if part:
        assert part in text
        changed.write_text(text.replace(part, instead))
    command = [sys.executable, "-c", "import family_justice.kinds.registry"]
    answer = subprocess.run(
        command,
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode != 0
    last = answer.stderr.strip().splitlines()[-1]
    assert last.startswith("ImportError: ")
    assert said in last
    assert f"'{kind}'" in last
