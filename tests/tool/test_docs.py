"""The documentation is true: its Python runs, its links lead somewhere, and it names everything that there is."""

import importlib.util
import inspect
import json
import linecache
import re
import subprocess
from dataclasses import fields
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest

import worker_py
from worker_py import App, events
from worker_py.commands import CommandName
from worker_py.errors import WorkerPyError
from worker_py.settings import Settings
from worker_py.testing import Portal
from worker_py_tool import cli
from worker_py_tool.paths import PORTAL, ROOT
from worker_py_tool.setup import node_packages

PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md"), ROOT / "scripts" / "README.md"])
FENCE = re.compile(r"^```(\w*)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
LINK = re.compile(r"\]\(([^)\s]+)\)|(?:src|srcset|href)=\"([^\"]+)\"")
HEADING = re.compile(r"^#+ (.+)$", re.MULTILINE)
OF_THE_READER = "from app import app"
"""In a test of the reader's: the app is that of the blocks before."""
OUR_FILE = re.compile(r"\b((?:worker_py|static|tests|docs|scripts)/[\w./-]*[\w/])")
COMMAND = re.compile(r"\bscripts/([a-z-]+)\b(?![/_.])")
A_RECORDED_CALL = {
    "version": 1,
    "build": "0123456789ab",
    "started_at": 1_700_000_000_000,
    "entries": [
        {"at": 0, "to": "python", "message": {"t": "attach", "mode": "dedicated", "reason": "", "card": None}},
        {
            "at": 5,
            "to": "python",
            "message": {
                "t": "event",
                "name": "BackgroundCallCard::initialized",
                "payload": {"CALL_ID": "A.1", "PHONE_NUMBER": "+12025550143"},
                "seq": 1,
                "at": 1_700_000_000_005,
                "redelivered": False,
            },
        },
        {
            "at": 5,
            "to": "page",
            "message": {"t": "command", "id": "c1", "command": "CallCardSetUiState", "params": {"uiState": "incoming"}},
        },
        {"at": 6, "to": "python", "message": {"t": "sent", "id": "c1"}},
        {"at": 7, "to": "python", "message": {"t": "answer", "id": "c1", "answer": []}},
        {
            "at": 7,
            "to": "page",
            "message": {"t": "rest", "id": "r1", "method": "crm.contact.get", "params": {"id": 0}},
        },
        {
            "at": 9,
            "to": "python",
            "message": {
                "t": "rest_answer",
                "id": "r1",
                "error": {"code": "NOT_FOUND", "description": "", "status": 400},
            },
        },
        {
            "at": 9,
            "to": "page",
            "message": {
                "t": "command",
                "id": "c2",
                "command": "CallCardSetCardTitle",
                "params": {"title": "+12025550143"},
            },
        },
        {"at": 10, "to": "python", "message": {"t": "sent", "id": "c2"}},
        {"at": 12, "to": "python", "message": {"t": "answer", "id": "c2", "answer": []}},
    ],
}
"""Stands for the reader's own recording, `call.json`."""


def page_id(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8")


def python_of(path: Path) -> str:
    """Every Python block of a page, at its own line, as one program."""
    text = text_of(path)
    lines = [""] * text.count("\n")
    for match in FENCE.finditer(text):
        if match[1] == "python":
            start = text[: match.start(2)].count("\n")
            block = match[2].splitlines()
            lines[start : start + len(block)] = block
    return "\n".join("" if line == OF_THE_READER else line for line in lines)


def run(path: Path) -> dict[str, Any]:
    """Run the Python of a page; what it defined."""
    source = python_of(path)
    linecache.cache[str(path)] = (len(source), None, source.splitlines(keepends=True), str(path))
    namespace: dict[str, Any] = {"__name__": path.stem}
    exec(compile(source, path, "exec"), namespace)
    return namespace


def anchors(path: Path) -> set[str]:
    """The addresses of a page's headings, as GitHub makes them."""
    headings = HEADING.findall(FENCE.sub("", text_of(path)))
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


with_python = pytest.mark.parametrize("path", [path for path in PAGES if python_of(path).strip()], ids=page_id)
every_page = pytest.mark.parametrize("path", PAGES, ids=page_id)


@with_python
def test_python_of_the_page_runs(path: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "call.json").write_text(json.dumps(A_RECORDED_CALL), encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    defined = run(path)
    assert isinstance(defined["app"], App)
    for name, test in defined.items():
        if name.startswith("test_") and not inspect.signature(test).parameters:
            test()
        elif name.startswith("test_"):  # as the plugin gives it
            with Portal(defined["app"], strict=True, attach=False) as portal:
                test(portal)


def test_the_guide_to_testing_holds_tests() -> None:
    assert sum(name.startswith("test_") for name in run(ROOT / "docs" / "testing.md")) >= 5


def test_handler_of_the_readme_answers_a_call() -> None:
    with Portal(run(ROOT / "README.md")["app"]) as portal:
        portal.initialized(PHONE_NUMBER="+12025550143")
        portal.raise_event("answerButtonClick", [])
        assert portal.sent == [
            ("CallCardSetUiState", {"uiState": "incoming"}),
            ("CallCardSetCardTitle", {"title": "+12025550143 calls"}),
            ("CallCardSetUiState", {"uiState": "connected"}),
        ]
        assert portal.reports == []


def test_handler_of_the_readme_takes_calls_of_strangers() -> None:
    with Portal(run(ROOT / "README.md")["app"]) as portal:
        portal.initialized(PHONE_NUMBER="hidden", CRM_ENTITY_TYPE="", CRM_ENTITY_ID=0)
        assert portal.sent[1] == ("CallCardSetCardTitle", {"title": "Hidden number calls"})
        assert portal.reports == []


@every_page
def test_links_of_the_page_lead_somewhere(path: Path) -> None:
    targets = [a or b for a, b in LINK.findall(FENCE.sub("", text_of(path)))]
    local = [unquote(target) for target in targets if not target.startswith(("https://", "http://"))]
    broken = []
    for target in local:
        name, _, anchor = target.partition("#")
        file = (path.parent / name).resolve() if name else path
        if not file.exists() or (anchor and anchor not in anchors(file)):
            broken.append(target)
    assert broken == []


@every_page
def test_files_and_commands_that_the_page_names_exist(path: Path) -> None:
    text = text_of(path)
    named = OUR_FILE.findall(text)
    assert [name for name in named if not any((place / name).exists() for place in (ROOT, path.parent))] == []
    assert [name for name in COMMAND.findall(text) if not (ROOT / "scripts" / name).exists()] == []


def test_pictures_of_the_readme_are_small_and_there() -> None:
    pictures = [ROOT / name for pair in LINK.findall(text_of(ROOT / "README.md")) for name in pair if ".webp" in name]
    assert [path.name for path in pictures] == ["demo-dark.webp", "demo.webp"]
    assert all(path.stat().st_size < 1_500_000 for path in pictures)


def test_the_interface_is_described_whole() -> None:
    text = text_of(ROOT / "docs" / "api.md")
    kinds = [kind for kind in vars(events).values() if isinstance(kind, type) and issubclass(kind, events.Event)]
    kinds = [kind for kind in kinds if kind.__doc__ and not kind.__doc__.startswith("Base of")]
    assert len(kinds) == 17 + 4
    wanted = {f"`{kind.__name__}`" for kind in kinds}
    wanted |= {field.name for kind in kinds for field in fields(kind) if field.name != "meta"}
    wanted |= {f"`{field.name}`" for field in fields(events.EventMeta)}
    wanted |= {f"`{command.value}`" for command in CommandName}
    wanted |= {f"`{setting.name}` | {setting.default} |" for setting in fields(Settings)}
    wanted |= {f"`{field.name}`" for field in fields(worker_py.CardState)}
    assert sorted(name for name in wanted if name not in text) == []


def test_the_reference_is_what_the_docstrings_say() -> None:
    source = importlib.util.spec_from_file_location("make_reference", ROOT / "docs" / "make_reference.py")
    assert source and source.loader
    maker = importlib.util.module_from_spec(source)
    source.loader.exec_module(maker)
    assert maker.rendered() == text_of(maker.REFERENCE), "run .venv/bin/python docs/make_reference.py"
    assert maker.rendered().count("\n## ") == len(maker.PARTS)


def test_every_error_that_an_app_can_meet_is_described() -> None:
    text = text_of(ROOT / "docs" / "api.md")
    errors = {name for name in worker_py.__all__ if _is_error(name)}
    assert sorted(name for name in errors if name not in text) == []


def _is_error(name: str) -> bool:
    value = getattr(worker_py, name)
    return isinstance(value, type) and issubclass(value, WorkerPyError)


def test_every_option_of_a_build_is_described(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit):
        cli.parse("build", ["--help"])
    options = set(re.findall(r"--[a-z][a-z0-9-]+", capsys.readouterr().out)) - {"--help"}
    text = text_of(ROOT / "docs" / "deployment.md")
    assert {"--app", "--out", "--portal"} <= options
    assert sorted(option for option in options if f"`{option}" not in text) == []


def test_the_methods_that_the_simulated_portal_knows_are_listed() -> None:
    text = text_of(ROOT / "docs" / "testing.md")
    table = text[text.index("| methods | |") :].split("\n\n")[0]
    listed: set[str] = set()
    for row in table.splitlines()[2:]:
        families, methods = ([*re.findall(r"`([\w.*]+)`", cell)] for cell in row.strip("| ").split(" | "))
        names = [name for name in methods if name not in ("filter", "select", "start")]
        families = families or ["*"]
        listed |= {family.replace("*", name).lower() for family in families for name in names}
    rest = json.dumps(str(PORTAL / "rest_api" / "rest.js"))
    printed = f"import({rest}).then((rest) => console.log(...rest.METHODS.keys()))"
    node = [str(node_packages.require().executable), "-e", printed]
    known = subprocess.run(node, capture_output=True, text=True, check=True).stdout.split()
    assert listed == {*known, "batch"}


def test_everything_that_is_named_in_the_browser_is_described() -> None:
    rooms = ("page", "worker", "install", "phone")
    modules = [path for room in rooms for path in sorted((ROOT / "static" / room).rglob("*.js"))]
    sources = "".join(path.read_text(encoding="utf-8") for path in [ROOT / "static" / "protocol.js", *modules])
    names = set(re.findall(r"`(worker-py(?::\w+:| )\$)", sources))
    text = text_of(ROOT / "docs" / "storage.md")
    assert len(names) >= 6
    assert sorted(name for name in names if name.removesuffix("$") not in text) == []
