"""`worker-py dev` at a terminal: what it prints, and that it leaves nothing behind."""

import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from worker_py_tool import cli
from worker_py_tool.commands import dev
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import TOOL

APP = "from worker_py import App\n\napp = App()\n"


@pytest.fixture
def app(tmp_path: Path) -> Path:
    file = tmp_path / "app.py"
    file.write_text(APP, encoding="utf-8")
    return file


def save(file: Path, text: str) -> None:
    """In one step, however late this process gets its turn: half a file would be told of too."""
    fresh = file.with_name("fresh")
    fresh.write_text(text, encoding="utf-8")
    fresh.rename(file)


def test_it_prints_the_portals_address_and_a_line_for_each_save_and_ends_cleanly(app: Path) -> None:
    running = subprocess.Popen(
        [sys.executable, str(TOOL), "dev", app.name],
        cwd=app.parent,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert running.stdout is not None
        address = running.stdout.readline().strip()
        with urllib.request.urlopen(address, timeout=60) as answer:
            assert b"call card" in answer.read()
        placement = parse_qs(urlsplit(address).query)["app"][0]
        with urllib.request.urlopen(f"{placement}dev/state", timeout=60) as answer:
            assert b'"number":1' in answer.read()
        save(app, f"{APP}app = (\n")
        assert running.stdout.readline() == "not applied: app.py:4: SyntaxError: '(' was never closed\n"
        save(app, APP)
        lines = iter(running.stdout.readline, "")
        assert any(line.startswith("applied app.py in ") for line in lines)
    finally:
        running.send_signal(signal.SIGINT)
        _, errors = running.communicate(timeout=60)
    assert running.returncode == 0, errors
    assert "Traceback" not in errors
    for url in (address, placement):
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", urlsplit(url).port or 0)).close()


def test_a_port_that_is_taken_is_told_before_anything_is_built(app: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        assert cli.main(["dev", str(app), "--port", str(taken.getsockname()[1])]) == 1
    said = capsys.readouterr()
    assert "Choose another with --port" in said.err
    assert "snapshot" not in said.err
    assert said.out == ""


def test_the_app_is_that_of_the_project_or_app_py(app: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(app.parent)
    options = cli.parse("dev", [])
    dev.needs(options)
    assert options.app == "app.py"
    app.rename(app.with_name("cards.py"))
    with pytest.raises(ToolError, match=r"there is no app\.py"):
        dev.needs(cli.parse("dev", []))
    Path("pyproject.toml").write_text('[tool.worker-py]\napp = "cards.py:app"\n', encoding="utf-8")
    options = cli.parse("dev", [])
    dev.needs(options)
    assert options.app == "cards.py:app"
