"""The Five Safes of a release: what the profile requires, who is told and who is not."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from release_samples import write_release

from family_justice.config.schema import Project
from family_justice.report.evidence.crate import write_crate

ROOT = Path(__file__).resolve().parents[2]
TOLD = Project.model_validate({
    "name": "Returns to court", "identifier": "0123", "safe_haven": "A safe haven", "grant": "A funder, AB/1",
    "requested_by": {"name": "A. Researcher", "orcid": "0000-0000-0000-000X", "organisation": "A university"},
    "signed_off_by": {"name": "B. Panel", "organisation": "A panel"}, "signed_off_on": "2021-05-04",
    "checked_by": {"name": "C. Checker"},
})  # fmt: skip
RFC_3339 = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")
STATUS = {f"http://schema.org/{word}ActionStatus" for word in ("Potential", "Active", "Completed", "Failed")}
PHASE = "https://w3id.org/shp#"


def crate(folder: Path, project: Project) -> dict[str, Any]:
    stream = write_release(folder)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOURCE_DATE_EPOCH", "1640995200")
        write_crate(folder, [stream.name], ROOT / "Snakefile", project)
    document: dict[str, Any] = json.loads((folder / "ro-crate-metadata.json").read_text())
    return document


def by_id(document: dict[str, Any]) -> dict[str, Any]:
    return {entity["@id"]: entity for entity in document["@graph"]}


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def pointed(entities: dict[str, Any], entity: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """The entities that a property refers to; a reference to none is an error."""
    return [entities[reference["@id"]] for reference in listed(entity.get(name, []))]


def is_a(entity: dict[str, Any], kind: str) -> bool:
    return kind in listed(entity["@type"])


@pytest.mark.parametrize("project", [Project(), TOLD], ids=["nobody told", "told"])
def test_the_crate_has_what_the_five_safes_profile_requires(project: Project, tmp_path: Path) -> None:
    """The rules marked MUST of https://w3id.org/5s-crate/0.4, and most of those marked SHOULD."""
    document = crate(tmp_path, project)
    entities = by_id(document)
    root, descriptor = entities["./"], entities["ro-crate-metadata.json"]
    assert document["@context"][0] == "https://w3id.org/ro/crate/1.2/context"
    assert {"@id": "https://w3id.org/ro/crate/1.2"} in descriptor["conformsTo"]
    assert "https://w3id.org/5s-crate/0.4" in [profile["@id"] for profile in pointed(entities, root, "conformsTo")]
    (of_root,) = pointed(entities, root, "sourceOrganization")
    assert is_a(of_root, "Project")
    (workflow,) = pointed(entities, root, "mainEntity")
    assert is_a(workflow, "Dataset")
    (conforms,) = listed(workflow["conformsTo"])
    assert conforms["@id"].startswith("https://w3id.org/workflowhub/workflow-ro-crate")

    mentioned = pointed(entities, root, "mentions")
    runs = [entity for entity in entities.values() if is_a(entity, "CreateAction")]
    assert runs
    for run in runs:
        assert run in mentioned
        assert len(run["name"]) >= 10
        assert pointed(entities, run, "instrument") == [workflow]
        assert pointed(entities, run, "object")
        assert pointed(entities, run, "result")
        for agent in pointed(entities, run, "agent"):
            assert is_a(agent, "Person")
            assert pointed(entities, agent, "memberOf") == [of_root]
            organisations = pointed(entities, agent, "affiliation")
            assert all(is_a(organisation, "Organization") for organisation in organisations)
            assert organisations[0] in pointed(entities, of_root, "member")
    assert all(is_a(grant, "Grant") for grant in pointed(entities, of_root, "funding"))

    assessed = [entity for entity in entities.values() if is_a(entity, "AssessAction")]
    phases = [entity["additionalType"]["@id"].removeprefix(PHASE) for entity in assessed]
    assert sorted(phases) == ["DisclosureCheck", "DisclosureCheck", "SignOff"]
    for action in assessed:
        assert action in mentioned
        assert len(action["name"]) >= 10
        assert pointed(entities, action, "agent")
    for action in (*runs, *assessed):
        assert action["actionStatus"] in STATUS
        over = action["actionStatus"].endswith("CompletedActionStatus")
        assert over == ("endTime" in action)
        assert all(RFC_3339.fullmatch(action[time]) for time in ("startTime", "endTime") if time in action)
    (sign_off,) = (action for action in assessed if action["additionalType"]["@id"] == f"{PHASE}SignOff")
    assert workflow in pointed(entities, sign_off, "object")
    assert of_root in pointed(entities, sign_off, "object")
    (policy,) = pointed(entities, sign_off, "instrument")
    assert is_a(policy, "CreativeWork")
    assert policy["name"] == "Policy of disclosure control: court_records"


def test_nobody_is_made_up(tmp_path: Path) -> None:
    """Without a project in the configuration people stand as not told, with the key to fill in, and did nothing."""
    entities = by_id(crate(tmp_path, Project()))
    people = [entity for entity in entities.values() if is_a(entity, "Person")]
    assert {person["name"] for person in people} == {
        f"not told (project.{key} in config/config.yaml)" for key in ("requested_by", "signed_off_by", "checked_by")
    }
    assert not any("identifier" in person for person in people)
    for place in ("#project", "#safe-haven", "#organisation"):
        assert entities[place]["name"].startswith("not told (project.")
    for place in ("#sign-off", "#output-check"):
        assert entities[place]["actionStatus"].endswith("PotentialActionStatus")
        assert entities[place]["name"].endswith(": not told yet")
    assert entities["#disclosure-control-recurrence"]["actionStatus"].endswith("CompletedActionStatus")
    assert not any(is_a(entity, "Grant") for entity in entities.values())


def test_who_is_told_stands_in_the_crate(tmp_path: Path) -> None:
    entities = by_id(crate(tmp_path, TOLD))
    assert entities["#requested-by"]["name"] == "A. Researcher"
    assert entities["#requested-by"]["identifier"] == "https://orcid.org/0000-0000-0000-000X"
    assert entities["#organisation"]["name"] == "A university"
    assert (entities["#project"]["name"], entities["#project"]["identifier"]) == ("Returns to court", "0123")
    assert entities["#grant"]["name"] == "A funder, AB/1"
    assert entities["#sign-off"]["endTime"] == "2021-05-04T00:00:00Z"
    assert entities["#sign-off"]["actionStatus"].endswith("CompletedActionStatus")
    assert entities["#signed-off-by-organisation"]["name"] == "A panel"
    # Who checks is told, not when: the check is yet to come.
    assert entities["#checked-by"]["name"] == "C. Checker"
    assert entities["#output-check"]["actionStatus"].endswith("PotentialActionStatus")
    assert "affiliation" not in entities["#checked-by"]


@pytest.mark.parametrize(
    ("wrong", "said"),
    [
        ({"signed_off_on": "2021-05-04"}, "'signed_off_on' is told, but not by whom; write 'signed_off_by'"),
        ({"checked_on": "2021-05-04"}, "'checked_on' is told, but not by whom; write 'checked_by'"),
        ({"requested_by": {"name": "A", "orcid": "0000-0001"}}, "should match pattern"),
        ({"requested_by": {"orcid": "0000-0000-0000-0000"}}, "Field required"),
        ({"name": ""}, "at least 1 character"),
    ],
)
def test_half_a_project_is_an_error(wrong: dict[str, Any], said: str) -> None:
    with pytest.raises(ValidationError, match=said):
        Project.model_validate(wrong)
