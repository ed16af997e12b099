"""What is drawn and said of the released rows of a kind: the defaults of the families.

``kinds/<kind>/show.py`` holds one of these as ``SHOW``. Nothing here, and nothing that it imports, runs an analysis: a
release is drawn from the release room alone.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Literal

from family_justice.figures import words
from family_justice.figures.house.beside import Beside

if TYPE_CHECKING:
    import pandas as pd

    from family_justice.figures.house.style import Sheet
    from family_justice.report.tables.page_tables import Table

#: A drawn sheet, its alt text and its caption.
Figure = tuple["Sheet", str, str]


@dataclass
class Shown:
    """What stands on a page for one analysis: sentences, tables, and sentences after these."""

    sentences: list[str] = field(default_factory=list)
    tables: list[Table] = field(default_factory=list)
    after: list[str] = field(default_factory=list)


class Show:
    """What is drawn and said of a kind. ``rows`` are released rows, ``about`` is the analysis in ``study.json``."""

    #: Where its results stand: among the results, with their cohort, or in the data guide.
    place: ClassVar[Literal["results", "cohort", "guide"]] = "results"

    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Return the drawn sheet, the alt text and the caption. Kinds without a figure are not asked."""
        raise NotImplementedError

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return what stands on the page beside the figure."""
        raise NotImplementedError


class Ratios(Show):
    """A forest plot, the table of ratios, and the tests of a model.

    ``events``: heading of the numbers of events; ``scale``: what the scale parameter of the model is, in words.
    """

    def __init__(self, events: str = "Events", scale: str = "") -> None:
        self.events, self.scale = events, scale

    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw the forest, with planted values as hollow diamonds."""
        from family_justice.figures.charts import forest

        return forest.draw(rows, about, labels, beside.planted, self.events)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return summary, table of ratios, curves along numbers, and tests of proportional hazards."""
        from family_justice.report import prose
        from family_justice.report.tables import page_tables as tables
        from family_justice.report.tables import splines_table as splines

        tested = tables.tests(rows, labels)
        return Shown(
            sentences=[*prose.repeated(rows, about, labels), *prose.model_summary(rows, labels, self.scale)],
            tables=[
                tables.model(rows, about, labels, self.events),
                *splines.table(rows, about, labels),
                *([tested] if tested else []),
            ],
            after=[text for text in [prose.proportional_hazards(rows, labels)] if text],
        )


class Matched(Ratios):
    """A model within matched sets: how many were found, and how alike they are, besides."""

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the sets that were found, the model, and the balance."""
        from family_justice.report.tables import groups_table as groups

        shown = super().page(rows, about, labels)
        balanced = groups.balance(rows, about, labels)
        shown.sentences = [*groups.found_sets(rows, about, labels), *shown.sentences]
        shown.tables += [balanced] if balanced else []
        return shown


class Curves(Show):
    """Curves, their table at the reported times, and what is said of groups."""

    def figure(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels, beside: Beside) -> Figure:
        """Draw the curves."""
        from family_justice.figures.charts import curves

        return curves.draw(rows, about, labels)

    def page(self, rows: pd.DataFrame, about: dict[str, Any], labels: words.Labels) -> Shown:
        """Return the table of curves, mean times, risk differences, and rank tests."""
        from family_justice.report import prose
        from family_justice.report.tables import mean_times_table as mean_times
        from family_justice.report.tables import page_tables as tables

        return Shown(
            tables=[
                tables.curve(rows, about, labels),
                *mean_times.table(rows, about, labels),
                *mean_times.risk_differences(rows, about, labels),
            ],
            after=prose.rank_tests(rows, labels),
        )
