"""What other programs look for at the top of the repository is there, and says what the repository says."""

from __future__ import annotations

import importlib
import json
import re
import tomllib
from pathlib import Path

import pytest
import yaml

from family_justice import __version__
from family_justice.command import parser
from family_justice.command.parser import make_parser
from family_justice.config.generate import SCHEMAS

ROOT = Path(__file__).resolve().parents[2]
#: Where files of each schema stand.
WHERE = {
    "config": "config/config.yaml", "covariates": "config/covariates.yaml", "catalogue": "config/catalogue.yaml",
    "policy": "config/policies/*.yaml", "source": "config/sources/*.yaml", "stream": "config/streams/*.yaml",
}  # fmt: skip


def read(path: str) -> str:
    return (ROOT / path).read_text(encoding="utf-8")


def test_the_workflow_catalog_finds_what_it_looks_for() -> None:
    assert (ROOT / "workflow/Snakefile").is_file()
    assert (ROOT / "config/README.md").is_file()
    usage = yaml.safe_load(read(".snakemake-workflow-catalog.yml"))["usage"]
    assert set(usage) <= {"mandatory-flags", "software-stack-deployment", "report"}
    assert usage["report"] is ("report(" in read("workflow/rules/report.smk"))
    assert usage["software-stack-deployment"]["apptainer"] is ("container:" in read("workflow/Snakefile"))
    assert usage["software-stack-deployment"]["conda"] is False
    assert {"snakemake", "workflow"} <= set(re.findall(r"\w+", read("README.md").lower()))


@pytest.mark.parametrize("path", ["codemeta.json", ".zenodo.json"])
def test_descriptions_say_what_the_citation_says(path: str) -> None:
    citation, said = yaml.safe_load(read("CITATION.cff")), json.loads(read(path))
    assert said["version"] == citation["version"] == __version__
    assert said.get("name", said.get("title")) == citation["title"]
    assert said["description"] == " ".join(citation["abstract"].split())
    assert said["keywords"] == citation["keywords"]
    assert "mit" in said["license"].lower()
    names = [author["name"] for author in said.get("author", said.get("creators"))]
    assert names == [author["name"] for author in citation["authors"]]


def test_editors_know_the_schema_of_every_file() -> None:
    settings = json.loads(read(".vscode/settings.json"))["yaml.schemas"]
    assert settings == {f"workflow/schemas/{name}.schema.json": where for name, where in WHERE.items()}
    assert set(WHERE) == set(SCHEMAS)
    for name, where in WHERE.items():
        for path in ROOT.glob(where):
            line = path.read_text(encoding="utf-8").split("\n", 1)[0]
            assert line.startswith("# yaml-language-server: $schema="), path
            assert (path.parent / line.partition("=")[2]).resolve() == ROOT / f"workflow/schemas/{name}.schema.json"


def test_continuous_integration_runs_the_script_of_the_repository() -> None:
    (job,) = yaml.safe_load(read(".github/workflows/ci.yaml"))["jobs"].values()
    assert job["steps"][-1]["run"] == "bash .ci/run"


def test_hooks_run_what_the_environment_has() -> None:
    (repository,) = yaml.safe_load(read(".pre-commit-config.yaml"))["repos"]
    assert repository["repo"] == "local"
    entries = {hook["id"]: hook["entry"] for hook in repository["hooks"]}
    checks = read(".ci/run")
    assert all(entries[name] in checks for name in ("ruff-check", "ruff-format", "snakefmt", "mypy"))
    assert "check" in make_parser().format_help()
    assert entries["check"] == "./family-justice check"


@pytest.mark.parametrize("path", sorted(Path(ROOT, ".github/ISSUE_TEMPLATE").glob("*.md")), ids=lambda path: path.stem)
def test_issue_templates_have_a_head(path: Path) -> None:
    head = yaml.safe_load(path.read_text(encoding="utf-8").split("---")[1])
    assert {"name", "about", "labels"} <= set(head)


def test_the_container_for_development_makes_the_environment_of_the_lock() -> None:
    made = json.loads(read(".devcontainer/devcontainer.json"))["postCreateCommand"]
    assert "--require-hashes -r requirements-test.lock" in made


def test_the_command_of_the_package_is_that_of_the_front_door(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    (script,) = tomllib.loads(read("pyproject.toml"))["project"]["scripts"].items()
    module, function = script[1].split(":")
    assert script[0] == "family-justice"
    assert getattr(importlib.import_module(module), function) is parser.main
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["family-justice", "report", "recurence"])
    assert parser.main() == 1  # in the folder of the library, wherever it was typed
    assert Path.cwd() == ROOT
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(parser, "HERE", tmp_path)  # as if the library had been copied elsewhere
    capsys.readouterr()
    assert parser.main() == 1
    assert "There is no config/config.yaml here: go to the folder of the pipeline" in capsys.readouterr().err
