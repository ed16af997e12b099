"""The cut font of PDF files: the same outlines, lengths and ligatures as the whole font, and no letter lost."""

from __future__ import annotations

import re
import warnings
from pathlib import Path

import matplotlib
import numpy as np
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib.font_manager import FontProperties
from matplotlib.textpath import text_to_path

from family_justice.figures.house.fonts import FACES, FAMILY, FOLDER, LETTERS, cut, family, whole_font
from family_justice.figures.house.style import Sheet, house_style

SAID = "First office: AVATAR, To Wales. 12\u202f345 (95% CI \u22121.2 to 3.4) · Cafcass Cymru \u2013 tŷ ŵyn"


def outlines(file: Path) -> dict[int, tuple[int, list[tuple[str, object]]]]:
    """Width and drawing of each of the letters."""
    found = {}
    with TTFont(file) as font:
        glyphs = font.getGlyphSet()
        for letter, name in font.getBestCmap().items():
            if letter in LETTERS:
                pen = DecomposingRecordingPen(glyphs)
                glyphs[name].draw(pen)
                found[letter] = (glyphs[name].width, pen.value)
    return found


@pytest.mark.parametrize("face", FACES)
def test_the_shipped_files_are_what_the_module_makes_of_the_whole_font(face: str, tmp_path: Path) -> None:
    (tmp_path / "again.ttf").write_bytes(cut(face))
    shipped, expected = FOLDER / f"{face}.ttf", outlines(whole_font(face))
    assert len(expected) > 200
    assert outlines(shipped) == outlines(tmp_path / "again.ttf") == expected
    with TTFont(shipped) as font:
        assert set(font.getBestCmap()) <= LETTERS
        assert not {"GPOS", "GDEF"} & set(font.keys())


@pytest.mark.parametrize("face", FACES)
def test_a_line_is_as_long_and_has_the_same_ligatures_in_both(face: str) -> None:
    (whole, cuts), (names, others) = (
        text_to_path.get_text_path(FontProperties(fname=str(path), size=8.5), SAID)
        for path in (whole_font(face), FOLDER / f"{face}.ttf")
    )
    assert np.array_equal(whole, names)
    assert np.array_equal(cuts, others)


def pdf(folder: Path, title: str) -> bytes:
    with house_style(), matplotlib.rc_context({"pdf.compression": 0}), warnings.catch_warnings():
        warnings.simplefilter("error")  # matplotlib warns of a letter that no font has
        Sheet(title, "", [], body=0.5).save(folder, "alt", ("pdf",))
    return (folder / "figure.pdf").read_bytes()


def length_of_font(drawn: bytes) -> int:
    """Bytes of the longest font in a file; matplotlib puts letters far apart into fonts of their own."""
    return max(int(length) for length in re.findall(rb"/Length1 (\d+)", drawn))


def test_a_letter_outside_the_cut_comes_from_the_whole_font(tmp_path: Path) -> None:
    usual, greek = pdf(tmp_path / "usual", "Rate of 10"), pdf(tmp_path / "greek", "Rate of \u03bb")
    assert family(["Rate of 10", "12\u202f345"]) == FAMILY
    assert family(["Rate", "of \u03bb"]) == "DejaVu Sans"
    assert 2 * length_of_font(usual) < length_of_font(greek)  # the cut has no hints
    assert b"<03bb>" in greek  # what a reader copies is the letter
    assert b"/Type3" not in greek


def test_letters_of_the_axes_count_too(tmp_path: Path) -> None:
    with house_style(), matplotlib.rc_context({"pdf.compression": 0}):
        sheet = Sheet("Rate", "", [], body=1.0)
        sheet.axes(1, sheet.top, 2, 0.5).set_xticks([0, 1], ["", "\u03bb"])
        sheet.save(tmp_path, "alt", ("pdf",))
    assert b"<03bb>" in (tmp_path / "figure.pdf").read_bytes()


def test_the_files_are_the_same_twice_after_other_letters(tmp_path: Path) -> None:
    first = pdf(tmp_path / "a", SAID)
    pdf(tmp_path / "b", "\u03bb \u0141")
    assert pdf(tmp_path / "c", SAID) == first
