"""What tests of the report share: one made-up release, drawn once."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from release_samples import draw_for_lists, write_release


@pytest.fixture(scope="session")
def drawn(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return the folder of a stream with its figures, those for print as placeholders; nobody may change it."""
    folder = write_release(tmp_path_factory.mktemp("drawn"))
    draw_for_lists(folder)
    return folder


@pytest.fixture(scope="module")
def copy_of_drawn(drawn: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Return a stream with its figures, in a release of its own that the tests of a file may add to."""
    return Path(shutil.copytree(drawn, tmp_path_factory.mktemp("release") / drawn.name))
