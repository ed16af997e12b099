"""The plain modules: generated files, fingerprints, tidy rows, files whole or absent, jobs that fail politely."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from family_justice import fingerprint
from family_justice.config.generate import COMMAND, _models, generated_files
from family_justice.config.meanings import COMMON, OF_MODEL, meaning_of
from family_justice.errors import CohortError
from family_justice.figures.words import around_a_day
from family_justice.files import atomic, write_csv
from family_justice.job import job
from family_justice.results import COLUMNS, read_results, tidy

ROOT = Path(__file__).resolve().parents[2]


def test_generated_files_are_up_to_date() -> None:
    stale = [path for path, text in generated_files().items() if (ROOT / path).read_text(encoding="utf-8") != text]
    assert not stale, f"run: {COMMAND}"


def test_every_key_of_the_configuration_has_a_meaning() -> None:
    models = {model.__name__: model for model in _models()}
    lacking = [f"{n}.{key}" for n, model in models.items() for key in model.model_fields if not meaning_of(model, key)]
    assert lacking == []
    gone = [(name, key) for name, keys in OF_MODEL.items() for key in keys if key not in models[name].model_fields]
    assert gone == []
    # One meaning in one place: none that a model says itself, or that is the common one.
    assert [
        (name, key)
        for name, keys in OF_MODEL.items()
        for key, said in keys.items()
        if models[name].model_fields[key].description or said == COMMON.get(key)
    ] == []


def test_fingerprint_follows_imports_however_late(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    package = tmp_path / "family_justice"
    for name, text in {
        "__init__.py": "",
        "a/__init__.py": "",
        "a/one.py": "def f():\n    from family_justice.b.two import g\n    return g\n",
        "b/__init__.py": "",
        "b/two.py": "from family_justice import c\n",
        "b/query.sql": "SELECT 1",
        "c.py": "x = 1\n",
        "d.py": "y = 1\n",
    }.items():
        (package / name).parent.mkdir(parents=True, exist_ok=True)
        (package / name).write_text(text)
    monkeypatch.setattr(fingerprint, "PACKAGE", package)
    whole, fingerprint_of_d = fingerprint.of_stage("a"), fingerprint.of_stage("d")
    (package / "c.py").write_text("x = 2\n")
    assert fingerprint.of_stage("a") != whole
    assert fingerprint.of_stage("d") == fingerprint_of_d
    before = fingerprint.of_stage("b")
    (package / "b/query.sql").write_text("SELECT 2")
    assert fingerprint.of_stage("b") != before


def test_fingerprint_of_an_unknown_module_is_an_error() -> None:
    with pytest.raises(ValueError, match="no module"):
        fingerprint.of_stage("cohrots")
    with pytest.raises(ValueError, match="no job"):
        fingerprint.of_job("draw_figrue")


def test_fingerprint_finds_every_import_that_python_finds() -> None:
    """It looks for statements in the text, which is quick; Python's own parser is the judge."""

    def parsed(tree: ast.Module) -> Iterator[str]:
        tree.body = [n for n in tree.body if not (isinstance(n, ast.If) and ast.unparse(n.test) == "TYPE_CHECKING")]
        for node in ast.walk(tree):
            if isinstance(node, ast.ImportFrom) and node.level == 0:
                yield from (f"{node.module}.{alias.name}" for alias in node.names)
            elif isinstance(node, ast.Import):
                yield from (alias.name for alias in node.names)

    for path in fingerprint.PACKAGE.rglob("*.py"):
        names = [name.split(".", 1)[1] for name in parsed(ast.parse(path.read_text())) if name.startswith("family_")]
        assert fingerprint._imports(path) == {fingerprint._module_of(name) for name in names}, path


def test_fingerprint_of_a_job_follows_its_own_lines_its_helpers_and_what_it_imports(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    package = tmp_path / "family_justice"
    package.mkdir()
    texts = {
        "jobs.py": "import os\n\ndef helper():\n    return 1\n\ndef one():\n    from family_justice.a import f\n"
        "    return f(helper())\n\ndef two():\n    return 2\n",
        "job.py": "",
        "a.py": "x = 1\n",
    }
    for name, text in texts.items():
        (package / name).write_text(text)
    monkeypatch.setattr(fingerprint, "PACKAGE", package)

    def change(name: str, before: str, after: str) -> tuple[bool, bool]:
        was = fingerprint.of_job("one"), fingerprint.of_job("two")
        (package / name).write_text((package / name).read_text().replace(before, after))
        return fingerprint.of_job("one") != was[0], fingerprint.of_job("two") != was[1]

    assert change("jobs.py", "return 2", "return 3") == (False, True)
    assert change("jobs.py", "return 1", "return 4") == (True, False)
    assert change("a.py", "x = 1", "x = 2") == (True, False)
    assert change("job.py", "", "y = 1\n") == (True, True)


def test_tidy_rows_have_the_schema_and_its_vocabulary_only(tmp_path: Path) -> None:
    frame = tidy([{"measure": "count", "n": 7}], stream="s", analysis="a", kind="attrition")
    assert list(frame.columns) == list(COLUMNS)
    assert frame["status"].tolist() == ["ok"]
    write_csv(frame, tmp_path / "rows.csv")
    pd.testing.assert_frame_equal(read_results(str(tmp_path / "rows.csv")), frame)
    with pytest.raises(ValueError, match="columns outside the result schema: person"):
        tidy([{"measure": "count", "person": 7}])
    with pytest.raises(ValueError, match="measure outside the result schema: guess"):
        tidy([{"measure": "guess"}])


def test_a_file_is_whole_or_absent(tmp_path: Path) -> None:
    target = tmp_path / "folder" / "file.txt"

    def fail() -> None:
        with atomic(target) as temporary:
            temporary.write_text("half")
            raise FileNotFoundError

    with pytest.raises(FileNotFoundError):
        fail()
    assert list(target.parent.iterdir()) == []
    with atomic(target) as temporary:
        temporary.write_text("whole")
    assert target.read_text() == "whole"
    assert len(list(target.parent.iterdir())) == 1


def test_a_failing_job_names_its_log_and_shows_no_value(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    log = tmp_path / "logs" / "job.log"
    with pytest.raises(SystemExit), job(log):
        raise KeyError("1999-01-04 SECRET")
    said = capsys.readouterr().err + log.read_text()
    assert "SECRET" not in said
    assert "KeyError (message withheld: it may quote a record)" in said
    assert str(log) in said
    with pytest.raises(SystemExit), job(log):
        raise CohortError("stream 'x': empty")
    assert "CohortError: stream 'x': empty" in log.read_text()


@pytest.mark.parametrize(
    ("levels", "joined"),
    [("-1 0 1", True), ("-2 -1", False), ("0 1 2", False), ("-1 1 2", False), ("-1 x 1", False)],
)
def test_lines_join_times_that_are_counted_from_before_a_day(levels: str, joined: bool) -> None:
    assert around_a_day(levels.split()) == joined
