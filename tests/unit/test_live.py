"""Other source for an app that runs: what changes, what stays, and what is refused."""

import base64
import importlib
import io
import linecache
import sys
import textwrap
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from worker_py import App, inbox
from worker_py._live import SOURCE_CHARS, SourceEditor, join
from worker_py.errors import HandlerTimeout
from worker_py.testing import Portal

MODULE = "an_app_to_edit"
FILE = f"/app/{MODULE}.py"
IMPORTS = """
import asyncio
from worker_py import App, CallCard, HandlerFailure
from worker_py.events import AnswerButtonClick, Initialized, MuteButtonClick, Started
"""
ORIGINAL = """
app = App()

@app.on(Initialized)
async def greet(event: Initialized, card: CallCard) -> None:
    card.data["greeted"] = "by the original"
    await card.set_status_text("original")

@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    await card.set_status_text("original mute")
"""


def source_of(text: str) -> str:
    """A whole module; its line 6 is the first line of `text` that is not empty."""
    return IMPORTS.lstrip() + "\n\n" + textwrap.dedent(text).strip() + "\n"


class Bench:
    """A portal in memory whose app can be edited."""

    def __init__(self, original: str = ORIGINAL) -> None:
        source = source_of(original)
        module = ModuleType(MODULE)
        module.__file__ = FILE
        linecache.cache[FILE] = (len(source), None, source.splitlines(keepends=True), FILE)
        sys.modules[MODULE] = module
        exec(compile(source, FILE, "exec"), module.__dict__)
        self.original = source
        self.portal = Portal(module.app)
        join(self.portal.dispatcher, module.app, MODULE, "app")

    def reload(self, source: str | None, *, again: bool = False) -> dict[str, Any]:
        """Bring a source, as the page does; gives the answer."""
        self.portal.page.tell(inbox.reload("r1", source, again=again))
        return self.told()[-1]

    def edit(self, text: str, *, again: bool = False) -> dict[str, Any]:
        """`reload` with the usual imports."""
        return self.reload(source_of(text), again=again)

    def told(self) -> list[dict[str, Any]]:
        """Answers to the first page."""
        return [message for message in self.portal.page.messages if message["t"] == "reloaded"]

    @property
    def texts(self) -> list[str]:
        """Status texts that reached the card."""
        return [params["statusText"] for name, params in self.portal.sent if name == "CallCardSetStatusText"]


@pytest.fixture
def bench() -> Iterator[Bench]:
    made = Bench()
    yield made
    made.portal.close()
    del sys.modules[MODULE]


EDITED = """
app = App()

@app.on(MuteButtonClick)
async def mute(event: MuteButtonClick, card: CallCard) -> None:
    await card.set_status_text(f"edited, greeted {card.data['greeted']}, muted {card.state.muted}")
"""


def test_new_events_go_to_the_new_code_and_the_card_keeps_its_data_and_state(bench: Bench) -> None:
    bench.portal.initialized()
    bench.portal.raise_event("muteButtonClick", True)
    answer = bench.edit(EDITED)
    assert (answer["outcome"], answer["id"], answer["error"], answer["edited"]) == ("applied", "r1", None, True)
    bench.portal.raise_event("muteButtonClick", True)
    assert bench.texts == ["original", "original mute", "edited, greeted by the original, muted True"]
    assert bench.portal.page.unacknowledged == {}


def test_the_apps_own_data_stays_and_what_the_new_source_adds_is_there_too(bench: Bench) -> None:
    bench.portal._app.data["visits"] = 7
    bench.reload(source_of('app = App()\napp.data |= {"visits": 0, "added": 1}'))
    bench.portal.emit("any")
    assert bench.portal.page.kept_data is not None
    assert '"visits":[1700000000000,"7"]' in bench.portal.page.kept_data
    assert '"1"]' in bench.portal.page.kept_data.partition('"added":')[2]


