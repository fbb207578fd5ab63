"""A forgotten ``await`` is reported with the line that lacks it."""

import asyncio
import gc
import inspect
import warnings
from typing import Any

import pytest

from worker_py import App, CallCard, Page
from worker_py import events as ev
from worker_py.testing import Portal


def line_of(function: Any, text: str) -> int:
    """Where this stands in a function."""
    lines, first = inspect.getsourcelines(function)
    return first + next(number for number, line in enumerate(lines) if text in line)


def reports(portal: Portal) -> list[dict[str, Any]]:
    return [each for each in portal.reports if each["kind"] == "not_awaited"]


def test_a_command_without_await_is_reported_with_file_line_handler_and_event() -> None:
    app = App()

    @app.on(ev.MuteButtonClick)
    async def mute(event: ev.MuteButtonClick, card: CallCard) -> None:
        card.set_status_text("muted")  # type: ignore[unused-coroutine]

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("muteButtonClick", True)
        [report] = reports(portal)
        assert portal.sent == []
    where = f"{__file__}, line {line_of(mute, 'set_status_text')}"
    assert report["text"] == (
        f"CallCard.set_status_text() was not awaited, so it did not run: write `await` in {where}"
    )
    assert report["handler"].endswith(".mute")
    assert report["id"] == "page-1:2"


def test_so_is_rest_and_a_coroutine_of_the_apps_own_in_any_handler() -> None:
    app = App()

    async def own() -> None: ...

    @app.on_page_event("now")
    def now(payload: Any, page: Page) -> None:
        page.rest.call("profile")  # type: ignore[unused-coroutine]
        own()  # type: ignore[unused-coroutine]

    with Portal(app) as portal:
        portal.emit("now")
        told = [each["text"].split("() was")[0] for each in reports(portal)]
    assert told[0] == "Rest.call"
    assert told[1].endswith("own")


def test_what_is_awaited_later_or_left_to_a_task_is_not_reported() -> None:
    app = App()

    @app.on(ev.Initialized)
    async def greet(event: ev.Initialized, card: CallCard) -> None:
        title = card.set_card_title("Ada")
        task = asyncio.create_task(card.set_status_text("…"))
        await title
        await task
        card.set_mute(True).close()

    with Portal(app) as portal:
        portal.initialized()
        assert len(portal.sent) == 2
        assert portal.reports == []


def test_outside_of_an_app_python_warns_as_ever() -> None:
    async def own() -> None: ...

    hook = warnings._warn_unawaited_coroutine  # type: ignore[attr-defined]
    with Portal(App()) as portal:
        portal.initialized()
        with pytest.warns(RuntimeWarning, match="own' was never awaited"):
            own()  # type: ignore[unused-coroutine]
            gc.collect()
        assert warnings._warn_unawaited_coroutine is hook  # type: ignore[attr-defined]
