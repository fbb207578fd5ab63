"""A strict portal in memory: what went wrong is raised by the call in which it did."""

import asyncio

import pytest

from worker_py import App, CallCard, HandlerFailure, Page, PayloadError
from worker_py.events import (
    AnswerButtonClick,
    HangupButtonClick,
    Initialized,
    MuteButtonClick,
    PageAttached,
    PageEvent,
    Started,
)
from worker_py.testing import ForgottenAwait, Portal


def app_that_fails() -> App:
    app = App()

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_card_title("before")
        raise LookupError("no such contact")

    return app


def test_a_failing_handler_is_raised_with_its_own_traceback_by_the_call_that_caused_it() -> None:
    with Portal(app_that_fails(), strict=True) as portal:
        portal.initialized()
        with pytest.raises(LookupError, match="no such contact") as caught:
            portal.raise_event("answerButtonClick")
        assert caught.traceback[-1].name == "answer"
        assert portal.sent == [("CallCardSetCardTitle", {"title": "before"})]
        portal.raise_event("hangupButtonClick")


def test_so_is_one_that_an_error_handler_took() -> None:
    app, taken = app_that_fails(), []

    @app.on_error
    def take(failure: HandlerFailure) -> None:
        taken.append(failure.exception)

    with Portal(app, strict=True) as portal:
        portal.initialized()
        with pytest.raises(LookupError) as caught:
            portal.raise_event("answerButtonClick")
    assert taken == [caught.value]


def test_without_strictness_it_is_reported_alone() -> None:
    with Portal(app_that_fails()) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert [report["kind"] for report in portal.reports] == ["handler_failed"]


@pytest.mark.parametrize("strict", [True, False])
def test_a_failure_may_be_expected(strict: bool) -> None:
    with Portal(app_that_fails(), strict=strict) as portal:
        portal.initialized()
        with portal.expect_failure(LookupError) as expected:
            portal.raise_event("answerButtonClick")
        assert str(expected.exception) == "no such contact"


def test_what_fails_later_is_raised_by_the_call_that_lets_time_pass() -> None:
    app, tasks = App(), []

    async def wrap_up() -> None:
        await asyncio.sleep(5)
        raise OSError("too late")

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        tasks.append(asyncio.ensure_future(wrap_up()))

    with Portal(app, strict=True) as portal:
        portal.initialized()
        portal.advance(4)
        with pytest.raises(OSError, match="too late"):
            portal.advance(2)


def test_payloads_that_are_refused_are_raised_by_the_page_and_by_the_interpreter() -> None:
    with Portal(App(), strict=True) as portal:
        portal.initialized()
        with pytest.raises(PayloadError, match="rating should be 1 to 5"):
            portal.raise_event("qualityMeterClick", 9)
        with pytest.raises(PayloadError, match="larger than"):
            portal.raise_event("addCommentButtonClick", "x" * 300_000)


def test_a_forgotten_await_is_raised_with_its_place() -> None:
    app = App()

    async def helper(card: CallCard) -> None:
        await card.set_hold(True)

    @app.on(MuteButtonClick)
    async def command(event: MuteButtonClick, card: CallCard) -> None:
        card.set_hold(True)  # type: ignore[unused-coroutine]

    @app.on(AnswerButtonClick)
    async def own(event: AnswerButtonClick, card: CallCard) -> None:
        helper(card)  # type: ignore[unused-coroutine]

    with Portal(app, strict=True) as portal:
        portal.initialized()
        with pytest.raises(ForgottenAwait, match=r"set_hold\(\) was not awaited.*test_testing_strict.py, line \d+"):
            portal.raise_event("muteButtonClick", True)
        with portal.expect_failure(ForgottenAwait):
            portal.raise_event("answerButtonClick")
        assert portal.sent == []


def test_what_comes_to_light_at_the_end_is_raised_there() -> None:
    app = App()

    @app.on(Initialized)
    async def greet(event: Initialized, card: CallCard) -> None:
        forgotten = card.set_hold(True)
        await asyncio.sleep(1000)
        del forgotten

    with pytest.raises(ForgottenAwait), Portal(app, strict=True) as portal:
        portal.initialized()
    with pytest.raises(AssertionError, match="the test's own"), Portal(app, strict=True) as portal:
        portal.initialized()
        raise AssertionError("the test's own")


