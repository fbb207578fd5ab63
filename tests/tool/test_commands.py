"""The commands as a person runs them."""

import os
import signal
import subprocess
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from worker_py_tool import cli
from worker_py_tool.paths import CACHE, ROOT
from worker_py_tool.scratch import leftovers

Write = Callable[[str, str], Path]


def run(
    command: str, *arguments: str | Path, cwd: Path, env: dict[str, str] | None = None
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [str(ROOT / "scripts" / command), *map(str, arguments)],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


MISTAKES = [
    ("build", ["--out", "out"], "error: --app is missing"),
    ("build", ["--app", "app.py"], "error: --out is missing"),
    ("build", ["--app", "nowhere.py", "--out", "out"], "error: --app nowhere.py: there is no nowhere.py"),
    ("build", ["--app", "app.py", "--out", "."], "error: --out "),
    ("build", ["--app", "app.py", "--out", "out", "--portal", "x"], "error: --portal x: not an origin"),
    ("build", ["--app", "app.py", "--out", "out", "--connect", "x"], "error: --connect x: not an origin"),
    (
        "build",
        ["--app", "app.py", "--out", "out", "--page-script", "x.js"],
        "error: --page-script x.js: there is no",
    ),
    ("demo", ["--out", "."], "error: --out "),
    ("demo", ["--out", "app.py"], "error: --out "),
    ("serve", ["nowhere"], "error: there is no nowhere"),
    ("test", ["units"], "error: there is no tier units"),
]


@pytest.mark.parametrize(("command", "arguments", "message"), MISTAKES)
def test_a_mistake_is_told_in_one_line_with_its_remedy(
    write: Write,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
    arguments: list[str],
    message: str,
) -> None:
    write("app.py", "app = 1\n")
    monkeypatch.chdir(tmp_path)
    assert cli.main([command, *arguments]) == 1
    said, complained = capsys.readouterr()
    assert said == ""
    assert complained.splitlines()[0].startswith(message)
    assert len(complained.splitlines()) == 2


@pytest.mark.parametrize("mistake", dict(zip([each[0] for each in MISTAKES], MISTAKES, strict=True)).values())
def test_each_command_ends_with_its_mistake(write: Write, tmp_path: Path, mistake: tuple[str, list[str], str]) -> None:
    command, arguments, message = mistake
    write("app.py", "app = 1\n")
    done = run(command, *arguments, cwd=tmp_path)
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(message)
    assert len(done.stderr.splitlines()) == 2


def test_build_takes_paths_from_where_it_was_called_and_prints_the_page_alone(write: Write, tmp_path: Path) -> None:
    write("app.py", "from worker_py import App\n\napp = App()\n")
    done = run("build", "--app", "app.py", "--out", "out", "--portal", "https://p.example", cwd=tmp_path)
    assert (done.returncode, done.stdout) == (0, "out/index.html\n")
    assert (tmp_path / "out" / "index.html").is_file()
    assert "warning" not in done.stderr


def test_build_refuses_a_name_that_is_no_app_and_warns_when_any_portal_may_frame_the_page(
    write: Write, tmp_path: Path
) -> None:
    write("app.py", "app = 1\n")
    done = run("build", "--app", "app.py", "--out", "out", cwd=tmp_path)
    assert done.returncode == 1
    assert "app.app should be a worker_py.App, not int" in done.stderr
    assert "warning: without --portal" in done.stderr
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_a_disk_that_is_full_is_told_in_a_sentence_and_the_old_bundle_stays(write: Write, tmp_path: Path) -> None:
    write("app.py", "from worker_py import App\n\napp = App()\n")
    command = ("build", "--app", "app.py", "--out", "out", "--portal", "https://p.example")
    assert run(*command, cwd=tmp_path).returncode == 0
    before = (tmp_path / "out" / "index.html").read_bytes()
    write("app.py", "from worker_py import App\n\napp = App()\nNEW = 1\n")
    for blocks in (200, 6000, 10000):  # a file that grows beyond fails as it does on a full disk
        full = ["sh", "-c", 'ulimit -f "$0"; trap "" XFSZ; exec "$@"', str(blocks), str(ROOT / "scripts" / "build")]
        done = subprocess.run([*full, *command[1:]], cwd=tmp_path, capture_output=True, text=True, check=False)
        assert done.returncode == 1
        lines = done.stderr.splitlines()
        [problem] = [line for line in lines if line.startswith("error: ")]
        assert "file too large" in problem.lower()
        assert lines.index(problem) >= len(lines) - 2, "nothing but a remedy comes after it"
        assert [path.name for path in tmp_path.glob(".out*")] == []
        assert (tmp_path / "out" / "index.html").read_bytes() == before


@pytest.mark.parametrize(
    "ending",
    # Both end all commands in one place, waiting.py; serve/test_server_limits.py ends `serve` by each.
    [pytest.param(signal.SIGINT, marks=pytest.mark.campaign), signal.SIGTERM],
)
def test_demo_prints_its_address_first_and_cleans_up_when_ended(tmp_path: Path, ending: signal.Signals) -> None:
    before = leftovers("demo-", CACHE)
    with subprocess.Popen(
        [ROOT / "scripts" / "demo"], cwd=tmp_path, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdout is not None
        url = process.stdout.readline().strip()
        try:
            portal, app = urlsplit(url), urlsplit(parse_qs(urlsplit(url).query)["app"][0])
            assert (portal.hostname, app.hostname) == ("127.0.0.1", "127.0.0.1")
            assert portal.port != app.port
            for address in (url, app.geturl()):
                with urllib.request.urlopen(address, timeout=60) as answer:
                    assert answer.status == 200
        finally:
            process.send_signal(ending)
        assert process.wait(timeout=60) == 0
    assert [each for each in leftovers("demo-", CACHE) if each not in before] == []


def test_a_python_too_old_is_named_with_the_remedy(write: Write, tmp_path: Path) -> None:
    old = write("bin/python3", "#!/bin/sh\n[ $1 != --version ] && exit 1\necho Python 3.9.2\n")
    old.chmod(0o755)
    tools = tmp_path / "bin"
    for name in ("dirname", "readlink", "sh"):
        (tools / name).symlink_to(
            next(path for path in (Path("/usr/bin") / name, Path("/bin") / name) if path.exists())
        )
    done = run("serve", "x", cwd=tmp_path, env={"PATH": str(tools), "WORKER_PY_PYTHON": ""})
    assert done.returncode == 1
    assert "scripts/serve needs Python 3.11 or newer; this machine has Python 3.9.2" in done.stderr
    assert "WORKER_PY_PYTHON=" in done.stderr


def test_a_command_works_through_a_link_from_elsewhere(tmp_path: Path) -> None:
    (tmp_path / "serve").symlink_to(ROOT / "scripts" / "serve")
    done = subprocess.run([tmp_path / "serve", "--help"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0
    assert "usage: scripts/serve" in done.stdout
