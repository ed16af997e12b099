"""Catalogue entries of data sets: the fields of the HDR UK dataset schema 3.0.0 that this pipeline writes.

Field names, lengths, patterns and vocabularies follow the public schema (github.com/HDRUK/schemata, HDRUK 3.0.0). In
JSON the names are in camel case; ``Entry.as_json`` writes them so. What an entry does not set is left out.
"""

from __future__ import annotations

import datetime
from typing import Annotated, Any, Literal

from pydantic import AnyUrl, BaseModel, ConfigDict, Field, StringConstraints
from pydantic.alias_generators import to_camel

Short = Annotated[str, StringConstraints(min_length=2, max_length=150)]
Abstract = Annotated[str, StringConstraints(min_length=5, max_length=500)]
Description = Annotated[str, StringConstraints(min_length=2, max_length=10_000)]
Long = Annotated[str, StringConstraints(min_length=2, max_length=50_000)]
TableName = Annotated[str, StringConstraints(min_length=1, max_length=500)]
Text = Annotated[str, StringConstraints(min_length=1, max_length=20_000)]
Version = Annotated[str, StringConstraints(pattern=r"^[0-9]+\.[0-9]+\.[0-9]+$")]
Uuid = Annotated[
    str, StringConstraints(pattern=r"^[a-fA-F0-9]{8}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{4}-[a-fA-F0-9]{12}$")
]
Country = Annotated[str, StringConstraints(pattern=r"^[A-Z]{2}(-[A-Z]{2,3})?$")]
Email = Annotated[str, StringConstraints(pattern=r"^[^@\s]+@[^@\s]+\.[^@\s]+$")]

Frequency = Literal["Static", "Irregular", "Continuous", "Biennial", "Annual", "Biannual", "Quarterly", "Bimonthly",
                    "Monthly", "Biweekly", "Weekly", "Twice a week", "Daily", "Other"]  # fmt: skip
Lag = Literal["Less than 1 week", "1-2 weeks", "2-4 weeks", "1-2 months", "2-6 months", "More than 6 months",
              "Variable", "Not applicable", "Other"]  # fmt: skip
FollowUp = Literal["0 - 6 Months", "6 - 12 Months", "1 - 10 Years", "> 10 Years", "Unknown", "Continuous", "Other"]
Purpose = Literal["Research cohort", "Study", "Disease registry", "Trial", "Care", "Audit", "Administrative",
                  "Financial", "Statutory", "Other"]  # fmt: skip
Kind = Literal["Health and disease", "Treatments/Interventions", "Measurements/Tests", "Socioeconomic", "Lifestyle",
               "Registry", "Environment and energy", "Information and communication", "Politics"]  # fmt: skip
SubKind = Literal["Mental health", "Maternity and neonatology", "Education", "Crime and justice", "Ethnicity",
                  "Housing", "Deprivation", "Family circumstance", "Births and deaths", "Alcohol", "Others",
                  "Not applicable"]  # fmt: skip
Collection = Literal["EPR", "Electronic survey", "LIMS", "Paper-based", "Free text NLP", "Machine generated", "Other"]
Setting = Literal["Cohort, study, trial", "Clinic", "Primary care - Clinic", "Secondary care - Accident and Emergency",
                  "Secondary care - Outpatients", "Secondary care - In-patients", "Local authority",
                  "National government", "Community", "Services", "Social care - Other social data", "Census",
                  "Other"]  # fmt: skip
Limitation = Literal["General research use", "Project-specific restrictions", "Research-specific restrictions",
                     "User-specific restrictions", "Research use only", "No linkage", "No restriction"]  # fmt: skip
Requirement = Literal["Collaboration required", "Project-specific restrictions", "Ethics approval required",
                      "Institution-specific restrictions", "Disclosure control", "Time limit on use"]  # fmt: skip
Vocabulary = Literal["LOCAL", "OPCS4", "READ", "SNOMED CT", "NHS WALES NATIONAL CODES", "ICD10", "OTHER"]
Model = Literal["OMOP", "NHS DATA DICTIONARY", "NHS WALES DATA DICTIONARY", "LOCAL", "OTHER"]
Service = Literal["TRE/SDE", "Direct access", "Open access", "Varies based on project"]
Day = datetime.date


