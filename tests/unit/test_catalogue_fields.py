"""The fields of a catalogue entry: lengths, patterns and vocabularies of the public schema."""

from __future__ import annotations

import datetime
from typing import Any

import pytest
from pydantic import ValidationError

from family_justice.contracts.catalogue import Entry


def entry() -> dict[str, Any]:
    """A complete entry, with names in camel case as in its JSON."""
    return {
        "identifier": "29a714e1-5289-4362-be24-2848c954344e",
        "version": "1.0.0",
        "revisions": [{"version": "0.9.0", "url": "https://example.org/old"}],
        "issued": "2024-01-01T00:00:00Z",
        "modified": "2024-01-02T00:00:00Z",
        "summary": {
            "title": "Court records",
            "abstract": "Records of courts.",
            "dataCustodian": {"identifier": "SAIL", "name": "SAIL Databank", "contactPoint": None},
            "populationSize": 1000,
            "keywords": ["courts"],
            "contactPoint": None,
        },
        "documentation": {"description": "Long words."},
        "coverage": {
            "spatial": "United Kingdom, Wales",
            "typicalAgeRangeMin": 0,
            "typicalAgeRangeMax": 18,
            "followUp": "> 10 Years",
        },
        "provenance": {
            "origin": {
                "purpose": ["Administrative"],
                "datasetType": ["Socioeconomic"],
                "datasetSubType": ["Crime and justice"],
                "source": ["EPR"],
                "collectionSource": ["Services"],
            },
            "temporal": {
                "publishingFrequency": "Biannual",
                "startDate": "2005-01-01",
                "endDate": "2021-12-31",
                "timeLag": "Variable",
            },
        },
        "accessibility": {
            "usage": {"dataUseLimitation": ["Research use only"], "dataUseRequirements": ["Disclosure control"]},
            "access": {
                "accessRights": "Inside only.",
                "accessServiceCategory": "TRE/SDE",
                "deliveryLeadTime": "2-6 months",
                "jurisdiction": ["GB-WLS"],
                "dataController": "SAIL",
                "dataProcessor": "SAIL",
            },
            "formatAndStandards": {
                "vocabularyEncodingScheme": ["LOCAL"],
                "conformsTo": ["LOCAL"],
                "language": ["en"],
                "format": ["Database table"],
            },
        },
        "enrichmentAndLinkage": {"linkableDatasets": [{"title": "Other"}]},
        "observations": [
            {
                "observedNode": "Events",
                "measuredValue": 5,
                "disambiguatingDescription": "Rows.",
                "observationDate": "2021-12-31",
                "measuredProperty": "Rows of A",
            }
        ],
        "structuralMetadata": {
            "tables": [
                {
                    "name": "A",
                    "description": "A table.",
                    "columns": [
                        {
                            "name": "B",
                            "dataType": "string",
                            "description": "A column.",
                            "sensitive": False,
                            "values": [{"name": "1", "description": "One"}],
                        }
                    ],
                }
            ]
        },
    }


def changed(path: str, value: Any) -> dict[str, Any]:
    """Return the entry with one field changed; ``path`` joins keys and places by dots."""
    whole = entry()
    *parents, last = path.split(".")
    part: Any = whole
    for key in parents:
        part = part[int(key)] if key.isdigit() else part[key]
    part[last] = value
    return whole


def test_an_entry_is_written_as_it_is_read() -> None:
    written = Entry.model_validate(entry()).as_json()
    assert written == entry()


def test_names_of_the_library_become_names_of_the_schema() -> None:
    whole = entry()
    whole["enrichment_and_linkage"] = whole.pop("enrichmentAndLinkage")
    assert Entry.model_validate(whole).as_json() == entry()


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("version", "1.0"),
        ("version", "v1.0.0"),
        ("identifier", "29a714e1"),
        ("issued", "yesterday"),
        ("summary.title", "x"),
        ("summary.title", "x" * 151),
        ("summary.abstract", "word"),
        ("summary.abstract", "x" * 501),
        ("summary.populationSize", 1.5),
        ("summary.contactPoint", "nobody"),
        ("summary.dataCustodian.identifier", "x" * 51),
        ("documentation.description", "x" * 10_001),
        ("coverage.followUp", "for ever"),
        ("coverage.typicalAgeRangeMax", 151),
        ("provenance.temporal.publishingFrequency", "Now and then"),
        ("provenance.temporal.timeLag", "long"),
        ("provenance.temporal.startDate", "in 2005"),
        ("provenance.origin.datasetType", ["Courts"]),
        ("provenance.origin.datasetType", []),
        ("accessibility.access.jurisdiction", ["Wales"]),
        ("accessibility.access.deliveryLeadTime", "soon"),
        ("accessibility.formatAndStandards.vocabularyEncodingScheme", ["MINE"]),
        ("accessibility.formatAndStandards.language", ["english"]),
        ("observations.0.observedNode", "People"),
        ("observations.0.measuredValue", -1),
        ("structuralMetadata.tables.0.columns", []),
        ("structuralMetadata.tables.0.columns.0.sensitive", "perhaps"),
        ("summary.colour", "blue"),
    ],
)
def test_what_the_schema_forbids_is_an_error(path: str, value: Any) -> None:
    with pytest.raises(ValidationError):
        Entry.model_validate(changed(path, value))


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("identifier", None),
        ("summary.title", "x" * 150),
        ("summary.abstract", "x" * 500),
        ("summary.abstract", "words"),
        ("summary.contactPoint", "desk@example.org"),
        ("accessibility.access.jurisdiction", ["GB", "GB-ENG"]),
        ("coverage.typicalAgeRangeMax", 150),
    ],
)
def test_what_the_schema_allows_is_kept(path: str, value: Any) -> None:
    assert Entry.model_validate(changed(path, value)).as_json() == changed(path, value)


@pytest.mark.parametrize(
    "path", ["summary.contactPoint", "summary.dataCustodian", "provenance.temporal.timeLag", "observations"]
)
def test_required_fields_must_be_there(path: str) -> None:
    whole = entry()
    *parents, last = path.split(".")
    part = whole
    for key in parents:
        part = part[key]
    del part[last]
    with pytest.raises(ValidationError):
        Entry.model_validate(whole)


def test_days_stay_days_and_times_have_their_zone() -> None:
    found = Entry.model_validate(entry())
    assert found.provenance.temporal.start_date == datetime.date(2005, 1, 1)
    assert found.issued.tzinfo is not None
