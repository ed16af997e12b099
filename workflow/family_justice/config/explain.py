"""What a value of the configuration should be, in words of this project: line, key, what stands there, what to write.

Pydantic says which value is wrong and why; the file itself says how it is written, which YAML does not: ``010`` is read
as 8, and ``12:30`` as 750.
"""

from __future__ import annotations

import datetime
import re
import types
import typing
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import yaml
from pydantic import BaseModel, ValidationError

from family_justice.config.base import Name
from family_justice.config.meanings import meaning_of
from family_justice.config.yaml_words import quoted
from family_justice.errors import did_you_mean


class Written:
    """A YAML file as it is written: lines and texts by paths of keys. Without a file nothing is known of either."""

    def __init__(self, path: str | Path | None) -> None:
        self.root: yaml.Node | None = None
        try:
            if path is not None and Path(path).is_file():
                text = Path(path).read_text(encoding="utf-8-sig")
                self.root = yaml.compose(text, Loader=yaml.CSafeLoader)
        except (yaml.YAMLError, UnicodeError):
            pass  # what is no YAML has been said

    def find(self, keys: Iterable[Any]) -> tuple[int, yaml.Node | None]:
        """Return the line (from 1; 0 if unknown) and the node at the end of a path of keys and positions.

        A key that is not there ends the path at what holds it; the node is then None.
        """
        node, line = self.root, 0
        for key in keys:
            after = _child(node, key)
            if after is None:
                return line, None
            line, node = after
        return line, node

    def text(self, keys: Iterable[Any]) -> str | None:
        """Return the text of a plain value as it is written, None for all else."""
        node = self.find(keys)[1]
        return str(node.value) if isinstance(node, yaml.ScalarNode) and not node.style else None

    def with_lines(self, problems: Iterable[str]) -> list[str]:
        """Return problems that begin with a path of keys (``cohorts.people.steps.young: ...``), each with its line."""
        return [self._with_line(problem) for problem in problems]

    def _with_line(self, problem: str) -> str:
        place = re.match(r"'?([\w.]+)'?(?=[: ])", problem)
        line = self.find(place[1].split("."))[0] if place else 0
        return f"line {line}: {problem}" if line else problem


def _child(node: yaml.Node | None, key: Any) -> tuple[int, yaml.Node] | None:
    """Return line and node of a key, of the item of a list at a position, or of one that has the key as its name."""
    if isinstance(node, yaml.MappingNode):
        return next(((k.start_mark.line + 1, value) for k, value in node.value if k.value == str(key)), None)
    items = node.value if isinstance(node, yaml.SequenceNode) else []
    if str(key).isdigit():
        return (items[int(key)].start_mark.line + 1, items[int(key)]) if int(key) < len(items) else None
    for item in items:
        named = _child(item, "name") if isinstance(item, yaml.MappingNode) else None
        if named and named[1].value == key:
            return item.start_mark.line + 1, item
    return None


# --- what Pydantic finds ----------------------------------------------------------------------------------------------


def explain(error: ValidationError, model: Any, path: str | Path | None = None) -> list[str]:
    """Return one sentence for each value that is wrong, with the line of the file ``path`` where that is known."""
    written, found = Written(path), dict[tuple[str, ...], list[Any]]()
    for problem in error.errors():
        # Of a value that may be one of several types each is tried and refused: they are one problem.
        found.setdefault(_keys(problem, model), []).append(problem)
    sentences = []
    for keys, problems in found.items():
        line = written.find(keys)[0]
        said = _explain(problems, keys, model, written)
        sentences.append(f"line {line}: {said}" if line else said)
    return sentences


def _keys(problem: Any, model: Any) -> tuple[str, ...]:
    """Return the path of keys as the file has it: without the tags of unions, and without types that were tried."""
    loc = problem["loc"]
    return tuple(
        str(part) for part, real in zip(loc, _walk(model, loc)[1], strict=True) if real and part != "[key]"
    )  # fmt: skip


