"""Synchronous code on asynchronous objects, with such as Playwright has."""

import asyncio
from types import TracebackType
from typing import Any

import pytest

from worker_py_tool.kit.awaiting import as_synchronous, original, run


class Page:
    """What Playwright has, as far as it matters: methods that are coroutines and such that are not."""

    __module__ = "playwright.pretended"

    def __init__(self, name: str = "first") -> None:
        self.name = name
        self.log: list[str] = []

    @property
    def frames(self) -> list["Page"]:
        return [Page("frame")]

    async def evaluate(self, text: str) -> str:
        await asyncio.sleep(0)
        return f"{self.name} {text}"

    async def open(self, of: "Page") -> "Page":
        assert isinstance(of, Page)
        return Page(f"opened by {of.name}")

    async def refuse(self) -> None:
        await asyncio.sleep(0)
        raise LookupError("no")

    def expect(self) -> "Expecting":
        return Expecting(self)


class Expecting:
    __module__ = "playwright.pretended"

    def __init__(self, page: Page) -> None:
        self.page = page

    async def __aenter__(self) -> str:
        self.page.log.append("entered")
        return "expected"

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.sleep(0)
        self.page.log.append("left")


def test_what_is_a_coroutine_is_awaited_and_what_comes_of_it_can_be_used_alike() -> None:
    def use(page: Any, *, twice: str) -> list[str]:
        opened = page.open(page)
        return [page.evaluate("a"), opened.evaluate(twice), page.frames[0].evaluate("c"), opened.name]

    got = asyncio.run(run(use, as_synchronous(Page()), twice="b"))
    assert got == ["first a", "opened by first b", "frame c", "opened by first"]


def test_an_error_reaches_the_code_that_asked_and_may_be_handled_there() -> None:
    def use(page: Any) -> str:
        with pytest.raises(LookupError, match="no"):
            page.refuse()
        return str(page.evaluate("after"))

    assert asyncio.run(run(use, as_synchronous(Page()))) == "first after"


def test_an_error_that_is_not_handled_reaches_who_awaits() -> None:
    with pytest.raises(LookupError, match="no"):
        asyncio.run(run(lambda page: page.refuse(), as_synchronous(Page())))


def test_what_is_entered_by_coroutines_is_entered_and_left() -> None:
    page = Page()

    def use(seen: Any) -> None:
        with seen.expect() as what:
            assert what == "expected"
            page.log.append("inside")

    asyncio.run(run(use, as_synchronous(page)))
    assert page.log == ["entered", "inside", "left"]


def test_other_coroutines_go_on_meanwhile() -> None:
    async def both() -> list[str]:
        pages = [as_synchronous(Page(name)) for name in "ab"]
        return list(await asyncio.gather(*(run(page.evaluate, "x") for page in pages)))

    assert asyncio.run(both()) == ["a x", "b x"]


def test_the_object_behind_is_given_back() -> None:
    page = Page()
    assert original(as_synchronous(page)) is page
    assert original(5) == 5
