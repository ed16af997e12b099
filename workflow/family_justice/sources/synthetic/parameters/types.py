"""What a parameter of the population is: a value with its source, and the kinds of values there are.

A source is a public citation with its address, or ``assumption``.
"""

from __future__ import annotations

from typing import Annotated, Any, Generic, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field

from family_justice.errors import did_you_mean

Value = TypeVar("Value")


def is_source(text: str) -> str:
    """Return the text if it says where a value comes from."""
    if not (text.startswith("assumption") or "https://" in text):
        raise ValueError("write 'assumption' or a public citation with its https:// address")
    return text


def add_to_one(shares: dict[str, float]) -> dict[str, float]:
    """Return the shares if they add to one."""
    if abs(sum(shares.values()) - 1) > 1e-6:
        raise ValueError(f"the shares add to {sum(shares.values()):g}; write shares that add to 1")
    return shares


def ascending(values: list[int]) -> list[int]:
    """Return the values if they ascend."""
    if values != sorted(set(values)):
        raise ValueError("write the numbers in ascending order, each once")
    return values


def exactly(names: tuple[str, ...]) -> AfterValidator:
    """Return a check that a mapping has these keys, and put them in this order."""

    def check(mapping: dict[str, Any]) -> dict[str, Any]:
        problems = [f"unknown key '{key}'. {did_you_mean(key, names)}" for key in mapping if key not in names]
        problems += [f"missing key '{name}'" for name in names if name not in mapping]
        if problems:
            raise ValueError("; ".join(problems))
        return {name: mapping[name] for name in names}

    return AfterValidator(check)


def effects_of(terms: dict[str, tuple[tuple[str, ...], str]]) -> AfterValidator:
    """Return a check that there is one log ratio for every level except the reference of every term."""

    def check(effects: dict[str, dict[str, float]]) -> dict[str, dict[str, float]]:
        wanted = {f"{term}.{name}" for term, (levels, ref) in terms.items() for name in levels if name != ref}
        found = {f"{term}.{level}" for term, levels in effects.items() for level in levels}
        problems = [f"unknown '{name}'. {did_you_mean(name, wanted)}" for name in sorted(found - wanted)]
        problems += [f"missing '{name}'" for name in sorted(wanted - found)]
        if problems:
            raise ValueError("; ".join(problems))
        return effects

    return AfterValidator(check)


Source = Annotated[str, AfterValidator(is_source)]
Share = Annotated[float, Field(ge=0, le=1, strict=True)]
Amount = Annotated[float, Field(ge=0, strict=True)]
Count = Annotated[int, Field(ge=0, strict=True)]
Number = Annotated[float, Field(strict=True)]
Shares = Annotated[dict[str, Share], AfterValidator(add_to_one)]
Year = Annotated[int, Field(ge=2005, le=2025)]
Anchors = Annotated[dict[Year, Amount], Field(min_length=1)]
Effects = dict[str, dict[str, Number]]


class Strict(BaseModel):
    """Unknown keys are errors."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Leaf(Strict, Generic[Value]):
    """One parameter with its source."""

    value: Value
    source: Source


class PiecewiseHazard(Strict):
    """A hazard that is constant between cut points: one rate before the first, and one after each."""

    cut_points_days: Leaf[Annotated[list[Count], AfterValidator(ascending)]]
    events_per_1000_years: Leaf[list[Amount]]
