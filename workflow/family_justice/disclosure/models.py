"""Estimates of fitted models: which may be shown, with which counts, and to how many digits.

An estimate is not computed from the released counts, so two things are done to keep it from giving exact counts away.
A row is shown only if its level has enough events and non-events. And estimates are shown to a fraction of their
standard error: with the exact log odds ratio and standard error of a single binary covariate, the four exact counts
can be found by trying out the few that round to the released ones.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import pandas as pd

from family_justice.config.models import Policy
from family_justice.disclosure.cells import Key, Ledger
from family_justice.disclosure.curves import Curve
from family_justice.disclosure.rounding import is_open, is_small, shown
from family_justice.disclosure.rows import (
    MATCHED,
    TELLS_COUNTS,
    Conditions,
    conditions,
    count,
    real,
    require_empty,
    suppress,
    text,
)
from family_justice.disclosure.tables import person_key
from family_justice.errors import DisclosureError
from family_justice.estimators.chi_square import upper_tail
from family_justice.estimators.t_distribution import t_reference
from family_justice.results import COUNTS

# Estimates are shown in steps of at most a tenth of their standard error, standard errors of a fiftieth: the estimate
# is off by a twentieth of a standard error at most, the width of the interval by one percent. Where a level has two
# estimates, a ratio and a marginal effect, both are shown in steps twice as wide: of 200 models with one binary
# covariate and counts rounded to 5, the two together then leave as many possible counts (a median of 24) as the ratio
# alone in single steps; both in single steps would leave 7. In matched sets with a single coefficient all rests on two
# numbers, of pairs discordant in one way and in the other: its steps are half its standard error, those of the error a
# fifth. In the usual steps two of three such models would leave a single answer. The odds of an area rest on its two
# counts in the same way, and have the same steps.
_STEPS_PER_STANDARD_ERROR = 10
_STEPS_OF_STANDARD_ERROR = 50

COEFFICIENTS = (
    "log_hazard_ratio", "log_subdistribution_hazard_ratio", "log_odds_ratio", "log_time_ratio", "log_rate_ratio",
    "log_risk_ratio", "log_shape", "log_scale", "marginal_effect",
    "log_area_odds_ratio",
)  # fmt: skip
_FIT = ("log_likelihood", "likelihood_ratio_test", "wald_test")
WHOLE_MODEL_TESTS = ("likelihood_ratio_test", "wald_test", "association_test")
_BLOCK = ["analysis", "kind", "cohort", "outcome", "group"]


@dataclass(frozen=True)
class Steps:
    """How many times wider than usual the steps of estimates and of standard errors are, and of what degrees of freedom
    are shown as multiples."""

    estimate: int = 1
    error: int = 1
    base: int = 1


USUAL = Steps()


@dataclass
class Model:
    """The rows of one fitted model and what is decided about them."""

    rows: pd.DataFrame
    cohort: str
    n: int
    events: int
    suppressed: set[int] = field(default_factory=set)
    persons: dict[int, Key] = field(default_factory=dict)
    having_events: dict[int, Key] = field(default_factory=dict)


def read_models(frame: pd.DataFrame, policy: Policy) -> list[Model]:
    """Split the rows into models and decide which rows may be shown. Raises ``DisclosureError`` for missing counts."""
    require_empty(frame, ["competing", "censored", "at_risk", "total"], "models")
    models = []
    for labels, rows in frame.groupby(_BLOCK, sort=False):
        of_levels = rows[rows["measure"].isin(COEFFICIENTS) & (rows["level"] != "")]
        if of_levels[["n", "events"]].isna().any(axis=None):
            raise DisclosureError("models: disclosure control needs n and events for every level of a term")
        whole = rows[(rows["level"] == "") & rows["n"].notna() & rows["events"].notna()]
        if len(whole):
            n, events = int(whole["n"].min()), int(whole["events"].min())
        elif len(of_levels):
            first = of_levels[of_levels["term"] == of_levels["term"].iloc[0]].drop_duplicates("level")
            n, events = int(first["n"].sum()), int(first["events"].sum())
        else:
            raise DisclosureError("models: disclosure control needs n and events of the model")
        model = Model(rows, str(labels[2]), n, events)
        _decide(model, policy)
        models.append(model)
    return models


def _too_few(n: int, events: int, policy: Policy) -> bool:
    """True if a level or model has too few persons, events or non-events for its estimate to be shown."""
    # More events than rows (recurrent events) leave no meaning for "non-events".
    others = n - events if events <= n else policy.minimum_events_per_level
    if n == 0 and not policy.zero_discloses:
        return False  # a level without members: nothing in the model rests on it
    return is_small(n, policy) or min(events, others) < policy.minimum_events_per_level


def _decide(model: Model, policy: Policy) -> None:
    rows = model.rows
    coefficients = rows[rows["measure"].isin(COEFFICIENTS)]
    estimated = coefficients[(coefficients["status"] == "ok") & coefficients["estimate"].notna()]
    # Other views of the same coefficients, and areas, which are no parameters.
    estimated = estimated[~estimated["measure"].isin(["marginal_effect", "log_area_odds_ratio"])]
    if (coefficients["df"] < policy.rounding_base).any():  # so few clusters that their number would be told
        model.suppressed |= set(rows.index)
        return
    if model.n == 0 or _too_few(model.n, model.events, policy) or model.n - len(estimated) < policy.minimum_residual_df:
        model.suppressed |= set(rows.index)
        return
    terms = set()
    for row in coefficients.index[coefficients["level"] != ""]:
        if _too_few(count(rows, row, "n") or 0, count(rows, row, "events") or 0, policy):
            model.suppressed.add(row)
            if rows.at[row, "measure"] == "log_area_odds_ratio":
                continue  # the fit rests on all areas alike: one that is hidden takes nothing with it
            terms.add(text(rows, row, "term"))
            if rows.at[row, "status"] == "reference":
                # Without its reference nothing in the term has a meaning that may be shown.
                same = (coefficients["term"] == rows.at[row, "term"]) & (coefficients["level"] != "")
                model.suppressed |= set(coefficients.index[same])
    if terms:
        # The fit, and a test of the term, are functions of the counts of the hidden level.
        tests = ~rows["measure"].isin(COEFFICIENTS)
        model.suppressed |= set(rows.index[tests & (rows["measure"].isin(_FIT) | rows["term"].isin(terms))])


def enter_models(models: list[Model], ledger: Ledger) -> None:
    """Enter the persons and events of all levels that models show, and tie them to the model's own."""
    wholes: dict[Key, tuple[Key, Key]] = {}
    for model in models:
        rows = model.rows
        if model.suppressed == set(rows.index):
            continue
        first = rows.iloc[0]
        # Whose values are imputed is the same members as without imputation: a way to estimate is no condition.
        who = frozenset(pair for pair in conditions(first["group"]) if pair[0] != "missing_values")
        about = (model.cohort, first["outcome"])
        persons = ledger.add(person_key(model.cohort, who, model.n), model.n, anchored=True)
        events = ledger.add(("events", *about, who, model.events), model.events, anchored=True)
        both = (first["analysis"], first["outcome"], who)
        for key, whole in zip((persons, events), wholes.get(both, (None, None)), strict=True):
            smaller = sorted([key, whole or key], key=lambda k: ledger.counts[k].exact)
            ledger.add_sum(smaller[1], smaller[:1], margin=False)  # those with a gap are the difference
        wholes[both] = (persons, events)
        _tie_events(ledger, persons, events)
        leveled = rows[rows["measure"].isin(COEFFICIENTS) & (rows["level"] != "")]
        for term, levels in leveled.groupby("term", sort=False):
            for row in levels.index:
                here = who | {(str(term), text(levels, row, "level"))}
                n, d = count(levels, row, "n") or 0, count(levels, row, "events") or 0
                model.persons[row] = ledger.add(person_key(model.cohort, here, n), n)
                model.having_events[row] = ledger.add(("events", *about, here, d), d)
                _tie_events(ledger, model.persons[row], model.having_events[row])
            ledger.add_sum(persons, [model.persons[row] for row in levels.index], margin=True)
            ledger.add_sum(events, [model.having_events[row] for row in levels.index], margin=True)


