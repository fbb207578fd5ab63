"""What is told of a failure: the type, the app's lines and the first words, in little more time than usual."""

import asyncio
import gc
import math
import time
from collections.abc import Callable
from typing import Any

import pytest

from tests.support.told import Boom, outcomes
from worker_py import App, CallCard, CommandFailed
from worker_py.events import AnswerButtonClick
from worker_py.failure import LONGEST_CHAIN, MESSAGE_CHARS, shorten, words
from worker_py.runner import failure_report
from worker_py.testing import Portal, refusal

HUGE = 10_000_000


class Rude:
    """An object that does not let itself be shown."""

    def __init__(self, error: type[BaseException] = ValueError) -> None:
        self.error = error

    def __repr__(self) -> str:
        raise self.error


class Silent(Exception):
    def __str__(self) -> str:
        raise SystemExit


def raised(error: BaseException) -> BaseException:
    """The same with a traceback: two lines of an app."""

    def helper() -> None:
        raise error

    def handler() -> None:
        helper()

    try:
        handler()
    except BaseException as caught:  # noqa: BLE001 - of any kind
        return caught
    raise AssertionError


def chain(length: int, *, raising: bool = False) -> BaseException:
    error: BaseException = ValueError("root")
    for number in range(length):
        newer = ValueError(number)
        newer.__cause__ = error
        error = raised(newer) if raising else newer
    return error


def nested(levels: int) -> list[Any]:
    inner: list[Any] = []
    for _ in range(levels):
        inner = [inner]
    return inner


def noted(note: str) -> BaseException:
    error = Boom("no")
    error.add_note(note)
    return error


ODD: dict[str, Callable[[], BaseException]] = {
    "a message of ten megabytes": lambda: ValueError("x" * HUGE),
    "a key of ten megabytes": lambda: KeyError("x" * HUGE),
    "bytes of ten megabytes": lambda: ValueError(b"x" * HUGE),
    "a message of ten megabytes and another": lambda: ValueError("x" * HUGE, "y"),
    "ten million numbers": lambda: ValueError([1] * HUGE),
    "a list of three thousand levels": lambda: ValueError(nested(3_000)),
    "a repr that fails": lambda: ValueError(Rude(), 1),
    "a repr that exits": lambda: ValueError(Rude(SystemExit)),
    "a str that exits": Silent,
    "a chain of two thousand causes": lambda: chain(2_000),
    "a chain of two thousand causes that were raised": lambda: chain(2_000, raising=True),
    "a group with a failed command": lambda: ExceptionGroup("both", [CommandFailed("CallCardClose", "no")]),
    "notes of ten megabytes": lambda: noted("x" * HUGE),
}


def cheapest(*errors: BaseException) -> list[float]:
    """Processor time of one report of each, the least of many; in turns, for a busy machine slows all alike."""
    least = [math.inf] * len(errors)
    for _ in range(40):
        for index, error in enumerate(errors):
            begun = time.process_time()
            failure_report("greet", None, error)
            least[index] = min(least[index], time.process_time() - begun)
    return least


@pytest.mark.parametrize("kind", ODD)
def test_an_odd_failure_is_told_with_its_type_and_the_apps_lines_in_twice_the_time_of_an_ordinary_one(
    kind: str,
) -> None:
    error = ODD[kind]()
    error = error if error.__traceback__ else raised(error)
    report = failure_report("greet", None, error)
    assert report.error == type(error).__name__
    assert type(error).__name__ in report.text
    assert "in handler\n" in report.text
    assert "in helper\n" in report.text
    assert len(report.text) < 2 * MESSAGE_CHARS
    odd, ordinary = cheapest(error, raised(Boom("ordinary")))
    assert odd <= 2 * ordinary + 0.000_05


def test_the_first_two_thousand_characters_of_a_message_are_told_and_how_many_more_there_are() -> None:
    text = "y".join("x" * 100 for _ in range(100))
    assert words(Boom(text)) == f"{text[:2000]}… (8099 characters more)"
    assert words(Boom("x" * 2_000)) == "x" * 2_000
    assert f"Boom: {text[:2000]}…" in failure_report("greet", None, Boom(text)).text


