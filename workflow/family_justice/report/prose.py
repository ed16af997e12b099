"""The sentences of a report that depend on released rows."""

from __future__ import annotations

import re
from collections.abc import Hashable, Mapping
from typing import TYPE_CHECKING, Any

from family_justice.analyses.left_out import NO_TIME_AT_RISK, NO_VALUE
from family_justice.analyses.model_rows import F_TEST
from family_justice.figures import words
from family_justice.measures import MEMBERS

if TYPE_CHECKING:
    import pandas as pd

WHOLE = ("all", "global")  # what the test of all covariates together is called
#: Verdicts on planted values.
INSIDE, OUTSIDE = "within our 95% interval", "outside our 95% interval"
#: Verdicts on published figures: ours has their digits when rounded, or when the digits after them are left off.
EQUAL = "equal to the printed digits"
CUT = f"{EQUAL}, which were cut, not rounded"
#: Differences of so many percentage points, or fewer, are counted together.
NEAR = 1.0
_DIFFERENCE = re.compile(r"(?:differs by )?([+-][\d.]+)( percentage points)?")
LEVEL = 0.05  # below this p value a test is said to give evidence


def listed(names: list[str]) -> str:
    """Join names as a sentence does: a, b and c."""
    return names[0] if len(names) == 1 else ", ".join(names[:-1]) + f" and {names[-1]}" if names else ""


