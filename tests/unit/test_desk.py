"""Who shows what, and what waits: what is known of each page."""

import asyncio
from collections.abc import Iterator
from typing import Any

import pytest

from worker_py.call import Call
from worker_py.desk import Delivery, Desk
from worker_py.events import EntityChanged
from worker_py.outbox import Outbox
from worker_py.page import Page
from worker_py.requests import Requests
from worker_py.settings import Settings
from worker_py.testing import VirtualTimeLoop


@pytest.fixture(autouse=True)
def loop() -> Iterator[VirtualTimeLoop]:
    before, loop = asyncio.events._get_running_loop(), VirtualTimeLoop()
    asyncio.events._set_running_loop(loop)
    yield loop
    asyncio.events._set_running_loop(before)
    loop.close()


def page(page_id: str = "p") -> Page:
    requests = Requests(lambda _, __: None, lambda _, __, ___: None)
    return Page(page_id, "memory", requests, Settings, lambda: 0.0, Outbox(lambda _, __: None))


async def nothing(call: Call, command: Any) -> None:
    """Commands go nowhere here."""


def shown(desk: Desk, on: Page, call_id: str = "A") -> Call:
    call = desk.at(on).call = Call(call_id, on, nothing)
    return call


def test_a_page_shows_the_call_that_was_shown_there_last_while_it_goes_on_there() -> None:
    desk, here = Desk(), page()
    assert (desk.open_call(here), desk.window(here)) == (None, None)
    call = shown(desk, here)
    assert (desk.open_call(here), desk.window(here)) == (call, call.windows["p"])


@pytest.mark.parametrize("over", ["ended", "ending", "gone from here", "the page has gone"])
def test_a_page_shows_no_call_that_is_over_there(over: str) -> None:
    desk, here = Desk(), page()
    call = shown(desk, here)
    if over == "ended":
        call.ended = "closed_by_app"
    elif over == "ending":
        call.ending = True
    elif over == "gone from here":
        call.windows["p"].shown = False
    else:
        here.gone = True
    assert (desk.open_call(here), desk.window(here), desk.at(here).call) == (None, None, call)


def test_only_another_calls_card_is_in_the_way_of_a_command() -> None:
    desk, here, other = Desk(), page(), page("q")
    call, another = shown(desk, here), shown(desk, other, "B")
    assert [desk.another_shows(*each) for each in ((here, call), (here, another), (page("r"), call))] == [
        False, True, False,
    ]  # fmt: skip


def test_a_call_that_is_forgotten_is_no_pages_and_the_others_stay() -> None:
    desk, here, other = Desk(), page(), page("q")
    call, another = shown(desk, here), shown(desk, other, "B")
    desk.forget(call)
    assert (desk.at(here).call, desk.at(other).call) == (None, another)


def test_what_waits_is_taken_once_and_its_timer_ends(loop: VirtualTimeLoop) -> None:
    desk, here = Desk(), page()
    fired: list[str] = []
    seat = desk.at(here)
    seat.waiting.append(Delivery(here, 1, EntityChanged()))
    loop.call_soon(seat.deadline.begin, 1, fired.append, "waited")
    loop.settle()
    assert [each.seq for each in seat.take_waiting()] == [1]
    assert seat.take_waiting() == []
    loop.advance(2)
    assert fired == []


def test_a_page_that_is_dropped_is_as_new() -> None:
    desk, here = Desk(), page()
    desk.at(here).last_seq = 5
    desk.drop(here)
    desk.drop(here)
    assert desk.at(here).last_seq == 0
