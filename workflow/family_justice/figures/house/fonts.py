"""The letters that PDF files carry: DejaVu Sans cut down to what figures write, made once and kept beside this module.

Matplotlib cuts the font down anew for each face of each PDF, and most of that time goes into its tables of layout for
scripts that figures do not write. Here these tables are cut away beforehand; ligatures and kerning stay, so that
lines are as long as in the other files. A figure with a letter outside ``LETTERS`` takes the whole DejaVu Sans.

``python -m family_justice.figures.house.fonts`` makes the files again; a test compares them with the whole font.
"""

from __future__ import annotations

import io
from collections.abc import Iterable
from functools import cache
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.font_manager import fontManager

FOLDER = Path(__file__).parent / "typeface"
FACES = ("DejaVuSans", "DejaVuSans-Bold", "DejaVuSans-Oblique", "DejaVuSans-BoldOblique")
WHOLE = "DejaVu Sans"
FAMILY = "DejaVu Sans for print"  # a name of its own, so that matplotlib can tell it from the whole font
#: Latin with the circumflexed letters of Welsh, dashes, quotation marks and dots, thin spaces, arrows, relations.
LETTERS = frozenset(
    [
        *(*range(0x20, 0x7F), *range(0xA0, 0x100), 0x174, 0x175, 0x176, 0x177),
        *(*range(0x2009, 0x2027), 0x202F, 0x20AC, *range(0x2190, 0x2194), 0x2212, 0x2248, 0x2260, 0x2264, 0x2265),
    ]
)


def family(texts: Iterable[str]) -> str:
    """Return the family to write these texts in: the cut one, or the whole one if it lacks one of their letters."""
    return _known() if LETTERS.issuperset(map(ord, "".join(texts).replace("\n", ""))) else WHOLE


@cache
def _known() -> str:
    """Make the cut fonts known to matplotlib and return the name of their family."""
    for face in FACES:
        fontManager.addfont(FOLDER / f"{face}.ttf")
    return FAMILY


def whole_font(face: str) -> Path:
    """Return the file of a whole face, as it comes with matplotlib."""
    return Path(matplotlib.get_data_path()) / "fonts" / "ttf" / f"{face}.ttf"


def cut(face: str) -> bytes:
    """Return a face of DejaVu Sans (a TrueType file) with ``LETTERS`` alone, without hints for screens.

    The names of the face stay what they are, but for that of its family.
    """
    from fontTools import subset

    options = subset.Options()
    options.hinting = False
    options.layout_features = ["liga"]
    options.legacy_kern = True
    options.drop_tables += ["FFTM", "GDEF", "GPOS", "MATH", "gasp"]
    options.name_IDs = [0, 1, 2, 4, 6]  # copyright, family, style, full and PostScript name
    cutter = subset.Subsetter(options)
    cutter.populate(unicodes=LETTERS)
    file = io.BytesIO()
    whole: Any = subset.load_font(str(whole_font(face)), options)
    with whole as font:
        cutter.subset(font)
        for name in font["name"].names:
            if name.nameID == 1:
                name.string = FAMILY
        font.save(file)
    return file.getvalue()


if __name__ == "__main__":
    for name in FACES:
        (FOLDER / f"{name}.ttf").write_bytes(cut(name))