def test_handlers_in_flight_end_with_the_code_that_they_began_with(bench: Bench) -> None:
    bench.edit("""
        app = App()
        @app.on(AnswerButtonClick)
        async def slow(event: AnswerButtonClick, card: CallCard) -> None:
            await asyncio.sleep(5)
            await card.set_status_text("slow, first edit")
        @app.on(AnswerButtonClick)
        async def next_one(event: AnswerButtonClick, card: CallCard) -> None:
            await card.set_status_text("next, first edit")
            raise ValueError("first edit")
        @app.on_error
        def note(failure: HandlerFailure) -> None:
            failure.event and print("error handler of the first edit")
    """)
    bench.portal.initialized()
    seq = bench.portal.raise_event("answerButtonClick")
    bench.portal.advance(1)
    bench.edit("""
        app = App()
        @app.on(AnswerButtonClick)
        async def quick(event: AnswerButtonClick, card: CallCard) -> None:
            await card.set_status_text("quick, second edit")
        @app.on_error
        def must_not_run(failure: HandlerFailure) -> None:
            raise RuntimeError("error handler of the second edit")
    """)
    bench.portal.raise_event("answerButtonClick")
    assert bench.texts == ["quick, second edit"]
    assert seq in bench.portal.page.unacknowledged
    bench.portal.advance(5)
    assert bench.texts == ["quick, second edit", "slow, first edit", "next, first edit"]
    assert [report["error"] for report in bench.portal.reports] == ["ValueError"]
    assert bench.portal.page.unacknowledged == {}


def test_a_handler_in_flight_is_told_nothing_new_by_its_traceback(bench: Bench) -> None:
    bench.edit("""
        app = App()
        @app.on(AnswerButtonClick)
        async def slow(event: AnswerButtonClick, card: CallCard) -> None:
            await asyncio.sleep(5)
            raise ValueError("of the first edit")
    """)
    bench.portal.initialized()
    bench.portal.raise_event("answerButtonClick")
    bench.edit(EDITED)
    bench.portal.advance(5)
    [report] = bench.portal.reports
    assert f'File "{FILE} (edit 1)", line 10, in slow' in report["text"]
    assert 'raise ValueError("of the first edit")' in report["text"]


def test_a_failing_handler_of_the_new_source_is_shown_with_its_line_and_its_text(bench: Bench) -> None:
    answer = bench.edit("""
        app = App()
        @app.on(AnswerButtonClick)
        async def fails(event: AnswerButtonClick, card: CallCard) -> None:
            await asyncio.sleep(0)
            1 / 0  # the line to show
    """)
    bench.portal.initialized()
    bench.portal.raise_event("answerButtonClick")
    [report] = bench.portal.reports
    assert answer["file"] == f"{FILE} (edit 1)"
    assert f'File "{answer["file"]}", line 10, in fails\n    1 / 0  # the line to show' in report["text"]


@pytest.mark.parametrize(
    ("text", "line", "column", "words"),
    [
        ("app = App()\ndef broken(:\n    pass", 7, 12, "SyntaxError: invalid syntax"),
        ("app = App()\nif True:\npass", 8, 1, "IndentationError: expected an indented block after 'if' statement"),
        ("app = App()\n\nraise LookupError('at the top')", 8, None, "LookupError: at the top"),
        (
            "app = App()\n@app.on(Started)\ndef start() -> None: ...",
            7,
            None,
            "RegistrationError: Started handler start",
        ),
        ("app = App()\nimport no_such_module", 7, None, "ModuleNotFoundError: No module named 'no_such_module'"),
        ("app = App()\nraise SystemExit", 7, None, "SystemExit: "),
        ("app = 5", None, None, "app should be a new worker_py.App, not int; write `app = App()` at the top level"),
        ("", None, None, "app should be a new worker_py.App, not nothing"),
        (f"from {MODULE} import app", 6, None, "ImportError"),
        ("app = App(slice_limit_ms=50)", None, None, "slice_limit_ms is 50 here and 1000 in the app that runs"),
        ("app = App(handler_timeout_s=0)", 6, None, "ValueError: handler_timeout_s should be positive"),
        ("class Odd(Exception):\n    def __str__(self): 1 / 0\nraise Odd", 8, None, "Odd: (its text cannot be shown)"),
    ],
)
def test_what_cannot_run_is_refused_at_its_line_and_the_old_handlers_stay_in_force(
    bench: Bench, text: str, line: int | None, column: int | None, words: str
) -> None:
    module = sys.modules[MODULE]
    bench.portal.initialized()
    answer = bench.edit(text)
    assert (answer["outcome"], answer["edited"], answer["source"]) == ("refused", False, bench.original)
    assert answer["error"]["text"].startswith(words)
    assert (answer["error"]["line"], answer["error"]["column"]) == (line, column)
    assert sys.modules[MODULE] is module
    bench.portal.raise_event("muteButtonClick", True)
    assert bench.texts == ["original", "original mute"]


