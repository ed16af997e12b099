"""Put what the SACRO viewer released back in its places: ``./family-justice unpack ZIP FOLDER``.

The viewer's ZIP file holds all approved files side by side, although many have the same name (``results.csv``); most
programs that unpack it keep the last of each. The files are recognised by the checksums in its ``results.json``
(``sacro/adapters/zipfile.py`` of SACRO viewer 0.2.1).
"""

from __future__ import annotations

import hashlib
import json
import zipfile
from pathlib import Path, PurePosixPath

from family_justice.errors import PipelineError
from family_justice.files import atomic

#: What the viewer adds: its copy of the bundle, the review, and the names of what it did not find.
ADDED = ("results.json", "summary.txt", "missing-files.txt")


def unpack(archive: str | Path, folder: str | Path) -> tuple[int, list[str]]:
    """Write the released files of ``archive`` under ``folder``; return their number and those that were not released.

    Raises ``PipelineError`` for an archive that is not of the viewer, a place outside ``folder``, and files that are
    in it but in no result or were changed on the way.
    """
    if not zipfile.is_zipfile(archive):
        raise PipelineError(f"{archive}: this is no ZIP file; give the file that the viewer released")
    with zipfile.ZipFile(archive) as opened:
        places: dict[str, list[str]] = {}
        try:
            for result in json.loads(opened.read("results.json"))["results"].values():
                for file in result["files"]:
                    places.setdefault(file["checksum"], []).append(file["name"])
        except (KeyError, ValueError, TypeError, AttributeError):
            raise PipelineError(
                f"{archive}: no results.json of the SACRO viewer in it; give the file that the viewer released"
            ) from None
        outside = [name for names in places.values() for name in names if not _is_inside(name)]
        if outside:
            raise PipelineError(f"{archive}: {outside[0]} leads out of the folder; ask the output checker")
        found = {}
        for entry in opened.infolist():
            content = opened.read(entry)
            checksum = hashlib.sha256(content).hexdigest()
            if checksum in places:
                found[checksum] = content
            elif entry.filename not in ADDED:
                raise PipelineError(f"{archive}: {entry.filename} is not as it was released; ask the output checker")
    for checksum, content in found.items():
        for name in places[checksum]:
            with atomic(Path(folder, name)) as temporary:
                temporary.write_bytes(content)
    missing = sorted(name for checksum, names in places.items() if checksum not in found for name in names)
    return sum(len(places[checksum]) for checksum in found), missing


def _is_inside(name: str) -> bool:
    return not PurePosixPath(name).is_absolute() and ".." not in PurePosixPath(name).parts and "\\" not in name
