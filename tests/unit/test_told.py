"""What a report tells of an exception: types, codes and lines; words apart."""

from typing import Any

from worker_py.errors import CommandFailed, HandlerTimeout, PageCallFailed, RestError
from worker_py.told import FRAMES, LINKS, told


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001
        return caught


def without_words(error: BaseException) -> str:
    return repr([{**link, "words": ""} for link in told(error)])


def test_a_failure_is_told_by_its_type_and_the_lines_of_the_app_and_what_it_says_stands_apart() -> None:
    [link] = told(raised(LookupError("no Mary at +4915112345678")))
    assert (link["type"], link["code"], link["words"]) == ("LookupError", None, "no Mary at +4915112345678")
    [(file, line, function)] = link["frames"]
    assert (file, function) == (__file__[-200:], "raised")
    assert line > 0
    assert "Mary" not in without_words(raised(LookupError("no Mary")))


def test_what_caused_it_is_told_too_within_limits() -> None:
    error: BaseException = ValueError("0")
    for number in range(1, 20):
        following = ValueError(str(number))
        following.__cause__ = error
        error = following
    assert [link["words"] for link in told(error)] == [str(number) for number in range(19, 19 - LINKS, -1)]


def test_deep_recursion_is_told_by_its_innermost_frames() -> None:
    def down(left: int) -> None:
        if left == 0:
            raise KeyError("deep")
        down(left - 1)

    try:
        down(FRAMES + 20)
    except KeyError as error:
        [link] = told(error)
    assert [function for _, _, function in link["frames"]] == ["down"] * FRAMES


def test_errors_of_ours_are_told_with_their_code_and_sentences_of_the_portal_are_none() -> None:
    assert codes(CommandFailed("CallCardSetMute", "Call card is undefined")) == ["Call card is undefined"]
    assert codes(CommandFailed("CallCardSetMute", "Mary has no card")) == [None]
    assert codes(CommandFailed("CallCardSetMute", "A4915112345678")) == [None]
    assert codes(RestError("QUERY_LIMIT_EXCEEDED", "Mary asked too often", 503)) == ["QUERY_LIMIT_EXCEEDED"]
    assert codes(RestError("HTTP_502")) == ["HTTP_502"]
    assert codes(PageCallFailed("phone.answer", "TypeError", "Mary")) == ["TypeError"]
    assert codes(HandlerTimeout("greet", 30_000)) == ["time"]
    assert codes(ValueError("CODE")) == [None]


def codes(error: BaseException) -> list[Any]:
    return [link["code"] for link in told(error)]


def test_an_exception_that_refuses_to_be_looked_at_is_told_by_its_type() -> None:
    class Rude(Exception):
        @property
        def __cause__(self) -> Any:  # type: ignore[override]
            raise SystemExit

    [link] = told(raised(Rude("Mary")))
    assert (link["type"], link["words"], link["frames"]) == ("Rude", "", [])
