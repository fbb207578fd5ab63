"""The doctor loads the page in an installed browser, as a portal does."""

import dataclasses
import json
from collections.abc import Callable
from contextlib import nullcontext
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.commands import doctor as doctor_command
from worker_py_tool.doctor import boot as doctor_boot
from worker_py_tool.doctor import browser as doctor_browser
from worker_py_tool.doctor.examine import Questions, examine
from worker_py_tool.doctor.findings import Examination, Finding, Verdict
from worker_py_tool.serve.server import Server
from worker_py_tool.setup import chromium

pytestmark = pytest.mark.slow
with_a_browser = pytest.mark.skipif(chromium.find_installed() is None, reason="there is no browser here")
PORTAL = "https://*.bitrix24.com"
APP = "from worker_py import App\n\napp = App()\n"

Made = Callable[..., Path]


@pytest.fixture
def made(tmp_path: Path) -> Made:
    """Builds a bundle of an app."""

    def make(source: str = APP, **options: object) -> Path:
        (tmp_path / "handlers.py").write_text(source, encoding="utf-8")
        options = {"portals": [PORTAL], "compress": "none", "hard_link": True, **options}
        build(BuildOptions(app=str(tmp_path / "handlers.py"), out=tmp_path / "out", **options))  # type: ignore[arg-type]
        return tmp_path / "out"

    return make


CONFIGURED = """
from dataclasses import dataclass

from worker_py import App


@dataclass
class Settings:
    pbx: str
    wait_s: int = 3


app = App(config_type=Settings)
"""


@with_a_browser
def test_the_app_says_which_of_its_settings_it_cannot_do_without(made: Made) -> None:
    found = [one for one in boots(made(CONFIGURED, config={})) if one.check == "config"]
    assert found[-1].verdict is Verdict.FAIL, found
    assert "worker-py.json lacks 'pbx', which has no default" in found[-1].detail


def boot(bundle: Path, portal: str = PORTAL) -> Finding:
    """What the doctor finds of a bundle at work."""
    [found] = [one for one in boots(bundle, portal) if one.check == "boot"]
    return found


def boots(bundle: Path, portal: str = PORTAL) -> list[Finding]:
    """All that it finds."""
    with Server(bundle) as server:
        seen = examine(Questions(server.url, [portal], 1, boot=True))
    return seen.findings


@with_a_browser
def test_a_bundle_that_works_comes_up_and_the_app_says_what_is_odd_in_its_settings(made: Made) -> None:
    found = {one.check: one for one in boots(made(CONFIGURED, config={"pbx": "wss://pbx.example", "wait": 1}))}
    assert (found["boot"].verdict, found["boot"].remedy) == (Verdict.OK, ""), found
    assert "Python and the app came up in a browser" in found["boot"].detail
    assert found["config"].verdict is Verdict.WARN
    assert "did you mean 'wait_s'?" in found["config"].detail


class Told:
    """Stands in for the load of a page in a browser."""

    def __init__(self, told: dict[str, object]) -> None:
        self._told = {"state": "ready", "failure": None, "plain": None, "problems": [], "config": [], **told}

    def told(self) -> dict[str, object]:
        return self._told


