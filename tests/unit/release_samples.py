"""A made-up release folder with every kind of analysis and every awkward case: for tests of figures and report.

The numbers are drawn from formulas, not from records, and stand for nothing.
"""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pandas as pd

from family_justice.files import write_csv, write_text
from family_justice.results import tidy

STREAM = "recurrence"
HIDDEN = "suppressed: a count is, or would reveal, fewer than 10"
YEARS = [f"{year}/{(year + 1) % 100:02d}" for year in range(2010, 2021)]
ORDERS = [
    "placement order", "care order", "special guardianship order", "child arrangements or residence order", "supervision order",
    "family assistance order", "no order or discharge",
]  # fmt: skip
PERIODS = ["2007 to 2010", "2011 to 2013", "2014 to 2016", "2017 to 2019", "2020 to 2021"]
LEVELS = {
    "age_band": ["under 20", "20 to 24", "25 to 29", "30 to 34", "35 and over"],
    "deprivation_quintile": ["1 most deprived", "2", "3", "4", "5 least deprived", "not known"],
    "youngest_child_age": ["under 1", "1 to 4", "5 to 9", "10 and over"],
    "number_of_children": ["1", "2", "3 or more"],
    "father_is_party": ["yes", "no"],
}
REFERENCE = {
    "age_band": "25 to 29",
    "deprivation_quintile": "5 least deprived",
    "youngest_child_age": "1 to 4",
    "number_of_children": "1",
    "father_is_party": "yes",
}
NAMES = {
    "age_band": "Age at index case",
    "deprivation_quintile": "Deprivation of area",
    "youngest_child_age": "Age of youngest child",
    "number_of_children": "Children in index case",
    "father_is_party": "Father is a party",
    "jurisdiction": "Jurisdiction",
    "parent": "Parent",
    "financial_year": "Financial year of issue",
    "highest_order": "Final order, highest first",
    "issue_period": "Year of issue",
    "newborn_7": "Issued within 7 days of birth",
    "newborn_14": "Issued within 14 days of birth",
    "placement_order": "Placement order made",
    "index_year": "Years since 2007",
}
LEVELS_MORE = {
    "jurisdiction": ["England", "Wales"],
    "parent": ["mother", "father"],
    "financial_year": YEARS,
    "highest_order": ORDERS,
    "issue_period": PERIODS,
    "newborn_7": ["yes", "no"],
    "newborn_14": ["yes", "no"],
    "placement_order": ["yes", "no"],
}


def rounded(value: float, base: int = 5) -> int:
    """Round to the nearest multiple of ``base``."""
    return int(base * round(value / base))


