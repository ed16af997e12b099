"""A small example of every kind of analysis that a stream file may ask for, and members that all of them can use."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import pandas as pd
from kinds_on_the_way import COVARIATES as SHARED
from kinds_on_the_way import FIFTHS

from family_justice.config.schema import Cohort, Covariate, Event, Outcome, Status, Step

ORDERS = ["care", "none", "other"]
AREAS = ["Anglesey", "Bridgend", "Cardiff"]
NUMBERS = {"visits": "visits", "years": "years", "baseline": "log ratio"}
COVARIATES = {
    **SHARED,
    "order": Covariate(label="Order", definition="d", value="o", levels=ORDERS, reference="none"),
    "first": Covariate(label="First record", definition="d", value="x", levels=["yes", "no"], reference="no"),
    "second": Covariate(label="Second record", definition="d", value="x", levels=["yes", "no"], reference="no"),
    **{name: Covariate(label=name.title(), definition="d", value="x", unit=unit) for name, unit in NUMBERS.items()},
}
EVENTS = {name: Event(label=name.title(), sql="SELECT 1") for name in ("moved", "back", "death", "end")}
REPEATED = {"again": Event(label="Again", sql="SELECT 1", repeats=True)}
PLACES = ["with_parents", "foster", "kin", "left"]
SPELLS = {"places": Event(label="Places", sql="SELECT 1", states=PLACES)}
COHORT = Cohort(
    label="Children", unit="children", description="Children.", key=["child_id"], time_zero="day",
    steps=[Step(name="all", label="All", sql="SELECT 1")], events={**EVENTS, **REPEATED, **SPELLS},
    outcomes={
        "back": Outcome(label="Return to court", event="back", competing=["death"], censoring=["end"]),
        "late": Outcome(label="Return after a move", event="back", competing=["death"], censoring=["end"],
                        entry="moved"),
        "again": Outcome(label="Every return", event="again", competing=["death"], censoring=["end"]),
        "recorded": Outcome(label="Recorded return", duration="duration", indicator="came_back"),
        "coded": Outcome(label="Coded return", duration="duration",
                         status=Status(column="ended", event=1, competing={2: "Death"})),
        "coded_late": Outcome(label="Coded return, late", duration="duration", entry="seen_from",
                              status=Status(column="ended", event=1, competing={2: "Death"})),
    },
    covariates=list(COVARIATES),
)  # fmt: skip
STATES = {
    "home": {"label": "At home"}, "court": {"label": "In court", "entered_by": "back"},
    "dead": {"label": "Dead", "entered_by": "death", "absorbing": True},
}  # fmt: skip
CAREERS = {
    "spells": "places", "censoring": ["end"], "time_unit": "months",
    "states": {"home": {"label": "With parents", "spells": ["with_parents"]},
               "away": {"label": "Away from home", "spells": ["foster", "kin"]},
               "left": {"label": "Left care", "absorbing": True}},
}  # fmt: skip
GRID = {"every": 0.5, "until": 2, "group_by": ["sex"]}
MATCHED = {"treatment": "treated", "match_on": ["sex"], "nearest_on": ["age"]}

#: Keys of the stream file for each kind.
SAMPLES: dict[str, dict[str, Any]] = {
    "adjusted_survival": {"outcome": "back", "covariates": ["sex", "age"], "contrast": "sex", "every": 0.5, "until": 2,
                          "report_at": [1]},
    "aft": {"outcome": "back", "covariates": ["sex", "age"], "distribution": "weibull"},
    "agreement": {"first": "first", "second": "second"},
    "before_after": {"count": "visits", "exposure": "years", "compare": "treated", "period": "year",
                     "cluster": "household"},
    "comparison_table": {"variables": ["order", "fifth", "placed"], "compare": "first"},
    "cox": {"outcome": "back", "covariates": ["sex", "age"]},
    "cumulative_incidence": {"outcomes": ["back"], **GRID, "report_at": [1], "restricted_mean_at": [2]},
    "decomposition": {"variable": "placed", "compare": "year", "between": ["2015", "2016"], "groups": "sex"},
    "fine_gray": {"outcome": "back", "covariates": ["sex", "age"], "target": "finegray"},
    "flow": {**CAREERS, "times": [0, 3, 6, 12], "group_by": ["sex"]},
    "frequency": {"variables": ["order"], "group_by": ["sex"]},
    "funnel": {"variable": "placed", "area": "area"},
    "gee": {"variable": "placed", "covariates": ["sex", "age"], "cluster": "household"},
    "incidence_rate": {"outcome": "back", "compare": "sex", "age": {"born": "born", "cuts": [5, 10]},
                       "standardise": "cohort"},
    "inequality": {"variable": "placed", "over": "fifth"},
    "kaplan_meier": {"outcomes": ["back"], **GRID, "report_at": [1], "risk_difference_at": [1]},
    "latent_classes": {"variables": ["sex", "placed", "first", "second"], "classes": 2, "starts": 3},
    "logistic": {"variable": "placed", "covariates": ["sex", "age"], "marginal_effects": True},
    "matched_cox": {**MATCHED, "outcome": "back"},
    "matched_logistic": {**MATCHED, "variable": "placed"},
    "mean_cumulative_count": {"outcomes": ["again"], **GRID, "report_at": [1]},
    "mixed_logistic": {"variable": "placed", "covariates": ["sex", "age"], "area": "local_authority"},
    "multinomial": {"variable": "order", "covariates": ["sex", "age"]},
    "negative_binomial": {"count": "visits", "covariates": ["sex", "age"]},
    "poisson": {"outcome": "back", "covariates": ["sex", "age"]},
    "prediction": {"outcome": "back", "covariates": ["sex", "age"], "every": 0.5, "until": 2, "validate_at": [1],
                   "risk_groups": 3, "samples": 20},
    "recurrent_cox": {"outcome": "again", "covariates": ["sex", "age"], "model": "andersen_gill"},
    "risk_ratio": {"variable": "placed", "covariates": ["sex", "age"]},
    "sequence_typology": {**CAREERS, "until": 12, "clusters": [2, 3], "variables": ["sex"]},
    "state_occupation": {"states": STATES, "censoring": ["end"], **GRID, "report_at": [1]},
    "table_one": {"variables": ["order", "fifth"], "group_by": ["sex"]},
    "transition_cox": {**CAREERS, "origin": "away", "target": "home", "covariates": ["sex", "age"]},
}  # fmt: skip
IMPUTED = {"imputation": {"variables": ["fifth"], "auxiliary": ["year"], "datasets": 2, "iterations": 1}}
#: Further keys, by kind, that make its run read other columns of the members.
OPTIONS: list[tuple[str, dict[str, Any]]] = [
    ("adjusted_survival", {"cluster": "household", "outcome": "late"}),
    ("adjusted_survival", {"outcome": "coded_late"}),
    ("aft", {"outcome": "coded"}),
    ("agreement", {"group_by": ["sex"]}),
    ("cox", {"strata": ["year"], "offset": "baseline", "cluster": "household", "outcome": "late"}),
    ("cox", {"covariates": ["fifth", "age"], "splines": {"age": 3}, "restrict_to": {"placed": ["no"]}}),
    ("cox", {"covariates": ["fifth", "sex"], **IMPUTED}),
    ("cox", {"outcome": "coded_late"}),
    ("cumulative_incidence", {"outcomes": ["coded", "coded_late"]}),
    ("decomposition", {"variable": "first", "groups": "area"}),
    ("fine_gray", {"strata": ["year"], "cluster": "household", "outcome": "late"}),
    ("fine_gray", {"outcome": "coded", "target": "crr"}),
    ("fine_gray", {"outcome": "coded_late"}),
    ("funnel", {"variable": None, "outcome": "late"}),
    ("incidence_rate", {"outcome": "again", "age": None, "calendar": {"by": "financial_year"}, "by": ["period", "year"],
                        "compare": None, "standardise": None}),
    ("incidence_rate", {"outcome": "coded_late", "age": None, "standardise": None}),
    ("incidence_rate", {"outcome": "late", "strata": ["fifth"], "standardise": "cohort"}),
    ("inequality", {"variable": None, "outcome": "recorded", "group_by": ["sex"]}),
    ("kaplan_meier", {"outcomes": ["late", "recorded", "coded", "coded_late"]}),
    ("logistic", {"cluster": "household", "covariates": ["fifth", "sex"], **IMPUTED}),
    ("matched_cox", {"match_on": ["sex", "year"], "nearest_on": [], "covariates": ["age"], "outcome": "late"}),
    ("matched_cox", {"outcome": "coded_late"}),
    ("matched_logistic", {"variable": None, "covariates": ["first"]}),
    ("mixed_logistic", {"area": "area"}),
    ("multinomial", {"cluster": "household", "marginal_effects": True}),
    ("negative_binomial", {"exposure": "years", "cluster": "household"}),
    ("poisson", {"covariates": ["fifth", "sex"], "cluster": "household", **IMPUTED}),
    ("poisson", {"outcome": "recorded"}),
    ("poisson", {"outcome": "coded_late"}),
    ("prediction", {"covariates": ["fifth", "sex"], "restrict_to": {"placed": ["no"]}}),
    ("risk_ratio", {"covariates": ["fifth", "sex"], "cluster": "household", **IMPUTED}),
    ("state_occupation", {"states": {**STATES, "home_again": {"label": "Home again", "entered_by": "moved"}},
                          "ordered": False, "group_by": []}),
    ("transition_cox", {"clock": "time_zero", "covariates": ["fifth", "sex"]}),
    ("frequency", {"group_by": ["year", "sex"], "trend": True}),
    ("state_occupation", {**CAREERS, "every": 3, "until": 12, "report_at": [6], "restricted_mean_at": [12]}),
    ("before_after", {"group_by": ["sex"]}),
    ("comparison_table", {"group_by": ["sex"]}),
]  # fmt: skip


def career(g: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the days on which spells start, and their states; most places are left and come again."""
    days, states = [0], [PLACES[int(g.integers(0, 3))]]
    while states[-1] != "left" and len(days) < 8:
        days.append(days[-1] + int(np.ceil(g.exponential(150))))
        states.append("left" if g.random() < 0.2 else PLACES[int(g.integers(0, 3))])
    return np.array(days), np.array(states, dtype=object)


