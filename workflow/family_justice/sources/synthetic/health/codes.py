"""Codes of events as words: drawn with their weights, and the forms in which hospitals write ICD-10."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from family_justice.sources.synthetic.clock import Ints
from family_justice.sources.synthetic.health.events import KINDS
from family_justice.sources.synthetic.tables import Words


def draw_codes(weights: Mapping[str, Mapping[str, float]], kind: Ints, random: np.random.Generator) -> Words:
    """Return one code per event, by its kind; empty for kinds without codes."""
    words = sorted({str(code) for codes in weights.values() for code in codes})
    place = {word: number for number, word in enumerate(words)}
    drawn = np.full(len(kind), -1)
    for name, codes in weights.items():
        rows = np.flatnonzero(kind == KINDS.index(name))
        share = np.cumsum(list(codes.values()))
        chosen = np.searchsorted(share[:-1], random.random(len(rows)) * share[-1], side="right")
        drawn[rows] = np.array([place[str(code)] for code in codes])[chosen]
    return Words(drawn, words)


def written_codes(
    codes: Words, shortened: float, unusual: float, random: np.random.Generator
) -> tuple[Words, Words, Words]:
    """Return ICD-10 codes as hospitals write them, their first three and their first four characters.

    A share ``shortened`` lacks the fourth character; a share ``unusual`` has a point before it, or a trailing X or -
    in its place.
    """
    forms: list[str] = []
    for code in codes.words:
        short = code[:3]
        dotted = f"{short}.{code[3:]}" if len(code) > 3 else code
        forms += [code, short, dotted, f"{short}X", f"{short}-"]
    draws = random.random(len(codes.code))
    odd = 2 + random.integers(0, 3, len(draws))
    # A dotted form keeps the fourth character, the trailing ones stand for one that was never there.
    odd = np.where((odd > 2) & np.array([len(code) > 3 for code in codes.words] or [False])[codes.code], 2, odd)
    ending = np.where(draws < shortened / 2, 1, 3)
    form = np.where(draws < shortened, ending, np.where(draws < shortened + unusual, odd, 0))
    place = np.where(codes.code < 0, -1, codes.code * 5 + form)
    plain = [form.replace(".", "") for form in forms]
    return (
        Words(place, forms),
        Words(place, [form[:3] for form in plain]),
        Words(place, [form[:4] for form in plain]),
    )