def study() -> dict[str, Any]:
    """Return a ``study.json`` with every kind of analysis."""
    covariates = {
        name: {
            "label": label,
            "levels": {**LEVELS, **LEVELS_MORE}.get(name),
            "reference": REFERENCE.get(name),
            "unit": "year" if name == "index_year" else None,
            "definition": f"{label}, at the issue date of the index case.",
            "source": "assumption",
        }
        for name, label in NAMES.items()
    }
    analyses = {
        "attrition.parents": _about("attrition", "Attrition: parents", "parents"),
        "attrition.infants": _about("attrition", "Attrition: infants", "infants"),
        "follow_up.parents": _about("follow_up", "Follow-up of parents", "parents"),
        "table_one": _about(
            "table_one", "Characteristics of parents at their index case", "parents", group_by=["parent"]
        ),
        "return_curve": _about(
            "cumulative_incidence",
            "Return to court after the index case",
            "parents",
            group_by=["parent", "jurisdiction"],
            report_at=[1, 2, 5, 10],
        ),
        "return_by_age": _about(
            "cumulative_incidence", "Return to court by age", "parents", group_by=["age_band"], report_at=[5]
        ),
        "return_free": _about("kaplan_meier", "Parents without return", "parents", report_at=[1, 5]),
        "rare_return": _about("kaplan_meier", "Return of a very small group", "parents", report_at=[1]),
        "return_model": _about("cox", "Who returns with a new child?", "parents", outcome="return_new_child"),
        "duration_model": _about("aft", "Duration of the case", "parents", outcome="final_order"),
        "placement_model": _about(
            "logistic", "Which infants get a placement order?", "infants", variable="placement_order"
        ),
        "newborn_trend": _about(
            "frequency", "Newborn proceedings by year, two definitions", "infants", group_by=["financial_year"]
        ),
        "newborn_by_jurisdiction": _about(
            "frequency",
            "Newborn proceedings in England and Wales",
            "infants",
            group_by=["financial_year", "jurisdiction"],
        ),
        "orders": _about("frequency", "Final orders in England and Wales", "infants", group_by=["jurisdiction"]),
        "orders_trend": _about("frequency", "Final orders by year", "infants", group_by=["financial_year"]),
        "orders_period": _about(
            "frequency", "Final orders by period", "infants", group_by=["issue_period", "jurisdiction"]
        ),
        "newborn_share": _about(
            "frequency", "Newborn share by deprivation", "infants", group_by=["deprivation_quintile"]
        ),
    }
    return {
        "stream": STREAM,
        "title": "Returning to the family court",
        "question": "How often, how soon and with whom do parents return to care proceedings?",
        "summary": "Parents of children in care proceedings are followed from their first case to a return, death or the end of data.",
        "source": {
            "name": "synthetic",
            "kind": "synthetic",
            "description": "A simulated population of families and courts in the layout of the real tables.",
            "is_synthetic": True,
            "refresh_date": "2021-12-31",
            "fingerprint": "ab12cd34ef56ab78",
            "citation": "",
        },
        "policy": {
            "name": "court_records",
            "threshold": 10,
            "rounding_base": 5,
            "description": "Counts below 10 are not shown and counts are rounded to the nearest 5.",
        },
        "versions": {"pipeline": "0.1.0", "python": "3.11", "duckdb": "1.4.0"},
        "code": "0123456789abcdef",
        "settings": "fedcba9876543210",
        "definitions": [
            {"name": "new_child_days", "label": "Return", "text": "First later case, at least 1 day after the index case.", "source": "assumption"},
            {"name": "newborn", "label": "Newborn", "text": "Issued within 7 days of birth; within 14 days in a second definition.", "source": "Born into Care (2018)"},
        ],
        "cohorts": {
            "parents": {
                "label": "Parents in their first care case",
                "unit": "parents",
                "description": "Mothers and fathers of children who were the subject of a care application.",
                "time_zero": "issue_date",
                "steps": [
                    {"name": "any_case", "label": "Parents named in a care application issued in 2007 to 2021"},
                    {"name": "linked", "label": "Linked to a child who is a subject of the case and whose week of birth is recorded"},
                    {"name": "adult", "label": "Aged 12 or more at the birth of each child"},
                    {"name": "index", "label": "First case of each parent"},
                ],
            },
            "infants": {
                "label": "Infants under one year at issue",
                "unit": "infants",
                "description": "Children whose case was issued before their first birthday.",
                "time_zero": "issue_date",
                "steps": [
                    {"name": "children", "label": "Children in care applications"},
                    {"name": "infants", "label": "Under one year old at issue"},
                    {"name": "recent", "label": "Issued from April 2010"},
                ],
            },
        },
        "covariates": covariates,
        "outcomes": {
            "return_new_child": {"label": "Return with a new child", "short_label": "New child"},
            "return_existing_child": {"label": "Return with the same children", "short_label": "Same children"},
            "final_order": {"label": "Final order", "short_label": "Final order"},
        },
        "analyses": analyses,
        "comparisons": {
            "planted_hazards": {"title": "Planted hazard ratios", "kind": "planted", "description": "The model beside what was planted."},
            "newborn_rates": {"title": "Newborn shares beside published figures", "kind": "calibration", "description": "Our shares beside published ones."},
        },
    }  # fmt: skip


