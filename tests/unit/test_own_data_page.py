"""The studies of ``docs/own_data.md`` are run as they stand there, and give the numbers that it prints beside R's."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest
from numpy.testing import assert_allclose

from family_justice.command.check import check
from family_justice.jobs import JOBS
from family_justice.results import read_results

ROOT = Path(__file__).resolve().parents[2]
PAGE = (ROOT / "docs/own_data.md").read_text(encoding="utf-8")
REFERENCE = ROOT / "tests/parity/reference"
ANALYSES = {"mgus2": ["incidence", "incidence_by_sex", "survival", "predictors"], "cgd": ["infections"]}
#: One file of the configuration: its name, and its text below.
FILE = re.compile(r"^\*\*(config/\S+\.yaml)\*\*\n\n```yaml\n(.*?)^```", re.M | re.S)


@pytest.fixture(scope="module")
def released(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    """Return what both studies release, run job by job in a folder of their own."""
    folder = tmp_path_factory.mktemp("own")
    shutil.copytree(ROOT / "config", folder / "config")
    shutil.copytree(REFERENCE, folder / "tests/parity/reference")
    for name, text in FILE.findall(PAGE):
        (folder / name).write_text(text, encoding="utf-8")
    settings = folder / "config/config.yaml"
    settings.write_text(re.sub(r"^streams: \[.*?\]", "streams: [mgus2, cgd]", settings.read_text(), flags=re.M))
    for name in ("workflow", "Snakefile"):
        (folder / name).symlink_to(ROOT / name)
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        check(Path("config"), list(ANALYSES))
        for stream, cohort in (("mgus2", "patients"), ("cgd", "periods")):
            JOBS["load_source"](stream)
            JOBS["extract_cohort"](stream, cohort)
            JOBS["derive_covariates"](stream, cohort)
            for analysis in [*ANALYSES[stream], *(["follow_up.patients"] if stream == "mgus2" else [])]:
                JOBS["run_analysis"](stream, analysis)
            JOBS["refit_analyses"](stream)
            JOBS["disclose_results"](stream)
        files = sorted(Path("results/release").rglob("results.csv"))
        return pd.concat([read_results(str(path)) for path in files])


def r_values() -> dict[str, tuple[float, dict[str, Any]]]:
    """Return, by the words of the page, R's number and the row and column that it is beside."""
    mgus2, competing, cgd = (json.loads((REFERENCE / f"{n}.json").read_text()) for n in ("mgus2", "competing", "cgd"))
    found: dict[str, tuple[float, dict[str, Any]]] = {}
    for outcome, estimates in zip(("progression", "death"), mgus2["gray"]["estimate"], strict=True):
        for time, estimate in zip(mgus2["gray"]["time"], estimates, strict=True):
            found[f"cumulative incidence of {outcome}, month {time} (cmprsk `cuminc`)"] = (
                estimate, {"analysis": "incidence", "measure": "cumulative_incidence", "outcome": outcome, "time": time}
            )  # fmt: skip
    risks = competing["risks_mgus2"][0]["incidence"]
    for sex, place in (("male", 0), ("female", 1)):
        row = {"analysis": "incidence_by_sex", "measure": "cumulative_incidence", "group": f"sex={sex}", "time": 60}
        found[f"progression of {sex} patients, month 60 (`survfit`)"] = risks["risk"][place], row
        found[f"its standard error, {sex} (`survfit`)"] = risks["std_error"][place], {**row, "column": "std_error"}
    found["Gray's test of progression by sex (`cuminc`)"] = (
        competing["gray_mgus2"]["stat"][0],
        {"analysis": "incidence_by_sex", "measure": "gray_test", "column": "statistic"},
    )
    at = mgus2["km_at"]
    for time in (60, 120):
        found[f"neither progression nor death, month {time} (`survfit`)"] = (
            at["estimate"][at["time"].index(time)], {"analysis": "survival", "measure": "survival", "time": time}
        )  # fmt: skip
    models = {
        "Fine-Gray (`crr`)": ("predictors", ["age", "female"], competing["crr"]["mgus2_1"], "var"),
        "Cox, `cluster = id` (`coxph`)": (
            "infections", ["interferon", "autosomal", "steroids"], cgd["andersen_gill"], "robust",
        ),
    }  # fmt: skip
    for words, (analysis, terms, fit, variance) in models.items():
        for place, term in enumerate(terms):
            row = {"analysis": analysis, "term": term, "measure": "log_hazard_ratio|log_subdistribution_hazard_ratio"}
            found[f"{words}: {term}"] = fit["coef"][place], row
            error = float(np.sqrt(fit[variance][place][place]))
            found[f"{words}: standard error of {term}"] = error, {**row, "column": "std_error"}
    return found


VALUES = r_values()


def of_row(rows: pd.DataFrame, column: str = "estimate", **labels: Any) -> float:
    """Return a number of the one row that has the labels; a measure may be one of several."""
    for name, wanted in labels.items():
        rows = rows[rows[name].isin(wanted.split("|")) if name == "measure" else rows[name] == wanted]
    assert len(rows) == 1, labels
    return float(rows[column].iloc[0])


@pytest.mark.parametrize("words", VALUES)
def test_a_released_number_is_that_of_r(released: pd.DataFrame, words: str) -> None:
    theirs, row = VALUES[words]
    assert_allclose(of_row(released, **row), theirs, rtol=1e-7)


def test_the_page_prints_them(released: pd.DataFrame) -> None:
    said = re.findall(r"^\| ([^|]+) \| (-?[\d.]+) \| (-?[\d.]+) \|$", PAGE, re.M)
    expected = [(words, f"{r:.6f}", f"{of_row(released, **row):.6f}") for words, (r, row) in VALUES.items()]
    assert said == expected


def test_counts_at_the_door_are_those_of_the_file(released: pd.DataFrame) -> None:
    file = pd.read_csv(REFERENCE / "mgus2.csv")
    rows: Callable[..., pd.DataFrame] = lambda **labels: released[  # noqa: E731
        np.logical_and.reduce([released[name] == wanted for name, wanted in labels.items()])
    ]
    for outcome, code in (("progression", 1), ("death", 2)):
        last = rows(analysis="incidence", measure="cumulative_incidence", outcome=outcome, time=240).iloc[0]
        seen = file[file["time"] <= 240]
        assert last["events"] == (seen["cause"] == code).sum()
        assert last["competing"] == (seen["cause"] == 3 - code).sum()
        assert last["censored"] == (seen["cause"] == 0).sum()
    periods = pd.read_csv(REFERENCE / "cgd.csv")
    (model,) = rows(analysis="infections", measure="log_likelihood", term="fitted").to_dict("records")
    assert (model["n"], model["events"]) == (len(periods), periods["status"].sum())
