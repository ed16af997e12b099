"""Read the configuration. Every problem of a file is reported at once: file, key, what is allowed, what is near."""

from __future__ import annotations

import re
from collections import Counter
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError

from family_justice.config.base import Name
from family_justice.config.catalogue import Catalogue
from family_justice.config.check import check_shared_covariates, check_stream
from family_justice.config.check_sql import check_stream_sql
from family_justice.config.explain import explain
from family_justice.config.policy import FLOOR, NEEDED_TYPES, check_policy_not_below, is_looser
from family_justice.config.schema import Covariate, Policy, Settings, Stream
from family_justice.config.source_files import check_lists, check_open_policy, check_place, check_words
from family_justice.config.sources import Source
from family_justice.config.yaml_words import explain_yaml
from family_justice.contracts import contracts, research_ready_tables, source_tables
from family_justice.errors import ConfigError, did_you_mean, report_together

T = TypeVar("T")
#: Names that no stream can have: rules, targets of the Snakefile, and folders of results beside those of streams.
TAKEN = (
    *("all", "datasets", "reproduce", "sources", "releases"),
    *("load_source", "harmonise_records", "build_datasets", "evaluate_harmonisation", "calibrate_population"),
    *("extract_cohort", "run_analysis", "refit_analyses", "count_quality", "compare_results"),
    *("write_guide", "write_index", "write_crate"),
)
#: How names of rules begin that end with that of a stream, or with more.
OF_RULES = ("derive_", "disclose_", "draw_", "write_")


def is_taken(name: str) -> bool:
    """Say whether no stream may be called so."""
    return name in TAKEN or name.startswith(OF_RULES)


class _Loader(yaml.CSafeLoader):
    """YAML without silently overwritten keys, and with only `true` and `false` as booleans.

    YAML 1.1 reads `no` and `yes` as booleans; here they are levels of covariates.
    """


def _mapping(loader: _Loader, node: yaml.MappingNode) -> dict[Any, Any]:
    mapping: dict[Any, Any] = {}
    for key_node, value_node in node.value:
        key = loader.construct_object(key_node, deep=True)
        if key in mapping:
            raise ConfigError(f"line {key_node.start_mark.line + 1}: key '{key}' is written twice")
        try:
            mapping[key] = loader.construct_object(value_node, deep=True)
        except ValueError as error:  # a date that the calendar does not have
            raise ConfigError(
                f"line {value_node.start_mark.line + 1}: '{key}' is '{value_node.value}': {error}"
            ) from None
    return mapping


_Loader.yaml_implicit_resolvers = {
    first: [(tag, pattern) for tag, pattern in resolvers if tag != "tag:yaml.org,2002:bool"]
    for first, resolvers in yaml.CSafeLoader.yaml_implicit_resolvers.items()
}
_Loader.add_implicit_resolver("tag:yaml.org,2002:bool", re.compile(r"^(?:true|false)$"), list("tf"))
_Loader.add_constructor(yaml.resolver.BaseResolver.DEFAULT_MAPPING_TAG, _mapping)


def read_yaml(path: str | Path) -> Any:
    """Read a YAML file of keys; ``ConfigError`` says where it is not YAML, or that there are no keys in it."""
    path = Path(path)
    try:
        read = yaml.load(_text(path), Loader=_Loader)
    except FileNotFoundError:
        other = path.with_suffix(".yml")
        if other.is_file():
            raise ConfigError(f"{path}: there is no such file, but there is {other.name}; rename it") from None
        near = sorted(p.stem for p in path.parent.glob(f"*{path.suffix}")) if path.parent.is_dir() else []
        raise ConfigError(f"{path}: there is no such file. {did_you_mean(path.stem, near)}") from None
    except yaml.YAMLError as error:
        raise ConfigError(f"{path}: {explain_yaml(error, _text(path))}") from None
    except ConfigError as error:
        raise ConfigError(f"{path}: {error}") from None
    if not isinstance(read, dict):
        said = "the file is empty" if read is None else "there are no keys in the file"
        raise ConfigError(f"{path}: {said}; write `key: value`, a key on each line")
    return read


def _text(path: Path) -> str:
    """Return the text of a file; ``ConfigError`` says on which line it is not UTF-8."""
    content = path.read_bytes()
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigError(f"line {line} is not UTF-8; save the file as UTF-8, as editors call it") from None


def parse(data: Any, model: Any, where: str | Path) -> Any:
    """Check ``data`` against a model (or a union of models) and raise one ``ConfigError`` with all problems."""
    try:
        return TypeAdapter(model).validate_python(data)
    except ValidationError as error:
        problems = explain(error, model, where)
    report_together(str(where), problems, ConfigError)
    raise AssertionError("unreachable: a validation error has at least one problem")


# --- the files ---------------------------------------------------------------------------------------------------


