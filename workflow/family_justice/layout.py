"""Which files a source and a stream have, in which room, from the configuration alone.

The rules, the jobs and the report ask this one module, so that a file that one of them makes is a file that the others
know of. Paths are relative to the folder of the pipeline, with ``/``. ``<x>`` stands for a name in what follows.

======================  ===============================================================================================
results/restricted      records: ``sources/<source>/raw``, ``ready``, ``datasets``; ``<stream>/<cohort>/``
results/internal        aggregates before disclosure control: ``sources/<source>/*.csv``, ``<stream>/<analysis>/``
results/release         what has passed the door, and what is drawn and written from it: ``<stream>/``, ``index.html``
======================  ===============================================================================================
"""

from __future__ import annotations

from functools import cached_property
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from family_justice.contracts import contracts
from family_justice.kinds.attrition.model import Attrition
from family_justice.kinds.families.keys import columns_read
from family_justice.kinds.follow_up.model import FollowUpSummary
from family_justice.kinds.quality.model import ANALYSES, analyses_of_records
from family_justice.kinds.registry import kind_of
from family_justice.kinds.second_program.model import SecondProgram
from family_justice.results import behind_file
from family_justice.rooms import INTERNAL, RELEASE, RESTRICTED

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from family_justice.config.catalogue import Catalogue
    from family_justice.config.load import Configuration
    from family_justice.config.schema import Stream

# --- names in the folder of a released stream -------------------------------------------------------------------------

STUDY, COMPARISONS, RESULTS, PAGE = "study.json", "comparisons.csv", "results.csv", "index.html"
#: What a reviewer is given of a stream; all else in its folder is made from it.
GIVEN = (STUDY, COMPARISONS, RESULTS)
TRACE, CHECKLIST = "trace.html", ("checklist.html", "checklist.csv")
CHECKER_PAGE = "checker.html"
#: What the SACRO viewer opens: the bundle, what it shows as risk profile, and the checksum of every other file.
BUNDLE, CHECKSUMS = ("results.json", "config.json"), "checksums"
FIGURE_TYPES, TABLE_TYPES = ("svg", "png", "pdf"), ("tex", "docx", "xlsx")
GUIDE_TABLES = ("tables.csv", "columns.csv", "codes.csv")

# --- names in the release folder itself -------------------------------------------------------------------------------

CRATE, CRATE_WORKFLOW = "ro-crate-metadata.json", "Snakefile"
#: What stands beside the folders of the streams.
BESIDE_STREAMS = (CRATE, CRATE_WORKFLOW, PAGE)


def goes_with_seal(name: str) -> bool:
    """True for a file of a stream's folder that is written of sealed results only: the output checker's."""
    return name in (CHECKER_PAGE, *BUNDLE) or PurePosixPath(name).parts[0] == CHECKSUMS


def guide_names(catalogue: Catalogue) -> list[str]:
    """Return the files of the data guide, relative to the folder of the stream."""
    pages = [f"dictionary/{stem}.{kind}" for stem in contracts() for kind in ("html", "svg")]
    tables = [f"dictionary/{name}" for name in GUIDE_TABLES]
    return ["dictionary/index.html", *pages, *tables, *(f"catalogue/{name}.json" for name in catalogue.data_sets)]


