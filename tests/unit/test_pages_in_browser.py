"""Pages in a real browser (Chromium, where there is one): what a reader sees and can do, on a phone and in the dark.

A script that is put into a copy of a page tries it and writes what it found into the page; nothing comes from the
network.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
from html import unescape
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
import release_samples as samples

from family_justice.figures.draw import draw_figures, has_figure
from family_justice.files import write_text
from family_justice.report.pages import write_index, write_stream_page

CHROMIUM = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), "")
pytestmark = pytest.mark.skipif(not CHROMIUM, reason="needs Chromium")

PHONE, DESKTOP = (390, 844), (1280, 900)
DARK = ("--blink-settings=preferredColorScheme=0",)
DRAWN = ("return_curve", "newborn_trend", "return_model")
#: Bytes of a page without its figures; a reader on a slow line has it in a second or two.
HEAVIEST = 600_000

#: Says of a page what a reader would complain of. Contrast as in WCAG 2 (relative luminance).
LOOK = """
const css = (element, part) => getComputedStyle(element, part);
const rgb = (text) => (text.match(/[\\d.]+/g) ?? []).map(Number);
const linear = (c) => c <= .03928 ? c / 12.92 : ((c + .055) / 1.055) ** 2.4;
const shade = ([r, g, b]) => .2126 * linear(r / 255) + .7152 * linear(g / 255) + .0722 * linear(b / 255);
const behind = (element) => {
  for (let e = element; e; e = e.parentElement) {
    const colour = rgb(css(e).backgroundColor);
    if (colour.length === 3 || colour[3] === 1) return colour;
  }
  return [255, 255, 255];
};
const faint = [];
const walk = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
for (let node = walk.nextNode(); node; node = walk.nextNode()) {
  const element = node.parentElement;
  if (!node.data.trim() || element.closest("script, style") || !element.checkVisibility()) continue;
  const [a, b] = [shade(rgb(css(element).color)), shade(behind(element))].sort((x, y) => y - x);
  if ((a + .05) / (b + .05) < 4.5) faint.push(node.data.trim().slice(0, 40));
}
const hinted = (box) => [box.querySelector("caption"), box.parentElement.querySelector("figcaption")].filter(Boolean)
  .some((e) => ["::after", "::before"].some((part) => css(e, part).content.includes("croll sideways")));
const wide = [...document.querySelectorAll(".scroll")].filter((box) => box.checkVisibility()
  && box.scrollWidth > box.clientWidth);
const moved = wide.filter((box) => box.querySelector("tbody th[scope=row]"));
for (const box of moved) box.scrollLeft = 1000;
found.page = {
  width: innerWidth,
  sideways: document.documentElement.scrollWidth - innerWidth,
  wide: wide.length,
  unhinted: wide.filter((box) => !hinted(box)).map((box) => box.ariaLabel),
  unreachable: wide.filter((box) => box.tabIndex !== 0).length,
  headless: moved.filter((box) => {
    const [head, place] = [box.querySelector("tbody th[scope=row]"), box.getBoundingClientRect()];
    return Math.abs(head.getBoundingClientRect().left - place.left) > 2;
  }).map((box) => box.ariaLabel),
  split: [...document.querySelectorAll("td.number:not(.withheld)")].map((cell) => cell.firstChild).filter((text) => {
    const range = document.createRange();
    if (text?.nodeType === Node.TEXT_NODE) range.selectNode(text);
    return new Set([...range.getClientRects()].map((line) => line.top)).size > 1;
  }).map((text) => text.textContent),
  small: [...document.querySelectorAll("nav a, .series button, summary")].filter((e) => e.checkVisibility())
    .filter((e) => e.getBoundingClientRect().height < 23.9).map((e) => e.textContent),
  headings: [...document.querySelectorAll("h1, h2, h3, h4, h5, h6")].map((e) => Number(e.tagName[1])),
  faint,
};
"""
#: Uses the first figure as a reader without a pointer does.
USE = """
const figure = document.querySelector("#return-curve figure");
const [cover, said] = [figure.querySelector(".cover"), figure.querySelector(".said")];
const press = (key) => cover.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true, cancelable: true }));
const told = [];
for (const key of ["ArrowRight", "ArrowRight", "ArrowLeft", "End", "Home"]) { press(key); told.push(said.textContent); }
press("Escape");
found.values = { told, spoken: cover.ariaValueText, stop: cover.tabIndex, gone: said.hidden };
const drawing = figure.querySelector("object");
const lines = (series) => [...drawing.contentDocument.querySelectorAll(`[id^="s${series}-"]`)]
  .map((part) => drawing.contentWindow.getComputedStyle(part).display);
