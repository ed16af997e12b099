"""The one registry of kinds of analysis, filled from the folders beside this file.

Everything that loops over kinds (the union of the configuration, dispatch, checks, door, figures, pages, methods,
recomputation, documentation) loops over ``KINDS``. A folder ``kinds/<kind>/`` has these parts:

``model.py``
    ``KEYS``: the class of its keys in the stream file (or an ``Unasked`` kind of result), with its checks, its methods
    sentence, the family in which its results pass the door and the measures they may have. Mandatory.
``run.py``
    ``run(members, cohort, analysis, covariates, where)``: from members to tidy rows. Mandatory but for ``Unasked``.
``show.py``
    ``SHOW``: its figure and what stands on the page (``families.show``). Mandatory. It imports nothing that runs.
``derived.py``
    ``rows(table, about)``: the rows that follow from its table, made again from released counts; ``about`` is the
    analysis in ``study.json``. Mandatory for a kind with measures of the role ``index``, and for no other.
``behind.py``
    ``behind(members, cohort, analysis, covariates, where)``: which members some of its counts count, where this does
    not follow from the labels of a row (``analyses.recount``). Only for a kind that needs it.
``second.py``
    ``PROGRAMS``, ``TOLERANCE`` and ``refit(...)``: the same by a second program; or ``NONE``, the reason why there is
    none. Mandatory but for ``Unasked``.

A missing part is an error when this module is imported, not when somebody first needs it.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Union

from pydantic import Field

from family_justice.errors import did_you_mean
from family_justice.kinds.families.keys import Analysis as AnyAnalysis
from family_justice.kinds.families.keys import Unasked
from family_justice.measures import MEASURES, MEMBERS

if TYPE_CHECKING:
    import pandas as pd


HERE = Path(__file__).parent
#: The families in which results pass the door (``disclosure.disclose``).
FAMILIES = ("attrition", "quality", "table", "curve", "ratios", "latent", "exact_only", "second_program")

#: The names that each part has to define; a kind without a second program says ``NONE`` in place of these.
NEEDED = {
    "run": {"run"},
    "show": {"SHOW"},
    "derived": {"rows"},
    "behind": {"behind"},
    "second": {"PROGRAMS", "TOLERANCE", "refit"},
}

Row = dict[str, Any]


@dataclass(frozen=True)
class Kind:
    """One kind: its name, its keys, and its other parts, which are imported when somebody asks for them."""

    name: str
    keys: type[AnyAnalysis] | type[Unasked]

    @property
    def is_asked(self) -> bool:
        """True for a kind that a stream file may ask for."""
        return issubclass(self.keys, AnyAnalysis)

    @property
    def family(self) -> str:
        """The family in which its results pass the door."""
        return self.keys.family

    @property
    def measures(self) -> tuple[str, ...]:
        """The measures that its results may have; what is asked for says besides whom it is about."""
        return (*self.keys.measures, *MEMBERS) if self.is_asked else self.keys.measures

    @property
    def run(self) -> Callable[..., Iterator[Row]]:
        """From members to tidy rows."""
        return self._part("run").run

    @property
    def show(self) -> Any:
        """Its figure and what stands on the page: a ``families.show.Show``."""
        return self._part("show").SHOW

    @property
    def derived(self) -> Callable[[pd.DataFrame, Mapping[str, Any]], Iterator[Row]] | None:
        """The rows that follow from its table; None for a kind without."""
        return self._part("derived").rows if self.has("derived") else None

    @property
    def behind(self) -> Callable[..., Iterator[Any]] | None:
        """Which members some counts count; None for a kind whose counts all follow from the labels of their rows."""
        return self._part("behind").behind if self.has("behind") else None

    @property
    def programs(self) -> tuple[str, ...]:
        """The packages that fit it a second time; none where there is no second program."""
        return tuple(getattr(self._part("second"), "PROGRAMS", ())) if self.has("second") else ()

    @property
    def second(self) -> Any:
        """The module that fits it a second time, or says why there is none."""
        return self._part("second")

    def has(self, part: str) -> bool:
        """Say whether the folder has a part."""
        return (HERE / self.name / f"{part}.py").is_file()

    def _part(self, part: str) -> Any:
        return import_module(f"family_justice.kinds.{self.name}.{part}")


def _read(folder: Path) -> Kind:
    """Read a kind from its folder; ``ImportError`` names what it lacks."""
    name = folder.name
    lacking = [part for part in ("model", "show") if not (folder / f"{part}.py").is_file()]
    if lacking:
        raise ImportError(f"kind '{name}' lacks {', '.join(f'{part}.py' for part in lacking)}")
    keys = import_module(f"family_justice.kinds.{name}.model").KEYS
    kind = Kind(name, keys)
    problems = _wrong_words(kind) + _wrong_keys(kind)
    if not problems:
        follows = any(MEASURES[measure].role == "index" for measure in kind.measures)
        if follows != kind.has("derived"):
            problems.append("derived.py goes with measures of the role 'index'")
    if problems:
        raise ImportError(f"kind '{name}': {'; '.join(problems)}")
    return kind


def _wrong_words(kind: Kind) -> list[str]:
    """Return what is wrong with the family and the measures of a kind."""
    unsaid = [f"'{key}' is not said" for key in ("family", "measures") if not hasattr(kind.keys, key)]
    if unsaid:
        return unsaid
    problems = [] if kind.family in FAMILIES else [f"there is no family '{kind.family}'"]
    return problems + [f"there is no measure '{m}'" for m in kind.measures if m not in MEASURES]


def _wrong_keys(kind: Kind) -> list[str]:
    """Return what a kind that may be asked for lacks to run and to be described, and whether its keys name it."""
    keys: Any = kind.keys
    named = _tag(keys) if kind.is_asked else getattr(keys, "kind", "")
    misnamed = [f"'{kind.name}' must be its 'kind'"] if named != kind.name else []
    if not kind.is_asked:
        return misnamed
    problems = [f"{part}.py is missing" for part in ("run", "second") if not kind.has(part)] + misnamed
    problems += [
        f"{part}.py defines no {' and no '.join(sorted(names - known))}"
        for part, names in NEEDED.items()
        if kind.has(part)
        and not (names <= (known := _defined(kind.name, part)) or (part == "second" and "NONE" in known))
    ]
    problems += ["it has no methods sentence"] if keys.sentence is AnyAnalysis.sentence else []
    return problems + ([] if keys.__doc__ else ["its class has no docstring"])


def _defined(name: str, part: str) -> set[str]:
    """Return the names that a part defines or imports at its top, without importing it."""
    found: set[str] = set()
    for node in ast.parse((HERE / name / f"{part}.py").read_bytes()).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            found.add(node.name)
        elif isinstance(node, ast.ImportFrom):
            found |= {alias.asname or alias.name for alias in node.names}
        elif isinstance(node, ast.Assign):
            found |= {target.id for target in node.targets if isinstance(target, ast.Name)}
    return found


def _tag(keys: Any) -> str:
    arguments = keys.model_fields["kind"].annotation.__args__ if "kind" in keys.model_fields else ("",)
    return str(arguments[0])


def _folders() -> list[Path]:
    inside = [path for path in sorted(HERE.iterdir()) if path.is_dir() and re.fullmatch(r"[a-z]\w*", path.name)]
    return [path for path in inside if path.name != "families"]


KINDS: Mapping[str, Kind] = {folder.name: _read(folder) for folder in _folders()}

if TYPE_CHECKING:
    Analysis = AnyAnalysis
else:
    #: What may stand under ``analyses`` of a stream file.
    Analysis = Annotated[
        Union[tuple(kind.keys for kind in KINDS.values() if kind.is_asked)],  # noqa: UP007 - made at run time
        Field(discriminator="kind"),
    ]


def kind_of(name: str) -> Kind:
    """Return a kind by its name. Raises ``KeyError`` with the nearest name for any other."""
    if name not in KINDS:
        raise KeyError(f"there is no kind '{name}'. {did_you_mean(name, list(KINDS))}")
    return KINDS[name]


def family_of(name: str) -> str:
    """Return the family in which results of a kind pass the door."""
    return kind_of(name).family


def names_of_family(*families: str) -> tuple[str, ...]:
    """Return the kinds of the families."""
    return tuple(name for name, kind in KINDS.items() if kind.family in families)
