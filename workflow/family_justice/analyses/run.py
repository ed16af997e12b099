"""Run one analysis of a stream, or the follow-up summary of a cohort, and write its tidy rows."""

from __future__ import annotations

import traceback
from collections.abc import Mapping
from pathlib import Path

from family_justice import estimators
from family_justice.analyses.prepare import load_members
from family_justice.analyses.recount import find_behind
from family_justice.config.schema import Covariate, Stream
from family_justice.errors import AnalysisError
from family_justice.files import write_csv
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.registry import kind_of
from family_justice.prints import NO_SALT
from family_justice.results import behind_file, tidy


def run_analysis(
    stream: Stream,
    name: str,
    covariates: Mapping[str, Covariate],
    cohort_path: Path,
    folder: Path,
    results_path: Path,
    salt: bytes = NO_SALT,
) -> None:
    """Write the tidy rows of one analysis and, beside them, what stands behind their counts (``behind``).

    ``folder`` has the files of the cohort's covariates, and ``salt`` is that of the records (``prints``).

    ``name`` is an analysis of the stream file, or ``follow_up.<cohort>`` for the follow-up of a cohort. Raises
    ``AnalysisError`` that names stream and analysis.
    """
    followed = FollowUpSummary.cohort_of(name)
    if followed:
        from family_justice.kinds.follow_up.run import summarise_follow_up

        analysis, cohort_name, kind, cohort = None, followed, FollowUpSummary.kind, stream.cohorts[followed]
        where = f"stream '{stream.stream}', follow-up of cohort '{followed}'"
        members = load_members(cohort, cohort_path, folder, covariates, None, where)
        rows = summarise_follow_up(members, cohort, where)
    else:
        analysis = stream.analyses[name]
        cohort_name, kind, cohort = analysis.cohort, analysis.kind, stream.cohorts[analysis.cohort]
        where = f"stream '{stream.stream}', analysis '{name}'"
        members = load_members(cohort, cohort_path, folder, covariates, analysis, where)
        rows = kind_of(kind).run(members, cohort, analysis, covariates, where)
    try:
        frame = tidy(rows, stream=stream.stream, analysis=name, kind=kind, cohort=cohort_name)
    except AnalysisError as error:
        raise AnalysisError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None
    except ValueError as error:
        if not _is_of_estimator(error):
            raise
        raise AnalysisError(f"{where}: {error}") from None
    found = find_behind(frame, members, cohort, analysis, covariates, where, salt)
    write_csv(frame, results_path)
    found.write(behind_file(results_path))


def _is_of_estimator(error: ValueError) -> bool:
    """True for an error that an estimator of ours raised: its words are counts and names, and may be shown. The message
    of any other may quote a record."""
    place = traceback.extract_tb(error.__traceback__)[-1].filename
    return Path(place).is_relative_to(Path(estimators.__file__).parent)
