"""What Python prints and logs is told to the page with its level and handler, and goes where it went as well."""

import asyncio
import io
import logging
import sys
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from worker_py import App, CallCard, Page
from worker_py import events as ev
from worker_py.printed import CHARS, PER_SECOND, Listener, Stream, heard_by, level_of
from worker_py.testing import Portal

LOG = logging.getLogger("exchange")


def told_of(write: Callable[[], Any]) -> list[tuple[str, str]]:
    """What the page is told when a handler does this: level and text."""
    app = App()

    @app.on(ev.Initialized)
    def writes(event: ev.Initialized, card: CallCard) -> None:
        write()

    with Portal(app) as portal:
        portal.initialized()
        assert {handler.rpartition(".")[2] for _, handler, _ in portal.printed} <= {"writes"}
        assert portal.reports == []
        return [(level, text) for level, _, text in portal.printed]


def test_each_print_is_one_message_and_goes_on_to_the_terminal(capsys: pytest.CaptureFixture[str]) -> None:
    def write() -> None:
        print("Ada", 5)
        print("two\nlines")
        print()
        print("an error", file=sys.stderr)

    assert told_of(write) == [("info", "Ada 5"), ("info", "two\nlines"), ("info", ""), ("error", "an error")]
    assert capsys.readouterr() == ("Ada 5\ntwo\nlines\n\n", "an error\n")


@pytest.mark.parametrize("text", ["Müller → 7", "\ud83d"])
def test_what_the_terminal_cannot_show_fails_no_handler(monkeypatch: pytest.MonkeyPatch, text: str) -> None:
    terminal = io.TextIOWrapper(io.BytesIO(), encoding="ascii", write_through=True)
    monkeypatch.setattr(sys, "stdout", terminal)
    assert told_of(lambda: print(text)) == [("info", text)]
    assert terminal.buffer.getvalue().decode("unicode_escape") == f"{text}\n"


def test_what_is_printed_without_an_end_is_told_when_the_handler_pauses() -> None:
    def write() -> None:
        print("a", end="")
        print("b", end="")
        sys.stdout.write("c")

    assert told_of(write) == [("info", "abc")]


def test_a_line_that_is_flushed_is_told_at_once() -> None:
    def write() -> None:
        print("a", end="", flush=True)
        print("b", end="")

    assert told_of(write) == [("info", "a"), ("info", "b")]


def test_log_records_have_their_own_level_and_are_told_once_whatever_handlers_there_are() -> None:
    def write() -> None:
        handler = logging.StreamHandler()  # to the stream of the moment
        LOG.addHandler(handler)
        LOG.setLevel(logging.DEBUG)
        try:
            LOG.debug("%d ringing", 2)
            LOG.info("answered")
            LOG.warning("late")
            LOG.critical("gone")
        finally:
            LOG.removeHandler(handler)
            LOG.setLevel(logging.NOTSET)
        logging.getLogger().error("of the root")

    assert told_of(write) == [
        ("debug", "exchange: 2 ringing"), ("info", "exchange: answered"), ("warning", "exchange: late"),
        ("error", "exchange: gone"), ("error", "of the root"),
    ]  # fmt: skip


def test_a_record_below_its_loggers_level_is_not_told_and_one_with_an_exception_has_its_traceback() -> None:
    def write() -> None:
        LOG.info("nobody asked for it")
        try:
            raise KeyError("no key")
        except KeyError:
            LOG.exception("failed")

    [(level, text)] = told_of(write)
    assert level == "error"
    assert text.startswith("exchange: failed\nTraceback")
    assert text.endswith("KeyError: 'no key'")


def test_a_record_whose_arguments_do_not_fit_is_told_as_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(logging, "raiseExceptions", False)
    monkeypatch.setattr(LOG, "propagate", False)
    assert told_of(lambda: LOG.warning("%d", "x")) == [("warning", "exchange: %d")]


@pytest.mark.parametrize(
    ("number", "level"),
    [(5, "debug"), (10, "debug"), (20, "info"), (25, "info"), (30, "warning"), (40, "error"), (50, "error")],
)
def test_a_level_between_is_the_one_below(number: int, level: str) -> None:
    assert level_of(number) == level


