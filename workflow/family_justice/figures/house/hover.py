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
from itertools import pairwise

POINTS = 72  # per inch
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


def described(svg: str, spots: Iterable[Spot], name: str, words: str) -> str:
    """Return an SVG with its name and description for who cannot see it, and with its areas for who points at it.

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
    return svg[:end] + layer + svg[end:]


def _points(inches: float) -> str:
    return f"{round(inches * POINTS, 2):g}"
