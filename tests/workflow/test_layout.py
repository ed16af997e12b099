"""The shape of the house: which way imports point, what a script may hold, what may be in git."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from family_justice import STAGES

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "workflow/family_justice"
PLAIN = {"errors", "files", "fingerprint", "job", "results", "sql"}
WITHOUT_RULES = {"config", "contracts", "estimators"}  # stages that other stages use, with no step of their own
DRAWN_FROM_RELEASE = {"figures", "report"}
LONGEST_FILE = 400
LONGEST_SCRIPT = 15


def tracked() -> list[str]:
    """Return the repository's files as git sees them; outside a checkout, every file that git would not ignore."""
    if (ROOT / ".git").exists():
        command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True)
        return [name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]
    return sorted(walked())


def walked() -> Iterator[str]:
    generated = {"__pycache__", "results"}
    for folder, inside, files in os.walk(ROOT):
        here = Path(folder).relative_to(ROOT)
        inside[:] = [name for name in inside if name == ".ci" or (name not in generated and not name.startswith("."))]
        yield from ((here / name).as_posix() for name in files if not name.startswith("."))
    yield "results/README.md"


def texts(*folders: str) -> Iterator[tuple[str, str]]:
    for name in tracked():
        if not folders or name.startswith(folders):
            try:
                yield name, (ROOT / name).read_text()
            except UnicodeDecodeError:
                continue


def imported(path: Path) -> Iterator[str]:
    """Yield the dotted name of everything a file imports, wherever in the file it does so."""
    package = path.relative_to(ROOT / "workflow").parent.parts
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            start = package[: len(package) - node.level + 1] if node.level else ()
            origin = ".".join([*start, *([node.module] if node.module else [])])
            yield origin
            yield from (f"{origin}.{alias.name}" for alias in node.names)


def wrong_way(importer: str, name: str) -> bool:
    """Whether a file of stage or plain module ``importer`` may not import ``name``."""
    library, _, rest = name.partition(".")
    target = rest.partition(".")[0]
    if library != "family_justice" or not target:
        return False
    if importer in PLAIN:
        return target in STAGES
    return target in STAGES and STAGES.index(target) > STAGES.index(importer)


@pytest.mark.parametrize(
    ("importer", "name", "wrong"),
    [
        ("cohorts", "family_justice.harmonise.sql", False),
        ("cohorts", "family_justice.cohorts.steps", False),
        ("cohorts", "family_justice.errors", False),
        ("cohorts", "family_justice.STAGES", False),
        ("cohorts", "duckdb", False),
        ("cohorts", "family_justice.report", True),
        ("errors", "family_justice.config", True),
    ],
)
def test_what_wrong_way_means(importer: str, name: str, wrong: bool):
    assert wrong_way(importer, name) is wrong


def test_imports_point_one_way():
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in sorted(LIBRARY.rglob("*.py"))
        if path != LIBRARY / "__init__.py"
        for name in imported(path)
        if wrong_way(path.relative_to(LIBRARY).with_suffix("").parts[0], name)
    ]
    assert wrong == []


def test_the_library_does_not_know_the_engine():
    engine = re.compile(r"^snakemake\b")
    found = [
        f"{path.relative_to(ROOT)}: {n}" for path in LIBRARY.rglob("*.py") for n in imported(path) if engine.match(n)
    ]
    assert found == []


def test_every_part_of_the_library_is_a_stage_or_a_plain_module():
    parts = {path.stem for path in LIBRARY.iterdir() if path.suffix == ".py" or (path / "__init__.py").exists()}
    assert parts - {"__init__"} == set(STAGES) | PLAIN


def rule_files() -> dict[str, str]:
    """Return the text of every rule file but the one with what rules share."""
    files = (ROOT / "workflow/rules").glob("*.smk")
    return {path.stem: path.read_text() for path in files if path.stem != "common"}


def test_rule_files_are_named_for_stages_and_included_in_their_order():
    included = re.findall(r'^include: "workflow/rules/(\w+)\.smk"$', (ROOT / "Snakefile").read_text(), re.MULTILINE)
    assert included == ["common", *(stage for stage in STAGES if stage not in WITHOUT_RULES)]
    assert set(included) - {"common"} == rule_files().keys()


def test_there_is_one_door_to_the_release_room():
    files = rule_files()
    assert {stage for stage, text in files.items() if "results/release" in text} == {"disclosure"} | DRAWN_FROM_RELEASE
    closed = re.compile(r"results/(restricted|internal)|members_of|tables_of")
    assert [stage for stage in DRAWN_FROM_RELEASE if closed.search(files[stage])] == []


