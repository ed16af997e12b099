"""Counts of curves: every step of an exact curve is events over the number at risk.

Estimates come from the CSV, from the paths of the figure, or from what it says on pointing at it. A careful curve is
computed from the released counts; then it tells no more than these.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from attacks.release import MEASURED, SERIES, UNKNOWN, Bounds, Name, Release, counted, curves_of, named, texts
from attacks.rules import widest

DIGITS = 6e-10  # results are written with ten digits


@dataclass
class Curve:
    """One curve as read somewhere: estimates with their error of reading, and bounds of the counts at each time."""

    rows: list[Any]
    estimate: np.ndarray  # (k,), falling from 1 or rising from 0
    error: np.ndarray  # (k,) by which it may have been read wrongly
    at_risk: list[Bounds]  # just before each time
    counts: dict[str, list[Bounds]] = field(default_factory=dict)  # cumulative
    std_error: np.ndarray | None = None

    @property
    def kind(self) -> str:
        return str(self.rows[0].kind)

    def new(self, name: str, j: int) -> Bounds:
        """Bounds of what happened after the time before ``j`` and up to it."""
        if name not in self.counts:
            return 0, UNKNOWN
        (low, high), (first, last) = self.counts[name][j], self.counts[name][j - 1]
        return max(0, low - last), max(0, high - first)


def told(curve: pd.DataFrame) -> bool:
    """Whether a curve is the life table of the released counts."""
    rows = curve.fillna({name: 0 for name in SERIES})
    new = {name: np.diff(rows[name].to_numpy(dtype=float), prepend=0) for name in SERIES}
    entered = rows["total"].fillna(rows["n"]).to_numpy(dtype=float)
    gone = sum(rows[name].to_numpy(dtype=float) for name in SERIES)
    start = np.concatenate([entered[:1], np.maximum(entered - gone, 0)[:-1]])
    kind = curve["kind"].iloc[0]
    if kind == "mean_cumulative_count":
        start = np.concatenate([entered[:1], (entered - gone + rows["events"].to_numpy(dtype=float))[:-1]])
    ends = {"cumulative_incidence": new["events"] + new["competing"], "mean_cumulative_count": new["competing"]}
    leaving = ends.get(kind, new["events"])
    late = np.concatenate([[0], np.diff(entered)])
    withdrawn = new["censored"] - late + (new["competing"] if kind in ("kaplan_meier", "follow_up") else 0)
    with np.errstate(divide="ignore", invalid="ignore"):
        exposed = np.maximum(start - withdrawn / 2, leaving)
        survival = np.cumprod(1 - leaving / exposed)
        before = np.concatenate([[1.0], survival[:-1]])
        made = np.cumsum(before * new["events"] / exposed) if kind in ends else survival
    return bool(np.nanmax(np.abs(made - rows["estimate"].to_numpy(dtype=float)), initial=0.0) < 1e-8)


def read_counts(release: Release, curve: pd.DataFrame, curves: list[pd.DataFrame]) -> dict[str, list[Bounds]]:
    """Bounds of the cumulative counts of a curve; a series that is the sum of others shown for the same people may be
    made of theirs."""
    found = {}
    about = ["cohort", "n"]
    pool = [other for other in curves if (other[about].iloc[0] == curve[about].iloc[0]).all()]
    numbers = {number for other in pool for counts in counted(other).values() for number in counts}
    # Moves that are made again have steps of their own; the others have one rule.
    own = release.studies[curve["stream"].iloc[0]]["analyses"].get(curve["analysis"].iloc[0], {}).get("spells")
    shared = None if own else widest(numbers, release.policy)

    def bounds_of(counts: tuple[float, ...]) -> list[Bounds]:
        rule = shared or widest(set(counts), release.policy)
        return [release.cumulative(number, rule=rule) for number in counts]

    others = {tuple(counts) for other in pool for counts in counted(other).values() if max(counts) > 0}
    for name, counts in counted(curve).items():
        bounds = bounds_of(tuple(counts))
        for parts in sums(tuple(counts), [o for o in others if len(o) == len(counts)]) if release.careful else ():
            made = [[sum(ends) for ends in zip(*at, strict=True)] for at in zip(*map(bounds_of, parts), strict=True)]
            bounds = [(min(a, c), max(b, d)) for (a, b), (c, d) in zip(bounds, made, strict=True)]
        found[name] = bounds
    return found


def sums(
    counts: tuple[float, ...], others: list[tuple[float, ...]], size: int = 4
) -> list[tuple[tuple[float, ...], ...]]:
    """Return all ways in which up to four series add up to another at every time."""
    if size == 1:
        return [(counts,)] if counts in others else []
    found = []
    for part in others:
        rest = tuple(a - b for a, b in zip(counts, part, strict=True))
        if part != counts and min(rest) >= 0:
            found += [(part, *more) for n in range(1, size) for more in sums(rest, others, n)]
    return found


def from_files(release: Release) -> dict[Name, Bounds]:
    """Events within each step, and in all so far, from the estimates, standard errors and counts of the CSV."""
    answer: dict[Name, Bounds] = {}
    for rows in release.rows.values():
        curves = curves_of(rows)
        for curve in curves:
            here = list(curve.itertuples())
            read = Curve(here, curve["estimate"].to_numpy(dtype=float), np.full(len(here), DIGITS),
                         [release.table(n) for n in curve["at_risk"]], read_counts(release, curve, curves),
                         curve["std_error"].to_numpy(dtype=float))  # fmt: skip
            # With delayed entry the numbers at risk at both ends of a step do not bound those within it.
            exact = here[0].measure in MEASURED and pd.isna(here[0].total) and not told(curve)
            answer |= counts_only(read) | (solve(read) if exact else {})
    return answer


def counts_only(curve: Curve) -> dict[Name, Bounds]:
    """What the released counts themselves leave possible."""
    answer = {}
    for name, bounds in curve.counts.items():
        for j, row in enumerate(curve.rows):
            answer[named(row, name)] = bounds[j]
            if j:
                answer[named(row, f"new {name}")] = curve.new(name, j)
    return answer


def solve(curve: Curve) -> dict[Name, Bounds]:
    """Events within each step from its height, and so far."""
    steps = _falls(curve) if curve.rows[0].measure == "survival" else _rises(curve)
    answer: dict[Name, Bounds] = {}
    low = high = 0
    known = curve.counts.get("events")
    for j, found in enumerate(steps, start=1):
        least, most = curve.new("events", j)
        step = max(least, found[0]), min(most, found[1])
        low, high = low + step[0], min(high + step[1], UNKNOWN)
        if known:
            low, high = max(low, known[j][0]), min(high, known[j][1])
        fits = step[0] <= step[1] and low <= high
        assert fits, f"the attack is faulty: no count fits step {j} of {named(curve.rows[j], 'events')}"
        answer[named(curve.rows[j], "new events")] = step
        answer[named(curve.rows[j], "events")] = (low, high)
    return answer


def _whole(low: float, high: float) -> Bounds:
    return max(0, math.ceil(low - 1e-9)), math.floor(min(high, UNKNOWN) + 1e-9)


def _falls(curve: Curve) -> list[Bounds]:
    """Survival falls by the share d / n at each event, n between the numbers at risk at both ends of the step; the
    squared coefficient of variation rises by d / (n (n - d)). A curve of follow-up counts its ends as events."""
    s, e = curve.estimate, curve.error
    found = []
    for j in range(1, len(s)):
        most, least = curve.at_risk[j - 1][1], curve.at_risk[j][0]
        if curve.kind == "follow_up":  # who has an event just when others are last seen is not at risk of that
            least = curve.at_risk[j + 1][0] if j + 1 < len(s) else 0
        if not s[j - 1] > e[j - 1] or np.isnan(s[j]):
            found.append((0, UNKNOWN))
            continue
        fall = [1 - (s[j] + sign * e[j]) / (s[j - 1] - sign * e[j - 1]) for sign in (1, -1)]
        low, high = _whole(max(fall[0], 0) * least, fall[1] * most)
        if curve.std_error is not None and s[j] > 0 and not np.isnan(curve.std_error[j - 1 : j + 1]).any():
            squares = (curve.std_error / s) ** 2
            slack = 1e-8 * squares[j] + 1e-15
            rise = squares[j] - squares[j - 1]
            low, high = (
                max(low, math.ceil((rise - slack) * least * max(least - high, 0) - 1e-6)),
                min(high, math.floor((rise + slack) * most**2 + 1e-6)),
            )
        found.append((low, high))
    return found


def _rises(curve: Curve) -> list[Bounds]:
    """Cumulative incidence, or a mean count, rises by w = S / n at each event, S the share without any final event.
    That is 1 / (N G), G the share that is not censored: between censorings w stays the same."""
    f, e = curve.estimate, curve.error
    first = curve.at_risk[0]
    low, high = 1 / max(first[1], 1), 1 / max(first[0], 1)
    repeated = curve.kind == "mean_cumulative_count"
    found = []
    for j in range(1, len(f)):
        most, least = curve.at_risk[j - 1][1], curve.at_risk[j][0]
        rise = max(0.0, f[j] - f[j - 1] - e[j] - e[j - 1]), f[j] - f[j - 1] + e[j] + e[j - 1]
        censored = curve.new("censored", j)
        leaving = 0 if repeated else curve.new("events", j)[1]
        gone = most - least
        left = max(least - min(leaving + curve.new("competing", j)[1], gone), 1)
        after = high / (1 - min(censored[1], gone) / left) if min(censored[1], gone) < left else math.inf
        # Nobody is in the denominator who has gone: S is at most what this event has left.
        bound = (1 if repeated else 1 - f[j - 1] + e[j - 1]) / max(least, 1)
        after = min(after, bound)
        found.append(_whole(rise[0] / after, rise[1] / low) if not np.isnan(f[j]) else (0, UNKNOWN))
        low, high = low / (1 - min(censored[0] / max(most, 1), 0.999)), max(after, low)
    return found


# --- figures -----------------------------------------------------------------------------------------------------


def figures_of(release: Release) -> list[tuple[Path, pd.DataFrame]]:
    """Every figure of incidence, survival or mean counts, with the labels (not the numbers) of what is drawn in it."""
    found = []
    for stream, rows in release.rows.items():
        drawn = [c for c in curves_of(rows) if c["measure"].iloc[0] in MEASURED]
        for analysis in dict.fromkeys(c["analysis"].iloc[0] for c in drawn):
            path = release.folder / stream / analysis / "figure.svg"
            if path.is_file():  # planted results are not drawn
                found.append((path, pd.concat([c for c in drawn if c["analysis"].iloc[0] == analysis])))
    return found


def from_paths(release: Release) -> dict[Name, Bounds]:
    """The same from the paths of the figures: heights between the lowest and the highest mark of the axis, and the
    numbers at risk that the figure tells on pointing at it."""
    return _from_figures(release, paths=True)


def from_words(release: Release) -> dict[Name, Bounds]:
    """The same from what figures tell on pointing at them: percentages to one decimal, and numbers at risk."""
    return _from_figures(release, paths=False)


def _from_figures(release: Release, paths: bool) -> dict[Name, Bounds]:
    answer: dict[Name, Bounds] = {}
    for file, rows in figures_of(release):
        curves = [curve for curve in curves_of(rows) if curve["estimate"].notna().any()]
        everything = curves_of(release.rows[curves[0]["stream"].iloc[0]])
        said, lines = spoken(texts(file), len(curves)), drawn(file.read_text(encoding="utf-8"))
        assert len(lines) == len(curves), f"the attack is faulty: it does not find the curves of {file.parent.name}"
        for curve, words, line in zip(curves, said, lines, strict=True):
            here = list(curve[curve["estimate"].notna()].itertuples())
            assert len(words) == len(here), f"the attack is faulty: it does not read what {file.parent.name} says"
            scale = 1.0 if here[0].measure == "mean_cumulative_count" else 100.0
            height, error = np.array([value for value, _ in words]), np.full(len(here), 0.05 if scale > 1 else 0.005)
            if paths:
                height, error = line.at([row.time for row in here])
            read = Curve(here, height / scale, error / scale, [release.table(n) for _, n in words])
            filed = np.array([row.estimate for row in here])
            if told(curve) and (np.abs(read.estimate - filed) <= read.error + DIGITS).all():
                # What is drawn is what the released counts give: they are all there is to know.
                read.counts = {"events": read_counts(release, curve, everything)["events"]}
                answer |= counts_only(read)
            else:
                answer |= solve(read)
    return answer


def spoken(words: list[str], number: int) -> list[list[tuple[float, float]]]:
    """Return for each of ``number`` curves what a figure says at each time: its height and the number at risk. The
    lines of a panel are told together, panel after panel; time starts again with each."""
    found: list[dict[str, list[tuple[float, float]]]] = []
    before = math.inf
    for text in words:
        head, *lines = text.split("\n")
        time = float(re.sub(r"[^\d.].*", "", head) or "nan")
        if not time > before:
            found.append({})
        before = time
        for line in lines:
            said = re.fullmatch(r"(.*): ([\d.]+)%?(?: \(95% CI.*?\))?(?:, (?:([\d\u202f]+) at risk)?.*)?", line)
            if said:
                n = float(said[3].replace("\u202f", "")) if said[3] else math.nan
                found[-1].setdefault(said[1], []).append((float(said[2]), n))
    return ([line for panel in found for line in panel.values()] + [[]] * number)[:number]


@dataclass
class Drawn:
    """Corners of a drawn curve in units of its axes."""

    x: np.ndarray
    y: np.ndarray
    point: float  # a point of print in units of the vertical axis

    def at(self, times: list[float]) -> tuple[np.ndarray, np.ndarray]:
        """Heights at times, and by how much each may be off: a corner is written to a millionth of a point, but steps
        lower than a hair are left out when a figure is drawn."""
        heights, errors = [], []
        for time in times:
            here = np.flatnonzero(np.abs(self.x - time) < 1e-4)
            before = np.flatnonzero(self.x < time + 1e-4)
            heights.append(self.y[here[-1] if here.size else before[-1]])
            errors.append(self.point * (3e-6 if here.size else 0.2))
        return np.array(heights), np.array(errors)


_TICK = re.compile(r'<g id="([xy])tick_\d+">(.*?)<!-- ([\d.]+) -->', re.DOTALL)
_LINE = re.compile(r'<path d="(M [^"]*)"[^>]*style="fill: none;[^"]*stroke-width: 1\.7"')


def drawn(svg: str) -> list[Drawn]:
    """Read the curves of a figure, axes by axes, from the marks of the axes and the corners of the lines."""
    found = []
    for axes in svg.split('<g id="axes_')[1:]:
        marks: dict[str, list[tuple[float, float]]] = {"x": [], "y": []}
        for which, body, label in _TICK.findall(axes):
            place = re.search(r'<use [^>]*x="([\d.]+)"' if which == "x" else r'd="M [\d.]+ ([\d.]+)', body)
            place = place or re.search(rf'<use [^>]*{which}="([\d.]+)"', body)
            if place:
                marks[which].append((float(place[1]), float(label)))
        if min(map(len, marks.values())) < 2:
            continue
        (x0, t0), (x1, t1) = marks["x"][0], marks["x"][-1]
        (y0, v0), (y1, v1) = marks["y"][0], marks["y"][-1]
        for corners in _LINE.findall(axes):
            points = np.array(re.findall(r"([\d.]+) ([\d.]+)", corners), dtype=float)
            x, y = points.T
            scale = (v1 - v0) / (y1 - y0)
            found.append(Drawn(t0 + (x - x0) * (t1 - t0) / (x1 - x0), v0 + (y - y0) * scale, abs(scale)))
    return found