const buttons = [...figure.querySelectorAll(".series button")];
const after = (work) => new Promise((done) => { work(); setTimeout(done, 200); });
found.series = { names: buttons.map((button) => button.textContent), parts: lines(0).length };
await after(() => buttons[0].click());
await after(() => buttons[2].click());
found.series.hidden = [0, 1, 2].map((series) => lines(series).every((display) => display === "none"));
found.series.pressed = buttons.map((button) => button.ariaPressed);
await after(() => buttons.forEach((button) => button.ariaPressed === "true" && button.click()));
found.series.left = buttons.filter((button) => button.ariaPressed === "true").length;
await after(() => buttons.forEach((button) => button.ariaPressed === "false" && button.click()));
found.series.back = [0, 1, 2].map((series) => lines(series).every((display) => display !== "none"));
const table = document.querySelector("table.long");
const field = table.closest(".scroll").previousElementSibling.querySelector("input");
const shown = () => [...table.querySelectorAll("tbody tr")].filter((row) => !row.hidden);
const rows = () => shown().map((row) => row.cells[0].textContent);
const write = (text) => { field.value = text; field.dispatchEvent(new Event("input")); };
found.rows = { all: rows().length };
write("20 to 24");
found.rows.some = rows();
write("");
found.rows.again = rows().length;
"""
SEARCH = """
const field = document.querySelector("#search");
const seen = (what) => [...document.querySelectorAll(what)].filter((e) => e.checkVisibility()).length;
const write = (text) => { field.value = text; field.dispatchEvent(new Event("input")); return seen(".cards article"); };
const all = seen(".cards article");
found.search = { all, none: write("zebra"), said: document.querySelector(".search output").textContent,
  hit: write("RETURN"), lines: seen(".results li"), back: write("") };
"""


@pytest.fixture(scope="module")
def release(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A release of one study with a few figures that are drawn; of the others there is only what is said of them."""
    folder = samples.write_release(tmp_path_factory.mktemp("release"))
    write_text(folder / "study.json", json.dumps(samples.study(samples.SVG_ONLY)))
    for name, about in samples.study()["analyses"].items():
        if has_figure(about["kind"]) and name not in DRAWN:
            text = json.dumps({"alt": "Alt.", "caption": "Caption.", "width": 7.2, "height": 4.0})
            write_text(folder / name / "figure.json", text)
    draw_figures(folder, analyses=DRAWN)
    write_stream_page(folder, [("before", "The study before"), (samples.STREAM, "This one"), ("after", "The next")])
    write_index(folder.parent, [samples.STREAM])
    return folder.parent


def tried(page: Path, script: str, size: tuple[int, int], profile: Path, *options: str) -> dict[str, Any]:
    """Open a copy of a page in a frame of a size, run a script in it, and return what the script has ``found``.

    A frame, because a window of Chromium has a least width that is more than a phone's."""
    copy, outside = (page.with_name(f"{name}_{page.name}") for name in ("tried", "frame"))
    wait = "await new Promise((done) => setTimeout(done, 200));"  # until observers have seen the first layout
    body = f"const found = {{}}; {wait} try {{ {script} }} catch (error) {{ found.error = String(error.stack); }}"
    write = "const pre = document.createElement('pre'); pre.id = 'found'; pre.textContent = JSON.stringify(found);"
    start = f"addEventListener('load', async () => {{ {body} {write} parent.document.body.append(pre); }});"
    text = page.read_text(encoding="utf-8").replace("</body>", f"<script>{start}</script></body>")
    write_text(copy, text)
    frame = f'<iframe src="{copy.name}" width="{size[0]}" height="{size[1]}" style="border: 0"></iframe>'
    write_text(outside, f'<!DOCTYPE html><html><body style="margin: 0">{frame}</body></html>')
    command = [
        CHROMIUM, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
        "--disable-component-update", "--disable-sync", "--disable-quic", "--allow-file-access-from-files",
        f"--user-data-dir={profile}", "--window-size=1300,950", "--virtual-time-budget=10000", *options,
        "--dump-dom", outside.resolve().as_uri(),
    ]  # fmt: skip
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    copy.unlink()
    outside.unlink()
    match = re.search(r'<pre id="found">(.*?)</pre>', done.stdout, re.S)
    assert match, done.stderr[-2000:]
    found: dict[str, Any] = json.loads(unescape(match[1]))
    assert "error" not in found, found["error"]
    return found