def _explain(problems: list[Any], keys: tuple[str, ...], model: Any, written: Written) -> str:
    problem = problems[0]
    kind, shown = problem["type"], ".".join(keys) or "(file)"
    here = _model_at(model, problem["loc"][:-1])
    if kind == "extra_forbidden":
        comma = " A number is written without commas." if keys[-1].isdigit() else ""
        return f"unknown key '{shown}'.{comma} {did_you_mean(keys[-1], list(here.model_fields) if here else [])}"
    if kind == "missing":
        meaning = meaning_of(here, keys[-1]) if here and keys[-1] in here.model_fields else ""
        return f"key '{shown}' is missing" + (f": {meaning}" if meaning else "")
    if kind in ("union_tag_invalid", "union_tag_not_found"):
        return _tag(problem, keys, model)
    if kind == "value_error":
        said = problem["msg"].removeprefix("Value error, ")
        return f"{shown}: {said}" if keys else said
    if problem["loc"] and problem["loc"][-1] == "[key]":
        is_name = Name in typing.get_args(_options(_walk(model, problem["loc"][:-2])[0])[0])
        said = _name(problem["input"]) if is_name else f'write it in quotes: "{problem["input"]}"'
        return f"the key '{shown}': {said}"
    if len(problems) > 1:
        instead = "write one of the kinds that docs/config.md has for it"
        wanted = [_WANTED[one["type"]] for one in problems if one["type"] in _WANTED]
        instead = f"write {' or '.join(dict.fromkeys(wanted))}" if wanted else instead
    else:
        instead = _instead(problem, keys, written)
    return f"'{shown}' is {_show(problem['input'], written.text(keys))}: {instead}"


#: What a type is called, by the error of Pydantic that it is not there.
_WANTED = {
    "string_type": "a text", "int_type": "a whole number", "float_type": "a number", "list_type": "a list",
    "dict_type": "keys", "bool_type": "true or false", "bool_parsing": "true or false", "date_type": "a day",
    "int_parsing": "a whole number", "float_parsing": "a number", "model_type": "keys",
    "int_from_float": "a whole number", "model_attributes_type": "keys", "date_parsing": "a day",
    "date_from_datetime_parsing": "a day",
}  # fmt: skip
_LIMITS = {
    "greater_than_equal": ("ge", "{} or more"), "greater_than": ("gt", "more than {}"),
    "less_than_equal": ("le", "{} or less"), "less_than": ("lt", "less than {}"),
}  # fmt: skip


def _instead(problem: Any, keys: tuple[str, ...], written: Written) -> str:
    """Return what to write instead of a value."""
    kind, value, context = problem["type"], problem["input"], problem.get("ctx") or {}
    if value is None and kind != "string_type":
        return "there is no value; write one, or remove the key"
    if kind == "string_type":
        return _text(value, keys, written)
    if kind == "string_pattern_mismatch":
        return _name(value)
    if kind == "literal_error":
        return did_you_mean(str(value), re.findall(r"'([^']*)'", str(context.get("expected", ""))))
    if kind in _LIMITS:
        name, words = _LIMITS[kind]
        return f"write {words.format(f'{context.get(name):g}')}"
    if kind in ("too_short", "string_too_short"):
        return "write at least one" if kind == "too_short" else "write a text"
    if kind == "list_type":
        return _list(value)
    if kind in ("dict_type", "model_type", "model_attributes_type"):
        return "write keys (`key: value`), each on a line of its own" + (
            ", without `- ` before them" if isinstance(value, list) else ""
        )
    if kind.startswith(("float", "int")):
        return _number(value, "a whole number" if kind.startswith("int") else "a number")
    if kind.startswith("date"):
        return "write a day as 2021-04-30, year, month and day"
    if kind in _WANTED:
        return f"write {_WANTED[kind]}"
    return str(problem["msg"])


def _text(value: Any, keys: tuple[str, ...], written: Written) -> str:
    """Say how something that YAML reads as no text is written as text."""
    plain = written.text(keys)
    in_list = bool(keys) and keys[-1].isdigit()
    if value is None and not in_list:
        return "there is no value; write one, or remove the key"
    if isinstance(value, list):
        return f"write one, without brackets: {value[0]}" if len(value) == 1 else "write one, without brackets"
    if isinstance(value, dict):
        (key, inner), *others = value.items() or [("", "")]
        if in_list and not others and not isinstance(inner, dict | list):
            return f"a text with a colon in it goes into quotes: {quoted(f'{key}: {inner}')}"
        return "write one name or text, no keys"
    return f"YAML reads it as {_kind(value)}; write it in quotes: {quoted(plain if plain else str(value))}"


def _kind(value: Any) -> str:
    if value is None:
        return "nothing"
    if isinstance(value, bool):
        return "true or false"
    return "a day" if isinstance(value, datetime.date) else "a number"


