"""The portal in memory, as a test of an app uses it."""

import asyncio
from typing import Any

import pytest

from worker_py import App, CallCard, CommandFailed, CommandTimeout, Page, RestError, UiState
from worker_py.events import AnswerButtonClick, HangupButtonClick, Initialized
from worker_py.testing import CALL_ID, EPOCH_MS, Answer, MemoryCard, Portal, refusal


def test_the_example_of_the_module_works() -> None:
    app = App()

    @app.on(Initialized)
    async def title(event: Initialized, card: CallCard) -> None:
        assert event.phone_number is not None
        await card.set_card_title(event.phone_number)

    with Portal(app) as portal:
        portal.initialized(PHONE_NUMBER="+4930123456")
        assert ("CallCardSetCardTitle", {"title": "+4930123456"}) in portal.sent


def test_a_handler_runs_through_all_its_commands_before_the_call_returns() -> None:
    app = App()

    @app.on(Initialized)
    async def show(event: Initialized, card: CallCard) -> None:
        await card.set_card_title("Ada")
        await card.set_status_text("rings")
        await card.set_ui_state(UiState.INCOMING)

    with Portal(app) as portal:
        portal.initialized()
        assert portal.sent == [
            ("CallCardSetCardTitle", {"title": "Ada"}),
            ("CallCardSetStatusText", {"statusText": "rings"}),
            ("CallCardSetUiState", {"uiState": "incoming"}),
        ]
        assert portal.outcomes == [(name, "ok") for name, _ in portal.sent]
        assert portal.now_ms == EPOCH_MS


def test_initialized_raises_a_full_payload_under_the_given_fields() -> None:
    app = App()
    seen: list[Initialized] = []
    app.on(Initialized)(lambda event, card: seen.append(event))
    with Portal(app) as portal:
        assert portal.initialized(CALL_ID="B", CRM_ENTITY_ID="9") == 1
    (event,) = seen
    assert (event.call_id, event.crm_entity_id, event.line_name) == ("B", 9, "Main line")
    assert event.meta.raw["CRM_ENTITY_ID"] == "9"


def test_answers_may_be_errors_late_doubled_or_missing() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def answer(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await card.set_mute(True)
        except CommandFailed as error:
            seen.append(error.error_code)
        await card.set_hold(True)
        seen.append(portal.loop.time())

    with Portal(app) as portal:
        portal.answers = {"CallCardSetMute": refusal(), "CallCardSetHold": Answer(after_ms=1500)}
        portal.initialized()
        portal.raise_event("answerButtonClick")
        assert seen == ["Call card is undefined"]
        portal.advance(2)
        assert seen == ["Call card is undefined", 1.5]


def test_events_may_be_raised_by_short_and_by_full_name() -> None:
    app, seen = App(), []

    @app.on(HangupButtonClick)
    def hang_up(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(event.meta.name)

    with Portal(app) as portal:
        portal.initialized()
        assert portal.raise_event("hangupButtonClick") == 2
        assert portal.page.raise_event("BackgroundCallCard::hangupButtonClick", "") == 3
    assert seen == ["BackgroundCallCard::hangupButtonClick"] * 2


def test_rest_methods_are_values_functions_coroutines_or_errors() -> None:
    app = App()
    seen: list[Any] = []

    @app.on_page_event("go")
    async def go(payload: Any, page: Page) -> None:
        for method in ("value", "function", "coroutine", "error", "raises", "missing"):
            try:
                seen.append(await page.rest.call(method, {"n": 1}))
            except RestError as error:
                seen.append(error.code)

    async def coroutine(params: Any) -> int:
        await asyncio.sleep(1)
        return int(params["n"]) + 2

    def raises(params: Any) -> None:
        raise RestError("RAISED")

    with Portal(app) as portal:
        portal.rest = {
            "value": [1], "function": lambda params: params["n"] + 1, "coroutine": coroutine,
            "error": RestError("ERROR"), "raises": raises,
        }  # fmt: skip
        portal.emit("go")
        portal.advance(1)
    assert seen == [[1], 2, 3, "ERROR", "RAISED", "ERROR_METHOD_NOT_FOUND"]


def test_pages_get_names_of_their_own_and_messages_to_no_page_go_nowhere() -> None:
    with Portal(App()) as portal:
        assert [portal.page.id, portal.open_page().id, portal.open_page("x").id] == ["page-1", "page-2", "x"]
        portal.deliver("unknown", '{"t":')
        assert portal.reports == []


def test_a_portal_that_is_left_by_an_exception_is_closed() -> None:
    with pytest.raises(ZeroDivisionError), Portal(App()) as portal:
        raise ZeroDivisionError
    assert portal.loop.is_closed()


def test_portals_are_independent_of_each_other() -> None:
    app = App()
    seen: list[Any] = []
    app.on(Initialized)(lambda event, card: seen.append(card.data.setdefault("n", len(seen))))
    for _ in range(2):
        with Portal(app) as portal:
            portal.initialized()
            assert portal.sent == []
    assert (seen, CALL_ID) == ([0, 1], "E45D40253D1C2D2F.1774588815.822533")


def test_a_portal_that_is_silent_answers_nothing_and_one_command_alone_may_be_silent_too() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        try:
            await card.set_mute(True)
        except (CommandFailed, CommandTimeout) as error:
            seen.append((type(error), portal.loop.time()))

    with Portal(app) as portal:
        portal.initialized()
        portal.answers["CallCardSetMute"] = Answer(times=0)
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(5)
    assert seen == [(CommandFailed, 0.05), (CommandTimeout, 6)]


def test_the_card_of_a_page_shows_what_the_operator_sees() -> None:
    app = App()

    @app.on(Initialized)
    async def dress(event: Initialized, card: CallCard) -> None:
        await card.set_ui_state(UiState.INCOMING)
        await card.set_card_title("Ada")
        await card.set_status_text("rings")
        await card.set_mute(True)
        await card.set_hold(True)

    with Portal(app) as portal:
        assert portal.page.card is None
        portal.initialized(CALL_ID="A")
        assert portal.page.card == MemoryCard("A", "incoming", "Ada", "rings", muted=True, held=True)
        portal.raise_event("muteButtonClick", False)
        portal.raise_event("holdButtonClick", False)
        assert portal.page.card == MemoryCard("A", "incoming", "Ada", "rings")
        portal.raise_event("closeButtonClick")
        assert portal.page.card is None


def test_a_command_that_the_portal_refuses_does_not_change_the_card() -> None:
    app = App()

    @app.on(Initialized)
    async def dress(event: Initialized, card: CallCard) -> None:
        with pytest.raises(CommandFailed):
            await card.set_card_title("Ada")

    with Portal(app) as portal:
        portal.answers["CallCardSetCardTitle"] = refusal("no")
        portal.initialized()
        assert portal.page.card == MemoryCard(CALL_ID)


def test_a_card_that_was_closed_cannot_be_managed_but_the_states_can_be_listed() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(HangupButtonClick)
    async def late(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(len(await card.get_list_ui_states()))
        try:
            await card.set_mute(True)
        except CommandFailed as error:
            seen.append(error.error_code)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("closeButtonClick")
        portal.raise_event("hangupButtonClick")
    assert seen == [12, "Call card is undefined"]


def test_a_card_in_memory_takes_a_command_by_its_name_and_leaves_alone_what_it_does_not_know() -> None:
    card = MemoryCard("A")
    card.carry_out("CallCardOfAnotherDay", {"uiState": "idle"})
    assert card == MemoryCard("A")
    card.carry_out("CallCardSetMute", {"muted": True})
    assert card == MemoryCard("A", muted=True)
