"""Every kind with a second program on one small cohort: both agree, and a planted error stops the stream."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest

from family_justice.analyses.run import run_analysis
from family_justice.config.schema import Stream
from family_justice.kinds.registry import KINDS
from family_justice.results import read_results
from family_justice.second_program.check import check_stream
from family_justice.second_program.compare import SecondProgramError

MEMBERS = 500
LEVELS = {
    "sex": ["female", "male"],
    "age": ["young", "middle", "old"],
    "area": ["north", "south", "west"],
    "answer": ["yes", "no"],
    "plan": ["home", "kin", "care"],
    "again": ["home", "kin", "care"],
    "fifth": ["low", "high", "not known"],
    "rare": ["none", "some", "never"],
    "treated": ["yes", "no"],
}
NUMBERS = ["score", "visits", "years", "log_size"]
FOLLOWED = {"kind": "cox", "outcome": "event"}
PLACES: dict[str, Any] = {
    "spells": "places", "censoring": ["ended"], "time_unit": "days",
    "states": {"home": {"label": "Home"}, "away": {"label": "Away"}},
}  # fmt: skip
MODELS: dict[str, dict[str, Any]] = {
    "follow": {"kind": "kaplan_meier", "outcomes": ["event"], "group_by": ["age"], "every": 0.25, "until": 3,
               "restricted_mean_at": [1, 2], "risk_difference_at": [1]},
    "follow_late": {"kind": "kaplan_meier", "outcomes": ["late"], "group_by": ["sex"], "every": 0.25, "until": 3},
    "incidence": {"kind": "cumulative_incidence", "outcomes": ["event", "other"], "group_by": ["age", "sex"],
                  "every": 0.25, "until": 3, "restricted_mean_at": [2], "risk_difference_at": [1, 2]},
    "incidence_late": {"kind": "cumulative_incidence", "outcomes": ["late"], "every": 0.5, "until": 2},
    "cox": {**FOLLOWED, "covariates": ["age", "sex", "score", "rare"]},
    "cox_breslow": {**FOLLOWED, "covariates": ["age", "score"], "ties": "breslow"},
    "cox_late": {"kind": "cox", "outcome": "late", "covariates": ["age", "score"]},
    "incidence_coded": {"kind": "cumulative_incidence", "outcomes": ["coded"], "group_by": ["sex"], "every": 1,
                        "until": 30},
    "follow_coded_late": {"kind": "kaplan_meier", "outcomes": ["coded_late"], "every": 1, "until": 30},
    "cox_coded_late": {"kind": "cox", "outcome": "coded_late", "covariates": ["age", "score"]},
    "rates_coded_late": {"kind": "poisson", "outcome": "coded_late", "covariates": ["age"]},
    "weibull_coded": {"kind": "aft", "outcome": "coded", "covariates": ["age"], "distribution": "weibull"},
    "cox_strata": {**FOLLOWED, "covariates": ["age", "score"], "strata": ["area"], "cluster": "site"},
    "cox_offset": {**FOLLOWED, "covariates": ["age", "sex"], "offset": "log_size"},
    "cox_curve": {**FOLLOWED, "covariates": ["score", "age"], "splines": {"score": 4}},
    "cox_imputed": {**FOLLOWED, "covariates": ["fifth", "age"],
                    "imputation": {"variables": ["fifth"], "datasets": 2, "iterations": 1}},
    "weibull": {"kind": "aft", "outcome": "later", "covariates": ["age", "score"], "distribution": "weibull"},
    "lognormal": {"kind": "aft", "outcome": "later", "covariates": ["age", "score"], "distribution": "lognormal"},
    "odds": {"kind": "logistic", "variable": "answer", "covariates": ["age", "sex", "score"], "marginal_effects": True},
    "odds_clustered": {"kind": "logistic", "variable": "answer", "covariates": ["age", "rare"], "cluster": "site"},
    "odds_firth": {"kind": "logistic", "variable": "answer", "covariates": ["age"], "penalty": "firth"},
    "risks": {"kind": "risk_ratio", "variable": "answer", "covariates": ["age", "score"], "marginal_effects": True},
    "risks_clustered": {"kind": "risk_ratio", "variable": "answer", "covariates": ["age"], "cluster": "site"},
    "rates": {"kind": "poisson", "outcome": "later", "covariates": ["age", "sex"]},
    "rates_clustered": {"kind": "poisson", "outcome": "later", "covariates": ["age", "rare"], "cluster": "site"},
    "counts": {"kind": "negative_binomial", "count": "visits", "exposure": "years", "covariates": ["age", "sex"]},
    "counts_clustered": {"kind": "negative_binomial", "count": "visits", "covariates": ["age"], "cluster": "site"},
    "periods": {"kind": "before_after", "count": "visits", "exposure": "years", "compare": "treated", "period": "age",
                "group_by": ["sex"], "cluster": "site"},
    "plans": {"kind": "multinomial", "variable": "plan", "covariates": ["age", "score"], "marginal_effects": True},
    "plans_clustered": {"kind": "multinomial", "variable": "plan", "covariates": ["age"], "cluster": "site"},
    "alike": {"kind": "agreement", "first": "plan", "second": "again", "unknown": ["care"], "group_by": ["sex"]},
    "matched_odds": {"kind": "matched_logistic", "treatment": "treated", "match_on": ["area", "sex"], "ratio": 2,
                     "variable": "answer", "covariates": ["age"]},
    "matched_hazards": {"kind": "matched_cox", "treatment": "treated", "match_on": ["area"], "outcome": "event",
                        "covariates": ["age"]},
    "matched_near": {"kind": "matched_cox", "treatment": "treated", "nearest_on": ["score"], "outcome": "event"},
    "returns_gap": {"kind": "recurrent_cox", "outcome": "returns", "covariates": ["age", "score"], "model": "pwp_gap",
                    "most_events": 2},
    "returns_total": {"kind": "recurrent_cox", "outcome": "returns", "covariates": ["age"], "model": "pwp_total"},
    "returns_all": {"kind": "recurrent_cox", "outcome": "returns", "covariates": ["age"], "model": "andersen_gill"},
    "returns_marginal": {"kind": "recurrent_cox", "outcome": "returns", "covariates": ["age"], "model": "wlw"},
    "moves": {"kind": "transition_cox", **PLACES, "origin": "away", "target": "home", "covariates": ["age", "score"]},
    "moves_total": {"kind": "transition_cox", **PLACES, "origin": "home", "target": "away", "covariates": ["age"],
                    "clock": "time_zero"},
    "who": {"kind": "table_one", "variables": ["age"]},
}  # fmt: skip
#: Analyses that neither package fits, and words of the reason.
NONE = {
    "incidence_late": "does not know delayed entry",
    "odds_firth": "Firth's penalty",
    "matched_near": "last digit of the score",
    "returns_marginal": "Wei-Lin-Weissfeld",
    "who": "recomputed from the released counts",
}
CODED = {
    "label": "x", "duration": "months", "time_unit": "months",
    "status": {"column": "how", "event": "back", "competing": {"died": "x"}, "censored": ["moved", "there"]},
}  # fmt: skip
FITTED = [name for name in MODELS if name not in NONE]
#: A measure of each analysis in which an error is planted: the first one that is about its main result.
ROOM = ("restricted", "internal")


def study() -> Stream:
    ends = {"censoring": ["ended"], "label": "x"}
    outcomes = {
        "event": {**ends, "event": "event", "competing": ["other"]},
        "other": {**ends, "event": "other", "competing": ["event"]},
        "late": {**ends, "event": "event", "competing": ["other"], "entry": "entered"},
        "later": {**ends, "event": "event", "competing": ["other"], "at_risk_after_days": 20, "time_unit": "months"},
        "returns": {**ends, "event": "returns", "competing": ["other"]},
        "coded": CODED,
        "coded_late": {**CODED, "entry": "months_before"},
    }
    select = {"label": "x", "sql": "SELECT id, event AS date FROM previous"}
    events = {name: select for name in ("event", "other", "ended")} | {"returns": {**select, "repeats": True}}
    events["places"] = {**select, "states": ["home", "away"]}
    cohort = {
        "label": "x", "unit": "people", "description": "x", "key": ["id"], "time_zero": "day",
        "steps": [{"name": "all", "label": "x", "sql": "SELECT 1"}],
        "events": events, "outcomes": outcomes, "follow_up": "event", "covariates": [*LEVELS, *NUMBERS],
    }  # fmt: skip
    covariates = {
        n: {"label": n, "definition": n, "value": n, "levels": v, "reference": v[0]} for n, v in LEVELS.items()
    }
    covariates["treated"]["reference"] = "no"
    covariates["fifth"]["missing"] = "not known"
    covariates |= {n: {"label": n, "definition": n, "value": n} for n in NUMBERS}
    about = {"title": "x", "description": "x", "cohort": "people"}
    analyses = {name: {**about, **keys} for name, keys in MODELS.items()}
    words = {"stream": "toy", "title": "x", "question": "x", "summary": "x"}
    return Stream(**words, cohorts={"people": cohort}, covariates=covariates, analyses=analyses)


def write_members(folder: Path) -> None:
    draw = np.random.default_rng(7)
    n = MEMBERS
    frame = pd.DataFrame({"id": np.arange(n), "site": draw.integers(0, 60, n)})
    for name, levels in LEVELS.items():
        frame[name] = draw.choice(levels, n)
    frame["rare"] = draw.choice(["none", "some", "never"], n, p=[0.6, 0.35, 0.05])
    old, never = frame["age"] == "old", frame["rare"] == "never"
    frame["again"] = np.where(draw.random(n) < 0.7, frame["plan"], frame["again"])
    frame["score"] = draw.gamma(3.0, 2.0, n).round(1)
    frame["answer"] = np.where(~never & (draw.random(n) < 0.3 + 0.2 * old), "yes", "no")
    frame["visits"] = draw.negative_binomial(2, 0.4, n)
    frame["years"], frame["log_size"] = draw.uniform(1, 5, n), draw.normal(size=n) / 3
    day = {
        "event": np.ceil(draw.exponential(700, n) / (1 + old)),
        "other": np.ceil(draw.exponential(2000, n)),
        "ended": draw.integers(30, 1400, n),
    }
    day["event"][never] = 5000
    day["event"] = np.ceil(day["event"] / 7) * 7  # ties
    zero = pd.Timestamp("2010-01-04")
    frame["day"] = zero
    for name, days in day.items():
        frame[name] = [zero + pd.Timedelta(days=int(d)) if d < 3000 else pd.NaT for d in days]
    frame["entered"] = [zero + pd.Timedelta(days=int(d)) for d in draw.choice([0, 7, 14, 70, 200], n)]
    first = np.minimum(np.minimum(day["event"], day["other"]), day["ended"])
    frame["months"], frame["months_before"] = first / 30.4375, np.arange(n) % 5 * 0.23
    frame["how"] = np.select(
        [first == day["event"], first == day["other"], np.arange(n) % 2 == 0], ["back", "died", "moved"], "there"
    )
    owners = pd.DataFrame({"id": np.repeat(np.arange(n), 4)})
    owners["date"] = zero + pd.to_timedelta(np.ceil(draw.exponential(500, 4 * n)).astype(int), unit="D")
    connection = duckdb.connect()
    connection.register("frame", frame)
    connection.register("owners", owners)
    dates = ", ".join(f"{name}::DATE AS {name}" for name in ("day", "event", "other", "ended", "entered"))
    lists = "SELECT id, list(DISTINCT date::DATE ORDER BY date::DATE) AS returns FROM owners GROUP BY id"
    folder.mkdir(parents=True)
    connection.execute(
        f"COPY (SELECT id, site, months, months_before, how, {dates}, returns, "
        f"list_concat([day::DATE], returns) AS places, "
        "list_transform(range(len(returns) + 1), i -> CASE WHEN i % 2 = id % 2 THEN 'home' ELSE 'away' END) "
        f"AS places_state FROM frame JOIN ({lists}) USING (id)) "
        f"TO '{folder / 'cohort.parquet'}' (FORMAT parquet)"
    )
    (folder / "covariates").mkdir()
    for name in (*LEVELS, *NUMBERS):
        file = folder / "covariates" / f"{name}.parquet"
        connection.execute(f"COPY (SELECT id, {name} FROM frame ORDER BY id) TO '{file}' (FORMAT parquet)")


@pytest.fixture(scope="module")
def rooms(tmp_path_factory: pytest.TempPathFactory) -> Path:
    root, stream = tmp_path_factory.mktemp("rooms"), study()
    write_members(root / "restricted/people")
    paths = [root / "restricted/people/cohort.parquet", root / "restricted/people/covariates"]
    for name in [*MODELS, "follow_up.people"]:
        run_analysis(stream, name, stream.covariates, *paths, root / "internal" / name / "results.csv")
    return root


def only(name: str) -> Stream:
    """Return the study with one analysis, or with the follow-up of the cohort beside one that has no second program."""
    stream = study()
    kept = {"who": stream.analyses["who"]} if name == "follow_up.people" else {name: stream.analyses[name]}
    cohort = stream.cohorts["people"]
    if name != "follow_up.people":
        cohort = cohort.model_copy(update={"follow_up": None})
    return stream.model_copy(update={"analyses": kept, "cohorts": {"people": cohort}})


def checked(name: str, root: Path, internal: Path, path: Path) -> pd.DataFrame:
    stream = only(name)
    check_stream(stream, stream.covariates, root / "restricted", internal, path)
    rows = read_results(str(path))
    return rows[rows["term"] == name]


@pytest.mark.parametrize("name", [*FITTED, "follow_up.people"])
def test_two_programs_agree(name: str, rooms: Path, tmp_path: Path):
    (row,) = checked(name, rooms, rooms / "internal", tmp_path / "results.csv").to_dict("records")
    assert row["status"] == "ok"
    assert row["estimate"] <= 1e-6
    kind = "follow_up" if name == "follow_up.people" else MODELS[name]["kind"]
    assert row["level"] in KINDS[kind].programs
    assert ("imputed values" in row["note"]) is (name == "cox_imputed")


@pytest.mark.parametrize("name", NONE)
def test_where_there_is_no_second_program_it_is_said_why(name: str, rooms: Path, tmp_path: Path):
    (row,) = checked(name, rooms, rooms / "internal", tmp_path / "results.csv").to_dict("records")
    assert (row["status"], row["level"]) == ("not estimable", "")
    assert row["note"].startswith("no second program: ")
    assert NONE[name] in row["note"]


ROBUST = ("recurrent_cox", "transition_cox")  # whose errors neither package has
ERRORS = [n for n in FITTED if MODELS[n]["kind"] not in ROBUST and n != "cox_strata"] + ["follow_up.people"]


@pytest.mark.parametrize(
    ("name", "column"), [(n, "estimate") for n in [*FITTED, "follow_up.people"]] + [(n, "std_error") for n in ERRORS]
)
def test_a_planted_error_stops_the_stream(name: str, column: str, rooms: Path, tmp_path: Path):
    ours = pd.read_csv(rooms / "internal" / name / "results.csv")
    main = ours["measure"].str.startswith("log_") & (ours["term"] != "fitted") | ours["measure"].isin(
        ["survival", "cumulative_incidence", "kappa"]
    )
    at = ours.index[main & (ours["status"].fillna("ok") == "ok") & ours["std_error"].gt(0)][-2]
    # By a thousandth of the value, or of its error where that is larger.
    size = max(abs(ours.loc[at, column]), ours.loc[at, "std_error"])
    planted = float(ours.loc[at, column]) + 1e-3 * size
    if name == "cox_imputed":
        at = ours.index[main & ours["group"].eq("missing_values=complete cases") & ours["std_error"].gt(0)][-1]
        planted = float(ours.loc[at, column]) + 1e-3 * max(abs(ours.loc[at, column]), ours.loc[at, "std_error"])
    measure = ours.loc[at, "measure"]
    ours.loc[at, column] = planted
    (tmp_path / name).mkdir()
    ours.to_csv(tmp_path / name / "results.csv", index=False, float_format="%.10g")
    if name == "follow_up.people":
        (tmp_path / "who").mkdir()
    with pytest.raises(SecondProgramError) as caught:
        checked(name, rooms, tmp_path, tmp_path / "out.csv")
    message = str(caught.value)
    assert f"stream 'toy', analysis '{name}'" in message
    assert measure in message
    assert "1e-02" in message or "1e-03" in message
    assert f"{planted:.4g}" not in message
    assert not (tmp_path / "out.csv").exists()
