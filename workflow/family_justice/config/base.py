"""What all configuration models share."""

from __future__ import annotations

import typing
from collections.abc import Iterator
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, StringConstraints

from family_justice.study_sql import Place

Name = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=60)]
_TEXT = StringConstraints(min_length=1, strip_whitespace=True)
#: SQL that a study writes: a SELECT, or an expression. These two types, and no other, say where it may stand.
SELECT: Place = "select"
EXPRESSION: Place = "expression"
Sql = Annotated[str, _TEXT, SELECT]
SqlExpression = Annotated[str, _TEXT, EXPRESSION]


class Strict(BaseModel):
    """A model that knows its keys: any other is an error."""

    model_config = ConfigDict(extra="forbid", frozen=True)


def sql_of(value: Any, annotation: Any = None, where: str = "") -> Iterator[tuple[str, str, Place]]:
    """Yield every SQL text in a part of the configuration with its place: path of keys, text, what stands there.

    ``annotation`` is the type of ``value``; that of a model is known.
    """
    place = place_of(annotation)
    if place and value is not None:
        yield where, value, place
    elif isinstance(value, BaseModel):
        for name, field in type(value).model_fields.items():
            typed = Annotated[field.annotation, *field.metadata] if field.metadata else field.annotation
            yield from sql_of(getattr(value, name), typed, f"{where}.{name}".strip("."))
    elif isinstance(value, dict | list):
        inner = (typing.get_args(_plain(annotation)) or (None,))[-1]
        parts = value.items() if isinstance(value, dict) else enumerate(value)
        for key, part in parts:
            yield from sql_of(part, inner, f"{where}.{getattr(part, 'name', key)}".strip("."))


def place_of(annotation: Any) -> Place | None:
    """Return what SQL stands where the configuration has this type; None if none does."""
    if typing.get_origin(annotation) is Annotated:
        marks = [mark for mark in annotation.__metadata__ if mark in (SELECT, EXPRESSION)]
        return marks[0] if marks else place_of(typing.get_args(annotation)[0])
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    return place_of(options[0]) if len(options) == 1 and typing.get_origin(annotation) not in (dict, list) else None


def _plain(annotation: Any) -> Any:
    """Return a type without what is annotated to it, and without None."""
    while typing.get_origin(annotation) is Annotated:
        annotation = typing.get_args(annotation)[0]
    options = [option for option in typing.get_args(annotation) if option is not type(None)]
    return options[0] if len(options) == 1 and typing.get_origin(annotation) is not list else annotation
