"""From the release folder alone everything comes out again byte for byte, and a changed byte is found."""

from __future__ import annotations

import csv
import json
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest
from release_samples import SVG_ONLY, write_release

from family_justice.errors import PipelineError
from family_justice.figures.draw import draw_figures, read_study
from family_justice.report.evidence.checker_page import write_checker_files
from family_justice.report.evidence.checklist import write_checklist
from family_justice.report.pages import write_index, write_stream_page
from family_justice.report.recompute.results import FOLLOWS, recompute
from family_justice.report.reproduce import COLUMNS, UNSEALED, reproduce
from family_justice.report.trace import write_trace

ROOT = Path(__file__).resolve().parents[2]


#: Enough to be touched: a flow figure, curves and a model.
FEW = ("attrition.parents", "return_by_age", "return_model")


def made(folder: Path, only: tuple[str, ...] = (), file_types: list[str] | None = None) -> Path:
    """Make a whole release in ``folder``, of all analyses of the samples or of a few, and of some file types only."""
    stream = write_release(folder)
    if only:
        study = read_study(stream)
        for name in study["analyses"].keys() - set(only):
            del study["analyses"][name]
            shutil.rmtree(stream / name)
        study["policy"]["file_types"] = file_types or study["policy"]["file_types"]
        (stream / "study.json").write_text(json.dumps(study), encoding="utf-8")
    draw_figures(stream)
    write_stream_page(stream)
    write_index(folder, [stream.name], ROOT / "config/references/inconsistencies.csv")
    write_checklist(stream)
    write_trace(stream)
    write_checker_files(stream)
    return folder


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return made(tmp_path_factory.mktemp("small") / "release", FEW, list(SVG_ONLY))


@pytest.fixture
def release(small: Path, tmp_path: Path) -> Path:
    """A release of a few analyses, to be touched."""
    return Path(shutil.copytree(small, tmp_path / "release"))


def again(release: Path) -> tuple[list[str], dict[str, str]]:
    report = release.parent / "reproduced.csv"
    found = reproduce(release, report, ROOT / "config/codelists", None)
    with open(report, encoding="utf-8", newline="") as file:
        reader = csv.DictReader(file)
        assert tuple(reader.fieldnames or ()) == COLUMNS
        verdicts = {row["file"]: row["verdict"] for row in reader if row["what"] == "bytes"}
    # The numbers of the samples are made up and need not follow from each other: of the values, see below.
    return [line for line in found if line.split(": ")[1] in ("different", "missing", "too many")], verdicts


@pytest.mark.slow
def test_a_release_reproduces(tmp_path: Path) -> None:
    release = made(tmp_path / "release")
    different, verdicts = again(release)
    assert different == []
    assert set(verdicts.values()) == {"the same"}
    assert verdicts.keys() == {path.relative_to(release).as_posix() for path in release.rglob("*") if path.is_file()}


def test_what_was_touched_is_found(release: Path) -> None:
    (stream,) = (path for path in release.iterdir() if path.is_dir())
    page = stream / "index.html"
    page.write_text(page.read_text().replace("Methods", "Method", 1))
    picture = next(stream.rglob("figure.svg"))
    picture.unlink()
    (stream / "extra.csv").write_text("a\n1\n")
    different, _ = again(release)
    names = {line.split(": ")[0].removeprefix(f"{stream.name}/"): line.split(": ")[1] for line in different}
    assert names["index.html"] == "different"
    assert names[picture.relative_to(stream).as_posix()] == "missing"
    assert names["extra.csv"] == "too many"


def test_a_changed_number_is_named_with_all_that_rests_on_it(release: Path) -> None:
    results = next(path for path in release.rglob("results.csv") if ",ok," in path.read_text())
    results.write_text(results.read_text().replace(",ok,", ",ok,touched", 1))
    name = results.relative_to(release).as_posix()
    found = reproduce(release, release.parent / "reproduced.csv", ROOT / "config/codelists", None)
    assert found[0] == f"{name}: {UNSEALED}"
    assert f"{name},seal,,,,{UNSEALED}" in (release.parent / "reproduced.csv").read_text().splitlines()


def test_what_the_policy_forbids_is_not_written_and_the_rest_reproduces(tmp_path: Path) -> None:
    release = made(tmp_path / "release", FEW[:1], file_types=list(SVG_ONLY))
    assert {path.suffix for path in release.rglob("*") if path.is_file()} == {".csv", ".json", ".svg", ".html", ".txt"}
    (stream,) = (path for path in release.iterdir() if path.is_dir())
    page = (stream / "index.html").read_text()
    links = [link for link in re.findall(r'<a href="([^"#]+)"', page) if not link.startswith("https://")]
    assert links
    assert [link for link in links if not (stream / link).exists()] == []
    different, _ = again(release)
    assert different == []


def test_without_a_release_there_is_nothing_to_reproduce(tmp_path: Path) -> None:
    with pytest.raises(PipelineError, match="put the released folder there"):
        reproduce(tmp_path, tmp_path / "report.csv", ROOT / "config/codelists", None)


def test_values_must_follow_from_their_counts(tmp_path: Path) -> None:
    stream = write_release(tmp_path)
    folder = stream / "by_hand"
    folder.mkdir()
    columns = pd.read_csv(next(stream.rglob("results.csv"))).columns
    # Two intervals by the actuarial method: 100 at risk, 10 events and 20 withdrawals: q = 10/(100 - 20/2) = 1/9;
    # then 70 left, 5 events, none withdrawn: survival (8/9)(65/70).
    rows = [
        {
            "measure": "survival",
            "time": time,
            "n": 100,
            "events": events,
            "competing": 0,
            "censored": censored,
            "estimate": s,
        }
        for time, events, censored, s in ((0, 0, 0, 1.0), (1, 10, 20, 8 / 9), (2, 15, 20, 8 / 9 * 65 / 70))
    ] + [{"measure": "percent", "n": 25, "total": 200, "estimate": 12.5}]
    frame = pd.DataFrame(rows).reindex(columns=columns)
    frame["status"], frame["kind"] = "ok", "kaplan_meier"
    path = folder / "results.csv"
    for wrong, said in ((0.0, [FOLLOWS, FOLLOWS]), (0.001, ["3 do not follow", "1 do not follow"])):
        frame.assign(estimate=frame["estimate"] + wrong).to_csv(path, index=False)
        found = recompute(path)
        assert [(check.what, check.values) for check in found] == [("survival", 3), ("percent", 1)]
        assert [check.verdict.partition(";")[0] for check in found] == said
        assert [check.agrees for check in found] == [not wrong, not wrong]
