"""What the documents for maintainers name is there: files, functions, tests, classes, keys.

Inline code is read as follows. A path exists in the repository or in the library, ``<name>`` standing for anything; a
file of a run is named in ``layout.py`` or a rule. A name with ``()`` is defined somewhere; any other name in capitals,
in CamelCase or with an underscore is written somewhere beside the documents.
"""

from __future__ import annotations

import re
from argparse import _SubParsersAction
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest
from test_layout import LIBRARY, ROOT, texts

from family_justice.command.parser import make_parser
from family_justice.config.load import Configuration
from family_justice.contracts import source_tables

DOCUMENTS = (
    "CONTRIBUTING.md", "docs/architecture.md", "docs/glossary.md", "docs/programme.md", "docs/records.md", "README.md",
    "docs/own_data.md", "config/README.md", "CODE_OF_CONDUCT.md",
)  # fmt: skip
THIS = "tests/workflow/test_documents.py"
SUFFIXES = "csv|docx|html|json|lock|md|parquet|pdf|png|py|R|smk|sql|svg|tex|toml|yaml"
PATH = re.compile(rf"[\w.<>*-]+(/[\w.<>*-]+)*\.(?:{SUFFIXES})|[\w.<>*-]+(/[\w.<>*-]+)+/?|[\w.-]+/")
ROOMS = "results/(?:restricted|internal|release)"


@cache
def words() -> frozenset[str]:
    """Return every word of the repository beside the documents and this test."""
    found = texts("workflow/", "tests/", "config/", "Snakefile", ".ci/")
    return frozenset(word for name, text in found if name != THIS for word in re.findall(r"\w+", text))


@cache
def defined() -> frozenset[str]:
    """Return the functions, classes and constants that Python files define, and the source tables."""
    found = set(source_tables())
    for name, text in texts("workflow/", "tests/"):
        if name.endswith(".py") and name != THIS:
            found.update(re.findall(r"^\s*(?:def|class) (\w+)", text, re.M))
            for names in re.findall(r"^ *(\w+(?:, \w+)*)(?:: [^\n=]+)? = ", text, re.M):
                found.update(names.split(", "))
    return frozenset(found)


def is_there(path: str) -> bool:
    """Say whether a path leads to something in the repository, in the library, or in the results of a run."""
    if path.startswith("results/") and path != "results/README.md":
        last = path.rstrip("/").rpartition("/")[2]
        of_run = re.fullmatch(ROOMS, path.rstrip("/")) or set(re.findall(r"\w+", last)) <= words()
        return bool(re.match(rf"{ROOMS}(/|$)", path) or path.count("/") == 1) and bool(of_run)
    pattern = re.sub(r"<\w+>", "*", path.rstrip("/"))
    if any(any(folder.glob(pattern)) for folder in (ROOT, LIBRARY)):
        return True
    if "/" in pattern:
        return False
    made = "\n".join(text for name, text in texts("workflow/rules/", "workflow/family_justice/layout.py"))
    of_run = re.search(rf'["/]{re.escape(pattern)}"', made)
    return bool(of_run) or any(Path(name).name == pattern for name, _ in texts())


def module_is_there(name: str) -> bool:
    """Say whether ``family_justice.a.b`` is a module or a package."""
    base = (ROOT / "workflow").joinpath(*name.split("."))
    return base.is_dir() or base.with_suffix(".py").is_file()


def problems(text: str) -> Iterator[str]:
    """Yield the pieces of inline code of a document that name something that is not there."""
    plain = re.sub(r"^ *```.*?^ *```", "", text, flags=re.M | re.S)
    for span in re.findall(r"`([^`\n]+)`", plain):
        for piece in span.split():
            name = piece.strip("\"',:;")
            if wrong(name, span):
                yield span
    for block in re.findall(r"^ *```.*?^ *```", text, flags=re.M | re.S):
        for module in re.findall(r"-m (family_justice[\w.]*)", block):
            if not module_is_there(module):
                yield module
    for command in re.findall(r"\./family-justice (?!COMMAND)([a-z]\w*)", text):
        if command not in commands():
            yield f"./family-justice {command}"
    for link in re.findall(r"\]\((?!https?:)([^)#]+)", text):
        if not any((folder / link).exists() for folder in (ROOT, ROOT / "docs")):
            yield link


@cache
def commands() -> frozenset[str]:
    """Return what ``./family-justice`` can be told to do."""
    (choices,) = [action.choices for action in make_parser()._actions if isinstance(action, _SubParsersAction)]
    return frozenset(choices)


def wrong(name: str, span: str) -> bool:
    """Say whether a word of inline code names something that is not there."""
    if re.fullmatch(r"family_justice(\.\w+)+", name):
        return not module_is_there(name)
    if name.endswith("()"):
        return name[:-2].rpartition(".")[2] not in defined()
    if PATH.fullmatch(name) and "//" not in name:
        return not is_there(name)
    if " " in span:
        return False
    if re.fullmatch(r"[A-Z][A-Z0-9_]{2,}|[A-Z]\w*[a-z]\w*", name):
        return name not in words()
    return bool(re.fullmatch(r"[a-z]\w*_\w*", name)) and name not in words()


@pytest.mark.parametrize("document", DOCUMENTS)
def test_what_a_document_names_is_there(document: str) -> None:
    assert sorted(set(problems((ROOT / document).read_text()))) == []


GONE = (
    *("`kinds/gone.py`", "`measures_gone.py`", "`workflow/gone/`", "`kinds/<kind>/gone.py`", "`results/gone_away`"),
    *("`gone_function()`", "`Ledger.gone_away()`", "`test_of_what_is_gone()`", "`GONE_LIST`", "`GoneError`"),
    *("`gone_key`", "`python -m family_justice.gone`", "```\npython -m family_justice.gone\n```", "[it](docs/gone.md)"),
    *("```bash\n./family-justice gone\n```", "`./family-justice gone`"),
)
THERE = (
    *("`kinds/registry.py`", "`measures.py`", "`config/streams/`", "`config/streams/<stream>.yaml`", "`study.json`"),
    *(
        "`kinds/<kind>/model.py`",
        "`results/release`",
        "`load_members()`",
        "`KINDS`",
        "`AnalysisError`",
        "`restrict_to`",
    ),
    *("`python -m family_justice.jobs`", "`EDUW_PUPIL`", "`mother`", "[it](docs/config.md)"),
    *("```bash\n./family-justice run\n```", "`./family-justice --help`"),
)


@pytest.mark.parametrize("gone", GONE)
def test_what_is_gone_is_found(gone: str) -> None:
    assert len(list(problems(gone))) == 1


@pytest.mark.parametrize("there", THERE)
def test_what_is_there_is_no_problem(there: str) -> None:
    assert list(problems(there)) == []


def test_the_programme_names_analyses_of_every_stream_of_records() -> None:
    configuration = Configuration(ROOT / "config")
    tables = "".join(line for line in (ROOT / "docs/programme.md").read_text().splitlines() if line.startswith("|"))
    named = re.findall(r"`(\w+)\.(\w+)`", tables)
    streams = {name: configuration.stream(name) for name in configuration.settings.streams}
    assert {name for name, _ in named} == set(streams) - {"replication"}
    assert [f"{name}.{analysis}" for name, analysis in named if analysis not in streams[name].analyses] == []
