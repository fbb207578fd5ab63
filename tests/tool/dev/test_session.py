"""What becomes of what was saved: applied, refused with its line, or reason for a new bundle."""

import base64
import io
import threading
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool.bundle.app_source import AppSource
from worker_py_tool.dev.session import Problem, Session, problem_of
from worker_py_tool.dev.sources import Refused, Sources
from worker_py_tool.errors import ToolError


def sources(text: str, **parts: str) -> Sources:
    """An app of one file."""
    app = AppSource(Path("/somewhere/app.py"), "app", "app", (("app.py", text.encode()),))
    return Sources(app, {"client": "bx24"}, {"phone": "null", "dependencies": "", **parts})


class Desk:
    """A session with pages that answer at once."""

    def __init__(self) -> None:
        self.disk: Sources | ToolError = sources("first")
        self.built: list[Sources] = []
        self.cannot_build: Exception | None = None
        self.pages = 1
        self.answer: dict[str, Any] | None = {"outcome": "applied"}
        self.states: list[Mapping[str, Any]] = []
        self.lines: list[str] = []
        self.reads = 0
        self.stop = threading.Event()
        self.session = Session(self.read, self.build, self, self.lines.append, self.stop)
        self.session.begin()

    def read(self) -> Sources:
        self.reads += 1
        if isinstance(self.disk, ToolError):
            raise self.disk
        return self.disk

    def build(self, now: Sources) -> str:
        if self.cannot_build is not None:
            raise self.cannot_build
        self.built.append(now)
        return f"build {len(self.built)}"

    def tell(self, state: Mapping[str, Any]) -> None:
        news = not self.states or state["version"] != self.states[-1]["version"]
        self.states.append(state)
        if news and self.pages and self.answer is not None:
            self.session.heard({"kind": "tried", "version": state["version"], **self.answer})

    def save(self, now: Sources | ToolError) -> None:
        """Something was saved, and noticed."""
        self.disk = now
        self.session.look()

    @property
    def shown(self) -> str:
        """The last line, without what it took."""
        return self.lines[-1]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_a_saved_handler_goes_to_the_pages_and_nothing_is_built(desk: Desk) -> None:
    desk.save(sources("second"))
    assert desk.shown.startswith("applied app.py in ")
    assert desk.shown.endswith(" ms")
    assert len(desk.built) == 1
    state = desk.states[-1]
    assert (state["number"], state["builds"], state["problem"]) == (2, ["build 1"], None)
    archive = zipfile.ZipFile(io.BytesIO(base64.b64decode(state["archive"])))
    assert archive.read("app.py") == b"second"


def test_what_is_as_it_was_is_no_news(desk: Desk) -> None:
    desk.save(sources("first"))
    assert desk.lines == []
    assert len(desk.states) == 1


def test_what_cannot_be_read_is_told_once_with_its_place_and_the_running_version_stays(desk: Desk) -> None:
    problem = Refused("SyntaxError: invalid syntax", file="app.py", line=7)
    desk.save(problem)
    desk.session.look()
    assert desk.lines == ["not applied: app.py:7: SyntaxError: invalid syntax"]
    assert desk.states[-1]["number"] == 1
    assert desk.states[-1]["problem"] == {"text": "SyntaxError: invalid syntax", "file": "app.py", "line": 7}


def test_a_file_that_is_right_again_takes_the_problem_away(desk: Desk) -> None:
    desk.save(Refused("there is no app.py"))
    desk.save(sources("first"))
    assert desk.lines[0] == "not applied: there is no app.py"
    assert desk.shown.endswith(": as it ran before")
    assert (desk.states[-1]["problem"], desk.states[-1]["number"], len(desk.built)) == (None, 1, 1)


def test_a_save_in_two_steps_is_read_again_before_anything_is_said_of_it(desk: Desk) -> None:
    wait = desk.stop.wait

    def meanwhile(timeout: float | None = None) -> bool:
        desk.disk = sources("second")
        return wait(0)

    desk.stop.wait = meanwhile  # type: ignore[method-assign]
    desk.save(Refused("app.py defines no 'app'"))
    assert [line.partition(" in ")[0] for line in desk.lines] == ["applied app.py"]