class Layout:
    """The files of one configuration. Every method names its stream, source, cohort or analysis by name."""

    def __init__(self, configuration: Configuration) -> None:
        self.configuration = configuration

    @property
    def streams(self) -> list[str]:
        """Names of the streams, in the order of the configuration."""
        return list(self.configuration.settings.streams)

    @cached_property
    def sources(self) -> list[str]:
        """Names of the sources that the streams read."""
        return list(dict.fromkeys(self.source_of(stream) for stream in self.streams))

    def stream(self, stream: str) -> Stream:
        """Return the configuration of a stream."""
        return self.configuration.stream(stream)

    def titles(self) -> list[tuple[str, str]]:
        """Return name and title of every stream, in the order of the configuration."""
        return [(name, self.stream(name).title) for name in self.streams]

    # --- sources ------------------------------------------------------------------------------------------------------

    def source_of(self, stream: str) -> str:
        """Return the source that a stream reads."""
        return self.configuration.source_of(self.stream(stream))

    def settings_of_source(self, source: str) -> Any:
        """Return the configuration of a source."""
        return self.configuration.source(source)

    def has_court_records(self, source: str) -> bool:
        """Say whether a source is of court records, which are harmonised; tables of one's own are read as they are."""
        return not getattr(self.settings_of_source(source), "tables", {})

    def is_synthetic(self, source: str) -> bool:
        """Say whether a source is made up."""
        return bool(self.settings_of_source(source).kind == "synthetic")

    def records(self, source: str, state: str) -> str:
        """Return the folder with a source's tables in a ``state``: ``raw``, ``ready`` or ``datasets``."""
        return f"{RESTRICTED}/sources/{source}/{state}"

    def counts(self, source: str, what: str) -> str:
        """Return the file with counts of a source: ``manifest``, ``repairs``, ``quality``, ``checks``..."""
        return f"{INTERNAL}/sources/{source}/{what}.csv"

    def data_set_files(self, sources: Iterable[str]) -> list[str]:
        """Return what says that the data sets of court records are made; of synthetic ones, how they were recovered and
        calibrated as well."""
        court = [name for name in sources if self.has_court_records(name)]
        synthetic = [name for name in court if self.is_synthetic(name)]
        return [self.counts(name, "checks") for name in court] + [
            self.counts(name, table) for name in synthetic for table in ("recovery", "calibration")
        ]

    def tables(self, stream: str) -> str:
        """Return the folder with the tables that a stream's SQL reads."""
        source = self.source_of(stream)
        return self.records(source, "ready" if self.has_court_records(source) else "raw")

    # --- cohorts and analyses before disclosure control ---------------------------------------------------------------

    def cohort(self, stream: str, cohort: str) -> str:
        """Return the file with the members of a cohort."""
        return f"{RESTRICTED}/{stream}/{cohort}/cohort.parquet"

    def base_cohort(self, stream: str, cohort: str) -> str | None:
        """Return the file of the cohort that a cohort starts from, if it does."""
        base = self.stream(stream).cohorts[cohort].base
        return self.cohort(stream, base) if base else None

    def covariates(self, stream: str, cohort: str) -> str:
        """Return the folder with the covariates of a cohort."""
        return f"{RESTRICTED}/{stream}/{cohort}/covariates"

    def covariate_files(self, stream: str, cohort: str, names: Iterable[str] | None = None) -> list[str]:
        """Return the files of a cohort's covariates: of those named, default of all."""
        wanted = self.stream(stream).cohorts[cohort].covariates if names is None else names
        return [f"{self.covariates(stream, cohort)}/{name}.parquet" for name in wanted]

    def covariate_sets(self) -> Iterator[tuple[str, str, list[str]]]:
        """Yield stream, cohort and names of covariates that the same analyses read, until all covariates are named."""
        for stream in self.streams:
            read = {name: self.needed_covariates(stream, name) for name in self.refitted(stream)}
            for cohort, about in self.stream(stream).cohorts.items():
                analyses = [name for name in read if self.cohort_of(stream, name) == cohort]
                sets: dict[tuple[bool, ...], list[str]] = {}
                for covariate in about.covariates:
                    sets.setdefault(tuple(covariate in read[name] for name in analyses), []).append(covariate)
                yield from ((stream, cohort, names) for names in sets.values())

    def needed_covariates(self, stream: str, analysis: str) -> list[str]:
        """Return the covariates of its cohort that an analysis reads, in the order of the cohort."""
        about = self.stream(stream)
        cohort = about.cohorts[self.cohort_of(stream, analysis)]
        return columns_read(cohort, about.analyses.get(analysis))[0]

    def analyses(self, stream: str) -> list[str]:
        """Return the names of a stream's analyses, with the attrition and follow-up that every cohort has."""
        about = self.stream(stream)
        synthetic = self.is_synthetic(self.source_of(stream))
        return [
            *(Attrition.name_of(cohort) for cohort in about.cohorts),
            *(FollowUpSummary.name_of(name) for name, cohort in about.cohorts.items() if cohort.follow_up),
            SecondProgram.kind,
            *about.analyses,
            *(analyses_of_records(synthetic) if about.data_guide else []),
        ]

    def cohort_of(self, stream: str, analysis: str) -> str:
        """Return the name of the cohort that an analysis runs on."""
        return FollowUpSummary.cohort_of(analysis) or self.stream(stream).analyses[analysis].cohort

    def kind_of(self, stream: str, analysis: str) -> str:
        """Return the kind of an analysis; those that no stream file asks for have it in their name."""
        kind, dot, _ = analysis.partition(".")
        return kind if dot or kind == SecondProgram.kind else self.stream(stream).analyses[analysis].kind

    def refitted(self, stream: str) -> list[str]:
        """Return the analyses that a second program may fit: those of the stream file and the follow-up of cohorts."""
        about = self.stream(stream).analyses
        return [name for name in self.analyses(stream) if name in about or FollowUpSummary.cohort_of(name)]

    def parts(self, part: str, stream: str, *analyses: str) -> list[str]:
        """Return the modules that the kinds of a stream's analyses (default: of all) have as ``part``: what a job finds
        by name, for its fingerprint."""
        kinds = sorted({self.kind_of(stream, analysis) for analysis in analyses or self.analyses(stream)})
        return [f"kinds.{kind}.{part}" for kind in kinds if kind_of(kind).has(part)]

    def counted(self, stream: str, analysis: str) -> str:
        """Return the file of a source's counts that an analysis of kind ``quality`` is made of."""
        return self.counts(self.source_of(stream), ANALYSES[analysis][-1])

    def internal_results(self, stream: str, analysis: str) -> str:
        """Return the file with the rows of an analysis before disclosure control."""
        return f"{INTERNAL}/{stream}/{analysis}/{RESULTS}"

    def behind(self, stream: str) -> dict[str, str]:
        """Return the file with what stands behind the counts of each analysis whose counts are of members; others count
        records, or how far two programs are apart."""
        found = {}
        for analysis in self.analyses(stream):
            if kind_of(self.kind_of(stream, analysis)).keys.counts_members:
                found[analysis] = behind_file(self.internal_results(stream, analysis)).as_posix()
        return found

    def suppressions(self, stream: str) -> str:
        """Return the file that says how many rows of each analysis were suppressed; it stays inside."""
        return f"{INTERNAL}/{stream}/suppressions.csv"

    # --- the release --------------------------------------------------------------------------------------------------

    def folder(self, stream: str) -> str:
        """Return the folder of a stream in the release room."""
        return f"{RELEASE}/{stream}"

    def study(self, stream: str) -> str:
        """Return the file with the words of a study and the seals of its results."""
        return f"{self.folder(stream)}/{STUDY}"

    def comparisons(self, stream: str) -> str:
        """Return the file that sets a stream's results beside reference values."""
        return f"{self.folder(stream)}/{COMPARISONS}"

    def result_files(self, stream: str) -> list[str]:
        """Return the files with the released rows of a stream's analyses."""
        return [f"{self.folder(stream)}/{analysis}/{RESULTS}" for analysis in self.analyses(stream)]

    def quality_files(self, stream: str) -> list[str]:
        """Return the files with released counts of the records themselves, which the data guide tells."""
        return [path for path in self.result_files(stream) if Path(path).parent.name in ANALYSES]

    def references(self, stream: str) -> list[str]:
        """Return the files with published values that a stream is compared with."""
        comparisons = self.stream(stream).comparisons.values()
        return sorted({c.reference for c in comparisons if not c.reference.startswith("truth:")})

    def allowed_types(self, stream: str, file_types: Iterable[str]) -> list[str]:
        """Return those of the file types that the stream's policy lets leave."""
        policy, _ = self.configuration.policy_of(self.stream(stream))
        return [kind for kind in file_types if kind in policy.file_types]

    def printed_tables(self, stream: str) -> list[str]:
        """Return the files with all tables of a stream, for a paper."""
        return [f"{self.folder(stream)}/tables.{kind}" for kind in self.allowed_types(stream, TABLE_TYPES)]

    def has_figure(self, stream: str, analysis: str) -> bool:
        """Say whether an analysis is drawn."""
        return kind_of(self.kind_of(stream, analysis)).keys.is_drawn

    def drawn_analyses(self, stream: str) -> list[str]:
        """Return the analyses of a stream that have a figure."""
        return [analysis for analysis in self.analyses(stream) if self.has_figure(stream, analysis)]

    def figure_files(self, stream: str) -> list[str]:
        """Return the files of a stream's figures: the pictures, and what is said of each."""
        return [path for analysis in self.drawn_analyses(stream) for path in self.figure(stream, analysis)]

    def figure(self, stream: str, analysis: str) -> list[str]:
        """Return the files of an analysis' figure; ``figure.json`` has its alternative text and caption."""
        kinds = ("json", *self.allowed_types(stream, FIGURE_TYPES))
        return [f"{self.folder(stream)}/{analysis}/figure.{kind}" for kind in kinds]

    def guide_files(self, stream: str) -> list[str]:
        """Return the files of a stream's data dictionary, data guide and catalogue entries, if it has a data guide."""
        if not self.stream(stream).data_guide:
            return []
        return [f"{self.folder(stream)}/{name}" for name in guide_names(self.configuration.catalogue())]

    def plan_files(self, stream: str) -> list[str]:
        """Return the file of a stream's locked plan, if there is one."""
        path = self.configuration.folder / "plans" / f"{stream}.json"
        return [path.as_posix()] if path.is_file() else []

    def page_files(self, stream: str) -> list[str]:
        """Return the released rows of a stream and all that is drawn and written from them."""
        single = [f"{self.folder(stream)}/{name}" for name in (PAGE, STUDY, COMPARISONS)]
        return [
            *single,
            *self.printed_tables(stream),
            *self.result_files(stream),
            *self.figure_files(stream),
            *self.guide_files(stream),
        ]

    def evidence_files(self, stream: str) -> list[str]:
        """Return what goes with a release: for the output checker, the reporting checklist, where numbers come from."""
        folder = self.folder(stream)
        pages = [CHECKER_PAGE, *CHECKLIST, TRACE]
        viewed = [*pages, *(path.removeprefix(f"{folder}/") for path in self.page_files(stream))]
        return [f"{folder}/{n}" for n in (*pages, *BUNDLE, *(f"{CHECKSUMS}/{name}.txt" for name in viewed))]

    def release_files(self, stream: str) -> list[str]:
        """Return everything that a stream releases: a target lists it whole, so that a deleted file is made again."""
        return [*self.page_files(stream), *self.evidence_files(stream)]

    def front_page(self) -> str:
        """Return the front page of the report."""
        return f"{RELEASE}/{PAGE}"

    def codelists(self) -> list[str]:
        """Return the files with code lists."""
        return sorted(path.as_posix() for path in Path(self.configuration.folder, "codelists").glob("*.csv"))
