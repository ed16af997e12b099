"""What a key of the configuration means, for keys that many models share or that need few words.

A description beside the key in its model goes first. What is said here stands in ``docs/config.md``, in the JSON
schemas (so that editors show it) and in the message about a key that is missing.
"""

from __future__ import annotations

from pydantic import BaseModel

#: By the name of the key, in any model.
COMMON = {
    "kind": "which of the kinds it is; the other keys follow from it",
    "title": "heading on the page",
    "label": "words for tables, figures and pages",
    "short_label": "shorter words, for figures with little room; default: the label",
    "description": "what it is, one or two sentences for the reader",
    "cohort": "cohort of the stream whose members are looked at",
    "outcome": "outcome of the cohort",
    "outcomes": "outcomes of the cohort, one after the other",
    "covariates": "covariates of the cohort that enter the model",
    "variables": "covariates with levels that are counted",
    "group_by": "covariates with levels; each combination of them is a group",
    "strata": "covariates with levels; each combination of them has a baseline hazard of its own",
    "event_level": "level of `variable` that is the event",
    "ties": "method for events at the same time",
    "time_unit": "unit of times in keys, tables and figures",
    "seed": "start of the random numbers: the same seed gives the same result",
    "sql": "one SELECT",
}
#: By model and key, where the meaning is another one.
OF_MODEL = {
    "Researcher": {"name": "full name"},
    "SyntheticSource": {"seed": "start of the random numbers: the same seed gives the same population"},
    "FileTable": {"columns": "columns of the file that are read, by their names; others are left"},
    "Column": {
        "type": "type of the values; what cannot be read as such is an error",
        "description": "what a value means, one sentence for the data guide",
        "sensitivity": "how the column could tell of a person, for the data guide and the checks of pages",
    },
    "Stream": {
        "title": "title of the study, the heading of its page",
        "question": "the question that the study answers, one sentence",
        "summary": "what is done, in two or three sentences",
        "definitions": "numbers, days and words that define the study; SQL reads them as `$name`",
        "cohorts": "who is studied, by name",
        "analyses": "what is estimated or counted, by name; its folder in the release has the name",
        "comparisons": "what results are set beside, by name",
    },
    "Definition": {
        "label": "what the number, day or word is, for the table of definitions",
        "value": "a number, a day as 2021-04-30, or a text",
    },
    "Cohort": {
        "label": "words for the cohort",
        "description": "who the members are, and from when they are followed",
        "steps": "how the members are found, one SELECT after the other; who is left after each is counted",
        "events": "what happens to members, by name; a column of dates of each is added to the cohort",
        "outcomes": "what is looked at over time, by name",
    },
    "Step": {
        "name": "name of the step, in the attrition table",
        "sql": "SELECT; from the second step on of `previous`",
    },
    "Helper": {
        "description": "what the table holds",
        "sql": "SELECT from the cohort and the records; events read it by its name",
    },
    "Outcome": {"time_unit": "unit of time at risk, and of the recorded `duration`"},
    "AcceleratedFailureTime": {"distribution": "distribution of the times"},
    "Agreement": {"group_by": "covariates with levels; agreement is looked at in each group"},
    "SequenceTypology": {"distance": "how far two careers are from each other"},
    "State": {"label": "words for the state"},
    "ReleasedCell": {"analysis": "analysis of the stream that the number is of"},
    "Comparison": {
        "kind": "`planted`: the known truth of a synthetic source; `published`: values that others have published; "
        "`calibration`: published values that the synthetic population is to meet",
    },
    "Catalogue": {
        "custodian": "who holds the records and lets researchers use them",
        "data_sets": "what is written by hand about each data set, by name",
    },
    "Custodian": {
        "identifier": "number or address of the custodian in the catalogue",
        "name": "name of the custodian",
        "data_controller": "who decides what the records are used for",
        "data_processor": "who keeps the records for the controller",
        "access_rights": "under which rules the records can be used, or the address of them",
        "access_service_category": "how researchers reach the records",
        "delivery_lead_time": "time from an application to the records",
        "data_use_limitation": "what the records may be used for",
        "data_use_requirements": "what a user must do or agree to",
    },
    "DataSet": {
        "title": "title of the catalogue entry",
        "abstract": "the data set in one or two sentences",
        "description": "the data set in a paragraph",
        "version": "version of the entry",
        "keywords": "words that the entry is found by",
        "spatial": "area that the records cover",
        "typical_age_range_min": "youngest usual age of the people, in years",
        "typical_age_range_max": "oldest usual age of the people, in years",
        "purpose": "what the records were collected for",
        "dataset_type": "what the records are about",
        "dataset_sub_type": "what they are about, more closely",
        "collection": "how they were collected",
        "setting": "where they were collected",
        "publishing_frequency": "how often a new version comes",
        "start_date": "first day that the records cover",
        "time_lag": "time from an event to its record in the data set",
        "jurisdiction": "countries whose law holds for the records, as ISO 3166 codes",
        "vocabularies": "code systems in the records",
        "linkable": "data sets that the records can be linked to",
    },
}  # fmt: skip


def meaning_of(model: type[BaseModel], key: str) -> str:
    """Return what a key of a model means; empty if nothing says so."""
    field = model.model_fields[key]
    return field.description or OF_MODEL.get(model.__name__, {}).get(key) or COMMON.get(key, "")
