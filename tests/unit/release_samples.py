"""A made-up release folder with every kind of analysis and every awkward case: for tests of figures and report.

The numbers are drawn from formulas, not from records, and stand for nothing.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from release_study import LEVELS, NAMES, ORDERS, PERIODS, REFERENCE, STREAM, SVG_ONLY, YEARS, study

from family_justice import fingerprint
from family_justice.figures.draw import draw_figures
from family_justice.files import write_csv, write_text
from family_justice.results import tidy

__all__ = ["SVG_ONLY", "draw_for_lists", "results", "study", "write_release"]

COMPARISON = [
    "comparison",
    "kind",
    "analysis",
    "quantity",
    "outcome",
    "group",
    "term",
    "level",
    "time",
    "label",
    "ours",
    "ours_low",
    "ours_high",
    "reference",
    "reference_low",
    "reference_high",
    "decimals",
    "verdict",
    "source",
]
HIDDEN = "suppressed: a count is, or would reveal, fewer than 10"


def rounded(value: float, base: int = 5) -> int:
    """Round to the nearest multiple of ``base``."""
    return int(base * round(value / base))


def _attrition(cohort: str, counts: list[int | None], at: int = -1) -> list[dict[str, Any]]:
    steps = [step["name"] for step in study()["cohorts"][cohort]["steps"]]
    return [
        {
            "measure": "count",
            "term": name,
            "n": n,
            "status": "ok" if n is not None else "suppressed",
            "note": HIDDEN if n is None else "fewer than 10 excluded, or none" if i == at else "",
        }
        for i, (name, n) in enumerate(zip(steps, counts, strict=True))
    ]


def _curve(
    measure: str, outcome: str, group: str, start: int, pace: float, share: float, until: float = 10.0
) -> list[dict[str, Any]]:
    rows = []
    for step in range(int(until * 4) + 1):
        time = step / 4
        value = share * (1 - math.exp(-pace * time))
        at_risk = start * (1 - value) * (1 - time / 14)
        error = 0.7 * math.sqrt(max(value * (1 - value), 0) / max(at_risk, 1))
        estimate = 1 - value if measure == "survival" else value
        row = {"measure": measure, "outcome": outcome, "group": group, "time": time}
        if at_risk < 10:
            rows.append({**row, "status": "suppressed", "note": HIDDEN})
            continue
        rows.append(
            row | {
                "estimate": estimate,
                "std_error": error,
                "conf_low": max(estimate - 1.96 * error, 0),
                "conf_high": min(estimate + 1.96 * error, 1),
                "at_risk": rounded(at_risk),
                "events": rounded(start * value),
                "n": rounded(start),
            }
        )  # fmt: skip
    return rows


def _curves() -> list[dict[str, Any]]:
    rows = []
    for outcome, share in (("return_new_child", 0.24), ("return_existing_child", 0.11)):
        for parent, start in (("mother", 82000), ("father", 61000)):
            for place, part in (("England", 0.94), ("Wales", 0.06)):
                level = share * (0.7 if parent == "father" else 1.0) * (0.93 if place == "Wales" else 1.0)
                rows += _curve(
                    "cumulative_incidence",
                    outcome,
                    f"parent={parent}; jurisdiction={place}",
                    int(start * part),
                    0.35,
                    level,
                )
    return rows


def _model(measure: str) -> list[dict[str, Any]]:
    outcome = {
        "log_hazard_ratio": "return_new_child",
        "log_odds_ratio": "placement_order",
        "log_time_ratio": "final_order",
    }[measure]
    rows: list[dict[str, Any]] = []
    for t, (term, levels) in enumerate(LEVELS.items()):
        for i, level in enumerate(levels):
            n = rounded(41000 / (1.6 + ((i + 2 * t) % 4)))
            row: dict[str, Any] = {
                "measure": measure,
                "outcome": outcome,
                "term": term,
                "level": level,
                "n": n,
                "events": rounded(n * 0.13),
            }
            if level == REFERENCE[term]:
                row |= {"status": "reference", "estimate": 0.0}
            elif level == "not known":
                row |= {"status": "suppressed", "n": None, "events": None, "note": HIDDEN}
            elif level == "10 and over":
                row |= {"status": "not estimable", "note": "no event in this level"}
            else:
                estimate = 0.55 * math.sin(1.3 * i + t)
                error = 0.05 + 0.04 * i
                row |= {
                    "estimate": estimate,
                    "std_error": error,
                    "conf_low": estimate - 1.96 * error,
                    "conf_high": estimate + 1.96 * error,
                    "statistic": estimate / error,
                    "p_value": math.erfc(abs(estimate / error) / math.sqrt(2)),
                }
            rows.append(row)
    number = {"estimate": -0.03, "std_error": 0.008, "conf_low": -0.0457, "conf_high": -0.0143, "p_value": 0.0002}
    whole = {"outcome": outcome, "n": 82000, "events": 10600}
    rows.append({**whole, **number, "measure": measure, "term": "index_year"})
    if measure == "log_hazard_ratio":
        for term, statistic, df, p in (
            ("age_band", 12.4, 4, 0.0146),
            ("number_of_children", 1.1, 2, 0.577),
            ("GLOBAL", 21.3, 19, 0.32),
        ):
            rows.append(
                {
                    **whole,
                    "measure": "proportional_hazards_test",
                    "term": term,
                    "statistic": statistic,
                    "df": df,
                    "p_value": p,
                }
            )
        rows.append({**whole, "measure": "concordance", "term": "all", "estimate": 0.641})
    else:
        rows.append(
            {
                **whole,
                "measure": measure,
                "term": "intercept",
                "estimate": -1.2,
                "std_error": 0.1,
                "conf_low": -1.4,
                "conf_high": -1.0,
            }
        )
    rows.append({**whole, "measure": "log_likelihood", "term": "fitted", "estimate": -110234})
    rows.append(
        {**whole, "measure": "likelihood_ratio_test", "term": "all", "statistic": 812.0, "df": 19, "p_value": 1e-90}
    )
    return rows


def _trend(places: list[str], pairs: list[tuple[str, float]]) -> list[dict[str, Any]]:
    rows = []
    for place_number, place in enumerate(places):
        for number, year in enumerate(YEARS):
            total = rounded((5200 + 160 * number) * (0.09 if place == "Wales" else 1.0))
            for term, share in pairs:
                value = share + 0.012 * number + (0.03 if place == "Wales" else 0) * place_number
                for level, part in (("yes", value), ("no", 1 - value)):
                    group = f"financial_year={year}" + (f"; jurisdiction={place}" if place else "")
                    row: dict[str, Any] = {"measure": "percent", "term": term, "level": level, "group": group}
                    if place == "Wales" and number == 2:
                        rows.append({**row, "status": "suppressed", "note": HIDDEN})
                        continue
                    n = rounded(total * part)
                    rows.append({**row, "n": n, "total": total, "estimate": 100 * n / total})
    return rows


def _orders(axis: str, places: list[str], rest: str = "") -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    shares = [0.31, 0.27, 0.20, 0.05, 0.12, 0.01, 0.04]
    for number, place in enumerate(places):
        total = 2600 if "Wales" in place + rest else 48000
        for i, level in enumerate(ORDERS):
            n = rounded(total * (shares[i] + (0.01 * number if i == 0 else -0.01 * number if i == 1 else 0)))
            row = {"measure": "percent", "term": "highest_order", "level": level, "group": f"{axis}={place}{rest}"}
            if "Wales" in place + rest and level in ORDERS[5:]:
                rows.append({**row, "status": "suppressed", "note": HIDDEN})
            else:
                rows.append({**row, "n": n, "total": total, "estimate": 100 * n / total})
    return rows


def _table_one() -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for parent, total in (("mother", 82000), ("father", 61000)):
        for term, levels in LEVELS.items():
            for i, level in enumerate(levels):
                row = {"measure": "percent", "term": term, "level": level, "group": f"parent={parent}"}
                if level == "not known" and parent == "father":
                    rows.append({**row, "status": "suppressed", "note": HIDDEN})
                    continue
                n = rounded(total * (i + 1) / sum(range(1, len(levels) + 1)))
                rows.append({**row, "n": n, "total": total, "estimate": 100 * n / total})
    return rows


def results() -> dict[str, list[dict[str, Any]]]:
    """Return the released rows of each analysis."""
    share = [
        {
            "measure": "percent",
            "term": "newborn_7",
            "level": level,
            "group": f"deprivation_quintile={place}",
            "n": n,
            "total": 1500,
            "estimate": 100 * n / 1500,
        }
        for i, place in enumerate(LEVELS["deprivation_quintile"])
        for level, n in (("yes", rounded(400 + 30 * i)), ("no", 1500 - rounded(400 + 30 * i)))
    ]
    by_age = [
        row
        for i, band in enumerate(LEVELS["age_band"])
        for row in _curve(
            "cumulative_incidence", "return_new_child", f"age_band={band}", 16000 if i else 40, 0.3, 0.4 - 0.08 * i
        )
    ]
    periods = [
        row for place in ("England", "Wales") for row in _orders("issue_period", PERIODS, f"; jurisdiction={place}")
    ]
    return {
        "attrition.parents": _attrition("parents", [171905, 168340, 168340, 143000], at=2),
        "attrition.infants": _attrition("infants", [289300, 68250, None]),
        "follow_up.parents": [
            *_curve("survival", "", "", 143000, 0.16, 0.97, 13.5),
            {"measure": "median_follow_up", "estimate": 6.27, "n": 143000, "events": 120000},
        ],
        "table_one": _table_one(),
        "return_curve": _curves(),
        "return_by_age": by_age,
        "return_free": _curve("survival", "return_new_child", "", 143000, 0.3, 0.3),
        "rare_return": [
            {"measure": "survival", "outcome": "return_new_child", "time": time, "status": "suppressed", "note": HIDDEN}
            for time in (0.0, 1.0, 2.0)
        ],
        "return_model": _model("log_hazard_ratio"),
        "duration_model": _model("log_time_ratio"),
        "placement_model": _model("log_odds_ratio"),
        "newborn_trend": _trend([""], [("newborn_7", 0.30), ("newborn_14", 0.36)]),
        "newborn_by_jurisdiction": _trend(["England", "Wales"], [("newborn_7", 0.30)]),
        "orders": _orders("jurisdiction", ["England", "Wales"]),
        "orders_period": periods,
        "orders_trend": _orders("financial_year", YEARS),
        "newborn_share": share,
    }


def comparisons() -> pd.DataFrame:
    """Return a ``comparisons.csv`` with planted and published values."""
    rows: list[dict[str, Any]] = []
    for row in _model("log_hazard_ratio"):
        if row.get("status") is None and row["measure"] == "log_hazard_ratio" and row.get("level"):
            rows.append(
                {
                    "comparison": "planted_hazards",
                    "kind": "planted",
                    "analysis": "return_model",
                    "quantity": "log_hazard_ratio",
                    "term": row["term"],
                    "level": row["level"],
                    "label": f"{NAMES[row['term']]}: {row['level']}",
                    "ours": math.exp(row["estimate"]),
                    "ours_low": math.exp(row["conf_low"]),
                    "ours_high": math.exp(row["conf_high"]),
                    "reference": math.exp(row["estimate"] + 0.6 * row["std_error"]),
                    "decimals": 2,
                    "verdict": "within our 95% interval",
                    "source": "planted",
                }
            )
    published = {
        "comparison": "newborn_rates",
        "kind": "calibration",
        "analysis": "newborn_trend",
        "quantity": "percent",
        "term": "newborn_7",
        "level": "yes",
        "source": "published report (2018)",
        "decimals": 0,
    }
    label = "Newborn share, 2016/17"
    rows.append(
        {**published, "label": label, "ours": 37.2, "reference": 42.0, "verdict": "-4.8 from the published figure"}
    )
    rows.append({**published, "label": "Newborn share, Wales", "reference": 52.0, "verdict": "suppressed"})
    return pd.DataFrame(rows).reindex(columns=COMPARISON)


def draw_for_lists(folder: Path) -> None:
    """Draw all figures of a release, those for print as placeholders: links and lists of files need no more."""
    from matplotlib.figure import Figure

    save = Figure.savefig

    def quickly(figure: Figure, target: Any, *, format: str, **options: Any) -> None:
        if format == "svg":
            save(figure, target, format=format, **options)
        else:
            Path(target).write_bytes(b"placeholder")

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Figure, "savefig", quickly)
        draw_figures(folder)


def write_release(release: Path) -> Path:
    """Write the sample stream under ``release`` and return its folder."""
    folder = release / STREAM
    about = study()
    for analysis, rows in results().items():
        labels = {
            "stream": STREAM,
            "analysis": analysis,
            "kind": about["analyses"][analysis]["kind"],
            "cohort": about["analyses"][analysis]["cohort"],
        }
        write_csv(tidy(rows, **labels), folder / analysis / "results.csv")
    write_csv(comparisons(), folder / "comparisons.csv")
    sealed = {analysis: fingerprint.of_file(folder / analysis / "results.csv") for analysis in sorted(results())}
    write_text(folder / "study.json", json.dumps({**about, "sealed": sealed}, indent=2, ensure_ascii=False) + "\n")
    return folder