def tie_categories(models: list[Model], ledger: Ledger) -> None:
    """Tie the contrasts of each multinomial model together: all of them count the members with the reference level
    beside their own events, and with everybody's events these make the whole."""
    analyses: dict[str, list[Model]] = {}
    for model in models:
        if model.rows["kind"].iloc[0] == "multinomial":
            analyses.setdefault(str(model.rows["analysis"].iloc[0]), []).append(model)
    for analysis, contrasts in analyses.items():
        places: dict[Conditions, list[tuple[str, int, int]]] = {}
        for model in contrasts:
            outcome = str(model.rows["outcome"].iloc[0])
            places.setdefault(frozenset(), []).append((outcome, model.n, model.events))
            rows = model.rows[model.rows["measure"].isin(COEFFICIENTS) & (model.rows["level"] != "")]
            for row in rows.drop_duplicates(["term", "level"]).index:
                here = frozenset({(text(rows, row, "term"), text(rows, row, "level"))})
                numbers = count(rows, row, "n") or 0, count(rows, row, "events") or 0
                places.setdefault(here, []).append((outcome, *numbers))
        cohort = contrasts[0].cohort
        for here, found in places.items():
            reference = ledger.add(("reference", analysis, here), found[0][1] - found[0][2], published=False)
            total = ledger.counts[reference].exact + sum(events for *_, events in found)
            whole = ledger.add(person_key(cohort, here, total), total, published=False)
            having = [ledger.add(("events", cohort, o, here, e), e, published=False) for o, _, e in found]
            ledger.add_sum(whole, [reference, *having], margin=False)
            for own, (_, n, _) in zip(having, found, strict=True):
                persons = ledger.add(person_key(cohort, here, n), n, published=False)
                ledger.add_sum(persons, [reference, own], margin=False)
                # The auditor looks at one sum at a time: it would not see that these two leave over the others.
                ledger.add_sum(whole, [persons, *(key for key in having if key != own)], margin=False)