@cache
def members(n: int = 600) -> pd.DataFrame:
    """Return members with a return that depends on sex, in households and areas; nobody may change the frame."""
    g = np.random.default_rng(7)
    female, fifth, household = g.random(n) < 0.5, g.integers(0, 5, n), np.arange(n) // 4
    alike = np.repeat(g.normal(0, 0.5, n // 4), 4)
    risk = 1 / (1 + np.exp(0.4 - 0.8 * female + 0.1 * fifth - alike))
    placed, first = g.random(n) < risk, g.random(n) < 0.3 + 0.4 * female
    second = np.where(g.random(n) < 0.85, first, ~first)
    back, death, end = g.exponential(900 / (0.5 + risk)), g.exponential(2500, n), g.integers(500, 1500, n)
    yes_no = {"placed": placed, "first": first, "second": second, "treated": g.random(n) < 0.3 + 0.1 * female}
    frame = pd.DataFrame({
        "child_id": np.arange(n), "day": 0.0, "moved": g.integers(0, 60, n).astype(float), "back": np.ceil(back),
        "death": np.ceil(death), "end": end.astype(float), "duration": np.minimum(back, end) / 365.25,
        "came_back": (back <= end).astype(int),
        "ended": np.select([back <= np.minimum(death, end), death <= end], [1, 2], 0),
        "seen_from": np.arange(n) % 7 / 20,
        "household": household,
        "local_authority": np.array([f"A{k:02}" for k in range(20)])[household % 20],
        "fifth": np.array([*FIFTHS, "not known"])[np.where(g.random(n) < 0.05, 5, fifth)],
        "sex": np.where(female, "female", "male"), "year": np.where(g.random(n) < 0.5, "2015", "2016"),
        "order": g.choice(ORDERS, n), "area": np.array(AREAS)[household % 3], "age": g.normal(30, 6, n).round(1),
        "visits": g.negative_binomial(2, 0.4, n).astype(float), "years": g.uniform(1, 2, n),
        "baseline": g.normal(0, 0.3, n), **{name: np.where(who, "yes", "no") for name, who in yes_no.items()},
    })  # fmt: skip
    frame["again"] = [np.sort(g.uniform(1, 1400, g.poisson(2 * r))).round() for r in risk]
    careers = np.random.default_rng(8)
    frame["places"], frame["places_state"] = zip(*(career(careers) for _ in range(n)), strict=True)
    frame["born"], frame["calendar_day"] = -g.integers(1000, 4000, n).astype(float), g.integers(16_000, 16_700, n)
    for name, covariate in COVARIATES.items():
        if covariate.levels:
            frame[name] = pd.Categorical(frame[name], categories=covariate.levels)
    return frame
