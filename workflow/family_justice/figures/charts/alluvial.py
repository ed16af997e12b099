"""Where members are at fixed times, as bars, and bands between them for those who go from state to state.

One panel per group, one below the other. States lie in their order from the top, light and dark by turns; every bar
has its percentage, and the names of the states stand beside the first and the last bar, so that the picture can be
read in grey.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from matplotlib.patches import PathPatch, Rectangle
from matplotlib.path import Path

from family_justice.figures import words
from family_justice.figures.charts.states import SHADES
from family_justice.figures.house.frequency_layout import Share, share
from family_justice.figures.house.style import (
    GREY,
    INK,
    MARGIN,
    SIZE,
    SMALL,
    WIDTH,
    Sheet,
    message,
    text_height,
    text_width,
    wrap,
)

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

HEIGHT, BAR, BETWEEN = 2.9, 0.34, 0.3  # of a panel, of a bar across, and between panels, inches
GONE = "#c9c9c9"  # members no longer observed
LEAST = 4.2  # percent, for a bar to hold its number


@dataclass(frozen=True)
class Flows:
    """The cells of one group.

    ``times`` are the terms in order; ``bars`` the shares of states at each, by term and state; ``bands`` the shares of
    those in a state before who are in another state then, by term and both states.
    """

    group: str
    times: list[str]
    bars: dict[tuple[str, str], Share]
    bands: dict[tuple[str, str, str], Share]


def arrange(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> list[Flows]:
    """Sort released rows of a flow into groups, times, and states before and after."""
    cells = rows[rows["measure"] == "percent"]
    times = list(about.get("terms") or [])
    found: dict[str, Flows] = {}
    for row in cells.to_dict("records"):
        pairs = words.pairs(row["group"])
        before = [state for column, state in pairs if column in times]
        group = "; ".join(f"{column}={level}" for column, level in pairs if column not in times)
        own = found.setdefault(group, Flows(group, times, {}, {}))
        if before:
            own.bands[str(row["term"]), before[0], str(row["level"])] = share(row, labels)
        else:
            own.bars[str(row["term"]), str(row["level"])] = share(row, labels)
    return list(found.values())


def heading(term: str, about: dict[str, Any]) -> str:
    """Return the time of a term in words: ``3 months``."""
    time, unit = term.removeprefix("at_"), str(about.get("time_unit") or "months")
    return "Start" if time == "0" else f"{time} {unit.removesuffix('s') if time == '1' else unit}"


def draw(rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> tuple[Sheet, str, str]:
    """Draw one panel per group; return the sheet, the alt text and the caption."""
    title, subtitle = about["title"], labels.subject(about)
    every = arrange(rows, about, labels)
    key, names = labels.strata([flows.group for flows in every])
    panels = [flows for flows in every if any(cell.percent == cell.percent for cell in flows.bars.values())]
    if not panels:
        said = "All counts are withheld: too few people to release."
        return message(title, subtitle, said, [labels.foot()]), f"{title}: all counts are withheld.", said
    few = any(cell.suppressed for flows in panels for cell in (*flows.bars.values(), *flows.bands.values()))
    notes = ["Bands of withheld numbers are not drawn; hatched is what is left to withheld states." if few else ""]
    states = _states(panels, about)
    side = min(max(text_width(label, SMALL) for label, _ in states.values()) + 0.14, 1.6)
    above = 0.0 if len(every) == 1 else text_height(1) + 0.06
    cell = above + HEIGHT + 0.3 + BETWEEN
    sheet = Sheet(title, subtitle, [*notes, labels.foot()], body=cell * len(panels) - BETWEEN)
    for number, flows in enumerate(panels):
        y = sheet.top + cell * number
        if above:
            name = f"{key}: {words.lower_first(names[flows.group])}" if key else names[flows.group]
            sheet.text(MARGIN, y + 0.09, wrap(name, WIDTH - 2 * MARGIN, SIZE, "bold")[0], weight="bold")
        _panel(sheet, flows, states, (side, y + above), about)
    caption = (
        "Percent of all in each state at each time; a band is as thick as the share that goes from one to another."
    )
    return sheet, _alt(title, panels, names, states, about), caption


def _states(panels: list[Flows], about: dict[str, Any]) -> dict[str, tuple[str, str]]:
    """Return label and colour of every state in which somebody is, or may be."""
    names = about.get("states") or {}
    colours = {name: SHADES[i % len(SHADES)] for i, name in enumerate(names)}
    colours[list(names)[-1]] = GONE
    somebody = {
        state for flows in panels for (_, state), cell in flows.bars.items() if cell.suppressed or cell.percent > 0
    }
    return {name: (str(label), colours[name]) for name, label in names.items() if name in somebody}


Spans = dict[tuple[str, str], tuple[float, float]]


def _panel(
    sheet: Sheet, flows: Flows, states: dict[str, tuple[str, str]], at: tuple[float, float], about: dict[str, Any]
) -> None:
    """Draw the bars and bands of a group; ``at``: room for names on either side, and the top, in inches."""
    side, top = at
    left, width = MARGIN + side, WIDTH - 2 * (MARGIN + side)
    axes = sheet.axes(left, top, width, HEIGHT)
    axes.axis("off")
    axes.set_xlim(0, width)
    axes.set_ylim(100, 0)
    pace = (width - BAR) / max(len(flows.times) - 1, 1)
    spans = _spans(flows, states)
    _bands(axes, flows, states, spans, pace)
    for number, term in enumerate(flows.times):
        x = number * pace
        _bars(sheet, axes, flows, states, spans, (term, x), (left, top))
        sheet.text(left + x + BAR / 2, top + HEIGHT + 0.16, heading(term, about), size=SMALL, ha="center")
    for term, x, align in ((flows.times[0], left - 0.07, "right"), (flows.times[-1], left + width + 0.07, "left")):
        _names(
            sheet, [(spans[term, s], label) for s, (label, _) in states.items() if (term, s) in spans], x, top, align
        )


def _spans(flows: Flows, states: dict[str, tuple[str, str]]) -> Spans:
    """Return from where to where each bar goes, in percent from the top; withheld states share what is left."""
    spans: Spans = {}
    for term in flows.times:
        y = 0.0
        for state in states:
            cell = flows.bars.get((term, state))
            if cell is not None and cell.percent == cell.percent and cell.percent > 0:
                spans[term, state] = y, min(y + cell.percent, 100.0)
                y += cell.percent
    return spans


def _bars(
    sheet: Sheet,
    axes: Axes,
    flows: Flows,
    states: dict[str, tuple[str, str]],
    spans: Spans,
    place: tuple[str, float],
    corner: tuple[float, float],
) -> None:
    term, x = place
    end = 0.0
    for state, (label, colour) in states.items():
        if (term, state) not in spans:
            continue
        a, end = spans[term, state]
        axes.add_patch(Rectangle((x, a), BAR, end - a, facecolor=colour, edgecolor="white", linewidth=0.8, zorder=3))
        said = flows.bars[term, state].said()
        sheet.hover(corner[0] + x, corner[1] + a / 100 * HEIGHT, BAR, (end - a) / 100 * HEIGHT, f"{label}: {said}")
        if end - a >= LEAST:
            text = f"{flows.bars[term, state].percent:.0f}"
            ink = "white" if _is_dark(colour) else INK
            axes.text(
                x + BAR / 2, (a + end) / 2, text, size=SMALL, color=ink, ha="center", va="center_baseline", zorder=4
            )
    if any(flows.bars[term, state].suppressed for state in states if (term, state) in flows.bars) and end < 99.5:
        axes.add_patch(
            Rectangle(
                (x, end), BAR, 100 - end, facecolor="white", edgecolor=GREY, hatch="////", linewidth=0.5, zorder=3
            )
        )


def _bands(axes: Axes, flows: Flows, states: dict[str, tuple[str, str]], spans: Spans, pace: float) -> None:
    """Draw the bands: out of a bar in the order of where they lead, into a bar in the order of where they come from;
    thin ones over thick ones."""
    drawn: list[tuple[float, PathPatch]] = []
    for number in range(1, len(flows.times)):
        last, term = flows.times[number - 1], flows.times[number]
        out = {s: spans[last, s][0] for s in states if (last, s) in spans}
        into = {s: spans[term, s][0] for s in states if (term, s) in spans}
        for a, (_, colour) in states.items():
            for b in states:
                cell = flows.bands.get((term, a, b))
                if cell is None or a not in out or b not in into or not cell.percent > 0:
                    continue
                thick = cell.percent * flows.bars[last, a].percent / 100
                # Rounded numbers may add up to a little more than their bar.
                thick = max(min(thick, spans[last, a][1] - out[a], spans[term, b][1] - into[b]), 0.0)
                x = (number - 1) * pace + BAR, number * pace
                drawn.append((thick, _band(x, out[a], into[b], thick, colour)))
                out[a], into[b] = out[a] + thick, into[b] + thick
    for _, band in sorted(drawn, key=lambda pair: -pair[0]):
        axes.add_patch(band)


def _band(x: tuple[float, float], a: float, b: float, thick: float, colour: str) -> PathPatch:
    middle = (x[0] + x[1]) / 2
    points = [
        (x[0], a), (middle, a), (middle, b), (x[1], b),
        (x[1], b + thick), (middle, b + thick), (middle, a + thick), (x[0], a + thick), (x[0], a),
    ]  # fmt: skip
    curve = [Path.CURVE4] * 3
    codes = [Path.MOVETO, *curve, Path.LINETO, *curve, Path.CLOSEPOLY]
    return PathPatch(Path(points, codes), facecolor=_pale(colour), edgecolor="white", linewidth=0.5, zorder=2)


def _names(sheet: Sheet, bars: list[tuple[tuple[float, float], str]], x: float, top: float, align: str) -> None:
    """Write the names of states beside their bars, moved down where they would collide."""
    before, step = -1.0, text_height(1, SMALL)
    wanted = [top + (a + b) / 200 * HEIGHT for (a, b), _ in bars]
    for number in range(len(bars)):
        wanted[number] = max(wanted[number], before + step)
        before = wanted[number]
    beyond = max(0.0, (wanted[-1] if wanted else 0.0) - (top + HEIGHT))
    for number in range(len(bars) - 1, -1, -1):
        limit = top + HEIGHT if number == len(bars) - 1 else wanted[number + 1] - step
        wanted[number] = min(wanted[number], limit) if beyond else wanted[number]
    for y, (_, label) in zip(wanted, bars, strict=True):
        sheet.text(x, y, wrap(label, 1.5, SMALL)[0], size=SMALL, ha=align)


def _is_dark(colour: str) -> bool:
    red, green, blue = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return 0.299 * red + 0.587 * green + 0.114 * blue < 125


def _pale(colour: str) -> str:
    """Return a colour halfway to white: no transparency, which some journals refuse."""
    return "#" + "".join(f"{round(255 - (255 - int(colour[i : i + 2], 16)) * 0.5):02x}" for i in (1, 3, 5))


def _alt(
    title: str, panels: list[Flows], names: dict[str, str], states: dict[str, tuple[str, str]], about: dict[str, Any]
) -> str:
    parts = [f"Flow picture. {title}."]
    for flows in panels:
        said = []
        for term in flows.times:
            cells = [(label, flows.bars.get((term, state))) for state, (label, _) in states.items()]
            shares = ", ".join(
                f"{words.lower_first(label)} {words.percent(cell.percent) or words.WITHHELD}"
                for label, cell in cells
                if cell is not None and (cell.suppressed or cell.percent > 0)
            )
            said.append(f"{heading(term, about).lower()}: {shares}")
        name = f"{names[flows.group]}, " if len(panels) > 1 else ""
        parts.append(f"{name}{'; '.join(said)}.")
    return " ".join(parts)
