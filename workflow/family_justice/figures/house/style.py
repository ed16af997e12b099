"""House style, and the sheet on which every figure is drawn.

A sheet is laid out in inches from its top left corner: title, body, notes. Text is measured before it is placed, so
that nothing overlaps or is cut off. Text becomes paths: the file looks the same where DejaVu Sans is not installed,
and the same rows give the same bytes.
"""

from __future__ import annotations

import io
from collections.abc import Collection, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties
from matplotlib.text import Text
from matplotlib.textpath import text_to_path
from PIL import Image

from family_justice.figures.house.fonts import family
from family_justice.figures.house.hover import MOST_SWITCHED, Spot, described, part_of
from family_justice.files import atomic, write_text

if TYPE_CHECKING:
    from matplotlib.axes import Axes

# Okabe and Ito (2008), Color Universal Design. Yellow is left out: it cannot be seen as a line on white paper.
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9"
INK, GREY, RULE, PALE = "#1a1a1a", "#5a5a5a", "#d9d9d9", "#f3f5f7"
COLOURS = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY, INK, "#8c6d46")
DASHES: tuple[Any, ...] = ("solid", (0, (5, 2)), (0, (1.2, 1.6)), (0, (5, 1.6, 1.2, 1.6)))
MARKERS = ("o", "s", "^", "D", "v", "P", "X", "h")

SIZE, SMALL, TINY, TITLE = 8.5, 7.5, 6.8, 10.5  # points
WIDTH = 7.2  # inches: the text width of A4 with ordinary margins
LINE = 1.32  # line height in units of the font size
MARGIN = 0.12  # inches
DOTS = 300  # per inch of a PNG, as journals ask

STYLE: Mapping[str, Any] = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": SIZE,
    "text.color": INK,
    "axes.edgecolor": "#7a7a7a",
    "axes.labelcolor": INK,
    "axes.labelsize": SIZE,
    "axes.linewidth": 0.8,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.axisbelow": True,
    "axes.unicode_minus": True,
    "xtick.labelsize": SMALL,
    "ytick.labelsize": SMALL,
    "xtick.color": GREY,
    "ytick.color": GREY,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.major.size": 3.0,
    "ytick.major.size": 0.0,
    "grid.color": "#e3e3e3",
    "grid.linewidth": 0.7,
    "lines.linewidth": 1.7,
    "lines.solid_capstyle": "butt",
    "hatch.linewidth": 0.6,
    "text.parse_math": False,
    "svg.fonttype": "path",
    "pdf.fonttype": 42,  # journals refuse Type 3 fonts
    "svg.hashsalt": "family-justice",
    "path.simplify": False,
}


def house_style() -> Any:
    """Return the context in which figures are drawn and saved, whatever the user's own matplotlibrc says."""
    defaults = {key: value for key, value in matplotlib.rcParamsDefault.items() if not key.startswith("backend")}
    settings: Any = {**defaults}
    settings.update(STYLE)
    return matplotlib.rc_context(settings)


@cache
def text_width(text: str, size: float = SIZE, weight: str = "normal") -> float:
    """Return the width of one line of text in inches."""
    if not text.strip():
        return 0.0
    font = FontProperties(family="DejaVu Sans", weight=weight, size=size)
    width, _, _ = text_to_path.get_text_width_height_descent(text, font, ismath=False)
    return float(width) / 72 + 0.01


def text_height(lines: float, size: float = SIZE) -> float:
    """Return the height of so many lines of text in inches."""
    return lines * size * LINE / 72


def wrap(text: str, width: float, size: float = SIZE, weight: str = "normal") -> list[str]:
    """Break a text into lines no wider than ``width`` inches; a single longer word keeps its line."""
    lines: list[str] = []
    for word in text.split(" "):
        longer = f"{lines[-1]} {word}" if lines else word
        if lines and text_width(longer, size, weight) <= width:
            lines[-1] = longer
        else:
            lines.append(word)
    return lines