def test_the_first_page_may_wait_until_what_its_handlers_ask_for_is_there() -> None:
    app, seen = App(), []

    @app.on(PageAttached)
    async def learn(event: PageEvent, page: Page) -> None:
        seen.append(await page.rest.call("user.current"))
        seen.append(await page.call("phone.lines"))

    with Portal(app, strict=True, attach=False) as portal:
        with pytest.raises(RuntimeError, match=r"attach\(\) opens it"):
            _ = portal.page
        portal.rest["user.current"] = {"ID": "1"}
        portal.provide("phone.lines", lambda _: 2)
        assert seen == []
        assert portal.attach() is portal.page
        assert seen == [{"ID": "1"}, 2]
        assert portal.attach() is portal.page
        assert list(portal.pages) == ["page-1"]


def test_whatever_a_page_does_opens_it() -> None:
    app, seen = App(), []
    app.on(PageAttached)(lambda event, page: seen.append(page.id))
    for act in (
        Portal.initialized,
        lambda portal: portal.emit("x"),
        lambda portal: portal.raise_event("skipButtonClick"),
    ):
        with Portal(app, attach=False) as portal:
            act(portal)
    assert seen == ["page-1"] * 3


def test_what_fails_when_the_page_attaches_is_raised_by_that() -> None:
    app = App()

    @app.on(Started)
    def begin(event: Started, _: None) -> None:
        raise OSError("no")

    with Portal(app, strict=True, attach=False) as portal, pytest.raises(OSError, match="no"):
        portal.attach()
    with pytest.raises(OSError, match="no"):
        Portal(app, strict=True)


def test_an_event_may_be_raised_as_itself_and_its_meta_is_filled_in() -> None:
    app, seen = App(), list[HangupButtonClick | MuteButtonClick]()
    app.on(MuteButtonClick)(lambda event, card: seen.append(event))
    with Portal(app, strict=True) as portal:
        portal.raise_event(Initialized(call_id="A"))
        portal.raise_event(MuteButtonClick(muted=True))
        assert portal.page.card is not None and portal.page.card.muted
    (event,) = seen
    assert event == MuteButtonClick(muted=True)
    assert (event.meta.name, event.meta.raw, event.meta.page_id) == (
        "BackgroundCallCard::muteButtonClick",
        True,
        "page-1",
    )


def test_what_no_portal_knows_is_refused_before_it_is_raised_unless_it_is_meant() -> None:
    with Portal(App(), strict=True) as portal:
        with pytest.raises(ValueError, match="answerButonClick"):
            portal.raise_event("answerButonClick")
        with pytest.raises(ValueError, match="CRM_ENTITY_TYP"):
            portal.initialized(CRM_ENTITY_TYP="DEAL")
        with pytest.raises(ValueError, match="no event of the portal"):
            portal.raise_event(PageAttached("memory"))  # type: ignore[arg-type]
        assert portal.initialized(CRM_ENTITY_TYP="DEAL", raw=True) == 1
        with portal.expect_failure(PayloadError):
            assert portal.raise_event("answerButonClick", raw=True) == 2


def test_each_command_is_in_sent_and_in_outcomes_once_however_many_windows_there_are() -> None:
    app = App()

    @app.on(Initialized)
    async def greet(event: Initialized, card: CallCard) -> None:
        await card.set_card_title("Ada")

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_ui_state("connected")

    with Portal(app, strict=True) as portal:
        portal.initialized()
        portal.open_page().initialized()
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        wanted = [("CallCardSetCardTitle", {"title": "Ada"}), ("CallCardSetUiState", {"uiState": "connected"})]
        assert portal.sent == wanted
        assert portal.outcomes == [(name, "ok") for name, _ in wanted]
        assert portal.service and all(page.card and page.card.title == "Ada" for page in portal.pages.values())