def _tie_events(ledger: Ledger, persons: Key, events: Key) -> None:
    if ledger.counts[events].exact <= ledger.counts[persons].exact:
        ledger.add_sum(persons, [events], margin=False)


def release_models(frame: pd.DataFrame, models: list[Model], ledger: Ledger, policy: Policy) -> None:
    """Write what may be shown of the models into ``frame``."""
    for model in models:
        steps = _steps(model, policy)
        for row in model.rows.index:
            status = frame.at[row, "status"]
            if row in model.suppressed:
                suppress(frame, row, policy)
                if status == "not estimable":
                    frame.at[row, "status"] = status
                continue
            if not is_open(policy) and _tells_counts(frame, row):
                suppress(frame, row, policy)
                frame.at[row, "note"] = TELLS_COUNTS
                continue
            for column, keys in (("n", model.persons), ("events", model.having_events)):
                exact = count(frame, row, column)
                if exact is None:
                    continue
                visible = ledger.shown(keys[row]) if row in keys else not is_small(exact, policy)
                frame.at[row, column] = shown(exact, policy) if visible else pd.NA
            if not is_open(policy):
                of_area = frame.at[row, "measure"] == "log_area_odds_ratio"
                reduce_digits(frame, row, Steps(5, 10) if of_area else steps)


def _steps(model: Model, policy: Policy) -> Steps:
    coefficients = model.rows[model.rows["measure"].isin(COEFFICIENTS)]
    if str(model.rows["kind"].iloc[0]) in MATCHED and (coefficients["status"] == "ok").sum() == 1:
        return Steps(5, 10, policy.rounding_base)
    if (model.rows["measure"] == "log_hazard_ratio_at").any():
        # Nine points of a curve with two or more coefficients: several looks at each, so the steps are wider.
        return Steps(3, 3, policy.rounding_base)
    both = (coefficients["measure"] == "marginal_effect").any()
    return Steps(2, 2, policy.rounding_base) if both else Steps(base=policy.rounding_base)


def _tells_counts(frame: pd.DataFrame, row: int) -> bool:
    """True for what nobody needs and what, beside rounded counts, singles out the exact ones: with few covariates an
    intercept is a logarithm of odds of counts, and a log-likelihood without covariates a function of two of them."""
    return text(frame, row, "measure") == "log_likelihood" or text(frame, row, "term") == "intercept"


def _band(p_value: float) -> float:
    """Return a p value to one digit, and anything below 0.001 as half of that."""
    return 0.0005 if p_value < 0.001 else significant(p_value, 1)


def release_rank_tests(frame: pd.DataFrame, rows: pd.Index, curves: list[Curve], policy: Policy) -> None:
    """Show a log-rank or Gray's test only if all curves that it compares are shown."""
    for row in rows:
        about = (text(frame, row, "analysis"), text(frame, row, "outcome"))
        compared = [curve for curve in curves if (curve.analysis, curve.outcome) == about]
        if not compared or any(curve.suppressed for curve in compared):
            suppress(frame, row, policy)
            continue
        for column in COUNTS:
            exact = count(frame, row, column)
            if exact is not None:
                frame.at[row, column] = pd.NA if is_small(exact, policy) else shown(exact, policy)
        if not is_open(policy):
            reduce_digits(frame, row)


