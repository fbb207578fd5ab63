"""The app's own reports: messages, exceptions, and what it logs."""

import logging
from collections.abc import Iterator
from typing import Any

import pytest

from worker_py import App, CallCard, ReportHandler
from worker_py.events import Initialized
from worker_py.testing import Portal


@pytest.fixture
def log() -> Iterator[logging.Logger]:
    logger = logging.getLogger("call.cards")
    before = list(logger.handlers)
    yield logger
    logger.handlers = before


def test_what_the_app_logs_is_captured_by_its_pattern_and_what_was_put_in_stands_apart(
    log: logging.Logger,
) -> None:
    app = App()
    log.addHandler(ReportHandler(app))

    @app.on(Initialized)
    def greet(event: Initialized, card: CallCard) -> None:
        log.warning("no contact for %s", event.phone_number)
        log.error(f"nobody is {event.phone_number}")
        log.info("less than a warning")

    with Portal(app) as portal:
        portal.initialized(PHONE_NUMBER="+4915112345678")
        first, second = portal.captured
    assert (first["level"], first["text"]) == ("warning", "call.cards: no contact for %s")
    assert first["handler"].endswith(".greet")
    assert first["words"] == "no contact for +4915112345678"
    assert (second["level"], second["text"]) == ("error", "call.cards: logged")
    assert second["words"] == "nobody is +4915112345678"


def test_an_exception_that_is_logged_is_told_with_its_lines(log: logging.Logger) -> None:
    app = App()
    log.addHandler(ReportHandler(app))

    @app.on(Initialized)
    def greet(event: Initialized, card: CallCard) -> None:
        try:
            raise LookupError("Mary")
        except LookupError:
            log.exception("no contact")

    with Portal(app) as portal:
        portal.initialized()
        [entry] = portal.captured
    assert [link["type"] for link in entry["told"]] == ["LookupError"]
    assert [function for _, _, function in entry["told"][0]["frames"]] == ["greet"]


def test_the_app_captures_messages_with_tags_and_exceptions() -> None:
    app = App()

    @app.on(Initialized)
    def greet(event: Initialized, card: CallCard) -> None:
        app.capture_message("wrap-up skipped", level="warning", tags={"queue": "sales"})
        app.capture_exception(KeyError("Mary"))

    with Portal(app) as portal:
        portal.initialized()
        message, exception = portal.captured
    cause = message["id"]
    assert cause is not None
    assert message == {
        "t": "captured",
        "level": "warning",
        "text": "wrap-up skipped",
        "words": "",
        "tags": {"queue": "sales"},
        "told": [],
        "handler": message["handler"],
        "id": cause,
    }
    assert (exception["text"], exception["level"]) == ("", "error")
    assert [(link["type"], link["words"]) for link in exception["told"]] == [("KeyError", "'Mary'")]


def test_what_is_captured_while_no_page_is_there_waits_for_one() -> None:
    app = App()
    with Portal(app, attach=False) as portal:
        app.capture_message("early")
        portal.attach()
        assert [entry["text"] for entry in portal.captured] == ["early"]


def test_captured_texts_are_bounded() -> None:
    app = App()
    with Portal(app) as portal:
        app.capture_message("x" * 5000, tags={f"tag{number}": "y" * 500 for number in range(50)})
        [entry] = portal.captured
    assert len(entry["text"]) == 500
    assert len(entry["tags"]) == 10
    assert max(map(len, entry["tags"].values())) == 200


@pytest.mark.parametrize(
    ("arguments", "more", "error"),
    [((7,), {}, TypeError), (("text",), {"level": "bad"}, ValueError), (("text",), {"tags": {"a": 1}}, TypeError)],
)
def test_what_cannot_be_captured_is_refused(arguments: Any, more: Any, error: type[Exception]) -> None:
    with pytest.raises(error):
        App().capture_message(*arguments, **more)


def test_only_exceptions_are_captured_as_such() -> None:
    with pytest.raises(TypeError, match="not str"):
        App().capture_exception("no exception")  # type: ignore[arg-type]
