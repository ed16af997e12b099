"""Check a stream: refit its analyses with the second program, compare, and write how far the two are apart."""

from __future__ import annotations

import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pandas as pd

from family_justice.analyses.prepare import load_members
from family_justice.config.schema import Cohort, Covariate, Stream
from family_justice.files import write_csv
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.registry import KINDS
from family_justice.kinds.second_program.model import SecondProgram
from family_justice.results import LABELS, POSITION, read_results, tidy
from family_justice.second_program.compare import Differences, compare, power_of_ten, require_agreement
from family_justice.second_program.refit import NoSecondProgram
from family_justice.second_program.words import BOTH, ESTIMATES, IMPUTED, NONE, NOT_COMPARED, NOT_FITTED

MEASURE = "largest_relative_difference"

#: What of an analysis with imputed values a second program can fit: everybody of whom nothing is missing.
COMPLETE = "missing_values=complete cases"

#: Exceptions, by name so that neither package is loaded for them, of a search that comes to no end.
NO_FIT = {"LinAlgError", "PerfectSeparationError", "ConvergenceError"}

Covariates = Mapping[str, Covariate]


def check_stream(stream: Stream, covariates: Covariates, restricted: Path, internal: Path, results_path: Path) -> None:
    """Compare every analysis of a stream, and the follow-up of its cohorts, with a second program; write tidy rows.

    ``restricted`` holds ``<cohort>/cohort.parquet`` and ``covariates/``, ``internal`` our
    ``<analysis>/results.csv``. Of every analysis there is a row with ``term`` its name, ``level`` the program,
    ``estimate`` the largest relative difference (see ``compare.relative``) rounded up to a power of ten, ``note`` what
    was compared; or with status ``not estimable`` and the reason in ``note``. Raises ``SecondProgramError`` if an
    analysis differs by more than its kind tolerates.
    """
    rows = list(_rows(stream, covariates, restricted, internal))
    write_csv(tidy(rows, stream=stream.stream, analysis=SecondProgram.kind, kind=SecondProgram.kind), results_path)


def _rows(stream: Stream, covariates: Covariates, restricted: Path, internal: Path) -> Iterator[dict[str, Any]]:
    for name, kind, cohort_name, analysis in _analyses(stream):
        cohort, about = stream.cohorts[cohort_name], {"measure": MEASURE, "cohort": cohort_name, "term": name}
        where = f"stream '{stream.stream}', analysis '{name}'"
        second = KINDS[kind].second
        if hasattr(second, "NONE"):
            yield {**about, "status": "not estimable", "note": f"{NONE}: {second.NONE}"}
            continue
        rows, derived = restricted / cohort_name / "cohort.parquet", restricted / cohort_name / "covariates"
        members = load_members(cohort, rows, derived, covariates, analysis, where)
        ours = read_results(str(internal / name / "results.csv"))
        try:
            found = differences(second, members, cohort, analysis, covariates, ours, where)
        except NoSecondProgram as reason:
            yield {**about, "status": "not estimable", "note": f"{NONE}: {reason}"}
            continue
        require_agreement(found, second.TOLERANCE, where)
        note = "; ".join([BOTH if found.errors else ESTIMATES, *(f"{NOT_COMPARED}: {w}" for w in found.not_compared)])
        yield {**about, "level": found.program, "estimate": power_of_ten(found.largest), "note": note}


def _analyses(stream: Stream) -> Iterator[tuple[str, str, str, Any]]:
    for name, analysis in stream.analyses.items():
        yield name, analysis.kind, analysis.cohort, analysis
    for name, cohort in stream.cohorts.items():
        if cohort.follow_up:
            yield FollowUpSummary.name_of(name), FollowUpSummary.kind, name, None


def differences(
    second: Any,
    members: pd.DataFrame,
    cohort: Cohort,
    analysis: Any,
    covariates: Covariates,
    ours: pd.DataFrame,
    where: str,
) -> Differences:
    """Refit one analysis with the module ``second`` and compare; ``NoSecondProgram`` where that cannot be done.

    The refit sees of our rows the labels, times and status only. Where missing values are imputed, it is the complete
    cases that are compared, in which a level that stands for missing values is missing.
    """
    if getattr(analysis, "imputation", None):
        ours = ours[ours["group"] == COMPLETE].assign(group="")
        members, covariates = _without_missing_level(members, analysis.imputation.variables, covariates)
    shell = ours[[*LABELS, *POSITION, "status"]]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of the packages: what they warn of shows as a difference
        try:
            theirs = list(second.refit(members, cohort, analysis, covariates, shell))
        except Exception as error:
            if type(error).__name__ not in NO_FIT:
                raise
            raise NoSecondProgram(NOT_FITTED) from None
    found = compare(ours, theirs, where)
    if getattr(analysis, "imputation", None):
        found.not_compared.append(IMPUTED)
    return found


def _without_missing_level(
    members: pd.DataFrame, names: list[str], covariates: Covariates
) -> tuple[pd.DataFrame, Covariates]:
    changed, known = members.copy(), dict(covariates)
    for name in names:
        covariate = covariates[name]
        if covariate.levels and covariate.missing:
            levels = [level for level in covariate.levels if level != covariate.missing]
            known[name] = covariate.model_copy(update={"levels": levels, "missing": None})
            changed[name] = changed[name].cat.remove_categories([covariate.missing])
    return changed, known