class _Part(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, alias_generator=to_camel, populate_by_name=True)


class Custodian(_Part):
    """Who looks after the data set."""

    identifier: Annotated[str, StringConstraints(min_length=2, max_length=50)]
    name: Short
    contact_point: Email | None = Field(description="an address may be empty, but the field must be there")


class Summary(_Part):
    """What the data set is."""

    title: Short
    abstract: Abstract
    data_custodian: Custodian
    population_size: int
    keywords: list[Short]
    contact_point: Email | None


class Documentation(_Part):
    """The long description."""

    description: Description


class Coverage(_Part):
    """Whom and where the data set covers."""

    spatial: Short
    typical_age_range_min: int = Field(ge=0, le=150)
    typical_age_range_max: int = Field(ge=0, le=150)
    follow_up: FollowUp


class Origin(_Part):
    """Why and how the data came to be."""

    purpose: list[Purpose]
    dataset_type: list[Kind] = Field(min_length=1)
    dataset_sub_type: list[SubKind]
    source: list[Collection]
    collection_source: list[Setting]


class Temporal(_Part):
    """When."""

    publishing_frequency: Frequency
    start_date: Day
    end_date: Day
    time_lag: Lag


class Provenance(_Part):
    """Where the data come from, and from when to when."""

    origin: Origin
    temporal: Temporal


class Usage(_Part):
    """What the data may be used for."""

    data_use_limitation: list[Limitation]
    data_use_requirements: list[Requirement]


class Access(_Part):
    """How to get to the data."""

    access_rights: Long
    access_service_category: Service
    delivery_lead_time: Lag
    jurisdiction: list[Country]
    data_controller: Long
    data_processor: Long


class Formats(_Part):
    """Vocabularies, models, language and format."""

    vocabulary_encoding_scheme: list[Vocabulary] = Field(min_length=1)
    conforms_to: list[Model] = Field(min_length=1)
    language: list[Literal["en", "cy"]] = Field(min_length=1)
    format: list[Annotated[str, StringConstraints(min_length=1)]] = Field(min_length=1)


class Accessibility(_Part):
    """Use, access and format."""

    usage: Usage
    access: Access
    format_and_standards: Formats


class Linkable(_Part):
    """Another data set."""

    title: Short


class Linkage(_Part):
    """What the data set can be linked to."""

    linkable_datasets: list[Linkable]


class Observation(_Part):
    """One number about the data set; ours are released counts of rows."""

    observed_node: Literal["Persons", "Events", "Findings"]
    measured_value: int = Field(ge=0)
    disambiguating_description: Abstract
    observation_date: Day
    measured_property: Short


class Value(_Part):
    """One code of a column."""

    name: Annotated[str, StringConstraints(min_length=1)]
    description: Text


class Column(_Part):
    """One column of a table."""

    name: Annotated[str, StringConstraints(min_length=1)]
    data_type: Annotated[str, StringConstraints(min_length=1)]
    description: Text
    sensitive: bool
    values: list[Value] | None = None


class Table(_Part):
    """One table."""

    name: TableName
    description: Text
    columns: list[Column] = Field(min_length=1)


class Structure(_Part):
    """All tables."""

    tables: list[Table] = Field(min_length=1)


class Revision(_Part):
    """An earlier version of the entry."""

    version: Version
    url: AnyUrl | None = None


class Entry(_Part):
    """A catalogue entry."""

    identifier: Uuid | AnyUrl | None
    version: Version
    revisions: list[Revision]
    issued: datetime.datetime
    modified: datetime.datetime
    summary: Summary
    documentation: Documentation
    coverage: Coverage
    provenance: Provenance
    accessibility: Accessibility
    enrichment_and_linkage: Linkage
    observations: list[Observation]
    structural_metadata: Structure

    def as_json(self) -> dict[str, Any]:
        """Return the entry as plain data with the names of the schema; what was not set is left out."""
        return self.model_dump(mode="json", by_alias=True, exclude_unset=True)