def test_every_job_says_where_it_logs_and_what_it_needs():
    blocks = [block for text in rule_files().values() for block in re.split(r"^ *rule\b", text, flags=re.MULTILINE)[1:]]
    wanted = ("log:", "group:", "resources:", "mem_mb=", "runtime=", "code=", "script:")
    assert blocks
    assert [(block.split(":")[0].strip(), word) for block in blocks for word in wanted if word not in block] == []


def code_lines(source: str) -> int:
    """Count the lines that hold code: not blank, not comment, not docstring."""
    tree = ast.parse(source)
    docstring = tree.body[0] if ast.get_docstring(tree) else None
    lines = {
        line
        for node in ast.walk(tree)
        if isinstance(node, ast.stmt | ast.expr)
        and node is not docstring
        and node is not getattr(docstring, "value", 0)
        for line in range(node.lineno, (node.end_lineno or node.lineno) + 1)
    }
    return len(lines)


def logic(source: str) -> list[str]:
    """Return what a script holds beside a docstring, imports and one ``with job(...)`` around plain statements."""
    tree = ast.parse(source)
    body = tree.body[1:] if ast.get_docstring(tree) else tree.body
    steps = [node for node in body if not isinstance(node, ast.Import | ast.ImportFrom)]
    wrapped = [node for node in steps if isinstance(node, ast.With) and "job(" in ast.unparse(node.items[0])]
    others = [node for node in steps if node not in wrapped[:1]]
    own = (ast.For, ast.While, ast.Try, ast.FunctionDef, ast.ClassDef, ast.Lambda)
    inside = [node for step in wrapped[:1] for node in ast.walk(step) if isinstance(node, own)]
    return [ast.unparse(node).splitlines()[0] for node in [*others, *inside]]


@pytest.mark.parametrize(
    ("source", "lines", "found"),
    [
        ('"""Doc."""\nfrom a import b\n\n# why\nwith job(l):\n    b(\n        1,\n    )\n', 5, []),
        ("import a\nwith job(l):\n    for x in y:\n        a(x)\n", 4, ["for x in y:"]),
        ("with job(l):\n    a()\na.c()\n", 3, ["a.c()"]),
        ("def f():\n    return 1\nwith job(l):\n    f()\n", 4, ["def f():"]),
    ],
)
def test_what_counts_as_code_and_as_logic(source: str, lines: int, found: list[str]):
    assert code_lines(source) == lines
    assert logic(source) == found


def test_scripts_are_adapters():
    scripts = {path.name: path.read_text() for path in sorted((ROOT / "workflow/scripts").glob("*.py"))}
    assert scripts
    assert {name: n for name, text in scripts.items() if (n := code_lines(text)) > LONGEST_SCRIPT} == {}
    assert {name: found for name, text in scripts.items() if (found := logic(text))} == {}


def test_every_script_is_used_by_a_rule():
    rules = "\n".join(path.read_text() for path in (ROOT / "workflow/rules").glob("*.smk"))
    unused = [p.name for p in (ROOT / "workflow/scripts").glob("*.py") if f"scripts/{p.name}" not in rules]
    assert unused == []


def test_no_rule_starts_a_second_engine():
    """A ``run:`` block starts a whole Snakemake for each job."""
    files = [ROOT / "Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    assert [path.name for path in files if re.search(r"^\s+run:\s*$", path.read_text(), re.MULTILINE)] == []


def test_no_file_of_the_workflow_is_long():
    written = (".py", ".smk", ".sql", ".j2", ".html", ".css")
    long = {
        name: n
        for name, text in texts("workflow/", "Snakefile")
        if name.endswith((*written, "Snakefile")) and (n := text.count("\n")) > LONGEST_FILE
    }
    assert long == {}


def test_nothing_depends_on_one_machine():
    """No absolute path of somebody's machine, in code, settings or documents."""
    machine = re.compile(r"(?<![\w./<>-])/(?:work|root|home/\w+|Users/\w+|mnt/\w+)/")
    found = {name: hit.group() for name, text in texts() if (hit := machine.search(text))}
    found.pop("tests/workflow/test_layout.py", None)
    assert found == {}


def test_no_lock_of_another_tool_is_kept():
    assert [name for name in tracked() if Path(name).name in {"uv.lock", "pylock.toml", "poetry.lock"}] == []


def test_results_in_git_are_only_their_description():
    assert [name for name in tracked() if name.startswith("results/")] == ["results/README.md"]
    assert {"results/*", "!results/README.md"} <= set((ROOT / ".gitignore").read_text().splitlines())


def test_the_changelog_tells_of_this_version():
    version = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]["version"]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert re.search(rf"^## \[?{re.escape(version)}\b", changelog, re.MULTILINE)
