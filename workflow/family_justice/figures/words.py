"""Numbers and names as a reader meets them, in figures and in the report alike.

Every printed number of a released row passes through one of these functions, so that figure, table and alt text
agree to the last digit.
"""

from __future__ import annotations

import datetime
import math
import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from family_justice.measures import MEASURES, TOLD

if TYPE_CHECKING:
    import pandas as pd

THIN = "\u202f"  # narrow no-break space between thousands
MINUS = "\u2212"
#: What is said of made-up records before their findings and below each figure.
SYNTHETIC = "Synthetic records: findings are of a made-up population, not of real families."
WITHHELD = "withheld"
#: First words of names, which keep their capital in a sentence: nations, regions, systems, ethnic groups.
PROPER = {
    *("England", "Wales", "Scotland", "London", "Yorkshire", "North", "South", "East", "West", "Cafcass", "Cymru"),
    *("English", "Welsh", "British", "White", "Black", "Asian"),
}
MONTHS = (
    *("January", "February", "March", "April", "May", "June"),
    *("July", "August", "September", "October", "November", "December"),
)
#: The columns of an estimate and its limits.
ESTIMATE = ("estimate", "conf_low", "conf_high")


def size(source: Mapping[str, Any]) -> str:
    """Return of what size a made-up population is, beside the national volumes; empty if its source does not say."""
    scale = source.get("scale") if source.get("is_synthetic") else None
    return f"{float(f'{100 * scale:.2g}'):g}% of the national volumes" if scale else ""


def made_up(source: Mapping[str, Any]) -> str:
    """Return what is said of a made-up population, its size included, before anything else."""
    return f"{SYNTHETIC} Its size is {size(source)}." if size(source) else SYNTHETIC


def day(iso: str) -> str:
    """Return a day (YYYY-MM-DD) as it is written in British English."""
    date = datetime.date.fromisoformat(iso)
    return f"{date.day} {MONTHS[date.month - 1]} {date.year}"


def present(value: Any) -> bool:
    """Say whether a cell of a result row holds a number (``None``, ``NaN`` and pandas' ``NA`` do not)."""
    if value is None:
        return False
    try:
        return math.isfinite(float(value))
    except (TypeError, ValueError):
        return False


#: Points of a percentage from which the steps of a curve are told, and how many groups are named.
LARGE_STEP, MOST_STEPS = 1.0, 6


def count(value: Any) -> str:
    """Return a whole number with thin separators, ``12 345``; empty if there is none."""
    return f"{round(float(value)):,}".replace(",", THIN) if present(value) else ""


def decimal(value: Any, digits: int) -> str:
    """Return a number with fixed decimals, a true minus sign and thin separators; empty if there is none."""
    if not present(value):
        return ""
    text = f"{float(value):,.{digits}f}".replace(",", THIN)
    if float(text.replace(THIN, "")) == 0:
        text = text.lstrip("-")
    return text.replace("-", MINUS)


def percent(value: Any) -> str:
    """Return a percentage (0 to 100) with one decimal and its sign."""
    return f"{decimal(value, 1)}%" if present(value) else ""


def ratio(value: Any) -> str:
    """Return a ratio with two decimals; three significant digits below 0.1 and none wasted above 100."""
    if not present(value):
        return ""
    size = abs(float(value))
    digits = 3 if 0 < size < 0.095 else 2 if size < 99.5 else 0
    return decimal(value, digits)


def signed(value: Any) -> str:
    """Return a difference with one decimal and its sign; two decimals where one would leave nothing."""
    if not present(value):
        return ""
    digits = 2 if 0 < abs(float(value)) < 0.095 else 1
    text = decimal(value, digits)
    return f"+{text}" if float(value) > 0 and text.strip("0.") else text


def exponential(value: Any) -> float:
    """Return the ratio that belongs to a coefficient on the log scale, ``nan`` if there is none."""
    if not present(value):
        return math.nan
    return math.exp(float(value)) if float(value) < 700 else math.inf


def interval(low: str, high: str) -> str:
    """Return ``low to high``, or nothing if a limit is missing. Words, because a dash reads as a minus sign."""
    return f"{low} to {high}" if low and high else ""


def with_interval(value: str, low: str, high: str) -> str:
    """Return ``value (low to high)``, the value alone if a limit is missing."""
    limits = interval(low, high)
    return value + (f" ({limits})" if limits else "")


def ratio_with_interval(row: Mapping[Any, Any]) -> str:
    """Return the ratio of a row on the log scale with its limits, ``1.23 (1.10 to 1.38)``."""
    values = [exponential(row[column]) for column in ESTIMATE]
    estimate, low, high = (ratio(value) for value in values)
    if low and low == high:  # a ratio per small unit: two decimals cannot tell it from 1
        estimate, low, high = (decimal(value, 4) for value in values)
    return with_interval(estimate, low, high)


