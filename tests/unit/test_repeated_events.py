"""From a stream's words to released rows: events that members have several times. Worked by hand."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import duckdb
import numpy as np
import pandas as pd
import pytest
from kinds_on_the_way import svg_only
from numpy.testing import assert_allclose

from family_justice.analyses.repeated_events import histories
from family_justice.analyses.run import run_analysis
from family_justice.analyses.study import describe_study
from family_justice.cohorts.extract import extract_cohort
from family_justice.config.check import check_stream, covariates_of
from family_justice.config.load import parse
from family_justice.config.schema import Outcome, Policy, Stream
from family_justice.covariates.derive import derive_covariates
from family_justice.disclosure.disclose import disclose
from family_justice.disclosure.families.rebuild import dispersion
from family_justice.disclosure.vocabulary import check_labels, vocabulary
from family_justice.errors import CohortError, ConfigError, DisclosureError
from family_justice.estimators.survival.life_table import Z95
from family_justice.estimators.survival.recurrent import fit_recurrent
from family_justice.figures.draw import draw_analysis
from family_justice.figures.words import Labels
from family_justice.files import connect
from family_justice.report import prose
from family_justice.report.tables import page_tables as tables
from family_justice.results import read_results, tidy

POLICY = Policy(
    name="p", description="d", threshold=10, rounding_base=5, zero_discloses=False, minimum_events_per_level=10,
    minimum_residual_df=10, minimum_at_risk=10,
)  # fmt: skip
OPEN = Policy(
    name="o", description="d", threshold=1, rounding_base=1, zero_discloses=False, minimum_events_per_level=0,
    minimum_residual_df=0, minimum_at_risk=0,
)  # fmt: skip

#: Visits on days after 1 January 2015; person 2 dies on day 400, person 6 is censored on day 0.
PEOPLE = """
    SELECT person, letter, DATE '2015-01-01' AS started, DATE '2015-01-01' + died AS death_date,
           DATE '2015-01-01' + observed AS last_day, days
    FROM (VALUES
        (1, 'x', NULL, 731, [300, 100]),
        (2, 'y', 400, 731, [200, 450]),
        (3, 'x', NULL, 731, []),
        (4, 'y', NULL, 731, [500, 100, 600, 800]),
        (5, 'y', NULL, 731, []),
        (6, 'x', NULL, 0, [])
    ) AS t (person, letter, died, observed, days)
