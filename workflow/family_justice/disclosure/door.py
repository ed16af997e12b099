"""The one door between ``results/internal`` and ``results/release``. It fails closed."""

from __future__ import annotations

import csv
import json
import math
import re
from collections.abc import Mapping
from contextlib import nullcontext
from pathlib import Path
from typing import Any

import pandas as pd

from family_justice import fingerprint, rooms
from family_justice.behind import Behind
from family_justice.config.policy import check_policy_not_below
from family_justice.config.schema import Policy
from family_justice.disclosure.disclose import Disclosed, disclose
from family_justice.disclosure.history import (
    Population,
    add_release,
    alone,
    check_releases,
    read_releases,
    release_of,
)
from family_justice.disclosure.sets import gather
from family_justice.disclosure.told import told
from family_justice.disclosure.vocabulary import Vocabulary, check_labels, vocabulary
from family_justice.errors import ConfigError, DamageError, DisclosureError
from family_justice.files import write_csv, write_text
from family_justice.results import COLUMNS, COUNTS, MEASURES, POSITION, STATUSES, VALUES, behind_file, read_results

_NUMBER = re.compile(r"[-+]?(\d+\.?\d*|\.\d+)([eE][-+]?\d+)?", re.ASCII)
_COUNT = re.compile(r"\d{1,12}", re.ASCII)
_INFINITE = {"inf", "-inf"}


def open_door(
    internal: Mapping[str, Path],
    release: Mapping[str, Path],
    policy: Policy,
    minimum: Policy,
    study: Path,
    study_out: Path,
    suppressions: Path,
    population: Population | None = None,
) -> None:
    """Release the results of one stream: all of them, or none.

    ``internal`` and ``release`` map the name of each analysis to its results before and after; what stands behind the
    counts of members is read beside the former (``results.behind_file``). ``study`` is the study description (JSON)
    from which the allowed labels are derived, released as ``study_out`` with what is told of people under ``people``
    and the checksums of the released results under ``sealed``; ``suppressions`` receives the number of suppressed rows
    per analysis. With a ``population``, nothing must follow from the release and what else is released of the same
    people (``history``). Whatever this stream released before is removed first.

    Raises ``ConfigError`` if ``policy`` is looser than ``minimum``, and ``DisclosureError`` for everything else; the
    messages hold no value of a result.
    """
    targets = [*map(Path, release.values()), Path(study_out), Path(suppressions)]
    _remove(targets)
    try:
        check_policy_not_below(policy, minimum)
        if set(internal) != set(release):
            raise DisclosureError("the analyses to release are not those that were given")
        description = _read_study(Path(study))
        words = vocabulary(description)
        frames = [_read(name, Path(path), words) for name, path in internal.items()]
        long = [name for name, frame in zip(internal, frames, strict=True) if len(frame) > policy.maximum_rows]
        if long:
            raise DisclosureError(
                f"{', '.join(long)}: more than {policy.maximum_rows} rows, the policy's limit; ask for fewer groups "
                "or a coarser grid of times"
            )
        exact = pd.concat(frames, ignore_index=True)
        beside = {name: behind_file(path) for name, path in internal.items()}
        known = {name: Behind.read(path) for name, path in beside.items() if path.is_file()}
        sets = gather(dict(zip(internal, frames, strict=True)), known)
        restricted = {name: about.get("restrict_to") or {} for name, about in description.get("analyses", {}).items()}
        disclosed = disclose(exact, policy, restricted, sets, description.get("analyses", {}))
        with alone(population.folder) if population else nullcontext():
            _release(disclosed, exact, description, release, study_out, suppressions, policy, population)
    except (ConfigError, DamageError, DisclosureError):
        raise
    except Exception as error:
        # The message of an unforeseen error may quote a value: only its type goes out.
        raise DisclosureError(
            f"disclosure control stopped with {type(error).__name__}; nothing was released. "
            "Run it again inside the safe haven under a debugger to see more."
        ) from None