def told(row: Mapping[Any, Any]) -> str:
    """Return the number of a released row for the middle of a sentence, with its interval if it has one.

    Shares and probabilities are percentages, coefficients ratios, differences have a sign; a count is rounded as it was
    released. Empty for a row without a number. Raises ``ValueError`` for a measure that no sentence can tell
    (``measures.TOLD``).
    """
    measure = MEASURES[row["measure"]]
    if measure.role not in TOLD:
        raise ValueError(f"measure '{measure.name}' is nothing that a sentence can tell")
    if measure.role in ("count", "members"):
        return count(row["n"])
    if not present(row["estimate"]):
        return ""
    if measure.scale == "log":
        return ratio_with_interval(row)
    is_difference = measure.role == "effect" or measure.name.endswith("_difference")
    times = 100 if measure.scale == "proportion" else 1
    digits, unit = 2, ""
    if measure.scale in ("percent", "proportion"):
        digits, unit = 1, " percentage points" if is_difference else "%"
    elif measure.role in ("rate", "median"):
        digits = 1
    value, low, high = (decimal(times * row[c], digits) if present(row[c]) else "" for c in ESTIMATE)
    plus = "+" if is_difference and row["estimate"] > 0 and value.strip("0.") else ""
    return with_interval(f"{plus}{value}{unit}", low, high)


def p_value(value: Any) -> str:
    """Return a p value with three decimals (two from 0.1 up, or if it has no more), ``<0.001`` below that."""
    if not present(value):
        return ""
    number = float(value)
    if number < 0.001:
        return "<0.001"
    return f"{number:.3f}" if number < 0.0995 and abs(number - round(number, 2)) > 1e-9 else f"{number:.2f}"


def plain(name: str) -> str:
    """Return a machine name as words: ``age_band`` becomes ``Age band``."""
    return sentence(name.replace("_", " ").replace(".", " "))


def sentence(text: str) -> str:
    """Return the text with its first letter as a capital."""
    return text[:1].upper() + text[1:]


def lower_first(text: str) -> str:
    """Return a label for the middle of a sentence; names and abbreviations keep their capitals."""
    head = text.split(" ", 1)[0]
    proper = re.sub(r"('s)?,?$", "", head) in PROPER or any(c.isupper() for c in head[1:])
    return text if proper else text[:1].lower() + text[1:]


def pairs(group: str) -> list[tuple[str, str]]:
    """Return the ``(column, level)`` pairs of a stratum, ``parent=mother; jurisdiction=Wales``."""
    found = []
    for part in filter(None, (piece.strip() for piece in group.split(";"))):
        column, _, level = part.partition("=")
        found.append((column.strip(), level.strip()))
    return found


def in_year_order(levels: list[str]) -> bool:
    """Say whether the levels are years or financial years, which a line may join."""
    return len(levels) > 2 and all(re.match(r"(19|20)\d\d\b", level) for level in levels)


def around_a_day(levels: list[str]) -> bool:
    """Say whether the levels count months or the like from before a day to after it, one by one: -2, -1, 0, 1."""
    if len(levels) < 3 or not all(re.fullmatch(r"-?\d+", level) for level in levels):
        return False
    numbers = [int(level) for level in levels]
    return numbers[0] < 0 <= numbers[-1] and numbers == list(range(numbers[0], numbers[-1] + 1))


def rounded(policy: Mapping[str, Any]) -> str:
    """Return how a policy rounds, in words that follow "are"."""
    way = "midpoints of intervals of" if policy.get("rounding") == "midpoint" else "the nearest"
    return f"rounded to {way} {policy['rounding_base']}"


