"""What may be asked for on the command line, and what is said of anything else."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path

from family_justice.errors import PipelineError, did_you_mean

#: Targets of the workflow that are no streams.
TARGETS = ("all", "datasets", "reproduce")


def check_targets(config: Path, targets: Collection[str], streams: Collection[str], rules: Collection[str]) -> None:
    """Raise ``PipelineError`` if a target is no stream, no rule and no file: Snakemake's own words for it are of rules
    and input functions. ``streams``: those of config.yaml; ``rules``: all that can be asked for by name."""
    for word in targets:
        if (
            word in {*streams, *TARGETS, *rules}
            or "/" in word
            or word.endswith(tuple(f"_{stream}" for stream in streams))
        ):
            continue
        written = config / "streams" / f"{word}.yaml"
        if written.is_file():
            raise PipelineError(
                f"There is a file {written}, but {config / 'config.yaml'} does not name it. Add it there: "
                f"streams: [{', '.join([*streams, word])}]"
            )
        raise PipelineError(f"'{word}' is no study. {did_you_mean(word, [*streams, *TARGETS])}")