def test_what_python_refuses_is_told_with_its_traceback_and_pages_go_back_to_what_ran(desk: Desk) -> None:
    traceback = 'Traceback\n  File "/app (version 2)/app.py", line 3, in <module>\nNameError: no'
    error = {"text": "NameError: no", "file": "app.py", "line": 3, "traceback": traceback, "restart": False}
    desk.answer = {"outcome": "refused", "error": error}
    desk.save(sources("second"))
    assert desk.lines == [
        "not applied: app.py:3: NameError: no\n"
        '    Traceback\n      File "app.py", line 3, in <module>\n    NameError: no'
    ]
    assert (desk.states[-1]["version"], desk.states[-1]["number"]) == (desk.states[0]["version"], 1)
    desk.answer = {"outcome": "applied"}
    desk.save(sources("third"))
    assert desk.states[-1]["number"] == 2


def test_what_only_a_new_interpreter_takes_is_built_and_pages_are_loaded_anew(desk: Desk) -> None:
    desk.answer = {"outcome": "refused", "error": {"text": "slice_limit_ms is 5", "restart": True}}
    desk.save(sources("second"))
    assert desk.shown.endswith(": pages load anew")
    assert (desk.states[-1]["builds"], desk.states[-1]["number"]) == (["build 2"], 2)


def test_another_part_of_the_project_is_built_and_pages_are_loaded_anew(desk: Desk) -> None:
    desk.save(sources("first", phone='"loopback"'))
    assert desk.shown.startswith("applied app.py in ")
    assert desk.shown.endswith(": phone changed: pages load anew")
    assert (desk.states[-1]["builds"], desk.states[-1]["why"]) == (["build 2"], "phone changed")


def test_a_project_that_cannot_be_built_changes_nothing(desk: Desk) -> None:
    desk.cannot_build = ToolError("no such package: nonesuch", "Name another.")
    desk.save(sources("first", dependencies="nonesuch"))
    assert desk.lines == ["not applied: no such package: nonesuch\n    Name another."]
    assert desk.states[-1]["builds"] == ["build 1"]
    desk.cannot_build = None
    desk.save(sources("first"))
    assert desk.shown.endswith(": as it ran before")


def test_a_build_that_finds_no_room_changes_nothing(desk: Desk) -> None:
    desk.cannot_build = OSError("No space left on device")
    desk.save(sources("first", phone="jssip"))
    assert desk.lines == ["not applied: No space left on device"]


def test_without_a_page_it_is_built_which_tries_it_and_no_page_is_loaded_anew(desk: Desk) -> None:
    desk.pages = 0
    desk.save(sources("second"))
    assert desk.shown.endswith(": no page is open: the next one runs it")
    assert desk.states[-1]["builds"] == ["build 1", "build 2"]


def test_a_page_that_answers_late_is_told_of_then(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("worker_py_tool.dev.session.ANSWER_S", 0.0)
    desk.answer = None
    desk.save(sources("second"))
    assert desk.shown.startswith("not applied: no page has answered yet")
    version = desk.states[-1]["version"]
    desk.session.heard({"kind": "tried", "version": version, "outcome": "applied"})
    desk.session.heard({"kind": "tried", "version": version, "outcome": "kept"})
    assert [line.partition(" in ")[0] for line in desk.lines[1:]] == ["applied app.py"]


def test_what_another_page_says_of_a_version_that_was_answered_is_no_news(desk: Desk) -> None:
    desk.save(sources("second"))
    desk.session.heard({"kind": "tried", "version": desk.states[-1]["version"], "outcome": "kept"})
    assert len(desk.lines) == 1


def test_a_handler_that_fails_is_shown_at_its_line(desk: Desk) -> None:
    text = 'Traceback\n  File "/app/app.py", line 9, in greet\nValueError: no'
    desk.session.heard({"kind": "failed", "handler": "greet", "event": "BackgroundCallCard::initialized", "text": text})
    assert desk.shown.splitlines()[0] == "failed: app.py:9: greet failed on initialized: ValueError: no"
    assert '      File "app.py", line 9, in greet' in desk.shown


def test_when_it_has_ended_nothing_more_is_said(desk: Desk) -> None:
    desk.stop.set()
    desk.save(ToolError("the build was interrupted"))
    desk.save(sources("second", phone="jssip"))
    assert desk.lines == []


def test_a_build_that_fails_at_the_apps_import_names_the_line() -> None:
    error = ToolError(
        '`import app` fails in the browser\'s Python\nTraceback\n  File "/app/app.py", line 4\nNameError: no',
        "Mend it.",
    )
    assert problem_of(error) == Problem(
        "NameError: no", "app.py", 4, 'Traceback\n  File "app.py", line 4\nNameError: no\nMend it.'
    )
