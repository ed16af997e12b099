"""The shape of the house: which way imports point, how long things may be, what may be in git."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import tomllib
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest

from family_justice import STAGES
from family_justice.jobs import JOBS

ROOT = Path(__file__).resolve().parents[2]
LIBRARY = ROOT / "workflow/family_justice"
PLAIN = {
    *(
        "behind",
        "errors",
        "files",
        "fingerprint",
        "job",
        "jobserver",
        "measures",
        "planned",
        "prints",
        "results",
        "rooms",
    ),
    *("sql", "study_sql", "targets", "terminal"),
}
#: The parts of kinds, by their files: of the stages that use them. What is not named runs.
KINDS = "kinds"
PARTS = {"model": "config", "show": "report", "second": "second_program"} | dict.fromkeys(
    ("registry", "keys", "curves", "matched", "notes", "states", "wording", "kinds"), "config"
)
#: Which files a stream has: asked by figures and report, and knows the stages before them.
LAYOUT = "layout"
#: What runs the stages, and is imported by none: each knows those before it.
ABOVE = ("jobs", "command", "__main__")
WITHOUT_RULES = {
    "config",
    "contracts",
    "estimators",
    "second_program",
}  # stages that other stages use, with no step of their own
DRAWN_FROM_RELEASE = {"figures", "report"}
LONGEST_FUNCTION = 60  # lines
HIGHEST_COMPLEXITY = 20  # ways through a function, as McCabe counts them
LARGEST_FOLDER = 20  # files of one kind, those of its folders apart


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


def part_of(module: str) -> str:
    """The stage or plain module that a dotted module, without the library's name, belongs to."""
    head, *rest = module.split(".")
    if head != KINDS:
        return head
    known = [PARTS[name] for name in rest if name in PARTS]
    files = [name for name in rest if (LIBRARY / KINDS / name).is_dir()]
    return known[-1] if known else "config" if len(files) == len(rest) else "analyses"


def wrong_way(importer: str, name: str) -> bool:
    """Whether a module, without the library's name, may not import ``name``."""
    importer = part_of(importer)
    library, _, rest = name.partition(".")
    target = part_of(rest) if rest else ""
    if library != "family_justice" or not target:
        return False
    if importer in PLAIN:
        return target in {*STAGES, LAYOUT, *ABOVE}
    if target in ABOVE:
        return importer not in ABOVE or ABOVE.index(importer) < ABOVE.index(target)
    place = {**{stage: number for number, stage in enumerate(STAGES)}, LAYOUT: STAGES.index("disclosure") + 0.5}
    return target in place and place[target] > place.get(importer, len(STAGES))


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
        ("errors", "family_justice.layout.Layout", True),
        ("layout", "family_justice.analyses.quality", False),
        ("layout", "family_justice.report.pages", True),
        ("disclosure", "family_justice.layout", True),
        ("report", "family_justice.layout", False),
        ("jobs", "family_justice.report.pages", False),
        ("report", "family_justice.jobs", True),
        ("report", "family_justice.command.check", True),
        ("command.check", "family_justice.report.pages", False),
        ("command.parser", "family_justice.command.actions", False),
        ("jobs", "family_justice.command", True),
        ("config.schema", "family_justice.kinds.registry.Analysis", False),
        ("config.schema", "family_justice.kinds.cox.run", True),
        ("kinds.cox.model", "family_justice.analyses.design", True),
        ("kinds.cox.run", "family_justice.analyses.design", False),
        ("kinds.cox.second", "family_justice.second_program.design", False),
        ("figures.draw", "family_justice.kinds.families.show", True),
        ("kinds.families.matched_run", "family_justice.report.pages", True),
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
        if path != LIBRARY / "jobserver/server.py"  # it starts what no stage knows of: the jobs
        if wrong_way(".".join(path.relative_to(LIBRARY).with_suffix("").parts).removesuffix(".__init__"), name)
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
    assert parts - {"__init__"} == {*STAGES, *PLAIN, KINDS, LAYOUT, *ABOVE}


def rule_files() -> dict[str, str]:
    """Return the text of every rule file but the one with what rules share."""
    files = (ROOT / "workflow/rules").glob("*.smk")
    return {path.stem: path.read_text() for path in files if path.stem != "common"}


def test_rule_files_are_named_for_stages_and_included_in_their_order():
    included = re.findall(r'^include: "rules/(\w+)\.smk"$', (ROOT / "workflow/Snakefile").read_text(), re.MULTILINE)
    assert included == ["common", *(stage for stage in STAGES if stage not in WITHOUT_RULES)]
    assert set(included) - {"common"} == rule_files().keys()


def test_there_is_one_door_to_the_release_room():
    files = rule_files()
    assert {stage for stage, text in files.items() if "results/release" in text} == {"disclosure"} | DRAWN_FROM_RELEASE
    closed = re.compile(r"results/(restricted|internal)|FILES\.(cohort|covariate|internal|tables|records|counts)")
    assert [stage for stage in DRAWN_FROM_RELEASE if closed.search(files[stage])] == []