@pytest.mark.parametrize(
    "error",
    [
        Boom("no"), Boom(), Boom(None), KeyError("k"), KeyError(), KeyError("k", 1),
        ValueError(1, [2], {"a": None}, b"b", 1.5), OSError(2, "gone"), CommandFailed("CallCardClose", "no"),
    ],
)  # fmt: skip
def test_an_ordinary_message_is_told_as_python_tells_it(error: BaseException) -> None:
    assert words(error) == str(error)


def test_causes_contexts_and_members_are_told_in_pythons_order() -> None:
    def handler() -> None:
        try:
            try:
                raise KeyError("root")
            except KeyError:
                raise Boom("while it was handled")  # noqa: B904 - that is its context
        except Boom as error:
            raise ExceptionGroup("several", [ValueError("one"), CommandFailed("CallCardClose", "no")]) from error

    with pytest.raises(ExceptionGroup) as caught:
        handler()
    text = failure_report("greet", None, caught.value).text
    parts = ["KeyError: 'root'", "During handling of", "Boom: while it was handled", "direct cause", "several (2 sub",
             "ValueError: one", "CommandFailed: CallCardClose failed: no"]  # fmt: skip
    places = [text.index(part) for part in parts]
    assert places == sorted(places)


def test_a_cause_that_is_left_out_on_purpose_is_not_told() -> None:
    try:
        try:
            raise KeyError("hidden")
        except KeyError:
            raise Boom("shown") from None
    except Boom as error:
        assert "hidden" not in failure_report("greet", None, error).text


def test_causes_that_run_in_a_circle_are_told_once() -> None:
    one, other = Boom("one"), Boom("other")
    one.__cause__, other.__cause__ = other, one
    text = failure_report("greet", None, one).text
    assert (text.count("Boom: one"), text.count("Boom: other")) == (1, 1)


def test_what_python_finds_out_of_a_syntax_error_is_told() -> None:
    with pytest.raises(SyntaxError) as caught:
        compile("app = (", "app.py", "exec")
    text = failure_report("greet", None, caught.value).text
    assert 'File "app.py", line 1' in text
    assert "SyntaxError: '(' was never closed" in text


def test_groups_within_groups_are_told_to_some_depth() -> None:
    error: Exception = Boom("innermost")
    for _ in range(50):
        error = ExceptionGroup("group", [error])
    text = failure_report("greet", None, error).text
    assert "group (1 sub-exception)" in text
    assert "innermost" not in text


@pytest.mark.parametrize("field", ["__cause__", "__context__"])
def test_a_chain_that_is_too_long_to_be_freed_is_cut(field: str) -> None:
    links: list[BaseException] = [Boom("root")]
    for number in range(3_000):
        newer = Boom(number)
        setattr(newer, field, links[-1])
        links.append(newer)
    failure_report("greet", None, BaseExceptionGroup("holds it", [links[-1]]))
    newest, length = links[-1], 0
    while (older := getattr(newest, field)) is not None:
        newest, length = older, length + 1
    assert 90 <= length <= LONGEST_CHAIN
    assert [getattr(link, field) for link in links[1:2_000]] == [None] * 1_999
    del newest
    links.clear()
    gc.collect()


def test_a_chain_of_usual_length_stays_whole() -> None:
    error = chain(20)
    shorten(error)
    links = [error]
    while links[-1].__cause__ is not None:
        links.append(links[-1].__cause__)
    assert len(links) == 21


def test_a_handler_that_fails_with_a_failed_command_in_a_group_is_told_without_the_packages_frames() -> None:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        async with asyncio.TaskGroup() as group:
            group.create_task(card.set_mute(True))
            group.create_task(card.set_hold(True))

    with Portal(app) as portal:
        portal.answers["CallCardSetMute"] = refusal("Call card is undefined")
        portal.initialized()
        portal.raise_event("answerButtonClick")
        (report,) = portal.reports
        assert report["error"] == "ExceptionGroup"
        assert "in answer" in report["text"]
        assert "CommandFailed: CallCardSetMute failed: Call card is undefined" in report["text"]
        assert "/worker_py/" not in report["text"]
        assert outcomes(portal)[-1] == ["failed"]


def test_a_failure_whose_text_takes_for_ever_is_told_without_it() -> None:
    class Endless(Exception):
        def __str__(self) -> str:
            raise KeyboardInterrupt  # as the interpreter does to code that holds it

    text = failure_report("greet", None, raised(Endless())).text
    assert "in handler\n" in text
    assert text.endswith("Endless (its text cannot be shown)\n")
