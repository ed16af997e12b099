"""What a user reads when a configuration file is wrong."""

from __future__ import annotations

import shutil
import textwrap
from collections.abc import Callable
from pathlib import Path

import pytest

from family_justice.config.check_cohort import label_problems
from family_justice.config.load import Configuration
from family_justice.config.schema import Cohort, Event, Outcome
from family_justice.errors import ConfigError

CONFIG = Path(__file__).resolve().parents[2] / "config"


@pytest.fixture
def edited(tmp_path: Path) -> Callable[[str, str, str], Configuration]:
    """Return a copy of the configuration in which one text of one file is replaced."""

    def edit(file: str, old: str, new: str) -> Configuration:
        folder = tmp_path / "config"
        if not folder.exists():
            shutil.copytree(CONFIG, folder)
        path = folder / file
        text = path.read_text(encoding="utf-8")
        assert old in text, f"{old!r} is not in {file}"
        path.write_text(text.replace(old, new, 1), encoding="utf-8")
        return Configuration(folder)

    return edit


def message(load: Callable[[], object]) -> str:
    with pytest.raises(ConfigError) as caught:
        load()
    return str(caught.value)


def test_all_files_of_the_repository_are_valid() -> None:
    configuration = Configuration(CONFIG)
    for path in sorted((CONFIG / "streams").glob("*.yaml")):
        configuration.stream(path.stem)
    for path in sorted((CONFIG / "sources").glob("*.yaml")):
        configuration.source(path.stem)
    for path in sorted((CONFIG / "policies").glob("*.yaml")):
        configuration.policy(path.stem)


WRONG_STREAM = [
    ("    cluster: case_id", "    clusters: case_id", "unknown key 'analyses.predictors_new_child.clusters'", "Did you mean 'cluster'?"),
    ("covariates: [age_band, youngest", "covariates: [age_bnad, youngest", "there is no covariate 'age_bnad' in cohort 'parents'", "Did you mean 'age_band'?"),
    ("        competing: [death]", "        competing: [return_any, death]", "'return_any' stands in more than one of 'event', 'competing' and 'censoring'", "one part only"),
    ("        competing: [death]", "        competing: [deaths]", "there is no event 'deaths'", "Did you mean 'death'?"),
    ("    kind: cox", "    kind: coxx", "'analyses.predictors_new_child.kind' is 'coxx'", "Did you mean 'cox'?"),
    ("value: 2020-12-31", "value: 2006-12-31", "definitions.issued_from: 2007-04-01 is after 'issued_to', 2006-12-31", "swap them"),
    ("value: 2011-01-01", "value: 2021-01-01", "definitions.issued_from_wales: 2021-01-01 is after 'issued_to', 2020-12-31", "swap them"),
    ("value: 2020-12-31", "value: 3020-12-31", "definitions.issued_to: 3020-12-31 is no date of a study", "between 1900 and 2100"),
    ("value: 2020-12-31", "value: 2020-02-30", "day is out of range", "recurrence.yaml"),
    ("$gap_days", "$gap_day", "first_return: there is no definition 'gap_day'", "Did you mean 'gap_days'?"),
    ("    reference: 25 to 29", "    reference: 25 to 30", "'25 to 30' is not among the levels", "Did you mean '25 to 29'?"),
    ("report_at: [1, 2, 5, 8, 10]", "report_at: [1.1, 2]", "1.1 not on the grid", "multiples of 0.25"),
    ("    restrict_to: {parent: [mother]}", "    restrict_to: {parent: [mothers]}", "there is no level 'mothers'", "Did you mean 'mother'?"),
    ("        event: return_any\n", "        event: return_any\n        time_zero: issue_date\n", "unknown key 'cohorts.parents.outcomes.return_any.time_zero'", "Allowed:"),
    ("        event: return_any\n", "        duration: age\n        indicator: age\n", "'competing' names events with dates; of a duration write status:", "'censoring' goes with dates"),
    ("config/references/recurrence.csv", "config/references/recurence.csv", "there is no file 'config/references/recurence.csv'", "Did you mean 'config/references/recurrence.csv'?"),
    ("analysis: predictors_new_child\n", "analysis: return_by_age\n", "'return_by_age' is of kind 'cumulative_incidence'", "hazard ratios (cox)"),
    ("  parent:\n    label: Parent\n", "  intercept:\n    label: Parent\n", "covariates.intercept: the name is taken by rows of results", "give the covariate another"),
    ("stream: recurrence", "stream: return", "'stream' is 'return'; write 'recurrence'", "the name of the file"),
    ("          FROM previous\n          WHERE death", "          FROM person\n          WHERE death", "a step must select from 'previous'", "steps.alive"),
]  # fmt: skip


@pytest.mark.parametrize(("old", "new", "says", "helps"), WRONG_STREAM)
def test_wrong_stream_file(
    edited: Callable[[str, str, str], Configuration], old: str, new: str, says: str, helps: str
) -> None:
    text = message(lambda: edited("streams/recurrence.yaml", old, new).stream("recurrence"))
    assert says in text
    assert helps in text
    assert "recurrence.yaml" in text


def test_all_problems_of_a_file_are_told_at_once(edited: Callable[[str, str, str], Configuration]) -> None:
    edited("streams/recurrence.yaml", "    cluster: case_id", "    clusters: case_id")
    text = message(lambda: edited("streams/recurrence.yaml", "  every: 0.25", "  evry: 0.25").stream("recurrence"))
    assert "3 problems" in text  # an unknown key, another one, and the required key that is now missing
    assert "clusters" in text
    assert "evry" in text
    assert "key 'analyses.return_by_parent.every' is missing" in text