@pytest.fixture(scope="module")
def on_a_phone(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    page = release / samples.STREAM / "index.html"
    return tried(page, LOOK, PHONE, tmp_path_factory.mktemp("profile"))


@pytest.fixture(scope="module")
def in_the_dark(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    page = release / samples.STREAM / "index.html"
    return tried(page, f"{{ {LOOK} }} {{ {USE} }}", DESKTOP, tmp_path_factory.mktemp("profile"), *DARK)


@pytest.fixture(scope="module")
def front_page(release: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    return tried(release / "index.html", f"{{ {LOOK} }} {{ {SEARCH} }}", PHONE, tmp_path_factory.mktemp("profile"))


def test_on_a_phone_nothing_is_cut_without_a_hint(on_a_phone: dict[str, Any], front_page: dict[str, Any]) -> None:
    for seen in (on_a_phone["page"], front_page["page"]):
        assert seen["width"] == PHONE[0]
        assert seen["sideways"] <= 0
        assert seen["unhinted"] == []
        assert seen["unreachable"] == 0
        assert seen["split"] == []
        assert seen["small"] == []
    assert on_a_phone["page"]["wide"] > 5  # so that the test above has seen some


def test_on_a_phone_a_row_keeps_its_name_while_the_table_is_moved(on_a_phone: dict[str, Any]) -> None:
    assert on_a_phone["page"]["headless"] == []


def test_text_can_be_read_in_light_and_dark(
    on_a_phone: dict[str, Any], in_the_dark: dict[str, Any], front_page: dict[str, Any]
) -> None:
    for seen in (on_a_phone, in_the_dark, front_page):
        assert seen["page"]["faint"] == []


def test_headings_step_down_one_at_a_time(on_a_phone: dict[str, Any], front_page: dict[str, Any]) -> None:
    for seen in (on_a_phone, front_page):
        levels = seen["page"]["headings"]
        assert levels.count(1) == 1 == levels[0]
        assert all(after - before <= 1 for before, after in pairwise(levels))


def test_arrow_keys_tell_the_values_of_a_figure(in_the_dark: dict[str, Any]) -> None:
    first, second, back, last, home = in_the_dark["values"]["told"]
    assert first == back == home
    assert first.startswith("0 years\n")
    assert second.startswith("0.25 years\n")
    assert last.startswith("10 years\n")
    assert re.search(r"Mother, England: \d+\.\d%", last)
    assert in_the_dark["values"]["stop"] == 0
    assert in_the_dark["values"]["gone"]
    assert in_the_dark["values"]["spoken"] == home


def test_series_are_switched_off_and_on_and_one_always_stays(in_the_dark: dict[str, Any]) -> None:
    series = in_the_dark["series"]
    assert len(series["names"]) == 4
    assert series["parts"] >= 2  # line and band
    assert series["hidden"] == [True, False, True]
    assert series["pressed"] == ["false", "true", "false", "true"]
    assert series["left"] == 1
    assert series["back"] == [True, True, True]


def test_a_long_table_is_cut_down_to_rows_with_their_headings(in_the_dark: dict[str, Any]) -> None:
    rows = in_the_dark["rows"]
    assert "20 to 24" in rows["some"]
    assert 1 < len(rows["some"]) < rows["all"] == rows["again"]
    assert any("20 to 24" not in row for row in rows["some"])


def test_the_front_page_is_searched(front_page: dict[str, Any]) -> None:
    found = front_page["search"]
    assert found["all"] == found["back"] == found["hit"] == 1
    assert found["none"] == 0
    assert found["said"] == "0 of 1 studies"
    assert found["lines"] > 0


def test_pages_are_light(release: Path) -> None:
    for page in release.rglob("*.html"):
        assert page.stat().st_size < HEAVIEST
