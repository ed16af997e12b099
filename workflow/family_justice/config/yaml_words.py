"""What is wrong with text that is no YAML, in words of this project: the line, what stands there, what to write."""

from __future__ import annotations

import re
from typing import Any

import yaml

#: Characters with which no plain text may begin, since YAML reads something else by them.
_SIGNS = "@`%*&!|>[{]}#,?\"'"
_KEY = re.compile(r"(?:- +)*(?P<key>[\w.-]+):[ \t]+(?P<value>\S.*)$")


def explain_yaml(error: yaml.YAMLError, text: str) -> str:
    """Return what is wrong with the text of a YAML file, and the line (from 1) where."""
    if not isinstance(error, yaml.MarkedYAMLError):
        position = getattr(error, "position", None)
        line = text.count("\n", 0, position) + 1 if isinstance(position, int) else "?"
        return f"line {line} has a character that is no text (a control character); remove it"
    lines = text.split("\n")
    here, begun = _line_of(error.problem_mark), _line_of(error.context_mark)
    problem = error.problem or ""
    for line, said in _explanations(problem, lines, here, begun):
        if said:
            return f"line {line}{_shown(lines, line)}: {said}"
    return f"line {here or '?'}{_shown(lines, here)} is not valid YAML: {problem}"


def _line_of(mark: Any) -> int:
    return mark.line + 1 if mark else 0


def _shown(lines: list[str], line: int) -> str:
    """Return a line as it is written; not one that may hold an address with a password."""
    written = lines[line - 1].strip() if 0 < line <= len(lines) else ""
    if not written or "://" in written:
        return ""
    return f", `{written if len(written) <= 60 else written[:57] + '...'}`"


#: Words of libyaml's sentences, whether the line is where the fault was met or where what it belongs to began, and what
#: is said of it.
_SAID = [
    ("expected ':'", "begun", "there is no key on this line; write `key: value`, with a blank after the colon"),
    ("unexpected end of stream", "begun", "a quote that opens here is not closed"),
    ("',' or ']'", "begun", "what opens here is not closed by `]`, or a comma is missing"),
    ("',' or '}'", "begun", "what opens here is not closed by `}`, or a comma is missing"),
    ("another document", "here", "`---` begins a second document; a file has one"),
    ("2002:merge", "here", "keys are not merged by `<<`; write them out"),
    ("undefined alias", "here", "there is no anchor (`&name`) for what begins with `*`"),
    (
        "mapping values are not allowed",
        "here",
        "the line is indented further than the keys beside it; keys of one level begin in one column",
    ),
]


def _explanations(problem: str, lines: list[str], here: int, begun: int) -> list[tuple[int, str]]:
    """Return lines with what may be wrong in each, empty for what is not; the first that is said is the likeliest."""

    def there(*numbers: int) -> list[int]:
        return [number for number in numbers if 0 < number <= len(lines)]

    found = [(line, _tab(lines[line - 1])) for line in there(here, begun, here - 1)]
    found += [(line, _begins_with_a_sign(lines[line - 1])) for line in there(here, begun)]
    if "mapping values are not allowed" in problem:
        found += [(line, _second_colon(lines[line - 1])) for line in there(here)]
    places = {"here": here, "begun": begun or here}
    found += [(places[place], said) for words, place, said in _SAID if words in problem]
    if any(words in problem for words in ("expected key", "'-' indicator", "block mapping")):
        beside = f"that of line {begun}, with which this one goes" if begun else "that of the lines before it"
        found += [(here, f"the indentation is not {beside}")]
    return found


def _tab(line: str) -> str:
    return "there is a tab before the text; indent by blanks" if "\t" in line[: len(line) - len(line.lstrip())] else ""


def _begins_with_a_sign(line: str) -> str:
    """Say that a value begins with a sign of YAML's own and goes on as text does."""
    found = _KEY.match(line.strip())
    if found is None or found["value"][0] not in _SIGNS:
        return ""
    key, value = found["key"], found["value"]
    closed = {"[": "]", "{": "}"}.get(value[0])
    if value[0] in "\"'#|>" or (closed and (closed not in value or value.rstrip().endswith(closed))):
        return ""
    if value[0] in "*&" and re.fullmatch(r"[*&]\w+", value.rstrip()):
        return ""  # an anchor, or what refers to one
    return f"a text that begins with `{value[0]}` goes into quotes: {key}: {quoted(value)}"


def _second_colon(line: str) -> str:
    found = _KEY.match(line.strip())
    if found is None or ": " not in found["value"] or found["value"][0] in "\"'":
        return ""
    return f"a text with a colon in it goes into quotes: {found['key']}: {quoted(found['value'])}"


def quoted(text: str) -> str:
    """Return text in double quotes, as YAML reads it back."""
    escaped = text.strip().replace("\\", "\\\\").replace('"', '\\"')
    return f'"{escaped}"'
