"""Fixtures for the tests of what makes bundles."""

import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from tests.support.directory_server import DirectoryServer
from tests.support.wheels import ask_only, make_wheel


@pytest.fixture
def wheel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Path]:
    """Makes a wheel that is found, and nothing else is."""
    index = tmp_path / "index"
    index.mkdir()
    ask_only(index, monkeypatch)

    def make(name: str, files: dict[str, str], **details: Any) -> Path:
        return make_wheel(index, name, files, **details)

    return make


@pytest.fixture
def source(tmp_path: Path) -> Callable[[str], Path]:
    """Puts an archive of source into the index, which needs to be built."""

    def make(name: str) -> Path:
        folder = tmp_path / "sources" / name
        folder.mkdir(parents=True)
        archive = shutil.make_archive(str(tmp_path / "index" / name), "gztar", folder.parent, name)
        return Path(archive)

    return make


@pytest.fixture
def serve_files() -> Callable[[Path], DirectoryServer]:
    """Serves the files of a directory on an address of this machine."""

    def serve(directory: Path) -> DirectoryServer:
        return DirectoryServer(*directory.iterdir())

    return serve
