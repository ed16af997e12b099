"""The whole chain, run as a user would run it, against what is known about the answer."""

from __future__ import annotations

import csv
import hashlib
import json
import re
from pathlib import Path

from conftest import CRASHED, run_snakemake


def comparisons(run: Path, stream: str) -> list[dict[str, str]]:
    with open(run / f"results/release/{stream}/comparisons.csv", encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def checksums(run: Path) -> dict[str, str]:
    return {
        str(path.relative_to(run)): hashlib.sha256(path.read_bytes()).hexdigest()
        for room in ("internal", "release")
        for path in sorted((run / "results" / room).rglob("*"))
        if path.is_file()
    }


def test_public_records_give_the_published_results(finished_run: Path) -> None:
    rows = comparisons(finished_run, "replication")
    assert len(rows) == 49
    assert not [row["label"] for row in rows if not row["verdict"].startswith("equal to the printed digits")]
    # Three coefficients were cut, not rounded, in the source; all others agree as rounded.
    assert sum("cut" in row["verdict"] for row in rows) == 3


def test_planted_effects_are_recovered(finished_run: Path) -> None:
    rows = [
        row
        for stream in ("recurrence", "infants", "private_law")
        for row in comparisons(finished_run, stream)
        if row["kind"] == "planted"
    ]
    judged = [row for row in rows if row["ours"]]
    assert len(judged) >= 50
    # 95% intervals; fewer than 85% of so many inside has a probability below one in a thousand.
    inside = sum(row["verdict"] == "within our 95% interval" for row in judged)
    assert inside / len(judged) >= 0.85


def test_every_figure_has_its_released_rows_beside_it(finished_run: Path) -> None:
    figures = sorted((finished_run / "results/release").rglob("figure.svg"))
    assert len(figures) >= 25
    for figure in figures:
        assert figure.with_name("results.csv").is_file()
        assert figure.with_name("figure.png").is_file()


def test_a_second_run_has_nothing_to_do_and_edits_rerun_only_what_depends_on_them(finished_run: Path) -> None:
    again = run_snakemake(finished_run, "--cores", "2", "--dry-run")
    assert "Nothing to be done" in again.stdout + again.stderr
    path = finished_run / "config/streams/replication.yaml"
    before = path.read_text()
    try:
        path.write_text(before.replace("    ties: efron", "    ties: breslow"))
        planned = run_snakemake(finished_run, "--cores", "2", "--dry-run")
        said = planned.stdout + planned.stderr
        # What runs again are analyses; the door writes a stream as a whole, so that its figures are drawn again.
        run_again = set(re.findall(r"output: results/internal/(\S+)/results\.csv", said))
        assert "replication/recid_cox" in run_again
        assert "replication/rossi_cox" not in run_again
        assert "stream=recurrence" not in said
        assert "disclose_infants" not in said
        path.write_text(before.replace("on parole., value: paro}", "on parole., value: 1 - paro}"))
        planned = run_snakemake(finished_run, "--cores", "2", "--dry-run")
        run_again = set(re.findall(r"output: results/internal/(\S+)/results\.csv", planned.stdout + planned.stderr))
        assert run_again == {f"replication/{name}" for name in ("rossi_cox", "rossi_adjusted", "second_program")}
    finally:
        path.write_text(before)
    module = finished_run / "workflow/family_justice/estimators/survival/cox.py"
    code = module.read_text()
    try:
        module.write_text(code + "\n# edited\n")
        planned = run_snakemake(finished_run, "--cores", "2", "--dry-run")
        said = planned.stdout + planned.stderr
        assert "replication/rossi_cox" in set(re.findall(r"output: results/internal/(\S+)/results\.csv", said))
        assert "extract_cohort" not in said
    finally:
        module.write_text(code)


def test_nothing_of_an_older_release_stays(finished_run: Path) -> None:
    release = finished_run / "results/release"
    before = checksums(finished_run)
    for stale in (release / "replication/renamed_analysis", release / "stream_no_longer_configured"):
        stale.mkdir()
        (stale / "results.csv").write_text("released under a looser policy")
    again = run_snakemake(finished_run, "--cores", "2", "--forcerun", "disclose_replication")
    assert again.returncode == 0, again.stderr[-2000:]
    assert checksums(finished_run) == before


def test_study_description_names_versions_and_fingerprints(finished_run: Path) -> None:
    study = json.loads((finished_run / "results/release/recurrence/study.json").read_text())
    assert study["source"]["is_synthetic"] is True
    assert len(study["source"]["fingerprint"]) == 16
    assert study["versions"]["lifelines"]
    assert study["code"]
    assert study["settings"]


def test_one_core_and_a_crash_of_every_job_give_the_same_bytes_as_two_cores(
    finished_run: Path, crashed_run: Path
) -> None:
    """Of the streams that both have; what stands beside them names all streams."""
    ours, theirs = (
        {path: value for path, value in checksums(run).items() if Path(path).parts[2] in (*CRASHED, "sources")}
        for run in (crashed_run, finished_run)
    )
    assert ours
    assert set(ours) == set(theirs)
    assert [path for path in ours if ours[path] != theirs[path]] == []
