"""Catalogue entries in the HDR UK dataset schema 3.0.0: structure from contracts, sizes from released counts."""

from __future__ import annotations

import datetime
from collections.abc import Iterable, Mapping
from typing import Any

from family_justice.config.catalogue import Catalogue, Custodian, DataSet
from family_justice.contracts import Table, catalogue, contracts
from family_justice.figures import words

#: What is written where the number of people is not released or not counted: the schema wants a whole number.
NOT_KNOWN = -1

SYNTHETIC = (
    "Counts are those of a synthetic population in the layout of this data set and say nothing about the real one."
)


def catalogue_entries(
    written: Catalogue,
    study: Mapping[str, Any],
    tables: Iterable[Mapping[Any, Any]],
    rules: Iterable[Mapping[Any, Any]],
) -> dict[str, catalogue.Entry]:
    """Return one entry per data set of ``config/catalogue.yaml``.

    ``study`` is ``study.json``; ``tables`` and ``rules`` are the released rows of ``quality.tables`` and
    ``quality.rules``: of the research-ready tables, what the rules of action ``ready`` count is their size.
    """
    released = {str(row["term"]): int(row["n"]) for row in tables if words.present(row["n"])} | ready_rows(rules)
    return {name: _entry(about, written.custodian, study, released) for name, about in written.data_sets.items()}


def ready_rows(rules: Iterable[Mapping[Any, Any]]) -> dict[str, int]:
    """Return the rows of each research-ready table: the sum over systems of what the rules of action ``ready`` count.
    A table is left out if the number of one system is withheld, or if several rules count it."""
    from family_justice.analyses.quality import rules as known

    ready = {name: about["table"] for name, about in known().items() if about["action"] == "ready"}
    alone = [table for table in set(ready.values()) if list(ready.values()).count(table) == 1]
    counted: dict[str, list[Any]] = {}
    for row in rules:
        table = ready.get(str(row["term"]))
        if table in alone:
            counted.setdefault(str(table), []).append(row["n"])
    return {t: sum(int(n) for n in numbers) for t, numbers in counted.items() if all(map(words.present, numbers))}


def tables_of(about: DataSet) -> dict[str, Table]:
    """Return the tables of a data set, in the order of their contracts."""
    prefixes = tuple(about.prefixes) or ("",)
    return {
        name: table
        for stem in about.contracts
        for name, table in contracts()[stem].tables.items()
        if name.startswith(prefixes)
    }


def _entry(
    about: DataSet, custodian: Custodian, study: Mapping[str, Any], released: Mapping[str, int]
) -> catalogue.Entry:
    source = study["source"]
    until = datetime.date.fromisoformat(source["refresh_date"])
    tables = tables_of(about)
    notes = [about.description, *([SYNTHETIC] if source["is_synthetic"] else [])]
    people = "person" if "person" in tables else str(about.people_table)
    return catalogue.Entry(
        identifier=about.identifier,
        version=about.version,
        revisions=[],
        issued=_midnight(about.issued),
        modified=_midnight(max(about.issued, until)),
        summary=catalogue.Summary(
            title=about.title,
            abstract=about.abstract,
            data_custodian=catalogue.Custodian(
                identifier=custodian.identifier, name=custodian.name, contact_point=None
            ),
            population_size=released.get(people, NOT_KNOWN),
            keywords=about.keywords,
            contact_point=None,
        ),
        documentation=catalogue.Documentation(description=" ".join(notes)),
        coverage=catalogue.Coverage(
            spatial=about.spatial,
            typical_age_range_min=about.typical_age_range_min,
            typical_age_range_max=about.typical_age_range_max,
            follow_up=about.follow_up,
        ),
        provenance=catalogue.Provenance(
            origin=catalogue.Origin(
                purpose=about.purpose,
                dataset_type=about.dataset_type,
                dataset_sub_type=about.dataset_sub_type,
                source=about.collection,
                collection_source=about.setting,
            ),
            temporal=catalogue.Temporal(
                publishing_frequency=about.publishing_frequency,
                start_date=about.start_date,
                end_date=until,
                time_lag=about.time_lag,
            ),
        ),
        accessibility=_accessibility(about, custodian),
        enrichment_and_linkage=catalogue.Linkage(
            linkable_datasets=[catalogue.Linkable(title=title) for title in about.linkable]
        ),
        observations=_observations(tables, released, until, study["policy"]),
        structural_metadata=catalogue.Structure(tables=[_table(table) for table in tables.values()]),
    )


def _midnight(day: datetime.date) -> datetime.datetime:
    return datetime.datetime(day.year, day.month, day.day, tzinfo=datetime.UTC)


def _accessibility(about: DataSet, custodian: Custodian) -> catalogue.Accessibility:
    return catalogue.Accessibility(
        usage=catalogue.Usage(
            data_use_limitation=custodian.data_use_limitation, data_use_requirements=custodian.data_use_requirements
        ),
        access=catalogue.Access(
            access_rights=custodian.access_rights,
            access_service_category=custodian.access_service_category,
            delivery_lead_time=custodian.delivery_lead_time,
            jurisdiction=about.jurisdiction,
            data_controller=custodian.data_controller,
            data_processor=custodian.data_processor,
        ),
        format_and_standards=catalogue.Formats(
            vocabulary_encoding_scheme=about.vocabularies,
            conforms_to=["LOCAL"],
            language=["en"],
            format=["Database table"],
        ),
    )


def _observations(
    tables: Mapping[str, Table], released: Mapping[str, int], until: datetime.date, policy: Mapping[str, Any]
) -> list[catalogue.Observation]:
    """Return the released number of rows of each table that has one."""
    rounded = f", {words.rounded(policy)}" if policy["rounding_base"] > 1 else ""
    return [
        catalogue.Observation(
            observed_node="Persons" if name == "person" else "Events",
            measured_value=released[name],
            disambiguating_description=f"Rows of table {name}{rounded}. A row is {table.row}."[:500],
            observation_date=until,
            measured_property=f"Rows of {name}",
        )
        for name, table in tables.items()
        if name in released
    ]


def _table(table: Table) -> catalogue.Table:
    columns = []
    for name, about in table.columns.items():
        column = catalogue.Column(
            name=name,
            data_type=about.type,
            description=about.description,
            sensitive=about.sensitivity != "ordinary",
        )
        if about.codes:
            codes = [catalogue.Value(name=code, description=meaning) for code, meaning in about.codes.items()]
            column = column.model_copy(update={"values": codes})
        columns.append(column)
    return catalogue.Table(name=table.name, description=f"{table.description} A row is {table.row}.", columns=columns)
