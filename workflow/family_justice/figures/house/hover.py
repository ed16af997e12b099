"""Words that a browser shows on pointing at a figure: transparent areas over the SVG, each with a ``title``.

No script is needed. An area lies where the eye looks for it: a strip for each time of a curve or place of a trend, a
row for each line of a forest or bar, a tile. It is placed by the axis, not by the value, so that what is withheld has
an area of the same kind and size; only the points of a funnel have theirs where they lie, and withheld ones have none.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import escape
from itertools import combinations, pairwise

POINTS = 72  # per inch
#: Any of so many series can be switched off; each has one digit.
MOST_SWITCHED = 8
STYLE = ".hover rect{fill:#000;fill-opacity:0}.hover rect:hover{fill-opacity:.09}"


@dataclass(frozen=True)
class Spot:
    """An area in inches from the top left of the sheet, and its words, line by line."""

    left: float
    top: float
    width: float
    height: float
    words: str


def strips(times: list[float], ends: tuple[float, float]) -> list[tuple[float, float]]:
    """Return the left and right end of the strip of each time: halfway to its neighbours, within ``ends``."""
    middles = [(a + b) / 2 for a, b in pairwise(times)]
    edges = [ends[0], *middles, ends[1]]
    return [(max(a, ends[0]), min(b, ends[1])) for a, b in pairwise(edges)]


def part_of(series: int, number: int) -> str:
    """Return the id in the SVG of the so-manieth thing that is drawn of a series."""
    return f"s{series}-{number}"


def switches(series: int) -> str:
    """Return what lets a page switch off any of so many series by the fragment of the address: ``figure.svg#hide-02``
    shows neither the first nor the third. It needs no script, in the drawing or of another origin."""
    if not series:
        return ""
    rules = "".join(
        f'svg:has([id^="hide-"][id*="{one}"]:target) [id^="s{one}-"]{{display:none}}' for one in range(series)
    )
    hidden = (some for size in range(1, series) for some in combinations(range(series), size))
    places = "".join(f'<g id="hide-{"".join(map(str, some))}"/>' for some in hidden)
    return f" <defs>\n  <style>{rules}</style>\n  {places}\n </defs>\n"


def described(svg: str, spots: Iterable[Spot], name: str, words: str, series: int = 0) -> str:
    """Return an SVG with its name and description for who cannot see it, with its areas for who points at it, and with
    as many series that can be switched off.

    To assistive technology the whole is one picture (role ``img``), so that the areas are not read out one by one.
    """
    areas = "\n".join(
        f'  <rect x="{_points(s.left)}" y="{_points(s.top)}" width="{_points(s.width)}" '
        f'height="{_points(s.height)}"><title>{escape(s.words, quote=False)}</title></rect>'
        for s in spots
    )
    head = f"\n <title>{escape(name, quote=False)}</title>\n <desc>{escape(words, quote=False)}</desc>"
    svg = re.sub(r"<svg ([^>]*)>", lambda m: f'<svg role="img" {m[1]}>{head}', svg, count=1)
    end = svg.rindex("</svg>")
    layer = f' <g class="hover">\n  <style>{STYLE}</style>\n{areas}\n </g>\n' if areas else ""
    return svg[:end] + switches(series) + layer + svg[end:]


def _points(inches: float) -> str:
    return f"{round(inches * POINTS, 2):g}"