def test_an_edited_app_has_the_limits_of_the_project(bench: Bench) -> None:
    sys.modules[MODULE].app.take_project_settings({"slice_limit_ms": 50, "silent_ok_ms": 7})
    assert bench.edit("app = App(silent_ok_ms=8)")["outcome"] == "applied"
    settings = sys.modules[MODULE].app.settings
    assert (settings.slice_limit_ms, settings.silent_ok_ms) == (50, 8)


def test_the_app_that_runs_is_not_taken_for_a_new_one(bench: Bench) -> None:
    sys.modules["elsewhere"] = sys.modules[MODULE]
    try:
        answer = bench.edit("from elsewhere import app")
    finally:
        del sys.modules["elsewhere"]
    assert answer["error"]["text"].startswith("app should be a new worker_py.App, not the app that runs")


def test_a_source_that_is_too_long_is_refused_before_it_runs(bench: Bench) -> None:
    answer = bench.reload("#" * (SOURCE_CHARS + 1))
    assert answer["error"]["text"] == f"the source has {SOURCE_CHARS + 1} characters; expected at most {SOURCE_CHARS}"


def test_an_app_that_is_a_package_is_not_edited(bench: Bench) -> None:
    sys.modules[MODULE].__path__ = ["/app"]
    join(bench.portal.dispatcher, sys.modules[MODULE].app, MODULE, "app")
    assert "is a package; only an app in one file" in bench.edit(EDITED)["error"]["text"]


def test_an_overrun_slice_at_the_top_level_is_a_refusal_like_any_other(bench: Bench, monkeypatch: Any) -> None:
    def overrun() -> None:
        raise HandlerTimeout("the top level", 1000, "slice")

    monkeypatch.setattr("builtins.overrun", overrun, raising=False)
    answer = bench.edit("app = App()\noverrun()")
    assert answer["error"]["text"] == "HandlerTimeout: the top level held the interpreter for more than 1000 ms"
    assert answer["error"]["line"] == 7


def test_a_source_that_cannot_be_read_is_told_without_the_frames_that_tried_it(bench: Bench) -> None:
    refusal = bench.reload("def broken(:\n")["error"]
    assert "SyntaxError" in refusal["traceback"]
    assert "_tried" not in refusal["traceback"]


def test_a_refused_source_that_left_no_room_on_the_stack_is_taken_back_all_the_same(bench: Bench) -> None:
    before, depth = sys.modules[MODULE], sys.getrecursionlimit()
    refusal = bench.edit("""
        import sys
        for limit in range(1, 1000):
            try:
                sys.setrecursionlimit(limit)
            except RecursionError:
                continue
            raise ValueError("no")
        """)
    assert refusal["error"]["text"] == "ValueError: no"
    assert (sys.modules[MODULE], sys.getrecursionlimit()) == (before, depth)


def test_tasks_that_a_refused_source_began_are_cancelled(bench: Bench) -> None:
    bench.edit("""
        import sys
        app = App()
        async def intrude() -> None:
            await asyncio.sleep(0)
            sys.modules["intruded"] = sys
        task = asyncio.get_running_loop().create_task(intrude())
        raise ValueError
    """)
    bench.portal.advance(1)
    assert "intruded" not in sys.modules


def test_started_handlers_of_the_new_app_run_and_module_level_state_begins_anew(bench: Bench) -> None:
    text = """
        app = App()
        calls = []
        @app.on(Started)
        async def started(event: Started, nothing: None) -> None:
            calls.append("started")
            await app.page.call("note", calls)
    """
    notes: list[Any] = []
    bench.portal.provide("note", notes.append)
    bench.edit(text)
    bench.edit(text)
    assert notes == [["started"], ["started"]]


def test_page_events_go_to_the_new_code(bench: Bench) -> None:
    bench.portal.initialized()
    bench.edit("""
        app = App()
        @app.on_page_event("phone.ringing")
        async def ringing(payload, page) -> None:
            await page.call("note", payload)
    """)
    notes: list[Any] = []
    bench.portal.provide("note", notes.append)
    bench.portal.emit("phone.ringing", "line 1")
    assert notes == ["line 1"]


def test_new_limits_hold_for_pages_that_were_there_before(bench: Bench) -> None:
    bench.portal.initialized()
    bench.portal.silent = True
    bench.edit(EDITED.replace("App()", "App(command_timeout_ms=200)"))
    bench.portal.raise_event("muteButtonClick", True)
    bench.portal.advance(0.3)
    assert [report["error"] for report in bench.portal.reports] == ["CommandTimeout"]