def test_the_handler_that_printed_is_named_though_another_runs_meanwhile() -> None:
    app = App()

    @app.on(ev.Initialized)
    async def first(event: ev.Initialized, card: CallCard) -> None:
        print("first", end="")
        await asyncio.sleep(1)
        print("first again")

    @app.on(ev.AnswerButtonClick)
    async def second(event: ev.AnswerButtonClick, card: CallCard) -> None:
        print("second", end="")
        asyncio.get_running_loop().call_later(5, print, "later")

    @app.on_page_event("now")
    async def left(payload: Any, page: Page) -> None:
        async def behind() -> None:
            await asyncio.sleep(1)
            print("behind")

        page.task = asyncio.create_task(behind())  # type: ignore[attr-defined]

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        portal.emit("now")
        portal.advance(1)
        told = [(handler.rpartition(".")[2], text) for _, handler, text in portal.printed]
        assert told == [("first", "first"), ("second", "second"), ("first", "first again"), ("behind", "behind")]
        assert portal.printed[-1][1].startswith("background ")
        told_by = [each["id"] for each in portal.page.messages if each["t"] == "printed"]
        assert told_by == ["page-1:1", "page-1:2", "page-1:1", "page-1:3"]


def test_it_goes_to_the_page_of_the_event() -> None:
    app = App()

    @app.on(ev.Initialized)
    def greet(event: ev.Initialized, card: CallCard) -> None:
        print(card.call_id)

    with Portal(app) as portal:
        second = portal.open_page("second")
        second.initialized(CALL_ID="B")
        assert [each["text"] for each in second.messages if each["t"] == "printed"] == ["B"]
        assert not [each for each in portal.page.messages if each["t"] == "printed"]


class Bench:
    """A stream whose listener writes down what it is told."""

    def __init__(self, origin: object = "page") -> None:
        self.told: list[tuple[Any, str, str]] = []
        self.now = 0.0
        self.stream = Stream(sys.stdout, "info")
        heard_by(Listener(lambda: origin, self.take, lambda: self.now))

    def take(self, *what: Any) -> None:
        self.told.append(what)
        self.stream.write("told\n")  # is not told without end


@pytest.fixture(autouse=True)
def _listener_of_before() -> Iterator[None]:
    before = heard_by(None)
    yield
    heard_by(before)


def test_what_is_long_is_cut_and_a_flood_is_counted() -> None:
    bench = Bench()
    bench.stream.write("x" * (CHARS + 7) + "\n")
    assert bench.told == [("page", "info", "x" * CHARS + "… (7 characters more)")]
    for number in range(PER_SECOND + 9):
        bench.stream.write(f"{number}\n")
    assert len(bench.told) == PER_SECOND
    bench.now = 1000
    bench.stream.write("and then\n")
    assert bench.told[-1][2] == "(10 lines were not shown)\nand then"
    bench.stream.write("goes on\n")
    assert bench.told[-1][2] == "goes on"


def test_what_no_page_takes_goes_to_the_stream_behind(capsys: pytest.CaptureFixture[str]) -> None:
    nobody = Bench(origin=None)
    nobody.stream.write("lost?\n")
    assert nobody.told == []
    taken = Bench()
    taken.stream.writelines(["taken\n"])
    assert taken.told == [("page", "info", "taken")]
    assert capsys.readouterr().out == "lost?\n"


def test_outside_of_an_app_the_streams_and_logging_are_pythons_own() -> None:
    before = (sys.stdout, sys.stderr, logging.Logger.callHandlers)
    with Portal(App()) as portal:
        portal.initialized()
        assert (sys.stdout, sys.stderr, logging.Logger.callHandlers) == before


def test_a_stream_is_one_in_every_other_way() -> None:
    stream: Any = Stream(sys.stdout, "info")
    assert (stream.writable(), stream.isatty(), stream.encoding) == (True, False, sys.stdout.encoding)
    assert stream.fileno() == sys.stdout.fileno()
    with pytest.raises(TypeError):
        stream.write(5)