class Sheet:
    """One figure: a title above, a body of ``body`` inches, notes below; all text is laid out from the top left."""

    def __init__(self, title: str, subtitle: str, notes: list[str], body: float, width: float = WIDTH) -> None:
        self.width = width
        self.name = title
        self.spots: list[Spot] = []
        self.series: list[str] = []
        self._parts = 0
        inner = width - 2 * MARGIN
        heads = wrap(title, inner, TITLE, "bold")
        subs = wrap(subtitle, inner, SIZE) if subtitle else []
        feet = [line for note in notes if note for line in wrap(note, inner, TINY)]
        gap = 0.10
        self.top = MARGIN + text_height(len(heads), TITLE) + text_height(len(subs)) + gap
        self.bottom = self.top + body
        self.height = self.bottom + (gap + text_height(len(feet), TINY) if feet else 0) + MARGIN * 0.7
        self.figure = Figure(figsize=(width, self.height), facecolor="white")
        y = MARGIN
        for line in heads:
            self.text(MARGIN, y, line, size=TITLE, weight="bold", va="top")
            y += text_height(1, TITLE)
        for line in subs:
            self.text(MARGIN, y, line, color=GREY, va="top")
            y += text_height(1)
        y = self.bottom + gap
        for line in feet:
            self.text(MARGIN, y, line, size=TINY, color=GREY, va="top")
            y += text_height(1, TINY)

    def text(self, x: float, y: float, text: str, size: float = SIZE, **options: Any) -> None:
        """Write a line of text at ``x``, ``y`` inches from the top left; centred vertically unless told otherwise."""
        options.setdefault("va", "center_baseline")
        self.figure.text(x / self.width, 1 - y / self.height, text, size=size, **options)

    def axes(self, left: float, top: float, width: float, height: float, **options: Any) -> Axes:
        """Add axes whose frame has these inches."""
        box = (left / self.width, 1 - (top + height) / self.height, width / self.width, height / self.height)
        return self.figure.add_axes(box, **options)

    def canvas(self) -> Axes:
        """Add invisible axes over the whole sheet with inches from the top left as coordinates, for shapes."""
        axes = self.figure.add_axes((0, 0, 1, 1), zorder=-1)
        axes.set_xlim(0, self.width)
        axes.set_ylim(self.height, 0)
        axes.axis("off")
        return axes

    def hover(self, left: float, top: float, width: float, height: float, words: str) -> None:
        """Let an area (inches from the top left) show these words on pointing at it in the SVG."""
        if words:
            self.spots.append(Spot(left, top, width, height, words))

    def part(self, series: str) -> str:
        """Return the ``gid`` of something that is drawn of a series, so that a page can switch the series off."""
        if series not in self.series:
            self.series.append(series)
        self._parts += 1
        return part_of(self.series.index(series), self._parts)

    def save(self, folder: Path, alt: str, file_types: Collection[str]) -> dict[str, Any]:
        """Write ``figure.svg`` (with alt text and words on pointing at it) into a folder, and of ``figure.png`` (300
        dpi) and ``figure.pdf`` those of ``file_types``; return the size in inches, the ``series`` that can be switched
        off, and the ``spots`` that say something: left, width, top and height in percent of the sheet, and words."""
        # Without date and program version the same rows give the same bytes.
        drawn = io.StringIO()
        self.figure.savefig(drawn, format="svg", metadata={"Date": None, "Creator": None})
        series = self.series if 1 < len(self.series) <= MOST_SWITCHED else []
        write_text(folder / "figure.svg", described(drawn.getvalue(), self.spots, self.name, alt, len(series)))
        for kind, write in (("pdf", self._write_pdf), ("png", self._write_png)):
            (folder / f"figure.{kind}").unlink(missing_ok=True)
            if kind in file_types:
                with atomic(folder / f"figure.{kind}") as path:
                    write(path)
        spots = [
            [
                *(round(100 * part / self.width, 2) for part in (spot.left, spot.width)),
                *(round(100 * part / self.height, 2) for part in (spot.top, spot.height)),
                spot.words,
            ]
            for spot in self.spots
        ]
        size = {"width": round(self.width, 3), "height": round(self.height, 3)}
        return {**size, "series": series, "spots": spots}

    def _write_pdf(self, path: Path) -> None:
        about: dict[str, Any] = {"Title": self.name, "CreationDate": None, "Creator": None, "Producer": None}
        texts = (str(text.get_text()) for text in self.figure.findobj(Text))  # with the marks, once the SVG is drawn
        with matplotlib.rc_context({"font.sans-serif": [family(texts)]}):
            self.figure.savefig(path, format="pdf", metadata=about)

    def _write_png(self, path: Path) -> None:
        """Write 300 dots per inch in plain colours: a figure has no transparency, which some journals refuse."""
        canvas, before = FigureCanvasAgg(self.figure), self.figure.dpi
        self.figure.set_dpi(DOTS)
        canvas.draw()
        drawn = Image.frombuffer("RGBA", canvas.get_width_height(), canvas.buffer_rgba()).convert("RGB")
        drawn.save(path, format="png", dpi=(DOTS, DOTS), compress_level=3)  # a tenth larger, in half the time
        self.figure.set_dpi(before)


def message(title: str, subtitle: str, words: str, notes: list[str]) -> Sheet:
    """Return a sheet that says in words why there is nothing to draw."""
    lines = wrap(words, WIDTH - 1.6)
    body = text_height(len(lines)) + 0.7
    sheet = Sheet(title, subtitle, notes, body)
    from matplotlib.patches import Rectangle

    sheet.canvas().add_patch(
        Rectangle((MARGIN, sheet.top), WIDTH - 2 * MARGIN, body, facecolor=PALE, edgecolor=RULE, linewidth=0.8)
    )
    for number, line in enumerate(lines):
        sheet.text(WIDTH / 2, sheet.top + 0.35 + text_height(number) + 0.08, line, ha="center")
    return sheet


def tick_step(span: float, most: int, unit: str) -> float:
    """Return the distance between ticks that suits the unit of time and gives at most so many steps."""
    steps: dict[str, tuple[float, ...]] = {
        "days": (1, 2, 7, 14, 28, 56, 91, 182, 365, 730),
        "weeks": (1, 2, 4, 13, 26, 52, 104, 260),
        "months": (1, 2, 3, 6, 12, 24, 60),
        "years": (0.25, 0.5, 1, 2, 5, 10),
    }
    general = tuple(base * 10.0**power for power in range(-3, 7) for base in (1, 2, 5))
    for step in (*steps.get(unit, ()), *general):
        if span / step <= most + 1e-9:
            return step
    return span
