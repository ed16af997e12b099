"""The plan of a study: its stream file as it was before the data were seen, and what has changed since.

    ./family-justice plan recurrence

locks the plan of a stream in ``config/plans/recurrence.json``. From then on the report says when it was locked and
lists every key of the stream, or of a covariate it uses, that differs. A plan is locked once, not a second time.
"""

from __future__ import annotations

import datetime
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from family_justice import fingerprint
from family_justice.config.check import covariates_of
from family_justice.config.load import Configuration
from family_justice.errors import ConfigError
from family_justice.files import write_text

FOLDER = "plans"


def planned(configuration: Configuration, name: str) -> dict[str, str]:
    """Return every setting of a stream and of its covariates by its dotted key, as text."""
    stream = configuration.stream(name)
    covariates = covariates_of(stream, configuration.covariates())
    used = sorted({covariate for cohort in stream.cohorts.values() for covariate in cohort.covariates})
    settings = {
        "stream": stream.model_dump(mode="json", exclude={"covariates"}, exclude_defaults=True),
        "covariates": {key: covariates[key].model_dump(mode="json", exclude_defaults=True) for key in used},
    }
    return _flat(settings)


def lock(configuration: Configuration, folder: Path, name: str, day: datetime.date) -> Path:
    """Write the plan of a stream as it is now and return the file; ConfigError if it is locked already."""
    path = folder / FOLDER / f"{name}.json"
    if path.exists():
        raise ConfigError(
            f"{path}: the plan of '{name}' is locked already; deviations from it are listed in the report"
        )
    settings = planned(configuration, name)
    plan = {
        "stream": name,
        "locked_on": day.isoformat(),
        "fingerprint": fingerprint.of_value(settings),
        "settings": settings,
    }
    write_text(path, json.dumps(plan, indent=1, ensure_ascii=False) + "\n")
    return path


def describe_plan(configuration: Configuration, folder: Path, name: str) -> dict[str, Any] | None:
    """Return when the plan of a stream was locked, its fingerprint and the deviations; None if it is not locked.

    A deviation has a ``key`` and its text ``before`` and ``now``, either empty where the key is new or gone. Raises
    ``ConfigError`` if the file was edited after it was locked.
    """
    path = folder / FOLDER / f"{name}.json"
    if not path.is_file():
        return None
    plan = json.loads(path.read_text(encoding="utf-8"))
    before = plan.get("settings", {})
    if fingerprint.of_value(before) != plan.get("fingerprint"):
        raise ConfigError(f"{path}: the plan was edited after it was locked; put the locked file back")
    now = planned(configuration, name)
    keys = [key for key in dict.fromkeys([*before, *now]) if before.get(key) != now.get(key)]
    deviations = [{"key": key, "before": before.get(key, ""), "now": now.get(key, "")} for key in keys]
    return {"locked_on": plan["locked_on"], "fingerprint": plan["fingerprint"], "deviations": deviations}


def _flat(value: Any, key: str = "") -> dict[str, str]:
    """Return the leaves of nested mappings by dotted key; items of lists are named by their ``name`` or number."""
    if isinstance(value, Mapping):
        found: dict[str, str] = {}
        for name, inner in value.items():
            found |= _flat(inner, f"{key}.{name}" if key else str(name))
        return found
    if isinstance(value, list) and any(isinstance(item, Mapping) for item in value):
        named = {str(item.get("name", place)): item for place, item in enumerate(value, start=1)}
        return {f"{key}.order": ", ".join(named), **_flat(named, key)}
    if isinstance(value, list):
        return {key: ", ".join(map(str, value))}
    return {key: str(value)}