def blocks_of_rules() -> dict[str, str]:
    """Return the text of every rule by its name, of rules made in a loop with ``{stream}`` in it."""
    text = "\n".join(rule_files().values())
    blocks = [block.split("\n\n\n")[0] for block in re.split(r"^ *rule\b", text, flags=re.MULTILINE)[1:]]
    named = [re.match(r':\s+name:\s+f"(.*)"| (\w+):', block) for block in blocks]
    return {name.group(1) or name.group(2): block for name, block in zip(named, blocks, strict=True) if name}


def test_every_rule_says_what_it_does_where_it_logs_and_in_which_group():
    wanted = ("log:", "group:", "code=", "message:", "shell:")
    rules = blocks_of_rules()
    assert len(rules) > 15
    assert [(name, word) for name, block in rules.items() for word in wanted if word not in block] == []


def test_memory_and_time_stand_in_the_profiles_but_for_what_reads_whole_sources():
    own = {name for name, block in blocks_of_rules().items() if "resources:" in block}
    assert own == {"load_source", "harmonise_records", "build_datasets", "calibrate_population"}
    for profile in (ROOT / "profiles").glob("*/profile.yaml"):
        assert "\ndefault-resources: [mem_mb=3000, runtime=10]" in profile.read_text()


def test_a_rule_runs_one_job_which_logs_where_the_rule_says():
    """``job --log {log} NAME ...``; the log is named for the job."""
    started = set()
    for name, block in blocks_of_rules().items():
        (command,) = re.findall(r'shell:\s+"(.*)"', block)
        (log,) = re.findall(r'log:\s+f?"(.*)"', block)
        job = re.fullmatch(r"job --log \{log(?:\[0\])?\} (\w+).*", command)
        assert job, name
        assert re.search(rf'of_job\(\s*"{job.group(1)}"', block)
        assert Path(log).stem.removesuffix("_release") == job.group(1)
        started.add(job.group(1))
    assert started == JOBS.keys()


def test_no_rule_starts_a_second_engine():
    """A ``run:`` block starts a whole Snakemake for each job."""
    files = [ROOT / "Snakefile", ROOT / "workflow/Snakefile", *(ROOT / "workflow/rules").glob("*.smk")]
    assert [path.name for path in files if re.search(r"^\s+run:\s*$", path.read_text(), re.MULTILINE)] == []


def functions(path: Path) -> Iterator[tuple[str, ast.FunctionDef | ast.AsyncFunctionDef]]:
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield f"{path.relative_to(ROOT).as_posix()}: {node.name}", node


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the lines of a function from ``def`` to its end, without its docstring."""
    said = function.body[0] if ast.get_docstring(function) else None
    docstring = (said.end_lineno or said.lineno) - said.lineno + 1 if said else 0
    return (function.end_lineno or function.lineno) - function.lineno + 1 - docstring


def complexity(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Return the number of independent ways through a function (McCabe 1976), functions inside it included."""
    ways = 1
    for node in ast.walk(function):
        if isinstance(node, ast.If | ast.IfExp | ast.For | ast.While | ast.ExceptHandler | ast.match_case | ast.Assert):
            ways += 1
        elif isinstance(node, ast.comprehension):
            ways += 1 + len(node.ifs)
        elif isinstance(node, ast.BoolOp):
            ways += len(node.values) - 1
    return ways


@pytest.mark.parametrize(
    ("source", "lines", "ways"),
    [
        ("def f():\n    return 1", 2, 1),
        ('def f(a):\n    """Say\n\n    more."""\n    if a and not b:\n        return 1\n    return 2', 4, 3),
        ("def f(a):\n    return [x if x else 0 for x in a if x or a]", 2, 5),
        ("def f(a):\n    match a:\n        case 1:\n            pass\n        case _:\n            pass", 6, 3),
    ],
)
def test_what_length_and_complexity_mean(source: str, lines: int, ways: int):
    (function,) = ast.parse(source).body
    assert isinstance(function, ast.FunctionDef)
    assert (length(function), complexity(function)) == (lines, ways)


def test_no_function_is_long_or_winding():
    measured = {
        name: (length(node), complexity(node))
        for path in sorted(LIBRARY.rglob("*.py"))
        for name, node in functions(path)
    }
    assert len(measured) > 1000
    assert {name: n for name, (n, _) in measured.items() if n > LONGEST_FUNCTION} == {}
    assert {name: n for name, (_, n) in measured.items() if n > HIGHEST_COMPLEXITY} == {}


def test_no_folder_is_large():
    kept = Counter(
        (Path(name).parent.as_posix(), Path(name).suffix) for name in tracked() if name.startswith("workflow/")
    )
    assert {place: number for place, number in kept.items() if number > LARGEST_FOLDER} == {}


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
