"""Kind ``sequence_typology``: the keys of the stream file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, Any, ClassVar, Literal

from pydantic import Field

from family_justice.config.base import Name
from family_justice.kinds.families.keys import Covariates
from family_justice.kinds.families.states import States
from family_justice.kinds.families.wording import Wording, listed

if TYPE_CHECKING:
    from family_justice.config.schema import Cohort

#: The grouping and the term of rows about types.
TYPE = "type"
DISTANCES = {"dynamic_hamming": "dynamic Hamming distance", "optimal_matching": "optimal matching"}


def type_name(number: int) -> str:
    """Return what the type of this rank by size, from 1, is called in results."""
    return f"type {number}"


def types_name(number: int) -> str:
    """Return what so many types are called in results."""
    return f"{number} types"


def step_name(time: float) -> str:
    """Return the name of the state at a time, as a term of rows: ``time_3``."""
    return f"time_{time:g}"


def time_of(term: str) -> float:
    """Return the time of a term of ``step_name``."""
    return float(term.removeprefix("time_"))


class SequenceTypology(States):
    """Types of careers: sequences of states, put into clusters by how far they are apart."""

    kind: Literal["sequence_typology"]
    until: float = Field(default=24, gt=0, description="length of the sequences, in `time_unit`")
    every: float = Field(
        default=1, gt=0, description="step of the sequences: the state on the first day of each counts"
    )
    show_every: float | None = Field(
        default=None,
        gt=0,
        description="step at which states of types are shown, a multiple of `every`; default: `every`",
    )
    time_unit: Literal["days", "weeks", "months", "years"] = "months"
    clusters: list[Annotated[int, Field(ge=2, le=12)]] = Field(
        default=[2, 8],
        min_length=1,
        max_length=2,
        description="number of types; or the least and the most, of which the number with the largest average "
        "silhouette width is taken",
    )
    distance: Literal["dynamic_hamming", "optimal_matching"] = "dynamic_hamming"
    sensitivity: bool = Field(default=True, description="say how alike the types by the other distance are")
    variables: list[Name] = Field(default_factory=list, description="covariates whose levels are shown for each type")
    largest: int = Field(
        default=2000,
        ge=50,
        le=6000,
        description="most distinct sequences that are compared with one another; of more, so many are drawn, each in "
        "proportion to how often it occurs, and the others go to the type whose sequences are nearest on average",
    )
    seed: int = Field(default=1, ge=0, description="of that draw")

    family: ClassVar[str] = "table"
    measures: ClassVar[tuple[str, ...]] = ("percent", "mean_time_in_type", "silhouette", "adjusted_rand")
    described_keys: ClassVar[tuple[str, ...]] = (*States.described_keys, "distance", "sensitivity")
    hides_second: ClassVar[bool] = False
    numbered_by_size: ClassVar[str] = TYPE

    @property
    def numbers(self) -> list[int]:
        """The numbers of types that are tried."""
        return list(range(self.clusters[0], self.clusters[-1] + 1))

    @property
    def times(self) -> list[float]:
        """The times whose states make a sequence."""
        return [round(step * self.every, 10) for step in range(round(self.until / self.every))]

    @property
    def shown(self) -> list[float]:
        """The times at which states of types are shown."""
        steps = len(self.times)
        least = next(apart for apart in range(1, steps + 1) if steps % apart == 0 and steps // apart <= 12)
        width = self.show_every or least * self.every
        return [time for time in self.times if abs(time / width - round(time / width)) < 1e-9]

    def problems(self, where: str, cohort: Cohort, covariates: Covariates) -> list[str]:
        """Steps must fit into the sequence, and names must not stand for something else."""
        found = super().problems(where, cohort, covariates)
        steps, shown = self.until / self.every, (self.show_every or self.every) / self.every
        if abs(steps - round(steps)) > 1e-9 or not 3 <= round(steps) <= 120:
            found.append(f"{where}.every: 'until' must be 3 to 120 steps of it; it is {steps:g}")
        elif abs(shown - round(shown)) > 1e-9 or steps / shown < 2 or abs(steps / shown - round(steps / shown)) > 1e-9:
            found.append(f"{where}.show_every: write a multiple of 'every' of which 'until' is one")
        if self.clusters[0] > self.clusters[-1]:
            found.append(f"{where}.clusters: write the least number of types first")
        if self.group_by:
            found.append(f"{where}.group_by: types are those of all members; compare them under 'variables'")
        if TYPE in covariates or TYPE in self.states:
            found.append(f"{where}: the name '{TYPE}' stands for the types; give the state or covariate another one")
        return found

    def sentence(self, words: Wording) -> str:
        """Sequences, distance, clusters."""
        tried = (
            f"{self.clusters[0]} clusters"
            if len(self.numbers) == 1
            else f"the number of clusters from {self.numbers[0]} to {self.numbers[-1]} with the largest average "
            "silhouette width"
        )
        return (
            f"Careers of {words.who} over {self.until:g} {self.time_unit}, in steps of {self.every:g} "
            f"({self.listed_states()}), were compared by {DISTANCES[self.distance]} and put into types by Ward's "
            f"method, {tried}; only members observed to the end of that time were taken."
        )

    def more_sentences(self, words: Wording) -> str:
        """The other distance."""
        if not self.sensitivity:
            return ""
        other = listed([text for name, text in DISTANCES.items() if name != self.distance])
        return f" The types were compared with as many by {other} (adjusted Rand index)."

    def notes(self) -> list[str]:
        """Costs, draw, and what is shown."""
        return [
            "Distances of sequences: the dynamic Hamming distance (Lesnard 2010) adds up, over the steps, costs of 4 "
            "less the rates of moving between two states in the steps before and after; optimal matching has "
            "insertions and deletions at 1 and substitutions at 2 less the rates of moving between two states. Equal "
            f"sequences are one with a weight. Of more than {self.largest} distinct ones so many are drawn (seed "
            f"{self.seed}) and put into clusters, and the others go to the cluster whose sequences are nearest on "
            "average. Types are numbered by size. Shown are shares of states in types, and nothing of a single "
            "sequence. The mean time in a state adds up its shares; where one is withheld, it is taken to lie on a "
            "line between its neighbours."
        ]

    def words_of_rows(self, cohort: Cohort, covariates: Covariates) -> dict[str, Any]:
        """Types and numbers of types are levels, times are terms."""
        words = super().words_of_rows(cohort, covariates)
        types = [type_name(number) for number in range(1, self.numbers[-1] + 1)]
        numbers = [types_name(number) for number in self.numbers]
        terms = [TYPE, *self.states, *(step_name(time) for time in self.shown)]
        return words | {"terms": terms, "levels": [*self.states, *types, *numbers]}


KEYS = SequenceTypology
