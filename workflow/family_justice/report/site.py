"""What the pages of a release share: the way from one study to the others, and how each is cited.

Nothing here tells when a page was written: a release that is made again has the same bytes.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from markupsafe import Markup, escape

from family_justice.figures import words

#: As in CITATION.cff, which users of the repository read; a test compares them.
PIPELINE, AUTHORS = "Family justice pipeline", "The Family Justice Pipeline contributors"
LICENCE, LICENCE_ADDRESS = "MIT licence", "https://spdx.org/licenses/MIT"

#: Name and title of a study.
Named = tuple[str, str]
#: An address within a text, with its scheme or with a path; a mere host leads to nothing that can be read.
ADDRESS = re.compile(r"https?://[^\s;,()]+|(?<![\w@./-])(?:[a-z0-9-]+\.)+[a-z]{2,}/[^\s;,()]+")


@dataclass(frozen=True)
class Way:
    """The studies of a release in the order of its front page, and those before and after one of them."""

    studies: Sequence[Named]
    before: Named | None = None
    after: Named | None = None


def way(stream: str, studies: Sequence[Named]) -> Way:
    """Return the way from the study ``stream`` to the others; ``studies`` without it lead nowhere."""
    names = [name for name, _ in studies]
    if stream not in names or len(names) < 2:
        return Way(())
    at = names.index(stream)
    return Way(studies, studies[at - 1] if at else None, studies[at + 1] if at + 1 < len(studies) else None)


def citation(study: Mapping[str, Any]) -> str:
    """Return how the results of a study are cited: authors, title, version, records and their last day, licence.

    The fingerprints of code, settings and records are the identifier: the same three give the same results.
    """
    prints = "-".join(str(text)[:8] for text in (study["code"], study["settings"], study["source"]["fingerprint"]))
    return (
        f"{AUTHORS}. {study['title']}: results of the {PIPELINE}, version {study['versions']['pipeline']}. "
        f"{records(study['source'])}. {LICENCE}. Identifier: {study['stream']}-{prints}."
    )


def records(source: Mapping[str, Any]) -> str:
    """Return of which records results are, in words: made-up ones with their size, and the last day covered."""
    day = str(source.get("refresh_date") or "")
    until = f" to {words.day(day)}" if day else ""
    size = words.size(source)
    made_up = f"Synthetic records{until}{f', {size}' if size else ''}"
    return made_up if source["is_synthetic"] else f"{'Records' if day else 'Public records'}{until}"


def linked(text: str) -> Markup:
    """Return a text as HTML in which every address is a link that can be followed."""
    found, end = Markup(), 0
    for match in ADDRESS.finditer(text):
        shown = match[0].rstrip(".:")
        address = shown if shown.startswith("http") else f"https://{shown}"
        found += escape(text[end : match.start()]) + Markup('<a href="{}">{}</a>').format(address, shown)
        end = match.start() + len(shown)
    return found + escape(text[end:])
