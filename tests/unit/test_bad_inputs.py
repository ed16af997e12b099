"""Every bad input of ``tests/bad_inputs`` is told in one plain message, which says what stands there and what to write.

The files of that folder are lists of mistakes, each a change of the small configuration in ``tests/bad_inputs/base`` or
of its records, with the message. They are its documentation as well: ``docs/mistakes.md`` is made of them
(``PYTHONPATH=workflow python tests/unit/test_bad_inputs.py``).
"""

from __future__ import annotations

import re
import shutil
from contextlib import chdir
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import yaml

from family_justice.command.check import check
from family_justice.command.start import check_words
from family_justice.config.load import OF_RULES, Configuration, is_taken
from family_justice.errors import PipelineError
from family_justice.jobs import JOBS

FOLDER = Path(__file__).resolve().parents[1] / "bad_inputs"
STREAM = "mine"
#: The records of the study: 200 people, of whom a half has the event.
HEADER = "person,sex,started,happened,died,seen_to,age,grade,weeks,how"


def records() -> str:
    """Return the records as CSV."""
    rows = [HEADER]
    for n in range(200):
        event = f"2015-{n % 12 + 1:02}-20" if n % 2 else ""
        died = "2018-05-05" if n % 7 == 0 else ""
        rows.append(
            f"{n + 1},{'FM'[n % 3 == 0]},2015-01-01,{event},{died},2019-12-31,{20 + n % 60},{('high', 'low')[n % 2]},"
            f"{n % 40 / 2},{n % 3}"
        )
    return "\n".join(rows) + "\n"


@cache
def cases() -> tuple[dict[str, Any], ...]:
    """Return all mistakes; ``group`` is the file that each stands in."""
    found = []
    for path in sorted(FOLDER.glob("*.yaml")):
        found += [{"group": path.stem, **case} for case in yaml.safe_load(path.read_text(encoding="utf-8"))]
    return tuple(found)


def write(case: dict[str, Any], folder: Path) -> None:
    """Write the configuration and records with the mistake in them."""
    shutil.copytree(FOLDER / "base", folder / "config")
    (folder / "people.csv").write_text(records(), encoding="utf-8")
    path = folder / case.get("file", f"config/streams/{STREAM}.yaml")
    if "text" in case:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(case["text"].encode(case.get("encoding", "utf-8")))
    for old, new in case.get("change", {}).items():
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {path.name}"
        path.write_bytes(text.replace(old, new, 1).encode(case.get("encoding", "utf-8")))
    for name, changes in case.get("also", {}).items():
        for old, new in changes.items():
            text = (folder / name).read_text(encoding="utf-8")
            assert old in text, f"{old!r} is not in {name}"
            (folder / name).write_text(text.replace(old, new, 1), encoding="utf-8")
    for name in case.get("remove", []):
        (folder / name).unlink()


def run(case: dict[str, Any]) -> None:
    """Do what a run does, as far as it takes to meet the mistake: the configuration and its SQL; with ``run`` jobs."""
    config = Path("config")
    check_words(config, case.get("targets", []))
    configuration = Configuration(config)
    configuration.policy("court_records")
    stream = configuration.stream(STREAM)
    configuration.check_sql(STREAM)
    if not case.get("run"):
        check(config, [STREAM])
        return
    JOBS["load_source"](configuration.source_of(stream))
    for cohort in stream.cohorts:
        JOBS["extract_cohort"](STREAM, cohort)
        JOBS["derive_covariates"](STREAM, cohort)
    for analysis in stream.analyses:
        JOBS["run_analysis"](STREAM, analysis)


def said_of(case: dict[str, Any], folder: Path) -> str:
    """Return the message of a mistake."""
    write(case, folder)
    with chdir(folder), pytest.raises(PipelineError) as caught:
        run(case)
    return str(caught.value)


def as_tests() -> list[Any]:
    """Return each case with its name."""
    return [pytest.param(case, id=f"{case['group']}: {case['mistake']}") for case in cases()]


@pytest.mark.parametrize("case", as_tests())
def test_a_mistake_is_told_in_words_that_mend_it(case: dict[str, Any], tmp_path: Path) -> None:
    said = " ".join(said_of(case, tmp_path).split())
    for words in case["says"]:
        assert words in said, said
    assert "Traceback" not in said


@pytest.mark.parametrize("jobs", [False, True])
def test_the_study_without_a_mistake_is_told_nothing(jobs: bool, tmp_path: Path) -> None:
    write({}, tmp_path)
    with chdir(tmp_path):
        run({"run": jobs})


def test_there_are_many() -> None:
    assert len(cases()) >= 120
    assert len({(case["group"], case["mistake"]) for case in cases()}) == len(cases())


def test_the_names_of_rules_are_taken() -> None:
    rules = [path.read_text(encoding="utf-8") for path in (FOLDER.parents[1] / "workflow/rules").glob("*.smk")]
    assert [name for text in rules for name in re.findall(r"^rule (\w+):", text, re.M) if not is_taken(name)] == []
    made = {name for text in rules for name in re.findall(r'^ +name:\n +f"([a-z]+_)', text, re.M)}
    assert made == set(OF_RULES)


def page() -> str:
    """Return ``docs/mistakes.md``: what is said of each mistake."""
    lines = ["# What is said of mistakes", "", f"<!-- Generated by `{COMMAND}`; do not edit. -->", ""]
    lines += [
        f"{len(cases())} mistakes, and the message of each without its file and line. All are told before any job, but",
        "for those of the records. The changes that make them stand in `tests/bad_inputs`.",
    ]
    for group in dict.fromkeys(case["group"] for case in cases()):
        lines += ["", f"## {group.replace('_', ' ').capitalize()}", "", "| mistake | message |", "|---|---|"]
        for case in cases():
            if case["group"] == group:
                said = " … ".join(case["says"]).replace("|", "\\|").replace("<", "&lt;")
                lines.append(f"| {case['mistake']} | {said} |")
    return "\n".join(lines) + "\n"


COMMAND = "PYTHONPATH=workflow python tests/unit/test_bad_inputs.py"


def test_the_page_of_mistakes_is_up_to_date() -> None:
    assert (FOLDER.parents[1] / "docs/mistakes.md").read_text(encoding="utf-8") == page()


if __name__ == "__main__":
    (FOLDER.parents[1] / "docs/mistakes.md").write_text(page(), encoding="utf-8")
