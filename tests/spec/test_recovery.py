"""How many of the planted defects of the synthetic population harmonisation finds."""

from __future__ import annotations

import csv
from pathlib import Path

import pytest
from toy import CODELISTS

from family_justice.errors import ContractError
from family_justice.files import connect, write_parquet
from family_justice.harmonise import harmonise
from family_justice.harmonise.recovery import evaluate_harmonisation
from family_justice.sources.synthetic import simulate

PARAMETERS = CODELISTS.parent / "population"
ENDS = {"end_of_data_england": "2021-12-31", "end_of_data_wales": "2021-08-31"}

#: Least precision and least recall. Below 1 are what no rule can do: unlinked duplicates, cases that are still open,
#: two names of one group, and people whom ECMS took over under one identifier and met again under another.
LEAST = {
    "duplicate_person": (1, 1),
    "full_duplicate_row": (1, 1),
    "century_typo": (1, 1),
    "alf_missing": (1, 1),
    "status_99_with_number": (1, 1),
    "person_without_application": (1, 0.99),
    "case_in_two_systems": (1, 1),
    "two_roles": (0.98, 1),
    "duplicate_person_on_application": (1, 1),
    "second_mother": (1, 1),
    "second_father": (0.98, 1),
    "missing_father": (1, 1),
    "missing_legal_outputs": (0.98, 0.8),
    "outputs_before_start": (1, 1),
    "duplicate_legal_output": (1, 1),
    "unborn_at_issue": (1, 1),
    "ethnicity_missing": (1, 1),
    "ethnicity_conflict": (0.98, 0.75),
    "religion_conflict": (1, 1),
    "nationality_conflict": (1, 0.85),
    "language_conflict": (1, 1),
    "disability_conflict": (1, 0.9),
}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a folder with raw and harmonised records of a small population."""
    folder = tmp_path_factory.mktemp("population")
    simulate(PARAMETERS, 0.01, 5, folder / "raw")
    harmonise(folder / "raw", folder / "ready", folder / "quality.csv", CODELISTS, ENDS)
    return folder


def recovered(folder: Path, ready: str = "ready") -> dict[str, dict[str, str]]:
    """Return the rows of the recovery table by defect."""
    evaluate_harmonisation(folder / "raw", folder / ready, folder / "quality.csv", folder / "recovery.csv")
    with open(folder / "recovery.csv", encoding="utf-8", newline="") as stream:
        return {row["defect"]: row for row in csv.DictReader(stream)}


def test_planted_defects_are_found(folder: Path) -> None:
    rows = recovered(folder)
    impossible = rows.pop("duplicate_person_unrepairable")
    assert (int(impossible["planted"]) > 0, impossible["found"], impossible["recall"]) == (True, "0", "0.0000")
    assert rows.keys() == LEAST.keys()
    assert [defect for defect, row in rows.items() if not int(row["planted"])] == []
    reached = {defect: (float(row["precision"]), float(row["recall"])) for defect, row in rows.items()}
    assert {d: at for d, at in reached.items() if at[0] < LEAST[d][0] or at[1] < LEAST[d][1]} == {}
    assert all(row["note"] and row["unit"] for row in rows.values())


def test_a_rule_that_does_not_work_shows(folder: Path) -> None:
    """Without joining by linkage field no duplicate is found; a wrong week of birth is found but not correct."""
    harmonise(
        folder / "raw",
        folder / "apart",
        folder / "quality_apart.csv",
        CODELISTS,
        {**ENDS, "join_by_linkage_field": False},
    )
    with connect({"person": folder / "apart/person.parquet"}) as connection:
        late = "SELECT * REPLACE (week_of_birth + 7 AS week_of_birth) FROM person ORDER BY person_id"
        connection.execute(f"CREATE TABLE late AS {late}")
        write_parquet(connection, "SELECT * FROM late", folder / "apart/person.parquet")
    rows = recovered(folder, "apart")
    assert (rows["duplicate_person"]["found"], rows["duplicate_person"]["recall"]) == ("0", "0.0000")
    assert (rows["century_typo"]["precision"], rows["century_typo"]["recall"]) == ("0.0000", "0.0000")
    assert int(rows["century_typo"]["found"]) > 0


def test_records_without_labels_cannot_be_evaluated(tmp_path: Path) -> None:
    with pytest.raises(ContractError, match="only a synthetic source can be evaluated"):
        evaluate_harmonisation(tmp_path, tmp_path, tmp_path / "quality.csv", tmp_path / "recovery.csv")


def test_a_label_that_nobody_explained(folder: Path, tmp_path: Path) -> None:
    for path in (folder / "raw").iterdir():
        (tmp_path / path.name).symlink_to(path)
    (tmp_path / "defects.parquet").unlink()
    with connect() as connection:
        label = "SELECT 'lost_shoe' AS defect, 'CAFCASS_ALF' AS \"table\", 'SYSTEM_ID_E=1' AS key"
        write_parquet(connection, label, tmp_path / "defects.parquet")
    with pytest.raises(ContractError, match="does not say how to find lost_shoe"):
        evaluate_harmonisation(tmp_path, folder / "ready", folder / "quality.csv", tmp_path / "recovery.csv")