def test_the_bundles_own_source_gets_its_file_name_back(bench: Bench) -> None:
    bench.edit(EDITED)
    answer = bench.reload(bench.original)
    assert (answer["edited"], answer["file"], answer["source"]) == (False, FILE, bench.original)
    bench.portal.initialized()
    assert bench.texts == ["original"]


def test_a_page_that_asks_is_told_what_runs_and_nothing_changes(bench: Bench) -> None:
    bench.edit(EDITED)
    app = sys.modules[MODULE].app
    answer = bench.reload(None)
    assert (answer["outcome"], answer["source"]) == ("shown", source_of(EDITED))
    assert answer["original"] == bench.original
    assert sys.modules[MODULE].app is app


def test_every_page_hears_of_a_source_that_was_taken_and_only_its_own_of_a_refusal(bench: Bench) -> None:
    other = bench.portal.open_page()
    bench.edit("app = (")
    bench.edit(EDITED)
    heard = [(each["outcome"], each["id"], each["source"]) for each in other.messages if each["t"] == "reloaded"]
    assert heard == [("applied", None, source_of(EDITED))]


def test_what_a_page_remembers_is_taken_by_a_new_interpreter_and_not_by_one_that_took_another(bench: Bench) -> None:
    assert bench.edit(EDITED, again=True)["outcome"] == "applied_again"
    answer = bench.edit(EDITED.replace("edited", "stale"), again=True)
    assert (answer["outcome"], answer["source"]) == ("kept", source_of(EDITED))


def test_a_page_hears_that_its_source_is_about_to_run_before_it_does(bench: Bench) -> None:
    witness = ModuleType("witness")
    sys.modules["witness"] = witness
    messages = witness.__dict__["messages"] = bench.portal.page.messages
    try:
        bench.edit(f"import witness\nseen = [message['t'] for message in witness.messages]\n{EDITED}")
    finally:
        del sys.modules["witness"]
    assert sys.modules[MODULE].seen[-1] == "taking"
    assert [message["id"] for message in messages if message["t"] == "taking"] == ["r1"]
    bench.edit(EDITED, again=True)  # is not run
    bench.reload(None)
    assert [message["t"] for message in messages if message["t"] in ("taking", "reloaded")] == [
        "taking", "reloaded", "reloaded", "reloaded",
    ]  # fmt: skip


def test_the_lines_of_old_sources_are_forgotten_one_day(bench: Bench) -> None:
    for number in range(12):
        bench.edit(f"{EDITED}\n# {number}")
    kept = [name for name in linecache.cache if name.startswith(f"{FILE} (edit")]
    assert kept == [f"{FILE} (edit {number})" for number in range(5, 13)]


def test_where_live_editing_has_not_joined_no_message_brings_source_in(bench: Bench) -> None:
    with Portal(sys.modules[MODULE].app) as portal:
        portal.initialized()
        portal.page.tell(inbox.reload("r1", source_of(EDITED)))
        [report] = portal.reports
        assert report["kind"] == "bad_message"
        assert report["text"] == "this bundle takes no source: only one built for live editing does"
        assert not [message for message in portal.page.messages if message["t"] == "reloaded"]
        portal.raise_event("muteButtonClick", True)
        texts = [params["statusText"] for name, params in portal.sent if name == "CallCardSetStatusText"]
        assert texts == ["original", "original mute"]


def test_an_app_that_was_never_registered_as_a_module_file_is_named_by_its_module() -> None:
    module = sys.modules["bare"] = ModuleType("bare")
    try:
        assert SourceEditor(App(), module.__name__, "app").running.file == "<bare>"
    finally:
        del sys.modules["bare"]


