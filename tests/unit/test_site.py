"""What the pages of a release share: the way to other studies, how each is cited, and links to sources."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import release_samples as samples
import yaml
from markupsafe import Markup

from family_justice.figures import words
from family_justice.report import site
from family_justice.report.pages import _css_string

CITATION = yaml.safe_load((Path(__file__).parents[2] / "CITATION.cff").read_text())
STUDIES = [("one", "One"), ("two", "Two"), ("three", "Three")]


def test_authors_and_licence_are_those_of_the_citation_file() -> None:
    assert [author["name"] for author in CITATION["authors"]] == [site.AUTHORS]
    assert CITATION["title"] == site.PIPELINE
    assert f"{CITATION['license']} licence" == site.LICENCE
    assert site.LICENCE_ADDRESS.endswith(f"/{CITATION['license']}")


def test_a_study_is_cited_with_authors_version_records_licence_and_identifier() -> None:
    study = samples.study()
    study["source"] |= {"refresh_date": "2021-12-31", "scale": 0.25, "is_synthetic": True}
    said = site.citation(study)
    assert said.startswith(f"{site.AUTHORS}. {study['title']}: results of the {site.PIPELINE}, version 0.1.0. ")
    assert "Synthetic records to 31 December 2021, 25% of the national volumes. MIT licence. " in said
    assert said.endswith(f"Identifier: {samples.STREAM}-01234567-fedcba98-ab12cd34.")


@pytest.mark.parametrize(
    ("source", "said"),
    [
        ({"is_synthetic": False, "refresh_date": "2023-03-01", "scale": None}, "Records to 1 March 2023"),
        ({"is_synthetic": False, "refresh_date": ""}, "Public records"),
        ({"is_synthetic": True, "refresh_date": "", "scale": 1.0}, "Synthetic records, 100% of the national volumes"),
        ({"is_synthetic": True}, "Synthetic records"),
    ],
)
def test_records_in_words(source: dict[str, Any], said: str) -> None:
    assert site.records(source) == said


def test_the_size_of_made_up_records_is_told_and_that_of_others_is_not() -> None:
    assert words.made_up({"is_synthetic": True, "scale": 0.06}).endswith("Its size is 6% of the national volumes.")
    assert words.made_up({"is_synthetic": True}) == words.SYNTHETIC
    assert words.size({"is_synthetic": False, "scale": 0.06}) == ""


@pytest.mark.parametrize(
    ("stream", "before", "after"),
    [("one", None, ("two", "Two")), ("two", ("one", "One"), ("three", "Three")), ("three", ("two", "Two"), None)],
)
def test_the_way_goes_in_the_order_of_the_front_page(
    stream: str, before: site.Named | None, after: site.Named | None
) -> None:
    assert site.way(stream, STUDIES) == site.Way(STUDIES, before, after)


def test_there_is_no_way_from_a_study_alone_or_unknown() -> None:
    assert site.way("four", STUDIES) == site.way("one", STUDIES[:1]) == site.Way(())


@pytest.mark.parametrize(
    ("text", "addresses"),
    [
        ("Smith <2020>, https://doi.org/10.1/x; code lists", ["https://doi.org/10.1/x"]),
        ("start (ijpds.org/article/view/1159).", ["https://ijpds.org/article/view/1159"]),
        ("a.org/x; b.ac.uk/y/z.", ["https://a.org/x", "https://b.ac.uk/y/z"]),
        ("read at libmast.utm.my; public code Owner/repository; 3.5/4; v5i1.1339", []),
    ],
)
def test_addresses_become_links_and_the_text_stays(text: str, addresses: list[str]) -> None:
    found = site.linked(text)
    assert found.striptags() == text if "<" not in text else "Smith &lt;2020&gt;" in found
    assert [part.partition('"')[0] for part in found.split('<a href="')[1:]] == addresses


def test_a_title_stands_in_a_style_sheet_as_text_only() -> None:
    assert _css_string(Markup("A &lt;b&gt; &#34;c&#34; \\")) == "A \\3c b> \\22 c\\22  \\5c "