class Configuration:
    """The configuration of one checkout: ``Configuration(Path("config"))``. Files are read when asked for."""

    def __init__(self, folder: Path, overrides: dict[str, Any] | None = None) -> None:
        self.folder = folder
        written = {**read_yaml(folder / "config.yaml"), **(overrides or {})}
        self.settings: Settings = parse(written, Settings, folder / "config.yaml")
        taken = [
            f"streams: '{name}' is a word of the pipeline itself; give the study another name"
            for name in self.settings.streams
            if is_taken(name)
        ]
        twice = [name for name, times in Counter(self.settings.streams).items() if times > 1]
        taken += [f"streams: '{name}' is named more than once; once is enough" for name in twice]
        report_together(str(folder / "config.yaml"), taken, ConfigError)

    @cache  # noqa: B019 - one configuration lives as long as the process
    def stream(self, name: str) -> Stream:
        """Read and check one stream file."""
        path = self.folder / "streams" / f"{name}.yaml"
        stream: Stream = parse(read_yaml(path), Stream, path)
        check_stream(stream, self.covariates(), path)
        source = self.source(stream.source or self.settings.source)
        if stream.data_guide and getattr(source, "tables", {}):
            raise ConfigError(f"{path}: 'data_guide' describes court tables, and the source has tables of its own")
        self.policy_of(stream)
        self._check_references(stream, path)
        return stream

    def _check_references(self, stream: Stream, path: Path) -> None:
        base = self.folder.parent
        there = sorted(str(p.relative_to(base)) for p in (self.folder / "references").glob("*.csv"))
        problems = [
            f"comparisons.{name}.reference: there is no file '{comparison.reference}'. "
            + did_you_mean(comparison.reference, there)
            for name, comparison in stream.comparisons.items()
            if not comparison.reference.startswith("truth:") and not (base / comparison.reference).is_file()
        ]
        report_together(str(path), problems, ConfigError)

    @cache  # noqa: B019
    def covariates(self) -> dict[str, Covariate]:
        """Read the covariates that all streams share."""
        path = self.folder / "covariates.yaml"
        covariates: dict[str, Covariate] = parse(read_yaml(path), dict[Name, Covariate], path)
        check_shared_covariates(covariates, path)
        return covariates

    @cache  # noqa: B019
    def source(self, name: str) -> Any:
        """Read one source file."""
        path = self.folder / "sources" / f"{name}.yaml"
        source = parse(read_yaml(path), Source, path)
        check_place(source, self.folder.parent, path)
        check_words(source, path)
        policy = self.policy(source.minimum_policy)
        if _holds_court_tables(source):
            check_policy_not_below(policy, FLOOR, f"{path}: minimum_policy")
        else:
            check_open_policy(source, policy, self.folder, path)
        return source

    @cache  # noqa: B019
    def policy(self, name: str) -> Policy:
        """Read one policy file."""
        path = self.folder / "policies" / f"{name}.yaml"
        policy: Policy = parse(read_yaml(path), Policy, path)
        if policy.name != name:
            raise ConfigError(f"{path}: 'name' is '{policy.name}'; write '{name}', the name of the file")
        lacking = sorted(NEEDED_TYPES - set(policy.file_types))
        if lacking:
            raise ConfigError(
                f"{path}: 'file_types' lacks {', '.join(lacking)}; add them: every release has such files"
            )
        return policy

    def check_sql(self, name: str) -> None:
        """Raise one ``ConfigError`` with what is wrong with the SQL of a stream and of the shared covariates it uses.

        Done once, before any job. A job checks what it runs, and does not read all other SQL again.
        """
        stream = self.stream(name)
        tables = getattr(self.source(self.source_of(stream)), "tables", {}) or research_ready_tables()
        folder = self.codelists_of(stream)
        lists = sorted(folder.glob("*.csv")) if folder else []
        check_lists(lists, self.folder.parent, tables)
        readable = {*tables, *(path.stem for path in lists)}
        check_stream_sql(stream, self.covariates(), readable, self.folder / "streams" / f"{name}.yaml")

    @cache  # noqa: B019
    def catalogue(self) -> Catalogue:
        """Read what is written by hand about the data sets, and check that contracts and tables are there."""
        path = self.folder / "catalogue.yaml"
        catalogue: Catalogue = parse(read_yaml(path), Catalogue, path)
        there = contracts()
        problems = []
        for name, about in catalogue.data_sets.items():
            unknown = [stem for stem in about.contracts if stem not in there]
            problems += [f"data_sets.{name}.contracts: no contract '{s}'. {did_you_mean(s, there)}" for s in unknown]
            tables = {table for stem in about.contracts if stem in there for table in there[stem].tables}
            problems += [
                f"data_sets.{name}.prefixes: no table starts with '{prefix}'"
                for prefix in about.prefixes
                if tables and not any(table.startswith(prefix) for table in tables)
            ]
            if tables and about.people_table not in {None, *tables}:
                problems.append(f"data_sets.{name}.people_table: {did_you_mean(str(about.people_table), tables)}")
        report_together(str(path), problems, ConfigError)
        return catalogue

    def source_of(self, stream: Stream) -> str:
        """Return the name of the source that a stream reads."""
        return stream.source or self.settings.source

    def codelists_of(self, stream: Stream) -> Path | None:
        """Return the folder of code lists that SQL of a stream may read; None of a public one, which is of the files
        that the custodian lists and of no others."""
        return None if self.is_public(stream) else self.folder / "codelists"

    def is_public(self, stream: Stream) -> bool:
        """Say whether anybody can have what a stream reads: its policy is looser than the least for court records, so
        the custodian lists its files as public (``check_open_policy``)."""
        return is_looser(self.policy_of(stream)[0], FLOOR)

    def policy_of(self, stream: Stream) -> tuple[Policy, Policy]:
        """Return the policy of a stream and the custodian's minimum, which it may not fall below."""
        minimum = self.policy(self.source(self.source_of(stream)).minimum_policy)
        policy = self.policy(stream.policy or self.settings.policy)
        name, source = stream.policy or self.settings.policy, self.source_of(stream)
        where = (
            f"{self.folder / 'streams' / stream.stream}.yaml: policy '{name}' is looser than source '{source}' allows"
        )
        check_policy_not_below(policy, minimum, where)
        return policy, minimum


def _holds_court_tables(source: Any) -> bool:
    """True unless a source has tables of its own, none of which has the name or the file of a court table."""
    own = getattr(source, "tables", {})
    stems = {Path(table.path).name.partition(".")[0].upper() for table in own.values()}
    return (
        not own
        or not stems.isdisjoint(source_tables())
        or not {name.upper() for name in own}.isdisjoint(source_tables())
    )