class PackageBench:
    """A portal in memory whose app is a package on disk, of which other files may come."""

    def __init__(self, home: Path) -> None:
        self.home = home
        self.files = {
            f"{PACKAGE}/__init__.py": source_of("""
                from . import texts

                app = App()

                @app.on(MuteButtonClick)
                async def mute(event: MuteButtonClick, card: CallCard) -> None:
                    await card.set_status_text(texts.mute())
                """),
            f"{PACKAGE}/texts.py": textwrap.dedent("""
                from pathlib import Path

                def mute() -> str:
                    return Path(__file__).with_name("text.txt").read_text()
                """),
            f"{PACKAGE}/text.txt": "first",
        }
        for name, text in self.files.items():
            (home / name).parent.mkdir(exist_ok=True)
            (home / name).write_text(text)
        module = importlib.import_module(PACKAGE)
        self.portal = Portal(module.app)
        join(self.portal.dispatcher, module.app, PACKAGE, "app", "v0")

    def bring(self, version: str, files: Mapping[str, str] | None = None, *, again: bool = False) -> dict[str, Any]:
        """Bring files, these in the place of some; gives the answer."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in {
                **self.files,
                **{f"{PACKAGE}/{name}": text for name, text in (files or {}).items()},
            }.items():
                archive.writestr(name, text)
        packed = base64.b64encode(buffer.getvalue()).decode()
        self.portal.page.tell(inbox.reload("r1", archive=packed, version=version, again=again))
        return [message for message in self.portal.page.messages if message["t"] == "reloaded"][-1]

    def mute(self) -> str:
        """What the handler writes."""
        self.portal.raise_event("muteButtonClick", True)
        return str(self.portal.sent[-1][1]["statusText"])


PACKAGE = "a_package_to_edit"


@pytest.fixture
def package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[PackageBench]:
    home = tmp_path / "app"
    home.mkdir()
    monkeypatch.syspath_prepend(str(home))
    before = list(sys.path)
    made = PackageBench(home)
    made.portal.initialized()
    yield made
    made.portal.close()
    for name in [name for name in sys.modules if name.partition(".")[0] == PACKAGE]:
        del sys.modules[name]
    sys.path[:] = before


def test_a_module_and_a_file_of_data_that_were_saved_run_and_the_card_stays(package: PackageBench) -> None:
    assert package.mute() == "first"
    answer = package.bring("v1", {"text.txt": "second"})
    assert (answer["outcome"], answer["version"], answer["edited"]) == ("applied", "v1", True)
    assert package.mute() == "second"
    package.bring("v2", {"texts.py": 'def mute():\n    return "third"\n'})
    assert package.mute() == "third"
    assert answer["file"] == f"{package.home} (version 1)/{PACKAGE}/__init__.py"


def test_files_that_run_already_are_kept_whoever_brings_them(package: PackageBench) -> None:
    assert package.bring("v0", again=True)["outcome"] == "kept"
    assert package.bring("v1", {"text.txt": "second"}, again=True)["outcome"] == "applied_again"
    assert package.bring("v1", {"text.txt": "second"})["outcome"] == "kept"
    assert package.bring("v0", again=True)["outcome"] == "applied_again"
    assert package.mute() == "first"


@pytest.mark.parametrize(
    ("text", "expected", "line"),
    [
        ("def mute(:\n", "SyntaxError: invalid syntax", 1),
        ("\nnonesuch()\n", "NameError: name 'nonesuch' is not defined", 2),
        ("\nimport sys\nsys.exit(3)\n", "SystemExit: 3", 3),
    ],
)
def test_files_that_fail_are_refused_at_the_line_of_the_module_that_does(
    package: PackageBench, text: str, expected: str, line: int
) -> None:
    path, modules = list(sys.path), set(sys.modules)
    answer = package.bring("v1", {"texts.py": text})
    error = answer["error"]
    assert (answer["outcome"], answer["version"]) == ("refused", "v0")
    assert (error["text"], error["file"], error["line"], error["restart"]) == (
        *(expected, f"{PACKAGE}/texts.py", line, False),
    )
    assert package.mute() == "first"
    assert (sys.path, set(sys.modules) - modules) == (path, set())
    assert sorted(path.name for path in package.home.parent.iterdir()) == ["app"]


def test_a_limit_that_is_set_at_the_start_needs_another_interpreter(package: PackageBench) -> None:
    main = package.files[f"{PACKAGE}/__init__.py"].replace("App()", "App(slice_limit_ms=5)")
    answer = package.bring("v1", {"__init__.py": main})
    assert (answer["outcome"], answer["error"]["restart"]) == ("refused", True)


def test_an_archive_that_is_none_is_refused(package: PackageBench) -> None:
    package.portal.page.tell(inbox.reload("r1", archive="no archive", version="v1"))
    assert "the archive of the app's files cannot be read" in str(package.portal.page.messages[-1])
    assert package.mute() == "first"


def test_the_directories_of_old_files_are_deleted_one_day(package: PackageBench) -> None:
    for number in range(12):
        package.bring(f"v{number + 1}", {"text.txt": str(number)})
    assert package.mute() == "11"
    assert len(list(package.home.parent.iterdir())) == 1 + 8
