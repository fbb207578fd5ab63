"""The demo's editor as browsers load it, and who may build a bundle that takes its text."""

import re
import urllib.request

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle.build import BuildOptions
from worker_py_tool.demo import editor
from worker_py_tool.demo.portal_server import PortalServer
from worker_py_tool.paths import PORTAL


def test_the_portal_serves_the_editor_with_its_packages_and_their_licence_in_it() -> None:
    with PortalServer() as server, urllib.request.urlopen(f"{server.url}{editor.PATH}") as answer:
        served = answer.read()
    assert served == editor.library()
    assert served != (PORTAL / editor.PATH).read_bytes()
    assert served.startswith(b"/*!\nCodeMirror and Lezer, MIT License")
    assert b"makeEditor" in served
    assert re.findall(rb'(?:from|import) ?"(?:@|codemirror)', served) == []


def test_the_command_line_offers_no_bundle_that_takes_source(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse("build", ["--app", "app.py", "--out", "dist", "--live"])
    assert "unrecognized arguments: --live" in capsys.readouterr().err
    assert BuildOptions(app="app.py", out=PORTAL).live is False