def _release(
    disclosed: Disclosed,
    exact: pd.DataFrame,
    description: Mapping[str, Any],
    release: Mapping[str, Path],
    study_out: Path,
    suppressions: Path,
    policy: Policy,
    population: Population | None,
) -> None:
    """Look at what was released of the same people before, and publish all files or none."""
    targets = [*map(Path, release.values()), Path(study_out), Path(suppressions)]
    remembered = None
    if population is not None:
        remembered = release_of(str(description["stream"]), exact, disclosed, population)
        check_releases(remembered, read_releases(population, remembered.stream), policy)
    staged = {target: _staged(target) for target in targets}
    try:
        for name, path in release.items():
            write_csv(disclosed.rows[disclosed.rows["analysis"] == name], staged[Path(path)])
        write_csv(disclosed.summary, staged[Path(suppressions)])
        sealed = {name: fingerprint.of_file(staged[Path(path)]) for name, path in sorted(release.items())}
        about = {**description, "people": told(exact, disclosed, policy), "sealed": sealed}
        text = json.dumps(about, indent=1, ensure_ascii=False) + "\n"
        write_text(staged[Path(study_out)], text)
        # Remembered first: a door that is killed between the two has shown nothing that is not remembered.
        if population is not None and remembered is not None:
            add_release(remembered, population)
        for target, file in staged.items():
            _publish(file, target)
    except BaseException:
        _remove(targets)
        raise
    finally:
        _remove(list(staged.values()))


def _publish(staged: Path, target: Path) -> None:
    rooms.move(staged, target)


def _remove(paths: list[Path]) -> None:
    for path in paths:
        path.unlink(missing_ok=True)


def _staged(target: Path) -> Path:
    target.parent.mkdir(parents=True, exist_ok=True)
    return target.with_name(f".{target.stem}.staged{target.suffix}")


def _read_study(path: Path) -> Mapping[str, Any]:
    description = json.loads(path.read_text(encoding="utf-8"))
    if not isinstance(description, Mapping) or not description.get("stream"):
        raise DisclosureError("study description: no stream is named")
    return description


def _read(name: str, path: Path, words: Vocabulary) -> pd.DataFrame:
    """Read one file of results; the texts are checked before anything is converted."""
    _check_texts(name, path)
    frame = read_results(str(path))
    if frame["time"].map(lambda time: math.isinf(time) or time < 0).any():
        raise DisclosureError(f"{name}: times must be finite and not negative")
    check_labels(frame, words, name)
    frame["note"] = frame["note"].map(words.safe_note).astype("string")
    return frame


def _check_texts(name: str, path: Path) -> None:
    """Raise ``DisclosureError`` unless every row has every column of the result schema, with texts of its type."""
    rooms.check(path)
    with path.open(encoding="utf-8", newline="") as file:
        lines = list(csv.reader(file, strict=True))
    if not lines or lines[0] != list(COLUMNS):
        raise DisclosureError(f"{name}: the columns are not those of the result schema")
    if any(len(line) != len(COLUMNS) for line in lines[1:]):
        raise DisclosureError(f"{name}: some rows do not have a value for every column")
    problems = []
    for position, column in enumerate(COLUMNS):
        wrong = sum(not _has_type(column, text) for text in {line[position] for line in lines[1:]})
        if wrong:
            problems.append(f"{column} ({wrong})")
    if problems:
        raise DisclosureError(f"{name}: values of the wrong type in {', '.join(problems)}")


def _has_type(column: str, text: str) -> bool:
    """Say whether a text is of the type of its column; labels and notes are checked against the study's own words."""
    if column in COUNTS:
        return not text or bool(_COUNT.fullmatch(text))
    if column in POSITION + VALUES:
        return not text or text in _INFINITE or bool(_NUMBER.fullmatch(text))
    if column == "measure":
        return text in MEASURES
    return column != "status" or text in STATUSES
