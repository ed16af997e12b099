"""``config/catalogue.yaml``: what contracts and released counts cannot tell about a data set."""

from __future__ import annotations

import datetime

from pydantic import Field, model_validator

from family_justice.config.base import Name, Strict
from family_justice.contracts import catalogue as fields


class Custodian(Strict):
    """Who looks after all data sets of the file, and how one gets to them."""

    identifier: str = Field(min_length=2, max_length=50)
    name: fields.Short
    data_controller: fields.Long
    data_processor: fields.Long
    access_rights: fields.Long
    access_service_category: fields.Service
    delivery_lead_time: fields.Lag
    data_use_limitation: list[fields.Limitation]
    data_use_requirements: list[fields.Requirement]
    source: str = Field(min_length=1, description="where this stands, or 'assumption'")


class DataSet(Strict):
    """One catalogue entry: its words, and facts that no contract holds, each with its source."""

    title: fields.Short
    abstract: fields.Abstract
    description: fields.Description
    contracts: list[Name] = Field(min_length=1, description="contract files whose tables the data set consists of")
    prefixes: list[str] = Field(default_factory=list, description="only tables whose names start with one of these")
    people_table: str | None = Field(
        default=None, description="table with a row per person record; its released rows are the population size"
    )
    identifier: fields.Uuid | None = Field(default=None, description="identifier in a public catalogue")
    version: fields.Version
    issued: datetime.date = Field(description="day of this version of the entry")
    keywords: list[fields.Short]
    spatial: fields.Short
    typical_age_range_min: int = Field(ge=0, le=150)
    typical_age_range_max: int = Field(ge=0, le=150)
    follow_up: fields.FollowUp = Field(description="how long people are usually followed")
    purpose: list[fields.Purpose]
    dataset_type: list[fields.Kind] = Field(min_length=1)
    dataset_sub_type: list[fields.SubKind]
    collection: list[fields.Collection]
    setting: list[fields.Setting]
    publishing_frequency: fields.Frequency
    start_date: datetime.date
    time_lag: fields.Lag
    jurisdiction: list[fields.Country]
    vocabularies: list[fields.Vocabulary] = Field(min_length=1)
    linkable: list[fields.Short]
    sources: dict[str, str] = Field(description="where each fact stands, or 'assumption'; key `all` for the others")

    @model_validator(mode="after")
    def _facts_have_sources(self) -> DataSet:
        unknown = sorted(set(self.sources) - set(type(self).model_fields) - {"all"})
        if unknown:
            raise ValueError(f"'sources' names {', '.join(unknown)}, which is no key of a data set")
        if "all" not in self.sources:
            raise ValueError("'sources' needs the key 'all': where the facts stand that it does not name")
        return self


class Catalogue(Strict):
    """``config/catalogue.yaml``: the data sets of the source, for catalogue entries in the HDR UK schema 3.0.0."""

    custodian: Custodian
    data_sets: dict[Name, DataSet] = Field(min_length=1)