"""
VISITS = "SELECT person, started + unnest(days)::INTEGER AS date FROM cohort"
MEAN = {"kind": "mean_cumulative_count", "outcomes": ["visits"], "every": 1, "until": 2}
MODEL = {"kind": "recurrent_cox", "outcome": "visits", "covariates": ["letter"], "model": "pwp_gap"}


def study(visits: str = VISITS, repeats: bool = True, **analyses: dict[str, Any]) -> Stream:
    shared = {"title": "T", "description": "d", "cohort": "people"}
    data = {
        "stream": "toy", "title": "t", "question": "q", "summary": "u",
        "cohorts": {"people": {
            "label": "People", "unit": "people", "description": "d", "key": ["person"], "time_zero": "started",
            "steps": [{"name": "all", "label": "All", "sql": "SELECT * FROM people"}],
            "events": {
                "visits": {"label": "Visit", "sql": visits, "repeats": repeats},
                "death": {"label": "Death", "sql": "SELECT person, death_date AS date FROM cohort"},
                "ends": {"label": "End", "sql": "SELECT person, last_day AS date FROM cohort"},
            },
            "outcomes": {
                "visits": {"label": "Visits", "event": "visits", "competing": ["death"], "censoring": ["ends"]}
            },
            "covariates": ["letter"],
        }},
        "covariates": {
            "letter": {
                "label": "Letter", "definition": "A letter.", "value": "letter", "levels": ["x", "y"], "reference": "x",
            }
        },
        "analyses": {name: {**shared, **keys} for name, keys in analyses.items()},
    }  # fmt: skip
    return parse(data, Stream, "toy.yaml")


def run(folder: Path, stream: Stream, people: str = PEOPLE) -> dict[str, pd.DataFrame]:
    check_stream(stream, {}, Path("toy.yaml"))
    duckdb.sql(f"COPY ({people}) TO '{folder / 'people.parquet'}' (FORMAT parquet)")
    tables_, cohort, derived = {"people": folder / "people.parquet"}, folder / "cohort.parquet", folder / "c.parquet"
    extract_cohort(stream, "people", tables_, folder, cohort, folder / "attrition.csv")
    covariates = covariates_of(stream, {})
    derive_covariates(stream, "people", covariates, tables_, folder, cohort, derived)
    results = {}
    for name in stream.analyses:
        run_analysis(stream, name, covariates, cohort, derived, folder / f"{name}.csv")
        results[name] = read_results(str(folder / f"{name}.csv"))
    return results


def test_the_cohort_keeps_one_row_per_member_and_the_dates_in_order(tmp_path: Path) -> None:
    run(tmp_path, study(mean=MEAN))
    with connect({"cohort": tmp_path / "cohort.parquet"}) as connection:
        rows = connection.execute("SELECT [d::VARCHAR FOR d IN visits], death::VARCHAR FROM cohort").fetchall()
    assert len(rows) == 6
    assert rows[0] == (["2015-04-11", "2015-10-28"], None)
    assert rows[1][1] == "2016-02-05"
    assert rows[2][0] == []


def test_mean_count_by_hand(tmp_path: Path) -> None:
    rows = run(tmp_path, study(mean=MEAN))["mean"]
    mean = rows[rows["measure"] == "mean_cumulative_count"]
    # Person 6 leaves on day 0. Four visits of the other five in year 1; then person 2 dies (and the visit on day 450
    # is none), so that the visits on days 500 and 600 are 4/5 of one in four.
    assert mean["estimate"].round(10).tolist() == [0, 0.8, 1.2]
    assert mean["events"].tolist() == [0, 4, 6]
    assert mean["competing"].tolist() == [0, 0, 1]
    assert mean["censored"].tolist() == [1, 1, 1]
    assert mean["at_risk"].tolist() == [6, 5, 4]
    assert rows[rows["measure"] == "first_events"]["events"].tolist() == [0, 3, 3]
    # Year 1, without censoring: visits 2, 1, 0, 1, 0 around their mean, squares 2.8, over 5 squared.
    assert mean["std_error"].iloc[1] == pytest.approx(np.sqrt(2.8) / 5)


def test_a_group_without_events_has_a_flat_mean(tmp_path: Path) -> None:
    people = PEOPLE.replace("(1, 'x', NULL, 731, [300, 100])", "(1, 'x', NULL, 731, [])")
    rows = run(tmp_path, study(mean={**MEAN, "group_by": ["letter"]}), people)["mean"]
    mean = rows[(rows["measure"] == "mean_cumulative_count") & (rows["group"] == "letter=x")]
    assert mean["estimate"].tolist() == [0, 0, 0]
    assert mean["std_error"].tolist() == [0, 0, 0]
    assert mean["at_risk"].tolist() == [3, 2, 2]


def test_histories_by_hand() -> None:
    frame = pd.DataFrame({
        "visits": [np.array([10, 30]), np.array([20, 50]), np.array([], dtype=int), np.array([7])],
        "death": [np.nan, 40, 0, 7], "ends": [60, 60, 60, 60],
    })  # fmt: skip
    outcome = Outcome(label="o", event="visits", competing=["death"], censoring=["ends"], time_unit="days")
    seen = histories(frame, outcome, "test")
    assert seen.member.tolist() == [0, 0, 0, 1, 1, 2, 3]
    assert seen.start.tolist() == [0, 10, 30, 0, 20, 0, 0]
    assert seen.stop.tolist() == [10, 30, 60, 20, 40, 0.5, 7]
    assert seen.event.tolist() == [True, True, False, True, False, False, True]
    assert seen.last.tolist() == [False, False, False, False, True, True, True]
    assert seen.number.tolist() == [1, 2, 3, 1, 2, 1, 1]
    first = histories(frame, outcome, "test", most_events=1)
    assert first.member.tolist() == [0, 1, 2, 3]
    assert first.stop.tolist() == [10, 20, 0.5, 7]


@pytest.mark.parametrize(("model", "most"), [("andersen_gill", None), ("pwp_total", 2), ("pwp_gap", 2), ("wlw", 2)])
def test_models_are_those_of_the_estimator(tmp_path: Path, model: str, most: int | None) -> None:
    g = np.random.default_rng(2)
    people = " UNION ALL ".join(
        f"SELECT {i} AS person, '{'xy'[i % 2]}' AS letter, DATE '2015-01-01' AS started, NULL::DATE AS death_date, "
        f"DATE '2015-01-01' + {int(g.integers(300, 900))} AS last_day, "
        f"{sorted(set(map(int, g.integers(1, 900, g.poisson(1 + i % 2)))))}::INTEGER[] AS days"
        for i in range(120)
    )
    rows = run(tmp_path, study(m={**MODEL, "model": model, "most_events": most}), people)["m"]
    with connect({"cohort": tmp_path / "cohort.parquet"}) as connection:
        frame = connection.execute(
            "SELECT [date_diff('day', started, d) FOR d IN visits] AS visits, NULL::DOUBLE AS death, "
            "date_diff('day', started, ends) AS ends, letter FROM cohort ORDER BY person"
        ).df()
    outcome = Outcome(label="o", event="visits", competing=["death"], censoring=["ends"])
    seen = histories(frame, outcome, "test", most)
    y = (frame["letter"] == "y").to_numpy(dtype=float)[:, None]
    name: Any = {"pwp_total": "prentice_total", "pwp_gap": "prentice_gap", "wlw": "wei_lin_weissfeld"}.get(model, model)
    fit = fit_recurrent(name, seen.member, seen.start, seen.stop, seen.event, seen.number, y[seen.member])
    row = rows[(rows["term"] == "letter") & (rows["level"] == "y") & (rows["measure"] == "log_hazard_ratio")].iloc[0]
    assert_allclose([row["estimate"], row["std_error"]], [fit.coef[0], fit.std_error[0]], rtol=1e-9)
    # People, not events.
    assert row["n"] == 60
    had = np.bincount(seen.member[seen.event], minlength=120)
    assert row["events"] == (had[frame["letter"] == "y"] > 0).sum()
    counted = rows[rows["term"] == "events_at_least"].set_index("level")["n"]
    assert counted.to_dict() == {str(k): (had >= k).sum() for k in range(1, min(had.max(), 5) + 1)}


WRONG_DATES = [
    ("SELECT person, started + unnest([5, 5, 9]) AS date FROM cohort", "6 dates are on the same day as another"),
    (
        "SELECT person, started + unnest([0, 9]) AS date FROM cohort",
        "6 dates are on the day of time zero (started) or before",
    ),
    ("SELECT person, 'n'::VARCHAR || letter AS date FROM cohort", "the SQL failed on the records"),
]  # fmt: skip


@pytest.mark.parametrize(("sql", "says"), WRONG_DATES)
def test_dates_that_cannot_be_counted(tmp_path: Path, sql: str, says: str) -> None:
    with pytest.raises(CohortError) as caught:
        run(tmp_path, study(sql, mean=MEAN))
    assert says in str(caught.value)
    assert "event 'visits'" in str(caught.value)


def test_an_event_must_not_have_the_name_of_a_column(tmp_path: Path) -> None:
    people = PEOPLE.replace("last_day, days", "last_day, days, letter AS visits")
    with pytest.raises(CohortError, match="event 'visits': the last step has a column of that name, too"):
        run(tmp_path, study(mean=MEAN), people)


def test_kinds_and_events_must_fit() -> None:
    once = {"kind": "kaplan_meier", "outcomes": ["visits"], "every": 1, "until": 2}
    with pytest.raises(
        ConfigError, match="event 'visits' of outcome 'visits' repeats, and kind 'kaplan_meier' takes one"
    ):
        check_stream(study(a=once), {}, Path("toy.yaml"))
    with pytest.raises(ConfigError, match="event 'visits' does not; write 'repeats: true' there"):
        check_stream(study(repeats=False, a=MEAN), {}, Path("toy.yaml"))
    data = study(a=MEAN).model_dump(exclude_unset=True)
    data["cohorts"]["people"]["outcomes"]["visits"] |= {"event": "death", "competing": ["visits"]}
    data["cohorts"]["people"]["follow_up"] = "visits"
    with pytest.raises(ConfigError, match="competing: 'visits' repeats, and what ends observation happens once"):
        check_stream(parse(data, Stream, "toy.yaml"), {}, Path("toy.yaml"))


# --- disclosure control ------------------------------------------------------------------------------------------


def mean_rows(n: int, events: list[int], first: list[int], ends: dict[str, list[int]] | None = None) -> pd.DataFrame:
    rows = []
    series = {"competing": [0] * len(events), "censored": [0] * len(events), **(ends or {})}
    for measure, counts in (("mean_cumulative_count", events), ("first_events", first)):
        for t, count in enumerate(counts):
            gone = {name: numbers[t] for name, numbers in series.items()}
            rows.append(
                {
                    "measure": measure,
                    "time": float(t),
                    "n": n,
                    "events": count,
                    **gone,
                    "at_risk": n - sum(gone.values()),
                }
            )
            if measure == "mean_cumulative_count":
                width = np.exp(Z95 * 0.456 / 0.123)
                rows[-1] |= {
                    "estimate": 0.123,
                    "std_error": 0.456,
                    "conf_low": 0.123 / width,
                    "conf_high": 0.123 * width,
                }
    return tidy(rows, stream="s", analysis="a", kind="mean_cumulative_count", cohort="c", outcome="o")


def test_released_means_come_from_rounded_counts() -> None:
    ends = {"competing": [0, 21], "censored": [0, 41]}
    rows = disclose(mean_rows(203, [0, 61], [0, 42], ends), POLICY).rows
    mean = rows[rows["measure"] == "mean_cumulative_count"].iloc[1]
    first = rows[rows["measure"] == "first_events"].iloc[1]
    assert (mean["n"], mean["events"], mean["competing"], mean["censored"], mean["at_risk"]) == (205, 60, 20, 40, 145)
    assert (first["events"], first["at_risk"]) == (40, 145)
    # Exposed 205 - 40/2 = 185: a mean of 60/185; were events independent its variance would be 60/185^2.
    assert mean["estimate"] == pytest.approx(60 / 185)
    ratio = float(dispersion(np.array([60 / 185]), np.array([40 / 185]))[0])
    assert ratio > 1
    assert mean["std_error"] == pytest.approx(np.sqrt(60 * ratio) / 185)
    assert mean["conf_high"] == pytest.approx(60 / 185 * np.exp(1.959963984540054 * np.sqrt(60 * ratio) / 60))
    assert pd.isna(first["estimate"])


def test_dispersion_of_known_numbers() -> None:
    # 0 or 1: variance p(1 - p). Poisson 0.7: 1. Geometric with mean 2 (zero with 1/3): variance 2 (1 + 2).
    mean, share = np.array([0.3, 0.7, 2.0, 0.0]), np.array([0.3, 1 - np.exp(-0.7), 2 / 3, 0.0])
    assert_allclose(dispersion(mean, share), [0.7, 1, 3, 0], atol=1e-7)


def test_many_events_of_few_people_stay_inside() -> None:
    rows = disclose(mean_rows(500, [0, 40], [0, 4]), POLICY).rows
    assert rows["status"].eq("suppressed").all()
    assert rows[["n", "events", "estimate", "std_error"]].isna().all(axis=None)


def test_public_records_stay_as_they_are() -> None:
    rows = mean_rows(50, [0, 7], [0, 4])
    pd.testing.assert_frame_equal(disclose(rows, OPEN).rows, rows)


@pytest.mark.parametrize(
    ("measure", "events", "says"),
    [("first_events", [0, 80], "contradict"), ("mean_cumulative_count", [0, pd.NA], "events at every time")],
)
def test_counts_that_cannot_be_close_the_door(measure: str, events: list[Any], says: str) -> None:
    rows = mean_rows(500, [0, 60], [0, 40])
    rows.loc[rows["measure"] == measure, "events"] = pd.array(events, dtype="Int64")
    with pytest.raises(DisclosureError, match=says):
        disclose(rows, POLICY)
    with pytest.raises(DisclosureError, match="not the measures of one curve"):
        disclose(rows[rows["measure"] != measure], POLICY)


# --- words and pictures ------------------------------------------------------------------------------------------


def test_a_reader_meets_means_and_models(tmp_path: Path) -> None:
    stream = study(mean={**MEAN, "group_by": ["letter"], "report_at": [2]}, model={**MODEL, "most_events": 2})
    results = run(tmp_path, stream)
    source: Any = type("Source", (), {"kind": "files", "description": "d", "refresh_date": None})()
    about = describe_study(stream, covariates_of(stream, {}), ("toy", source), svg_only(OPEN), {})
    for name, rows in results.items():
        check_labels(rows, vocabulary(about), name)
    drawn = draw_analysis(about, "mean", disclose(results["mean"], OPEN).rows, tmp_path)
    assert "Mean number of events per person against years" in drawn["caption"]
    assert "X 1.00 (95% CI 0.25 to 4.00) at 2; Y 1.33" in drawn["alt"]
    table = tables.curve(results["mean"], about["analyses"]["mean"], Labels(about))
    assert [row.head for row in table.rows] == ["X", "Y"]
    assert table.rows[0].cells[0].text == "1.00"  # person 1 twice, person 3 never
    assert table.notes[0].startswith("Mean number")
    said = prose.repeated(results["model"], about["analyses"]["model"], Labels(about))
    assert said == ["Of the people, 3 had at least 1 and 2 had at least 2 of the events."]
    assert "gap time" in about["analyses"]["model"]["method"]
    assert "Nobody has events after death" in about["analyses"]["mean"]["method"]
