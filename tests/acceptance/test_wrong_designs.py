"""Designs that the field gets wrong, shown to be wrong on the looked-after children of a run, and what is right."""

from __future__ import annotations

from pathlib import Path

import duckdb
import numpy as np
import pandas as pd
import pytest
from lifelines import KaplanMeierFitter

CENSUS_DAY, FOLLOWED_TO = "DATE '2012-03-31'", "DATE '2021-03-31'"
YEAR = 365.25


@pytest.fixture(scope="module")
def periods(finished_run: Path) -> pd.DataFrame:
    """One row per child and period of care: first and last day since 1970, ``ended`` if the census saw the end."""
    path = finished_run / "results/restricted/sources/synthetic/ready/looked_after_episode.parquet"
    return duckdb.sql(f"""
        SELECT
            looked_after_id AS child, period_of_care AS number,
            min(period_start) - DATE '1970-01-01' AS first,
            coalesce(max(episode_end), {FOLLOWED_TO}) - DATE '1970-01-01' AS last, max(is_ongoing) = 0 AS ended
        FROM read_parquet('{path}')
        WHERE legal_status IS DISTINCT FROM 'short_breaks' AND period_start <= episode_start
        GROUP BY ALL
        HAVING max(period_start) <= coalesce(max(episode_end), {FOLLOWED_TO})
    """).df()


def median_days(start: pd.Series, last: pd.Series, ended: pd.Series, entry: pd.Series | None = None) -> float:
    """Return the median time in care by Kaplan-Meier; ``entry``, if given, is the day from which a child is seen."""
    late = None if entry is None else (entry - start).clip(lower=0)
    fit = KaplanMeierFitter().fit((last - start).clip(lower=0.5), ended, entry=late)
    return float(fit.median_survival_time_)


def test_children_in_care_on_a_day_have_longer_periods_than_those_who_enter(periods: pd.DataFrame) -> None:
    """Whoever stays long is more often there on the day; with delayed entry on that day the answer is right."""
    day = int(duckdb.sql(f"SELECT {CENSUS_DAY} - DATE '1970-01-01'").fetchone()[0])
    near = periods[(periods["first"] > day - 6 * YEAR) & (periods["first"] <= day + 6 * YEAR)]
    stock = near[(near["first"] <= day) & (near["last"] > day)]
    assert len(stock) > 150
    right = median_days(near["first"], near["last"], near["ended"])
    wrong = median_days(stock["first"], stock["last"], stock["ended"])
    assert wrong > 2 * right
    # Who came before is known if there on the day, and from that day on; later ones are seen from the start.
    seen = near[near["last"] > day]
    mended = median_days(seen["first"], seen["last"], seen["ended"], seen["first"].clip(lower=day))
    assert abs(np.log(mended / right)) < abs(np.log(wrong / right)) / 3


def test_who_ignores_re_entry_misses_children_who_are_in_care_again(periods: pd.DataFrame) -> None:
    """Two years after first entry, those still in their first period are fewer than those in care."""
    first = periods.sort_values(["child", "first"]).drop_duplicates("child")
    days = int(2 * YEAR)
    cohort = first[first["first"] + days <= periods["last"].max()].set_index("child")
    still = cohort["last"] > cohort["first"] + days
    mine = periods.join(cohort["first"].rename("entry"), on="child", how="inner")
    there = (mine["first"] <= mine["entry"] + days) & (mine["last"] > mine["entry"] + days)
    in_care = there.groupby(mine["child"]).any()
    assert in_care.mean() > still.mean() + 0.02
    assert not (still & ~in_care.reindex(still.index)).any()