class Labels:
    """The words of one study: labels of covariates, outcomes and groups, and how a withheld count is written."""

    def __init__(self, study: dict[str, Any]) -> None:
        self.study = study
        policy = study.get("policy") or {}
        self.threshold: int | None = policy.get("threshold")
        self.base: int | None = policy.get("rounding_base")
        self.synthetic = bool((study.get("source") or {}).get("is_synthetic"))
        self.rounds = bool(self.base and self.base > 1)
        self.policy = policy
        self.below = f"<{self.threshold}" if self.threshold and self.threshold > 1 else WITHHELD

    def covariate(self, name: str) -> str:
        """Return the label of a covariate or variable."""
        found = (self.study.get("covariates") or {}).get(name) or {}
        return str(found.get("label") or plain(name))

    def unit(self, name: str) -> str:
        """Return the unit of a numeric covariate, empty if it has none."""
        found = (self.study.get("covariates") or {}).get(name) or {}
        return str(found.get("unit") or "")

    def levels(self, name: str, seen: list[str]) -> list[str]:
        """Return the levels seen, in the declared order; undeclared ones keep their place at the end."""
        found = (self.study.get("covariates") or {}).get(name) or {}
        declared = [str(level) for level in found.get("levels") or []]
        unique = list(dict.fromkeys(seen))
        return [level for level in declared if level in unique] + [level for level in unique if level not in declared]

    def outcome(self, name: str, short: bool = False) -> str:
        """Return the label of an outcome; the short one for axes and panels."""
        found = (self.study.get("outcomes") or {}).get(name) or {}
        if short and found.get("short_label"):
            return str(found["short_label"])
        return str(found.get("label") or self.covariate(name))

    def level(self, column: str, level: str) -> str:
        """Return a level that can stand alone: ``yes`` needs its question, ``Wales`` does not."""
        if level in {"yes", "no", "not known", "other"} or re.match(r"[\d<>]", level):
            if in_year_order([level] * 3):
                return level
            return f"{self.covariate(column)}: {level}"
        return level

    def group(self, group: str) -> str:
        """Return the label of a stratum, ``Mothers, Wales``; ``All`` for everybody."""
        return sentence(", ".join(self.level(column, level) for column, level in pairs(group))) or "All"

    def strata(self, groups: list[str]) -> tuple[str, dict[str, str]]:
        """Return a heading and a label for each stratum of one figure.

        Levels such as ``25 to 29`` or ``2`` say nothing without the name of their column; it is said once, in the
        heading, instead of in every label.
        """
        columns: dict[str, list[str]] = {}
        for group in groups:
            for column, level in pairs(group):
                columns.setdefault(column, []).append(level)
        bare = {column for column, levels in columns.items() if any(re.match(r"[\d<>]", level) for level in levels)}
        names = {}
        for group in groups:
            parts = [level if column in bare else self.level(column, level) for column, level in pairs(group)]
            names[group] = sentence(", ".join(parts)) or "All"
        return ", ".join(self.covariate(column) for column in columns if column in bare), names

    def since(self, cohort: str, unit: str) -> str:
        """Return the name of the time axis: years since what."""
        zero = str(((self.study.get("cohorts") or {}).get(cohort) or {}).get("time_zero") or "")
        return (
            f"{sentence(unit)} since {lower_first(zero.replace('_', ' '))}"
            if zero
            else f"{sentence(unit)} from the start"
        )

    def subject(self, about: dict[str, Any], outcome: str = "") -> str:
        """Return whom an analysis is about, and which outcome: the line under the title of a figure."""
        text = self.cohort(about["cohort"]) if about.get("cohort") else ""
        for column, levels in (about.get("restrict_to") or {}).items():
            text += f" ({lower_first(self.covariate(column))}: {' or '.join(map(str, levels))})"
        return f"{text} · {self.outcome(outcome)}" if outcome else text

    def cohort(self, name: str) -> str:
        """Return the label of a cohort."""
        found = (self.study.get("cohorts") or {}).get(name) or {}
        return str(found.get("label") or plain(name))

    def people(self, cohort: str) -> str:
        """Return what the rows of a cohort are: mothers, children, cases."""
        found = (self.study.get("cohorts") or {}).get(cohort) or {}
        return str(found.get("unit") or "people")

    def withheld(self, note: str = "") -> str:
        """Return the word for a withheld count.

        Only a note that says so makes it a small one: a count withheld to protect another may be of any size.
        """
        return self.below if re.match(r"(counts? )?(fewer than|below)", note) else WITHHELD

    def rounding(self) -> str:
        """Return one sentence about rounding and suppression for the foot of a figure or table."""
        parts = []
        if self.rounds:
            parts.append(f"Counts are {rounded(self.policy)}")
        if self.threshold and self.threshold > 1:
            parts.append(f"what is, or would reveal, a count below {self.threshold} is withheld")
        return sentence("; ".join(parts)) + "." if parts else "Counts are exact."

    def steps(self, rows: pd.DataFrame) -> str:
        """Return a sentence on the steps of curves of small groups, in points of a percentage; empty if all are under
        ``LARGE_STEP`` points."""
        analysis = "" if rows.empty else str(rows["analysis"].iloc[0])
        told = (self.study.get("people") or {}).get(analysis, {}).get("steps", [])
        points = {step["group"]: 100 * step["step"] / step["n"] for step in told if step["n"]}
        large = {group: value for group, value in points.items() if value >= LARGE_STEP}
        if not large:
            return ""
        _, names = self.strata(list(points))
        parts = [f"{decimal(value, 1)} points ({names[group] or 'everybody'})" for group, value in large.items()]
        more = f" and {len(parts) - MOST_STEPS} more" if len(parts) > MOST_STEPS else ""
        return f"As counts are rounded, curves of small groups go in steps: {', '.join(parts[:MOST_STEPS])}{more}."

    def provenance(self) -> str:
        """Return one sentence about where the records came from, so that a figure can stand alone."""
        source = self.study.get("source") or {}
        if self.synthetic:
            return SYNTHETIC
        text = str(source.get("description") or source.get("name") or "records").rstrip(".")
        refreshed = f" Records to {source['refresh_date']}." if source.get("refresh_date") else ""
        return f"Source: {text}.{refreshed}"

    def foot(self) -> str:
        """Return the last note of every figure: rounding and provenance."""
        return f"{self.rounding()} {self.provenance()}"


def cell(value: Any, status: str, note: str, labels: Labels) -> str:
    """Return a count for a table, or the word for its absence; empty if the count does not apply to the row."""
    if present(value):
        return count(value)
    return labels.withheld(note) if status == "suppressed" else ""
