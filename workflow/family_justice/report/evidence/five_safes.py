"""The Five Safes of a release: project, people, sign-off and disclosure control, as a Five Safes RO-Crate has them.

Profile: https://w3id.org/5s-crate/0.4. What the pipeline did (disclosure control under a policy) is an action that is
completed. What people do, to sign the project off and to check the output, is one that is yet to come until
``config/config.yaml`` says who did it and when. Nobody is made up: who is not told is an entity that says so, and which
key to fill in.
"""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import Any

from family_justice.config.schema import Project, Researcher

FIVE_SAFES = "https://w3id.org/5s-crate/0.4"
#: The profile has these as text, not as references.
COMPLETED = "http://schema.org/CompletedActionStatus"
POTENTIAL = "http://schema.org/PotentialActionStatus"
PROJECT, REQUESTING, ORGANISATION = "#project", "#requested-by", "#organisation"
SAFE_HAVEN = "#safe-haven"
_PHASE = "https://w3id.org/shp#"

Entity = dict[str, Any]


@dataclass(frozen=True)
class FiveSafes:
    """Entities of the crate, and what the root of the crate says of them beside its own."""

    entities: list[Entity]
    of_root: Entity


def five_safes(project: Project, studies: list[dict[str, Any]], workflow: str, moment: str) -> FiveSafes:
    """Return project, people and actions of a release made at a ``moment`` (RFC 3339)."""
    policies = {study["policy"]["name"]: study["policy"] for study in studies}
    sign_off = _action("#sign-off", "SignOff", "Sign-off of the project by the safe haven", "signed_off", project)
    sign_off |= {
        "object": [{"@id": "./"}, {"@id": workflow}, {"@id": PROJECT}],
        "instrument": [{"@id": _policy_id(name)} for name in policies],
    }
    check = _action("#output-check", "DisclosureCheck", "Check of the output by a person", "checked", project)
    check |= {"object": {"@id": "./"}}
    controls = [_control(study, workflow, moment) for study in studies]
    actions = [sign_off, *controls, check]
    mentions = [{"@id": run_id(study)} for study in studies] + [{"@id": action["@id"]} for action in actions]
    entities = [
        *_project(project),
        *_person(REQUESTING, "requested_by", project.requested_by, member=True),
        *_person("#signed-off-by", "signed_off_by", project.signed_off_by),
        *_person("#checked-by", "checked_by", project.checked_by),
        *[_policy(policy) for policy in policies.values()],
        *actions,
    ]  # fmt: skip
    return FiveSafes(
        entities,
        {"sourceOrganization": {"@id": PROJECT}, "publisher": {"@id": SAFE_HAVEN}, "mentions": mentions},
    )


def run_id(study: dict[str, Any]) -> str:
    """The run of a stream."""
    return f"#run-{study['stream']}"


def timestamp(day: datetime.date) -> str:
    """The start of a day."""
    return f"{day.isoformat()}T00:00:00Z"


def _told(value: str | None, key: str) -> str:
    return value or f"not told (project.{key} in config/config.yaml)"


def _project(project: Project) -> list[Entity]:
    """The project, who holds the records, and the grant if there is one."""
    entity: Entity = {
        "@id": PROJECT,
        "@type": "Project",
        "name": _told(project.name, "name"),
        "identifier": _told(project.identifier, "identifier"),
        "member": [{"@id": ORGANISATION}],
    }
    by = project.requested_by
    found = [
        entity,
        {"@id": ORGANISATION, "@type": "Organization",
         "name": _told(by.organisation if by else None, "requested_by.organisation")},
        {"@id": SAFE_HAVEN, "@type": "Organization", "name": _told(project.safe_haven, "safe_haven")},
    ]  # fmt: skip
    if project.grant:
        entity["funding"] = {"@id": "#grant"}
        found.append({"@id": "#grant", "@type": "Grant", "name": project.grant})
    return found


def _person(place: str, key: str, person: Researcher | None, member: bool = False) -> list[Entity]:
    """A person, or an entity that says that nobody was told; who asks for the results is of the project."""
    entity: Entity = {"@id": place, "@type": "Person", "name": _told(person.name if person else None, key)}
    found = [entity]
    if person and person.orcid:
        entity["identifier"] = f"https://orcid.org/{person.orcid}"
    if member:
        entity |= {"memberOf": {"@id": PROJECT}, "affiliation": {"@id": ORGANISATION}}
    elif person and person.organisation:
        entity["affiliation"] = {"@id": f"{place}-organisation"}
        found.append({"@id": f"{place}-organisation", "@type": "Organization", "name": person.organisation})
    return found


def _action(place: str, phase: str, what: str, key: str, project: Project) -> Entity:
    """What a person does: yet to come, until it is told who did it and when."""
    day = getattr(project, f"{key}_on")
    entity = {
        "@id": place,
        "@type": "AssessAction",
        "additionalType": {"@id": f"{_PHASE}{phase}"},
        "name": f"{what}: {'done' if day else 'not told yet'}",
        "agent": {"@id": f"#{key.replace('_', '-')}-by"},
        "actionStatus": COMPLETED if day else POTENTIAL,
    }
    return entity | ({"startTime": timestamp(day), "endTime": timestamp(day)} if day else {})


def _control(study: dict[str, Any], workflow: str, moment: str) -> Entity:
    """Disclosure control of a stream by the pipeline: without it there is no release."""
    return {
        "@id": f"#disclosure-control-{study['stream']}",
        "@type": "AssessAction",
        "additionalType": {"@id": f"{_PHASE}DisclosureCheck"},
        "name": f"{study['title']}: disclosure control of all results by the pipeline",
        "object": {"@id": run_id(study)},
        "agent": {"@id": REQUESTING},
        "instrument": [{"@id": workflow}, {"@id": _policy_id(study["policy"]["name"])}],
        "actionStatus": COMPLETED,
        "startTime": moment,
        "endTime": moment,
    }


def _policy_id(name: str) -> str:
    return f"#policy-{name}"


def _policy(policy: dict[str, Any]) -> Entity:
    return {
        "@id": _policy_id(policy["name"]),
        "@type": "CreativeWork",
        "name": f"Policy of disclosure control: {policy['name']}",
        "description": policy["description"],
    }