def analysed(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[str]:
    """Say for each outcome how many of the members an analysis used, and why it left the others out ("n of N")."""
    said = rows[rows["measure"].isin(MEMBERS)]
    people = labels.people(about.get("cohort") or "")
    outcomes = list(dict.fromkeys(said["outcome"]))
    found = []
    for outcome in outcomes:
        own = said[said["outcome"] == outcome]
        part = {str(name): block for name, block in own.groupby("measure", sort=False)}
        if "analysed" not in part:
            continue  # of a table, whose variables each leave out their own
        n, everybody = (words.count(part[name].iloc[0]["n"]) or words.WITHHELD for name in ("analysed", "members"))
        reasons = [
            f"{words.count(row['n']) or words.WITHHELD} {_reason(row, labels)}"
            for row in (part["left_out"].to_dict("records") if "left_out" in part else [])
        ]
        of = f" ({words.lower_first(labels.outcome(outcome))})" if len(outcomes) > 1 else ""
        why = f"; left out: {listed(reasons)}" if reasons else "; nobody was left out"
        found.append(f"Analysed{of}: {n} of {everybody} {people}{why}.")
    return found


def _reason(row: Mapping[Hashable, Any], labels: words.Labels) -> str:
    if row["level"] == NO_VALUE and row["term"]:
        return f"without a value of {words.lower_first(labels.covariate(row['term']))}"
    return f"with {row['level']}" if row["level"] == NO_TIME_AT_RISK else str(row["level"])


def p_words(value: Any) -> str:
    """Return ``p <0.001`` or ``p = 0.03``."""
    text = words.p_value(value)
    # No-break spaces: a line must not end in "p =".
    return f"p\u00a0{text}" if text.startswith("<") else f"p\u00a0=\u00a0{text}"


def follow_up(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> str:
    """Say for how long the cohort was followed."""
    found = rows[rows["measure"] == "median_follow_up"]
    if found.empty:
        return ""
    row = found.iloc[0]
    if not words.present(row["estimate"]):
        if row["status"] == "suppressed":
            return "The median follow-up is withheld by disclosure control."
        return f"The median follow-up cannot be given{': ' + row['note'] if row['note'] else ''}."
    unit = str(about.get("time_unit") or "years")
    among = f" among {words.count(row['n'])} {labels.people(about['cohort'])}" if words.present(row["n"]) else ""
    return f"Median follow-up: {words.decimal(row['estimate'], 1)} {unit}{among} (reverse Kaplan-Meier)."


def model_summary(rows: pd.DataFrame, labels: words.Labels, scale: str = "") -> list[str]:
    """Say how well a model fits. ``scale``: what its scale parameter is, in words; empty to leave it out."""
    found: list[str] = []
    for row in rows[rows["measure"] == "likelihood_ratio_test"].to_dict("records"):
        if words.present(row["p_value"]):
            found.append(f"Likelihood-ratio test of {_whole_model(row)}: {_statistic(row)}.")
    several = rows.loc[rows["measure"] == "wald_test", "outcome"].nunique() > 1  # multinomial: one test per level
    for row in rows[rows["measure"] == "wald_test"].to_dict("records"):
        if words.present(row["p_value"]):
            of = f"level {row['outcome']}" if several else _whole_model(row)
            found.append(f"Wald test of {of}: {_statistic(row)}.")
    for row in rows[rows["measure"] == "log_scale"].to_dict("records"):
        if words.present(row["estimate"]) and scale:
            low, high = (words.ratio(words.exponential(row[c])) for c in ("conf_low", "conf_high"))
            found.append(f"{scale}: {words.ratio(words.exponential(row['estimate']))} ({low} to {high}).")
    for row in rows[rows["measure"] == "within_cluster_correlation"].to_dict("records"):
        if words.present(row["estimate"]):
            found.append(f"Correlation of two members of a cluster: {words.decimal(row['estimate'], 3)}.")
    curves = {"association_test": "the curve", "nonlinearity_test": "its departure from a straight line"}
    for row in rows[rows["measure"].isin(curves)].to_dict("records"):
        if words.present(row["p_value"]):
            name, what = labels.covariate(row["term"]), curves[row["measure"]]
            found.append(f"{name} as a restricted cubic spline, test of {what}: {_statistic(row)}.")
    for row in rows[rows["measure"] == "concordance"].to_dict("records"):
        if words.present(row["estimate"]):
            found.append(f"Concordance: {words.decimal(row['estimate'], 2)} (0.5 is chance, 1 a perfect order).")
    return found


def repeated(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[str]:
    """Say how many people had one, two and more of the events that a model looks at."""
    counted = rows[rows["term"] == "events_at_least"].to_dict("records")
    if not counted:
        return []
    numbers = [f"{words.count(r['n']) or words.WITHHELD} had at least {r['level']}" for r in counted]
    return [f"Of the {labels.people(about['cohort'])}, {listed(numbers)} of the events."]


def _whole_model(row: Mapping[Hashable, Any]) -> str:
    """Say what a test of all covariates is of; with imputation it is of the complete cases."""
    return "the whole model" + (", complete cases" if str(row["group"]).endswith("=complete cases") else "")


def _statistic(row: Mapping[Hashable, Any]) -> str:
    degrees = words.decimal(row["df"], 0)
    noun = "degree" if degrees == "1" else "degrees"
    few = row["note"] == F_TEST
    of = f"{degrees} {noun} of freedom{' (F test of few clusters)' if few else ''}, {p_words(row['p_value'])}"
    name = "F" if few else "chi-squared"
    digits = 0 if row["statistic"] >= 100 else 1  # released to three digits
    return f"{name} {words.decimal(row['statistic'], digits)} on {of}" if words.present(row["statistic"]) else of


def rank_tests(rows: pd.DataFrame, labels: words.Labels) -> list[str]:
    """Say for each outcome whether the curves of the groups differ."""
    names = {"log_rank_test": "Log-rank test", "gray_test": "Gray's test"}
    chosen = rows[rows["measure"].isin(names)]
    several = chosen["outcome"].nunique() > 1
    found = []
    for row in chosen.to_dict("records"):
        about = f" ({words.lower_first(labels.outcome(row['outcome']))})" if several else ""
        what = f"{names[row['measure']]} of the difference between the groups{about}"
        if words.present(row["p_value"]):
            found.append(f"{what}: {_statistic(row)}.")
        else:
            found.append(f"{what}: {words.WITHHELD if row['status'] == 'suppressed' else 'not estimable'}.")
    return found


def proportional_hazards(rows: pd.DataFrame, labels: words.Labels) -> str:
    """Say in plain words for which covariates a constant hazard ratio is in doubt."""
    chosen = rows[(rows["measure"] == "proportional_hazards_test") & rows["p_value"].notna()]
    terms = chosen[~chosen["term"].str.lower().isin(WHOLE)]
    if terms.empty:
        return ""
    doubt = [
        f"{words.lower_first(labels.covariate(row['term']))} ({p_words(row['p_value'])})"
        for row in terms[terms["p_value"] < LEVEL].to_dict("records")
    ]
    if not doubt:
        text = "The tests give no evidence that any hazard ratio changes with time."
    else:
        text = (
            f"The tests give evidence that the hazard ratio changes with time for {listed(doubt)}: "
            "read these as averages over follow-up."
        )
    whole = chosen[chosen["term"].str.lower().isin(WHOLE)]
    if len(whole):
        text += f" All covariates together: {p_words(whole.iloc[0]['p_value'])}."
    return text


def disclosure(rows: pd.DataFrame) -> str:
    """Say how many released rows of an analysis are withheld."""
    total, withheld = len(rows), int((rows["status"] == "suppressed").sum())
    if not withheld:
        return f"Disclosure control withheld none of the {words.count(total)} rows."
    verb = "row" if total == 1 else "rows"
    return f"Disclosure control withheld {words.count(withheld)} of {words.count(total)} {verb}."


def verdicts(rows: pd.DataFrame) -> str:
    """Count all verdicts of a comparison, the commonest first; of those that are differences the furthest is told.

    Differences in percentage points are counted by whether they are at most ``NEAR``, together with equal figures.
    """
    given = [words.WITHHELD if verdict == "suppressed" else str(verdict) for verdict in rows["verdict"]]
    found = [_DIFFERENCE.match(verdict) for verdict in given]
    kinds = dict.fromkeys(verdict for verdict, differs in zip(given, found, strict=True) if verdict and not differs)
    counts = [(given.count(kind), kind) for kind in kinds]
    differences = [differs for differs in found if differs]
    if differences:
        furthest = max((differs[1] for differs in differences), key=lambda gap: abs(float(gap)))
        if all(differs[2] for differs in differences):
            equal = given.count(EQUAL)
            near = equal + sum(abs(float(differs[1])) <= NEAR for differs in differences)
            what = f"within {NEAR:g} percentage point of the published figure"
            what += f", {equal} of them {EQUAL}" if equal else ""
            counts = [(number, kind) for number, kind in counts if kind != EQUAL]
            furthest += " points"
        else:
            near, what = len(differences), f"not {EQUAL}"
        counts.append((near, f"{what}; furthest {furthest.replace('-', words.MINUS)}"))
    counts.sort(key=lambda counted: -counted[0])
    return " ".join(f"{number}\u00a0of\u00a0{len(given)}: {what}." for number, what in counts)