@pytest.mark.parametrize(
    ("told", "verdict", "words"),
    [
        ({}, Verdict.OK, "came up in a browser"),
        ({"plain": "built without one"}, Verdict.WARN, "slowly: built without one"),
        ({"state": "booting", "problems": ["no worker", "no disk"]}, Verdict.FAIL, "within 90 s: no worker; no disk"),
        ({"state": "booting"}, Verdict.FAIL, "it is still booting"),
        ({"failure": "by\nthe app"}, Verdict.FAIL, "Python does not come up: by / the app"),
        ({"refused": True}, Verdict.FAIL, "does not show the page in a frame of https://portal.example"),
    ],
)
def test_what_a_page_tells_is_judged(
    told: dict[str, object], verdict: Verdict, words: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(doctor_boot, "running", lambda _: nullcontext())
    monkeypatch.setattr(doctor_boot, "_Boot", lambda *_: Told(told))
    seen = Examination("http://127.0.0.1:1/")
    doctor_boot.examine_boot(seen, Path("/nowhere/chromium"), b"", [])
    [found] = seen.findings
    assert (found.verdict, words in found.detail) == (verdict, True), found


@pytest.mark.campaign  # the words are held above; tests/browser boots bundles with the SDK, and without a snapshot
@with_a_browser
def test_the_sdk_and_a_bundle_without_a_snapshot_come_up_too(made: Made) -> None:
    found = boot(made(client="b24jssdk", snapshot=False))
    assert (found.verdict, "built without one" in found.detail) == (Verdict.WARN, True), found


@with_a_browser
def test_an_app_that_cannot_be_imported_is_told_with_its_error(made: Made) -> None:
    # The build cannot try it: that name is a browser's.
    found = boot(made(f"{APP}from js import XMLHttpRequest\nimport nowhere_to_be_found\n"))
    assert found.verdict is Verdict.FAIL
    assert "No module named 'nowhere_to_be_found'" in found.detail and "handlers.py" in found.detail


@with_a_browser
def test_a_page_that_a_browser_does_not_show_is_told_at_once(made: Made) -> None:
    found = boot(made(), "https://another.example")
    assert found.verdict is Verdict.FAIL
    assert found.detail == "the browser does not show the page in a frame of https://another.example"


@with_a_browser
def test_a_page_without_its_scripts_is_told_when_its_time_is_over(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = made(snapshot=False)
    next(bundle.glob("assets/*/page/shim.js")).write_text("")
    shown = manifest.read(bundle)
    dataclasses.replace(shown, files=manifest.list_files(bundle)).write(bundle)
    monkeypatch.setattr(doctor_boot, "LIMIT_S", 4.0)
    found = boot(bundle)
    assert found == Finding(
        "boot", Verdict.FAIL, "the page's own scripts did not run within 4 s", "See the other checks."
    )


def test_without_a_browser_it_is_said_that_nobody_has_tried(made: Made, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(chromium, "find_installed", lambda: None)
    found = boot(made(snapshot=False))
    assert (found.verdict, found.detail) == (Verdict.WARN, "not tried: there is no browser here")
    assert "--no-boot" in found.remedy


@pytest.mark.parametrize(
    ("program", "start_s", "words"),
    [("exit 1", 30.0, "it has ended"), ("exec sleep 60", 1.0, "it does not answer within 1 s")],
)
def test_what_is_no_browser_is_said_not_to_be_one(
    program: str, start_s: float, words: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "browser").write_text(f"#!/bin/sh\n{program}\n")
    (tmp_path / "browser").chmod(0o755)
    monkeypatch.setattr(doctor_boot, "START_S", start_s)
    monkeypatch.setattr(doctor_browser, "STOP_S", 0.1)
    seen = Examination("http://127.0.0.1:1/")
    doctor_boot.examine_boot(seen, tmp_path / "browser", b"", [])
    [found] = seen.findings
    assert (found.check, found.verdict) == ("boot", Verdict.WARN)
    assert found.detail == f"{tmp_path / 'browser'} could not be used: {words}"


def test_it_can_be_left_out(made: Made, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    monkeypatch.setattr(chromium, "find_installed", lambda: Path("/nowhere/chromium"))
    with Server(made(snapshot=False)) as server:
        doctor_command.run(cli.parse("doctor", ["--no-boot", "--json", "--requests", "1", server.url]))
    assert "boot" not in {one["check"] for one in json.loads(capsys.readouterr().out)["checks"]}


@pytest.mark.parametrize(
    ("patterns", "portal"),
    [
        (["https://company.bitrix24.com"], "https://company.bitrix24.com"),
        (["http://localhost:*", "https://*.bitrix24.com"], "https://doctor.bitrix24.com"),
        (["https://portal.corp:*"], "https://portal.corp"),
        (["https:", "http://localhost:*"], "https://portal.example"),
        ([], "https://portal.example"),
    ],
)
def test_the_portal_that_is_played_is_one_that_may_frame_the_page(patterns: list[str], portal: str) -> None:
    assert doctor_boot._a_portal(patterns) == portal