def _name(value: Any) -> str:
    near = re.sub(r"\W+", "_", str(value).lower(), flags=re.ASCII).strip("_")
    rule = "a name has small letters, digits and _, a letter first"
    return f"{rule}: {near}" if re.match("[a-z]", near) else rule


def _list(value: Any) -> str:
    if isinstance(value, dict):
        return "write a list: each item begins with `- `"
    if "://" in str(value):
        return "write a list, in brackets"
    return f"write a list, in brackets: [{', '.join(part.strip() for part in str(value).split(','))}]"


def _number(value: Any, what: str) -> str:
    text = str(value)
    if re.fullmatch(r"-?\d+,\d+", text) and not re.fullmatch(r"-?\d{1,3}(,\d{3})+", text):
        return f"write {what} with a point: {text.replace(',', '.')}"
    found = re.match(r"-?\d+(?:\.\d+)?", text.replace(",", ""))
    if found and isinstance(value, str):
        return f"write {what} alone: {found[0]}"
    return f"write {what}"


def _tag(problem: Any, keys: tuple[str, ...], model: Any) -> str:
    """Say which kinds there are where one is missing or misspelt."""
    context = problem.get("ctx") or {}
    place = ".".join((*keys, "kind"))
    tags = [tag.strip(" '") for tag in str(context.get("expected_tags", "")).split(",") if tag.strip()]
    if problem["type"] == "union_tag_not_found":
        return f"key '{place}' is missing. {did_you_mean('', tags or _tags(_walk(model, problem['loc'])[0]))}"
    return f"'{place}' is '{context.get('tag', '')}'. {did_you_mean(str(context.get('tag', '')).lower(), tags)}"


def _show(value: Any, plain: str | None) -> str:
    """Return a value as it is written; of an address only its beginning, as it may hold a password."""
    if isinstance(value, str) and "://" in value:
        return f"'{value.partition('://')[0]}://...'"
    if value is None and not plain:
        return "empty"
    if isinstance(value, dict | list):
        return "a list" if isinstance(value, list) and value else "empty" if not value else "keys"
    text = f"'{value}'" if isinstance(value, str) else plain if plain is not None else str(value)
    return text if len(text) <= 60 else text[:57] + "..."


# --- the types of a model along a path --------------------------------------------------------------------------------


def _options(annotation: Any) -> list[Any]:
    """Take unions and annotations apart into the plain types they are made of."""
    origin = typing.get_origin(annotation)
    if origin is typing.Annotated:
        return _options(typing.get_args(annotation)[0])
    if origin in (typing.Union, types.UnionType):
        return [plain for part in typing.get_args(annotation) for plain in _options(part)]
    return [annotation]


def _tags(annotation: Any) -> list[str]:
    models = [m for m in _options(annotation) if isinstance(m, type) and issubclass(m, BaseModel)]
    return [
        str(tag)
        for m in models
        if "kind" in m.model_fields
        for tag in typing.get_args(m.model_fields["kind"].annotation)
    ]


def _walk(annotation: Any, loc: tuple[Any, ...]) -> tuple[Any, list[bool]]:
    """Follow a path of keys; return the type at its end and, for each part, whether it is a key or a position."""
    real: list[bool] = []
    for part in loc:
        options = _options(annotation)
        models = [m for m in options if isinstance(m, type) and issubclass(m, BaseModel)]
        tagged = [m for m in models if len(models) > 1 and str(part) in _tags(m)]
        if tagged:
            annotation = tagged[0]
            real.append(False)
            continue
        holder = next((m for m in models if str(part) in m.model_fields), None)
        container = next((o for o in options if typing.get_origin(o) in (dict, list)), None)
        # A plain type has no keys: the part is one of the types that were tried.
        real.append(bool(models) or (container is not None and not _is_a_type(part)))
        if holder:
            annotation = holder.model_fields[str(part)].annotation
        elif real[-1]:
            annotation = typing.get_args(container)[-1] if container else None
    return annotation, real


def _is_a_type(part: Any) -> bool:
    """Say whether a part of a path is a type that was tried, of a value that may be a list or not."""
    return str(part) in ("int", "str", "float", "bool", "date") or "[" in str(part).removeprefix("[key]")


def _model_at(model: Any, loc: tuple[Any, ...]) -> type[BaseModel] | None:
    end, _ = _walk(model, loc)
    return next((m for m in _options(end) if isinstance(m, type) and issubclass(m, BaseModel)), None)
