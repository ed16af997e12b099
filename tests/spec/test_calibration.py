"""Published figures beside those of toy records: intervals as in R, verdicts, queries that run, files that are wrong."""

from __future__ import annotations

import csv
import shutil
from pathlib import Path

import pytest
from toy import CYMRU_CASE, ECMS_CASE, ECMS_PEOPLE, harmonised

from family_justice.analyses.calibration import (
    COLUMNS,
    Achieved,
    binomial_interval,
    calibrate,
    median_interval,
    poisson_interval,
    read_calibration,
    summary,
    verdict,
)
from family_justice.errors import AnalysisError, ConfigError

CONFIG = Path(__file__).resolve().parents[2] / "config"


def test_poisson_intervals_are_those_of_r():
    # R: poisson.test(10)$conf.int and poisson.test(0)$conf.int
    assert poisson_interval(10) == pytest.approx((4.795388696, 18.390356042), rel=1e-8)
    assert poisson_interval(0) == pytest.approx((0, 3.688879454), rel=1e-8)


def test_binomial_intervals_are_those_of_r():
    # R: binom.test(7, 20)$conf.int and binom.test(0, 20)$conf.int
    assert binomial_interval(7, 20) == pytest.approx((0.1539092048, 0.5921885345), rel=1e-8)
    assert binomial_interval(0, 20) == pytest.approx((0, 0.168433471), rel=1e-8)
    assert binomial_interval(20, 20)[1] == 1


def test_a_median_has_the_interval_of_its_order_statistics():
    # Of ten values the second and the ninth: the chance of one or none below the median is 11/1024 at either end.
    assert median_interval([7, 1, 2, 3, 4, 5, 6, 10, 8, 9]) == Achieved(5.5, 2, 9)
    assert median_interval([4.0]) == Achieved(4, 4, 4)


@pytest.mark.parametrize(
    ("published", "achieved", "expected"),
    [
        ("22", Achieved(24, 22.4, 26), "met"),  # 22 may be anything up to 22.5
        ("22", Achieved(24, 22.6, 26), "not met"),
        ("22.0", Achieved(24, 22.4, 26), "not met"),  # 22.0 may not
        ("1000", Achieved(1050, 1040, 1060), "met"),  # within 5%
        ("1000", Achieved(1051, 1040, 1060), "not met"),
        ("1000", Achieved(949, 940, 960), "not met"),
        ("100", Achieved(100, 76, 124), "met"),
        ("100", Achieved(100, 70, 126), "cannot tell"),  # it reaches 30 to one side
        ("100", Achieved(50, 20, 90), "not met"),  # however wide, it does not overlap
    ],
)
def test_a_figure_is_met_if_it_overlaps_what_is_printed_or_comes_near(published, achieved, expected):
    assert verdict(published, achieved, 0.05, 0.25) == expected


@pytest.fixture(scope="module")
def ready(tmp_path_factory):
    return harmonised(tmp_path_factory.mktemp("toy"), ECMS_CASE, ECMS_PEOPLE, CYMRU_CASE).folder


def test_every_query_runs_and_counts_are_set_to_the_national_scale(ready, tmp_path):
    rows = calibrate(ready, CONFIG, 0.1, tmp_path / "calibration.csv")
    with open(tmp_path / "calibration.csv", encoding="utf-8", newline="") as stream:
        assert list(csv.DictReader(stream)) == rows
    assert tuple(rows[0]) == COLUMNS
    by_id = {row["id"]: row for row in rows}
    # One English case with one child, one mother and one father, at a tenth of the national volumes.
    assert [by_id[name]["achieved"] for name in ("V1", "V2", "V3", "V4")] == ["10.00", "10.00", "10.00", "20.00"]
    assert (by_id["V1"]["low"], by_id["V1"]["high"]) == ("0.2532", "55.72")
    # The child was born the day before: newborn under either definition, but its case was issued in 2015/16.
    assert by_id["A1.2"]["achieved"] == "0"
    assert by_id["A1.3"]["achieved"] == "10.00"
    assert by_id["A1.1"]["verdict"] == "not met"
    # In Wales the younger child was seven months old; nobody is recorded as its mother.
    assert (by_id["A2.3"]["achieved"], by_id["A2.3"]["verdict"]) == ("0", "cannot tell")
    assert by_id["B3.3"]["verdict"] == "no records"
    assert by_id["A3.5"]["verdict"] == "no records"
    assert by_id["B8.2"]["verdict"] == "not modelled"
    assert by_id["B8.2"]["reason"]
    assert "not modelled" in summary(rows)


def test_a_scale_of_one_half_doubles_counts_and_leaves_shares_alone(ready, tmp_path):
    whole = {row["id"]: row for row in calibrate(ready, CONFIG, 1.0, tmp_path / "one.csv")}
    half = {row["id"]: row for row in calibrate(ready, CONFIG, 0.5, tmp_path / "half.csv")}
    assert (whole["V1"]["achieved"], half["V1"]["achieved"]) == ("1.000", "2.000")
    assert whole["D1.1c"] == half["D1.1c"]
    assert whole["V13"] == half["V13"]


def test_a_missing_table_is_named(tmp_path):
    with pytest.raises(AnalysisError, match="table 'case' is missing"):
        calibrate(tmp_path, CONFIG, 1.0, tmp_path / "calibration.csv")


def changed(tmp_path, file, old, new):
    folder = tmp_path / "config"
    shutil.copytree(CONFIG, folder)
    text = (folder / file).read_text(encoding="utf-8")
    assert old in text
    (folder / file).write_text(text.replace(old, new, 1), encoding="utf-8")
    return folder


@pytest.mark.parametrize(
    ("file", "old", "new", "message"),
    [
        (
            "calibration/targets.yaml",
            "  V2: ",
            "  V2x: ",
            r"'V2' has no query and no reason(.|\n)*'V2x' is no published",
        ),
        ("calibration/targets.yaml", "  A4.2: legal", "  V1: x\n  A4.2: legal", "'V1' is both"),
        (
            "calibration/targets.yaml",
            "tolerance: 0.05",
            "tolerance: little",
            "tolerance: Input should be a valid number",
        ),
        ("references/population.csv", ",101759,", ",many,", "'V1': value 'many' is no number"),
        ("references/population.csv", ",number,Harwin", ",numbr,Harwin", "'V1': unit 'numbr'.*Did you mean 'number'"),
        ("references/population.csv", "id,quantity", "id,quantit", "write the columns id, quantity"),
    ],
)
def test_wrong_files_say_what_to_write_instead(tmp_path, file, old, new, message):
    folder = changed(tmp_path, file, old, new)
    with pytest.raises(ConfigError, match=message):
        read_calibration(folder / "calibration", folder / "references" / "population.csv")


def test_wrong_sql_is_named_without_records(ready, tmp_path):
    folder = changed(
        tmp_path, "calibration/targets.yaml", "count(*) AS n FROM s31_child", "count(*) AS n FROM s31_chil"
    )
    with pytest.raises(AnalysisError, match=r"calibration, 'V2': the SQL cannot be run.*s31_chil"):
        calibrate(ready, folder, 1.0, tmp_path / "calibration.csv")
    folder = changed(
        tmp_path / "b", "calibration/targets.yaml", "count(*) AS n FROM s31_child", "count(*) AS m FROM s31_child"
    )
    with pytest.raises(AnalysisError, match="calibration 'V2': a figure in number needs one row with n"):
        calibrate(ready, folder, 1.0, tmp_path / "calibration.csv")
    assert not (tmp_path / "calibration.csv").exists()