def test_a_name_has_one_label_in_all_cohorts_of_a_stream() -> None:
    event = Event(label="Return", sql="SELECT 1")
    outcome = Outcome(label="Return", event="back", censoring=["end"])
    last = {"label": "Second return", "short_label": "second"}

    def cohorts(event_again: Event, outcome_again: Outcome) -> dict[str, Cohort]:
        first = Cohort.model_construct(events={"back": event}, outcomes={"back_home": outcome})
        other = Cohort.model_construct(events={"back": event_again}, outcomes={"back_home": outcome_again})
        return {"adults": first, "children": other}

    assert label_problems(cohorts(event, outcome)) == []
    found = label_problems(cohorts(event.model_copy(update={"label": "Return of a child"}), outcome))
    assert found == [
        "cohorts.children.events.back.label: 'Return of a child', but in cohort 'adults' 'Return'; write the same in "
        "both, or give one of the two events another name"
    ]
    found = label_problems(cohorts(event, outcome.model_copy(update=last)))
    assert [line.partition(":")[0] for line in found] == [
        "cohorts.children.outcomes.back_home.label",
        "cohorts.children.outcomes.back_home.short_label",
    ]


def test_labels_that_differ_between_cohorts_are_told_with_the_file(
    edited: Callable[[str, str, str], Configuration],
) -> None:
    text = message(
        lambda: edited(
            "streams/private_law.yaml", "        label: End of the records\n", "        label: End of the data\n"
        ).stream("private_law")
    )  # fmt: skip
    assert "private_law.yaml" in text
    assert ".events.end_of_records.label: 'End of the records', but in cohort 'cases' 'End of the data'" in text


def test_a_key_written_twice_is_an_error(edited: Callable[[str, str, str], Configuration]) -> None:
    text = message(lambda: edited("config.yaml", "source: synthetic", "source: synthetic\nsource: mine"))
    assert "key 'source' is written twice" in text


def test_policy_below_the_custodians_minimum(edited: Callable[[str, str, str], Configuration]) -> None:
    text = message(
        lambda: edited("config.yaml", "policy: court_records", "policy: public_records").stream("recurrence")
    )
    assert "threshold" in text
    assert "write 10 or more" in text
    assert "court_records" in text


def test_a_policy_may_forbid_only_files_that_a_release_can_do_without(
    edited: Callable[[str, str, str], Configuration],
) -> None:
    types = "threshold: 10\nfile_types: "
    policy = edited("policies/court_records.yaml", "threshold: 10\n", types + "[csv, json, svg, html]\n")
    assert policy.policy("court_records").file_types == ["csv", "json", "svg", "html"]
    text = message(
        lambda: edited("policies/court_records.yaml", types + "[csv, json, svg, html]", types + "[csv, pdf]").policy(
            "court_records"
        )
    )
    assert "court_records.yaml: 'file_types' lacks html, json, svg; add them" in text


def test_court_records_have_a_floor_whatever_the_files_say(edited: Callable[[str, str, str], Configuration]) -> None:
    loose = "minimum_policy: public_records"
    text = message(lambda: edited("sources/synthetic.yaml", "minimum_policy: court_records", loose).source("synthetic"))
    assert "synthetic.yaml: minimum_policy" in text
    assert "'threshold' is 1" in text
    assert "write 5 or more" in text


def test_court_tables_are_no_tables_of_ones_own(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    source = """
    kind: files
    description: Mine.
    minimum_policy: public_records
    tables:
      people:
        path: given/CAFE_ECMS_PEOPLE.parquet
        description: People.
        row: one person
        source: court
        columns: {ID_PE: {type: integer, description: Person.}}
    """
    (tmp_path / "config/sources/mine.yaml").write_text(textwrap.dedent(source))
    assert "write 5 or more" in message(lambda: Configuration(tmp_path / "config").source("mine"))


def test_court_files_need_the_day_that_they_cover(tmp_path: Path) -> None:
    shutil.copytree(CONFIG, tmp_path / "config")
    source = "kind: files\ndescription: Mine.\nminimum_policy: court_records\nfolder: mine\n"
    (tmp_path / "config/sources/mine.yaml").write_text(source)
    assert "'refresh_date' is missing" in message(lambda: Configuration(tmp_path / "config").source("mine"))


def test_unknown_stream_names_the_nearest(edited: Callable[[str, str, str], Configuration]) -> None:
    text = message(lambda: edited("config.yaml", "recurrence", "recurrance").stream("recurrance"))
    assert "there is no such file" in text
    assert "Did you mean 'recurrence'?" in text


def test_yes_and_no_are_words_not_booleans() -> None:
    covariate = Configuration(CONFIG).covariates()["father_is_party"]
    assert covariate.levels == ["yes", "no"]


def test_a_data_guide_describes_court_tables_only(edited: Callable[[str, str, str], Configuration]) -> None:
    configuration = edited(
        "streams/replication.yaml", "stream: replication\n", "stream: replication\ndata_guide: true\n"
    )
    assert "'data_guide' describes court tables" in message(lambda: configuration.stream("replication"))


def test_the_catalogue_names_contracts_and_tables_that_exist(
    edited: Callable[[str, str, str], Configuration],
) -> None:
    edited("catalogue.yaml", "contracts: [cafcass_cymru]", "contracts: [cafcas_cymru]")
    edited("catalogue.yaml", "people_table: WDSD_AR_PERS", "people_table: WDSD_PEOPLE")
    configuration = edited("catalogue.yaml", "prefixes: [PEDW_]", "prefixes: [PEDWW_]")
    said = message(configuration.catalogue)
    assert "data_sets.cafcass_cymru.contracts: no contract 'cafcas_cymru'" in said
    assert "Did you mean 'cafcass_cymru'?" in said
    assert "data_sets.wdsd.people_table" in said
    assert "data_sets.pedw.prefixes: no table starts with 'PEDWW_'" in said