def _about(kind: str, title: str, cohort: str, **more: Any) -> dict[str, Any]:
    methods = {
        "cox": "A Cox model of the cause-specific hazard with Efron's method for ties; standard errors are robust to clusters of mothers.",
        "cumulative_incidence": "Cumulative incidence was estimated by the Aalen-Johansen method with death as a competing event.",
        "logistic": "A logistic model was fitted by maximum likelihood.",
    }
    return {
        "kind": kind,
        "title": title,
        "description": f"{title}: what the records say, with 95% confidence intervals where they apply.",
        "cohort": cohort,
        "method": methods.get(kind, "Counts and percentages were computed from released counts."),
        "time_unit": "years",
        "group_by": [],
        **more,
    }


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
    rows.append({"measure": measure, "outcome": outcome, "term": "index_year", "estimate": -0.03, "std_error": 0.008, "conf_low": -0.0457, "conf_high": -0.0143, "p_value": 0.0002, "n": 82000, "events": 10600})  # fmt: skip
    totals = {"outcome": outcome, "n": 82000, "events": 10600}
    if measure == "log_hazard_ratio":
        for term, statistic, df, p in (
            ("age_band", 12.4, 4, 0.0146),
            ("number_of_children", 1.1, 2, 0.577),
            ("GLOBAL", 21.3, 19, 0.32),
        ):
            rows.append(
                {
                    **totals,
                    "measure": "proportional_hazards_test",
                    "term": term,
                    "statistic": statistic,
                    "df": df,
                    "p_value": p,
                }
            )
        rows.append({**totals, "measure": "concordance", "term": "all", "estimate": 0.641})
    else:
        rows.append(
            {
                **totals,
                "measure": measure,
                "term": "intercept",
                "estimate": -1.2,
                "std_error": 0.1,
                "conf_low": -1.4,
                "conf_high": -1.0,
            }
        )
    rows.append({**totals, "measure": "log_likelihood", "term": "fitted", "estimate": -110234})
    rows.append(
        {**totals, "measure": "likelihood_ratio_test", "term": "all", "statistic": 812.0, "df": 19, "p_value": 1e-90}
    )
    rows.append({"measure": "count", "outcome": outcome, "term": "complete_cases", "n": 82000, "total": 83500})
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
        {"measure": "percent", "term": "newborn_7", "level": level, "group": f"deprivation_quintile={place}", "n": rounded(400 + 30 * i), "total": 1500, "estimate": 100 * rounded(400 + 30 * i) / 1500}
        for i, place in enumerate(LEVELS["deprivation_quintile"])
        for level in ("yes", "no")
    ]  # fmt: skip
    return {
        "attrition.parents": _attrition("parents", [171905, 168340, 168340, 143000], at=2),
        "attrition.infants": _attrition("infants", [289300, 68250, None]),
        "follow_up.parents": [
            *_curve("survival", "", "", 143000, 0.16, 0.97, 13.5),
            {"measure": "median_follow_up", "estimate": 6.27, "n": 143000, "events": 120000},
        ],
        "table_one": _table_one(),
        "return_curve": _curves(),
        "return_by_age": [
            row
            for i, band in enumerate(LEVELS["age_band"])
            for row in _curve("cumulative_incidence", "return_new_child", f"age_band={band}", 90 if i == 0 else 16000, 0.3, 0.4 - 0.08 * i)
        ],
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
        "orders_period": _orders("issue_period", PERIODS, "; jurisdiction=England") + _orders("issue_period", PERIODS, "; jurisdiction=Wales"),
        "orders_trend": _orders("financial_year", YEARS),
        "newborn_share": share,
    }  # fmt: skip


def comparisons() -> pd.DataFrame:
    """Return a ``comparisons.csv`` with planted and published values."""
    rows = []
    for row in _model("log_hazard_ratio"):
        if row.get("status") is None and row["measure"] == "log_hazard_ratio" and row.get("level"):
            planted = math.exp(row["estimate"] + 0.6 * row["std_error"])
            rows.append({
                "comparison": "planted_hazards", "kind": "planted", "analysis": "return_model", "quantity": "log_hazard_ratio", "outcome": "",
                "group": "", "term": row["term"], "level": row["level"], "label": f"{NAMES[row['term']]}: {row['level']}",
                "ours": math.exp(row["estimate"]), "ours_low": math.exp(row["conf_low"]), "ours_high": math.exp(row["conf_high"]),
                "reference": planted, "decimals": 2, "verdict": "within our 95% interval", "source": "planted",
            })  # fmt: skip
    rows.append({
        "comparison": "newborn_rates", "kind": "calibration", "analysis": "newborn_trend", "quantity": "percent", "outcome": "", "group": "", "term": "newborn_7",
        "level": "yes", "label": "Newborn share, 2016/17", "ours": 37.2, "reference": 42.0, "decimals": 1, "verdict": "-4.8 from the published figure", "source": "Born into Care (2018)",
    })  # fmt: skip
    columns = "comparison,kind,analysis,quantity,outcome,group,term,level,time,label,ours,ours_low,ours_high,reference,reference_low,reference_high,decimals,verdict,source"
    return pd.DataFrame(rows).reindex(columns=columns.split(","))


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
    write_text(folder / "study.json", json.dumps(about, indent=2, ensure_ascii=False) + "\n")
    return folder
