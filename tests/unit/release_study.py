"""The ``study.json`` of the made-up release folder in ``release_samples``."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

STREAM = "recurrence"
YEARS = [f"{year}/{(year + 1) % 100:02d}" for year in range(2010, 2021)]
ORDERS = [
    "placement order",
    "care order",
    "special guardianship order",
    "child arrangements or residence order",
    "supervision order",
    "family assistance order",
    "no order or discharge",
]
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


#: What a stream may release, and what its pages cannot do without: the others take long to write.
EVERY_TYPE = ("csv", "json", "svg", "png", "pdf", "html", "tex", "docx", "xlsx")
SVG_ONLY = ("csv", "json", "svg", "html")


def study(file_types: Sequence[str] = EVERY_TYPE) -> dict[str, Any]:
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
        "summary": "Parents are followed from their first care case to a return, death or the end of data.",
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
            "minimum_events_per_level": 10,
            "file_types": list(file_types),
        },
        "versions": {"pipeline": "0.1.0", "python": "3.11", "snakemake": "9.27.1", "duckdb": "1.4.0"},
        "code": "0123456789abcdef",
        "settings": "fedcba9876543210",
        "definitions": [
            {"name": "gap_days", "label": "Days to a return at least", "text": "1", "source": "assumption"},
            {"name": "newborn", "label": "Days of a newborn", "text": "7", "source": "published report (2018)"},
        ],
        "cohorts": {
            "parents": {
                "label": "Parents in their first care case",
                "unit": "parents",
                "description": "Mothers and fathers of children who were the subject of a care application.",
                "time_zero": "issue_date",
                "steps": [
                    {"name": "any_case", "label": "Parents named in a care application issued in 2007 to 2021"},
                    {"name": "linked", "label": "Linked to a child who is a subject of the case, week of birth known"},
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
            "planted_hazards": {
                "title": "Planted hazard ratios",
                "kind": "planted",
                "description": "Ours beside what was planted.",
            },
            "newborn_rates": {
                "title": "Newborn shares beside published figures",
                "kind": "calibration",
                "description": "Our shares beside published ones.",
            },
        },
    }


def _about(kind: str, title: str, cohort: str, **more: Any) -> dict[str, Any]:
    methods = {
        "cox": "The cause-specific hazard was modelled by Cox regression (Efron's method for ties).",
        "cumulative_incidence": "Cumulative incidence was estimated by the Aalen-Johansen method, death competing.",
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
