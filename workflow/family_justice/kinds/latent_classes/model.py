"""Kind ``latent_classes``: the keys of the stream file."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Analysis, Covariates
from family_justice.kinds.families.wording import Wording, listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort


def class_name(number: int) -> str:
    """Return what the class of this rank by size, from 1, is called in results."""
    return f"class {number}"


def model_name(classes: int) -> str:
    """Return what a model with so many classes is called in results."""
    return "1 class" if classes == 1 else f"{classes} classes"


class LatentClasses(Analysis):
    """Latent classes: profiles of members whose answers to several variables go together, and what else is more common
    in one class than in another."""

    kind: Literal["latent_classes"]
    variables: list[Name] = Field(min_length=2, description="covariates with levels that the classes are made of")
    classes: (
        Annotated[int, Field(ge=1, le=9)] | Annotated[list[Annotated[int, Field(ge=1, le=9)]], Field(min_length=1)]
    ) = Field(description="number of classes, or several to compare; the one with the lowest BIC is shown")
    related: list[Name] = Field(
        default_factory=list,
        description="covariates with levels that the classes are not made of, shown within them by the bias-corrected "
        "three-step method",
    )
    seed: int = Field(default=1, ge=0, le=2**32 - 1, description="of the random starts")
    starts: int = Field(default=20, ge=1, le=500, description="random starts of the search; the best is kept")

    family: ClassVar[str] = "latent"
    measures: ClassVar[tuple[str, ...]] = (
        "log_likelihood", "aic", "bic", "entropy", "class_share", "item_probability",
    )  # fmt: skip
    uncounted: ClassVar[tuple[str, ...]] = ("class_share", "item_probability")  # expected numbers
    described_keys: ClassVar[tuple[str, ...]] = (*Analysis.described_keys, "related")

    @property
    def numbers(self) -> list[int]:
        """The numbers of classes that are fitted, in order."""
        return [self.classes] if isinstance(self.classes, int) else sorted(self.classes)

    def levelled(self) -> dict[str, list[str]]:
        """What is related to classes has levels as well."""
        return {**super().levelled(), "related": self.related}

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """A model needs more patterns of answers than it has parameters."""
        found = super().problems(where, cohort, covariates)
        numbers = self.numbers
        found += [
            f"{where}.classes: {number} is named more than once"
            for number in sorted({k for k in numbers if numbers.count(k) > 1})
        ]
        found += [
            f"{where}.related: '{name}' is one of the variables that classes are made of; remove it from one of them"
            for name in self.related
            if name in self.variables
        ]
        levels = [len(covariates[name].levels or []) for name in self.variables if name in covariates]
        if len(levels) < len(self.variables) or 0 in levels:
            return found  # said elsewhere
        patterns = math.prod(levels)
        for number in sorted(set(numbers)):
            parameters = number - 1 + number * sum(count - 1 for count in levels)
            if parameters > patterns - 1:
                found.append(
                    f"{where}.classes: {number} classes have {parameters} parameters, but the variables only "
                    f"{patterns} patterns of answers; ask for fewer classes or name more variables"
                )
        return found

    def sentence(self, words: Wording) -> str:
        """Latent classes: variables, numbers, starts."""
        numbers = self.numbers
        several = " (the number with the lowest BIC is shown)" if len(numbers) > 1 else ""
        return (
            f"Latent classes of {words.who} were fitted to {words.labels(self.variables)}, with "
            f"{listed([str(k) for k in numbers])} class{'' if numbers == [1] else 'es'}{several} and {self.starts} "
            f"random starts (seed {self.seed})."
            + (
                f" {words.labels(self.related).capitalize()} within the classes were estimated by the bias-corrected "
                "three-step method (Bolck, Croon and Hagenaars 2004)."
                if self.related
                else ""
            )
        )

    def notes(self) -> list[str]:
        """The model, and what rounding does."""
        return [
            "Latent class models (Goodman 1974) take answers as independent within a class and were fitted by the EM "
            "algorithm to members with a value of every variable; classes are numbered by size. Sizes and "
            "answers of classes are expected numbers of members. Where counts are rounded, shares and probabilities "
            "are computed from rounded expected numbers, and log-likelihoods and information criteria are not released."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Classes and models are levels of rows."""
        classes = range(1, max(self.numbers) + 1)
        levels = [model_name(k) for k in self.numbers] + [class_name(k) for k in classes]
        return {"terms": ["class", "fit", *self.related], "levels": levels}


KEYS = LatentClasses
