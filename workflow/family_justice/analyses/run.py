"""Run one analysis of a stream, or the follow-up summary of a cohort, and write its tidy rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from family_justice.analyses import curves, describe
from family_justice.analyses.prepare import load_members
from family_justice.config.kinds import (
    AcceleratedFailureTime,
    AdjustedSurvival,
    Agreement,
    Cox,
    CumulativeIncidence,
    FineGray,
    Frequency,
    Funnel,
    Gee,
    Imputation,
    Inequality,
    KaplanMeier,
    LatentClasses,
    Logistic,
    MatchedCox,
    MatchedLogistic,
    MeanCumulativeCount,
    MixedLogistic,
    Multinomial,
    NegativeBinomial,
    Poisson,
    RecurrentCox,
    RiskRatio,
    StateOccupation,
    TableOne,
)
from family_justice.config.models import Cohort, Covariate, Stream
from family_justice.errors import AnalysisError
from family_justice.files import write_csv
from family_justice.results import tidy

if TYPE_CHECKING:
    import pandas as pd

    from family_justice.analyses.rows import Rows


def run_analysis(
    stream: Stream,
    name: str,
    covariates: Mapping[str, Covariate],
    cohort_path: Path,
    folder: Path,
    results_path: Path,
    needed: Collection[str] | None = None,
) -> None:
    """Write the tidy rows of one analysis.

    ``folder`` has the files of the cohort's covariates; ``needed`` are those that the analysis names, None: all.
    ``name`` is an analysis of the stream file, or ``follow_up.<cohort>`` for the follow-up of a cohort.
    """
    if name.startswith("follow_up."):
        cohort_name = name.removeprefix("follow_up.")
        cohort = stream.cohorts[cohort_name]
        where = f"stream '{stream.stream}', follow-up of cohort '{cohort_name}'"
        members = load_members(cohort, cohort_path, folder, dict(covariates), {}, where, needed)
        rows, kind = curves.summarise_follow_up(members, cohort, where), "follow_up"
    else:
        analysis = stream.analyses[name]
        cohort_name, kind = analysis.cohort, analysis.kind
        cohort = stream.cohorts[cohort_name]
        where = f"stream '{stream.stream}', analysis '{name}'"
        among = analysis.restrict_to
        members = load_members(cohort, cohort_path, folder, dict(covariates), among, where, needed)
        match analysis:
            case TableOne():
                rows = describe.table_one(members, analysis)
            case Frequency():
                rows = describe.frequency(members, analysis)
            case Agreement():
                rows = describe.agreement(members, analysis)
            case CumulativeIncidence() | KaplanMeier():
                rows = curves.curves(members, cohort, analysis, where, covariates)
            case MeanCumulativeCount():
                from family_justice.analyses import repeats

                rows = repeats.mean_cumulative_count(members, cohort, analysis, where)
            case AdjustedSurvival():
                from family_justice.analyses import adjusted

                rows = adjusted.adjusted_survival(members, cohort, analysis, covariates, where)
            case StateOccupation():
                from family_justice.analyses import states

                rows = states.state_occupation(members, cohort, analysis, where)
            case RecurrentCox():
                from family_justice.analyses import repeats

                rows = repeats.recurrent_cox(members, cohort, analysis, covariates, where)
            case Cox(imputation=Imputation()) | Poisson(imputation=Imputation()):
                rows = _imputed(members, cohort, analysis, covariates, where)
            case Logistic(imputation=Imputation()) | RiskRatio(imputation=Imputation()):
                rows = _imputed(members, cohort, analysis, covariates, where)
            case FineGray():
                from family_justice.analyses import competing

                rows = competing.fine_gray(members, cohort, analysis, covariates, where)
            case Inequality() | Funnel():
                from family_justice.analyses import groups

                rows = getattr(groups, kind)(members, cohort, analysis, covariates, where)
            case MatchedLogistic() | MatchedCox():
                from family_justice.analyses import matched

                rows = getattr(matched, kind)(members, cohort, analysis, covariates, where)
            case LatentClasses():
                from family_justice.analyses.latent import latent_classes

                rows = latent_classes(members, cohort, analysis, covariates, where)
            case Gee():
                from family_justice.analyses.gee import gee

                rows = gee(members, cohort, analysis, covariates, where)
            case Poisson() | NegativeBinomial() | RiskRatio() | Multinomial() | MixedLogistic():
                from family_justice.analyses import regression

                rows = getattr(regression, kind)(members, cohort, analysis, covariates, where)
            case _:
                # Only models need the estimators of regression; curves should not wait for their import.
                from family_justice.analyses import models

                fit = {
                    Cox: models.cox,
                    Logistic: models.logistic,
                    AcceleratedFailureTime: models.accelerated_failure_time,
                }
                rows = fit[type(analysis)](members, cohort, analysis, covariates, where)  # type: ignore[operator]
    try:
        frame = tidy(rows, stream=stream.stream, analysis=name, kind=kind, cohort=cohort_name)
    except AnalysisError as error:
        raise AnalysisError(str(error) if str(error).startswith(where) else f"{where}: {error}") from None
    write_csv(frame, results_path)


def _imputed(
    members: pd.DataFrame, cohort: Cohort, analysis: Any, covariates: Mapping[str, Covariate], where: str
) -> Rows:
    from family_justice.analyses import models, regression
    from family_justice.analyses.imputed import with_imputation

    adapter = getattr(models if analysis.kind in ("cox", "logistic") else regression, analysis.kind)
    return with_imputation(adapter, members, cohort, analysis, covariates, where)