def reduce_digits(frame: pd.DataFrame, row: int, steps: Steps = USUAL) -> None:
    """Shorten the values of a row; what can be computed from short values is computed from them."""
    estimate, error = real(frame, row, "estimate"), real(frame, row, "std_error")
    if frame.at[row, "measure"] in COEFFICIENTS or error > 0:
        _reduce_estimate(frame, row, estimate, error, steps)
    elif frame.at[row, "measure"] in WHOLE_MODEL_TESTS:
        # The statistic of a model with one covariate is its estimate over its standard error, to three digits more
        # than these are shown with.
        frame.at[row, "statistic"] = math.nan
        frame.at[row, "p_value"] = _band(real(frame, row, "p_value"))
    else:
        frame.at[row, "estimate"] = significant(estimate, 2)
        statistic, df = significant(real(frame, row, "statistic"), 3), real(frame, row, "df")
        frame.at[row, "statistic"] = statistic
        if not math.isnan(real(frame, row, "p_value")):
            # From the shortened statistic: a long p value would give the long statistic back.
            exact_p = math.isnan(statistic) or math.isnan(df) or df != round(df)
            frame.at[row, "p_value"] = (
                significant(real(frame, row, "p_value"), 2) if exact_p else upper_tail(statistic, int(df))
            )


def _reduce_estimate(frame: pd.DataFrame, row: int, estimate: float, error: float, steps: Steps) -> None:
    """Shorten a coefficient and its standard error; limits, statistic and p value follow from the short ones."""
    if not error > 0 or math.isnan(estimate):
        # A reference level (0 without a standard error) stays; anything else without one has nothing to go by.
        for column in ("estimate", "conf_low", "conf_high", "statistic", "p_value"):
            frame.at[row, column] = significant(real(frame, row, column), 2)
        return
    unit = step_below(steps.estimate * error / _STEPS_PER_STANDARD_ERROR)
    short = unit * round(estimate / unit)
    fine = step_below(steps.error * error / _STEPS_OF_STANDARD_ERROR)
    short_error = fine * round(error / fine)
    df = real(frame, row, "df")
    wald = _is_wald(frame, row, estimate, error)
    if not math.isnan(df):
        # A number of clusters, or of what imputation left of the members: rounded down, which widens the interval.
        frame.at[row, "df"] = df = steps.base * math.floor(df / steps.base)
    reach, p_value = t_reference(short / short_error, math.inf if math.isnan(df) else df)
    for column, sign in (("conf_low", -1), ("conf_high", 1)):
        limit = real(frame, row, column)
        if not math.isnan(limit):
            frame.at[row, column] = short + sign * reach * short_error if wald else unit * round(limit / unit)
    if not math.isnan(real(frame, row, "statistic")):
        frame.at[row, "statistic"] = short / short_error
    if not math.isnan(real(frame, row, "p_value")):
        frame.at[row, "p_value"] = p_value if wald else _band(real(frame, row, "p_value"))
    frame.at[row, "estimate"], frame.at[row, "std_error"] = short, short_error


def _is_wald(frame: pd.DataFrame, row: int, estimate: float, error: float) -> bool:
    df, limits = real(frame, row, "df"), (real(frame, row, "conf_low"), real(frame, row, "conf_high"))
    reach, _ = t_reference(0.0, math.inf if math.isnan(df) else df)
    expected = (estimate - reach * error, estimate + reach * error)
    return all(math.isnan(a) or abs(a - b) < 0.01 * error for a, b in zip(limits, expected, strict=True))


def step_below(value: float) -> float:
    """Return the greatest of 1, 2, 5 times a power of ten that is not above ``value``."""
    power = 10.0 ** math.floor(math.log10(value))
    return max((factor * power for factor in (1, 2, 5) if factor * power <= value * (1 + 1e-12)), default=power)


def significant(value: float, digits: int) -> float:
    """Round to so many significant digits; nan, infinity and zero stay."""
    if value == 0 or not math.isfinite(value):
        return value
    return round(value, digits - 1 - math.floor(math.log10(abs(value))))
