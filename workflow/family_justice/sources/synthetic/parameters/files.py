"""The files of the population's parameters: a folder in which each section stands in exactly one YAML file."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

from family_justice.errors import ConfigError, did_you_mean, report_together


def parameter_files(path: Path) -> list[Path]:
    """Return the files of the parameters: those of a folder by name, or the one file itself.

    Raises ConfigError if there is no such folder or file, or if the folder holds no YAML.
    """
    if path.is_file():
        return [path]
    files = sorted(path.glob("*.yaml"))
    if not files:
        raise ConfigError(f"{path.name}: there is no such file, and no folder with YAML files, of parameters")
    return files


def read_sections(path: Path, known: list[str]) -> tuple[str, dict[str, Any], dict[str, str]]:
    """Return what to call the parameters in messages, their sections, and the file of each section.

    With a single file the last is empty: the file is named once, before all its problems. Raises ConfigError for files
    that cannot be read and, in a folder, for sections that are unknown or stand in two files.
    """
    files = parameter_files(path)
    if files == [path]:
        return path.name, _read(path), {}
    data: dict[str, Any] = {}
    file_of: dict[str, str] = {}
    problems = []
    for file in files:
        for section, body in _read(file).items():
            if section not in known:
                problems.append(f"{file.name}: unknown section '{section}'. {did_you_mean(str(section), known)}")
            elif section in file_of:
                problems.append(
                    f"{file.name}: section '{section}' stands in {file_of[section]} too; write each section in one file"
                )
            else:
                data[section], file_of[section] = body, file.name
    report_together(path.name, problems, ConfigError)
    return path.name, data, file_of


def _read(path: Path) -> dict[str, Any]:
    try:
        with open(path, encoding="utf-8") as stream:
            data = yaml.load(stream, Loader=yaml.CSafeLoader)
    except OSError:
        raise ConfigError(f"{path.name}: the parameters file of the population cannot be read") from None
    except yaml.YAMLError as error:
        mark = getattr(error, "problem_mark", None)
        line = f" in line {mark.line + 1}" if mark else ""
        raise ConfigError(f"{path.name}: not valid YAML{line}") from None
    if not isinstance(data, dict):
        raise ConfigError(f"{path.name}: write sections such as 'calendar:' with parameters under them")
    return data
