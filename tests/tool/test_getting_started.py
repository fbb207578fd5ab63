"""What docs/getting-started.md tells to do, done to the letter in an empty directory."""

import os
import re
import shlex
import subprocess
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.projects import own_tests_of
from worker_py_tool.commands import new as new_command
from worker_py_tool.paths import ROOT

PAGE = (ROOT / "docs" / "getting-started.md").read_text(encoding="utf-8")
SERVERS = ("worker-py dev", "worker-py demo", "worker-py serve", "scripts/demo")
ELSEWHERE = ("worker-py doctor",)
"""Asks the reader's own host."""


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```$", PAGE, re.MULTILINE | re.DOTALL)


def write_files(project: Path) -> None:
    """The page's two Python blocks, where it says that they belong."""
    app, test = blocks("python")
    (project / "app.py").write_text(app, encoding="utf-8")
    assert "a new file in the directory `tests`, `test_digits.py`" in PAGE
    (project / "tests" / "test_digits.py").write_text(test, encoding="utf-8")


def test_its_handler_and_its_test_go_into_the_project_that_was_made(tmp_path: Path) -> None:
    new_command.make(tmp_path / "cards")
    made = (tmp_path / "cards" / "app.py").read_text(encoding="utf-8").splitlines()
    write_files(tmp_path / "cards")
    lines = (tmp_path / "cards" / "app.py").read_text(encoding="utf-8").splitlines()
    assert [line for line in made if line not in lines and not line.startswith("from worker_py.events")] == []
    assert "5 passed" in own_tests_of(tmp_path / "cards")


class Reader:
    """Types the page's commands, one after the other."""

    def __init__(self, directory: Path, cache: Path) -> None:
        self._directory = directory
        self._done: list[str] = []
        drop = ("PYTHONPATH", "VIRTUAL_ENV")
        self._env = {name: value for name, value in os.environ.items() if name not in drop}
        self._env["XDG_CACHE_HOME"] = str(cache)

    def type(self, line: str) -> str:
        """Run a command to its end; one that changes the shell counts for those behind it."""
        done = subprocess.run(
            self._shell(line), cwd=self._directory, env=self._env, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{line}\n{done.stdout}{done.stderr}"
        if line.startswith((". ", "cd ")):
            self._done.append(line)
        return done.stdout

    @contextmanager
    def leaves_running(self, line: str) -> Iterator[str]:
        """Run a server for the time of the block; the address that it prints first."""
        shell = self._shell(f"exec {line}")
        with subprocess.Popen(shell, cwd=self._directory, env=self._env, stdout=subprocess.PIPE, text=True) as server:
            try:
                assert server.stdout
                yield server.stdout.readline().strip()
            finally:
                server.terminate()

    def _shell(self, line: str) -> list[str]:
        return ["sh", "-ec", "\n".join([*self._done, line])]


def commands() -> list[str]:
    """What the page's shell blocks say, a command each, without comments."""
    lines = "".join(blocks("sh")).replace("\\\n", " ").splitlines()
    return [line for line in (line.partition("  #")[0].strip() for line in lines) if line]


@pytest.mark.campaign
@pytest.mark.timeout(1200)
def test_its_commands_do_what_it_says(tmp_path: Path) -> None:
    reader = Reader(tmp_path, tmp_path / "cache")
    typed = commands()
    assert typed[0] == "scripts/demo"
    for line in typed[1:]:
        here = line.replace("/path/to/this/repository", shlex.quote(str(ROOT)).strip("'"))
        if line == "python -m pytest":
            write_files(tmp_path / "cards")
            assert "5 passed" in reader.type(here)
        elif line.startswith(SERVERS):
            with reader.leaves_running(here) as address, urllib.request.urlopen(address, timeout=60) as answer:
                assert answer.status == 200
        elif not line.startswith(ELSEWHERE):
            reader.type(here)
    assert (tmp_path / "cards" / "dist" / "index.html").is_file()
