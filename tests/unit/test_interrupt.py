"""Where code that holds the interpreter may be interrupted, by the files of the frames that run."""

from __future__ import annotations

import array
import asyncio
import json
import os
import re
import sys
from pathlib import PurePath
from types import FrameType, SimpleNamespace
from typing import cast

import pytest

import worker_py
from worker_py.inbox import Delivered
from worker_py.interrupt import IN_AN_IMPORT, IN_OUR_CODE, Interrupter, new_slice, patience
from worker_py.runner import FailureReport, text_of

APP = "/app/app.py"
OURS = str(PurePath(worker_py.__file__).with_name("dispatch.py"))
LOOP = str(PurePath(asyncio.__file__).with_name("events.py"))
JSON = json.__file__
FROZEN = "<frozen os>"
IMPORT = "<frozen importlib._bootstrap>"
REQUIREMENT = os.path.join(os.path.dirname(os.__file__), "site-packages", "phonenumbers", "__init__.py")
NAMESAKE = os.path.join(os.path.dirname(os.path.dirname(worker_py.__file__)), "worker_python", "__init__.py")


def stack(*files: str, module: str = "app") -> FrameType:
    """Frames of code in these files, the outermost first; `module` is what the code calls its module."""
    frame = None
    for file in files:
        code = SimpleNamespace(co_filename=file)
        frame = SimpleNamespace(f_code=code, f_globals={"__name__": module}, f_back=frame)
    return cast(FrameType, frame)


@pytest.mark.parametrize(
    "files",
    [
        (OURS, APP),
        (OURS, LOOP, OURS, APP, JSON),
        (OURS, APP, FROZEN),
        (OURS, REQUIREMENT),
        (OURS, NAMESAKE),
        (OURS, "<string>"),
    ],
)
def test_code_of_the_app_and_what_it_called_of_the_standard_library_is_interrupted_at_once(
    files: tuple[str, ...],
) -> None:
    assert patience(stack(*files)) == 0


@pytest.mark.parametrize("files", [(OURS, APP, OURS), (OURS, APP, OURS, JSON), (OURS, APP, LOOP)])
def test_code_of_ours_that_the_app_called_has_a_while(files: tuple[str, ...]) -> None:
    assert patience(stack(*files)) == IN_OUR_CODE


@pytest.mark.parametrize("files", [(OURS, APP, IMPORT, APP), (OURS, APP, IMPORT, JSON), (OURS, APP, IMPORT, OURS)])
def test_an_import_has_longer(files: tuple[str, ...]) -> None:
    assert patience(stack(*files)) == IN_AN_IMPORT


@pytest.mark.parametrize("files", [(OURS,), (OURS, LOOP), (OURS, LOOP, OURS, JSON), (OURS, IMPORT, JSON), (FROZEN,)])
def test_where_the_app_has_no_part_nothing_is_interrupted(files: tuple[str, ...]) -> None:
    assert patience(stack(*files)) is None


@pytest.mark.parametrize("module", ["worker_py.runner", "namedtuple_Delivered"])
def test_what_was_generated_for_a_class_of_ours_is_not_the_app_s(module: str) -> None:
    assert patience(stack(OURS, "<string>", module=module)) is None


def test_what_is_generated_for_our_classes_is_known_as_that() -> None:
    for cls, code in ((Delivered, Delivered.__new__.__code__), (FailureReport, FailureReport.__init__.__code__)):
        assert code.co_filename == "<string>", cls
    names = [Delivered.__new__.__globals__["__name__"], FailureReport.__init__.__globals__["__name__"]]
    assert [name.startswith(("worker_py.", "namedtuple_")) for name in names] == [True, True]


def test_a_failure_that_takes_long_to_describe_is_interrupted_at_once() -> None:
    found: list[int | None] = []

    class Watched(Exception):
        def __str__(self) -> str:
            frame: FrameType | None = sys._getframe()
            while frame is not None and frame.f_code is not text_of.__code__:
                frame = frame.f_back
            found.append(patience(stack_over(frame)))
            return "watched"

    def stack_over(frame: FrameType | None) -> FrameType:
        code = SimpleNamespace(co_filename=JSON)
        return cast(FrameType, SimpleNamespace(f_code=code, f_globals={}, f_back=frame))

    text_of(Watched())
    assert found and set(found) == {0}


def test_without_a_frame_nothing_is_interrupted() -> None:
    assert patience(None) is None


def test_the_frames_of_a_regular_expression_that_the_app_uses_are_the_app_s() -> None:
    found: list[int | None] = []

    def replace(_: re.Match[str]) -> str:
        found.append(patience(sys._getframe(1)))  # what called this function, as if it had not been called
        return ""

    re.sub("a", replace, "a")
    assert found == [0]


# Over time ---------------------------------------------------------------------------------------


@pytest.fixture
def beat() -> array.array[int]:
    return array.array("I", [0xFFFFFFFE])


def asked_in_vain(kept: Interrupter, frame: FrameType) -> int:
    """How often the worker asks until the code is interrupted."""
    return next(times for times in range(1000) if kept.strike(frame))


def test_code_of_the_app_is_interrupted_whenever_the_worker_asks(beat: array.array[int]) -> None:
    kept = Interrupter(beat)
    assert [kept.strike(stack(OURS, APP)) for _ in range(3)] == [True, True, True]


@pytest.mark.parametrize(("files", "limit"), [((OURS, APP, OURS), IN_OUR_CODE), ((OURS, APP, IMPORT), IN_AN_IMPORT)])
def test_patience_ends_and_begins_anew(beat: array.array[int], files: tuple[str, ...], limit: int) -> None:
    kept = Interrupter(beat)
    assert [asked_in_vain(kept, stack(*files)) for _ in range(2)] == [limit, limit]


def test_where_the_app_has_no_part_patience_has_no_end(beat: array.array[int]) -> None:
    kept = Interrupter(beat)
    assert not any(kept.strike(stack(OURS, JSON)) for _ in range(5000))


def test_interruptions_are_counted_until_something_else_runs(beat: array.array[int]) -> None:
    kept = Interrupter(beat)
    for _ in range(3):
        kept.strike(stack(OURS, APP))
    assert kept.interruptions == 3
    new_slice(beat)
    kept.strike(stack(OURS, APP))
    assert kept.interruptions == 1


def test_what_was_waited_for_in_one_slice_is_not_held_against_the_next(beat: array.array[int]) -> None:
    kept = Interrupter(beat)
    for _ in range(IN_OUR_CODE):
        kept.strike(stack(OURS, APP, OURS))
    new_slice(beat)
    assert asked_in_vain(kept, stack(OURS, APP, OURS)) == IN_OUR_CODE


def test_after_an_import_that_took_long_the_handler_has_a_whole_slice_once(beat: array.array[int]) -> None:
    kept = Interrupter(beat)
    kept.strike(stack(OURS, APP, IMPORT))
    assert not kept.strike(stack(OURS, APP))
    assert beat[0] == 0xFFFFFFFF
    for interruptions in (1, 2, 3):  # a loop around an import that swallows what interrupts it
        kept.strike(stack(OURS, APP, IMPORT))
        assert kept.strike(stack(OURS, APP))
        assert kept.interruptions == interruptions
    new_slice(beat)  # another handler
    kept.strike(stack(OURS, APP, IMPORT))
    assert not kept.strike(stack(OURS, APP))
