"""Properties of the graph of jobs, read from Snakemake's own parse of the Snakefile: rooms, targets, reruns."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
import yaml
from conftest import copy_of_repository, run_snakemake

STREAMS = yaml.safe_load((Path(__file__).resolve().parents[2] / "config/config.yaml").read_text())["streams"]


@pytest.fixture(scope="module")
def checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_of_repository(tmp_path_factory.mktemp("rules") / "checkout")


@pytest.fixture(scope="module")
def plan(checkout: Path) -> dict[str, tuple[set[str], set[str]]]:
    return jobs(checkout)


def jobs(folder: Path, *targets: str) -> dict[str, tuple[set[str], set[str]]]:
    """Return rule (numbered) -> input and output files of every job that a dry run would start."""
    answer = run_snakemake(folder, *targets, "--cores", "1", "--dry-run", "--quiet", "host", "--forceall")
    assert answer.returncode == 0, answer.stdout + answer.stderr
    found: dict[str, tuple[set[str], set[str]]] = {}
    name, number = "", 0
    for line in answer.stdout.splitlines():
        words = line.strip()
        for start in ("rule ", "localrule "):
            if words.startswith(start):
                number += 1
                name = f"{words.removeprefix(start).rstrip(':')}#{number}"
                found[name] = (set(), set())
        for index, key in enumerate(("input: ", "output: ")):
            if words.startswith(key) and name:
                found[name][index].update(words.removeprefix(key).split(", "))
    return found


def test_only_the_door_leads_from_records_to_the_release_room(plan: dict[str, tuple[set[str], set[str]]]) -> None:
    assert len(plan) > 40
    opened = set()
    for rule, (read, written) in plan.items():
        inside = any(path.startswith(("results/restricted/", "results/internal/")) for path in read)
        if inside and any(path.startswith("results/release/") for path in written):
            opened.add(rule.split("#")[0])
    assert len(STREAMS) >= 6
    assert opened == {f"disclose_{stream}" for stream in STREAMS}


def test_figures_and_report_read_the_release_room_only(plan: dict[str, tuple[set[str], set[str]]]) -> None:
    drawn = {rule: read for rule, (read, _) in plan.items() if rule.startswith(("draw_", "write_", "compare_"))}
    written = [rule for rule in drawn if not rule.startswith("draw_")]
    assert len(written) == 3 * len(STREAMS) + 3  # three jobs for each stream; the data guide, the front page, the crate
    assert len(drawn) == len(written) + 2 * len(STREAMS)  # and two that draw
    figures = [path for _, files in plan.values() for path in files if path.endswith("/figure.svg")]
    assert len(figures) == len(set(figures)) > 40
    written_by_hand = ("config/references/", "config/codelists/", "config/catalogue.yaml", "workflow/Snakefile")
    for rule, read in drawn.items():
        elsewhere = [path for path in read if not path.startswith(("results/release/", *written_by_hand))]
        assert not elsewhere, rule


def test_a_stream_is_a_target_and_takes_only_its_own_jobs(checkout: Path) -> None:
    plan = jobs(checkout, "replication")
    written = {path for _, outputs in plan.values() for path in outputs}
    assert "results/release/replication/index.html" in written
    assert not [path for path in written if "recurrence" in path or "infants" in path or "synthetic" in path]


def test_configuration_errors_come_before_any_job(checkout: Path, tmp_path: Path) -> None:
    folder = tmp_path / "wrong"
    shutil.copytree(checkout, folder, ignore=shutil.ignore_patterns(".snakemake", "results", "logs"))
    path = folder / "config/streams/recurrence.yaml"
    path.write_text(path.read_text().replace("    cluster: case_id", "    clusters: case_id", 1))
    answer = run_snakemake(folder, "--cores", "1", "--dry-run")
    said = answer.stdout + answer.stderr
    assert answer.returncode != 0
    assert "unknown key 'analyses.predictors_new_child.clusters'" in said
    assert "Did you mean 'cluster'?" in said
    assert not (folder / "results").exists()


COUNTED = "results/internal/replication/attrition.rossi/results.csv"
#: Rule -> what it reads, what it writes, what the error says of it.
WAYS_ROUND = {
    "write_by_input": (f"input: '{COUNTED}'", "results/release/a.csv", f"reads {COUNTED} and writes"),
    "draw_by_function": (
        f"input: lambda wildcards: '{COUNTED}'",
        "results/release/b.csv",
        f"reads {COUNTED} and writes",
    ),
    "write_from_elsewhere": (
        "input: 'elsewhere/copy.csv'",
        "results/release/c.csv",
        "reads elsewhere/copy.csv and writes",
    ),
    "compare_by_parameter": (
        "params: folder='results/restricted'",
        "results/release/d.csv",
        "reads results/restricted",
    ),
    "own_name": ("params: x=1", "results/release/e.csv", "writes results/release/e.csv and is not one of the rules"),
    "dots": ("params: x=1", "results/internal/../release/f.csv", "and is not one of the rules"),
    "by_link": ("params: x=1", "linked/g.csv", "writes linked/g.csv and is not one of the rules"),
    "whole_folder": ("params: x=1", "results/release/new/", "and is not one of the rules"),
    "by_log": ("log: 'results/release/h.log'", "elsewhere/h.csv", "writes results/release/h.log and is not one"),
}


def test_ways_round_the_door_are_errors_before_any_job_starts(tmp_path: Path) -> None:
    folder = copy_of_repository(tmp_path / "checkout")
    (folder / "elsewhere").mkdir()
    (folder / "elsewhere/copy.csv").write_text("copied by hand\n")
    (folder / "linked").symlink_to("results/release")
    outputs = [f"directory('{path}')" if path.endswith("/") else f"'{path}'" for _, path, _ in WAYS_ROUND.values()]
    with open(folder / "Snakefile", "a", encoding="utf-8") as file:
        for (rule, (reads, _, _)), output in zip(WAYS_ROUND.items(), outputs, strict=True):
            file.write(f"\n\nrule {rule}:\n    {reads}\n    output: {output}\n    shell: 'date > {{output}}'\n")
        file.write(f"\n\nrule leaks:\n    input: {[path.rstrip('/') for _, path, _ in WAYS_ROUND.values()]}\n")
    answer = run_snakemake(folder, "leaks", "--cores", "1")
    told = answer.stdout + answer.stderr
    assert answer.returncode != 0
    for rule, (_, _, said) in WAYS_ROUND.items():
        (line,) = {line.strip() for line in told.splitlines() if f"'{rule}'" in line and " writes " in line}
        assert said in line
    assert "Only disclose_<stream> may take results into results/release" in told
    assert not (folder / "results").exists()
