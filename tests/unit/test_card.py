"""The nine commands: what reaches the portal, what comes of each outcome, and what the card then believes."""

import asyncio
from typing import Any

import pytest

from tests.support.acting import Act, Acting
from worker_py import App, CallCard, CardState, CommandFailed, CommandTimeout, PageGone, PayloadError, UiState
from worker_py.events import AnswerButtonClick, HangupButtonClick, Initialized, MuteButtonClick
from worker_py.testing import CALL_ID, Answer, Portal, refusal

COMMANDS: list[tuple[Act, str, dict[str, Any]]] = [
    (lambda card: card.set_mute(True), "CallCardSetMute", {"muted": True}),
    (lambda card: card.set_mute(False), "CallCardSetMute", {"muted": False}),
    (lambda card: card.set_hold(True), "CallCardSetHold", {"held": True}),
    (lambda card: card.set_hold(False), "CallCardSetHold", {"held": False}),
    (lambda card: card.set_ui_state(UiState.CONNECTED), "CallCardSetUiState", {"uiState": "connected"}),
    (lambda card: card.set_ui_state("redial"), "CallCardSetUiState", {"uiState": "redial"}),
    (
        lambda card: card.set_ui_state(UiState.CONNECTED, disable_auto_start_timer=True),
        "CallCardSetUiState",
        {"uiState": "connected", "disableAutoStartTimer": True},
    ),
    (lambda card: card.set_ui_state(UiState("brandNew")), "CallCardSetUiState", {"uiState": "brandNew"}),
    (lambda card: card.get_list_ui_states(), "CallCardGetListUiStates", {}),
    (lambda card: card.set_card_title("Ada · +491"), "CallCardSetCardTitle", {"title": "Ada · +491"}),
    (lambda card: card.set_card_title(""), "CallCardSetCardTitle", {"title": ""}),
    (lambda card: card.set_status_text("On hold"), "CallCardSetStatusText", {"statusText": "On hold"}),
    (lambda card: card.start_timer(), "CallCardStartTimer", {}),
    (lambda card: card.stop_timer(), "CallCardStopTimer", {}),
    (lambda card: card.close(), "CallCardClose", {}),
]
ANSWERED = [row for row in COMMANDS if "Timer" not in row[1]]


@pytest.mark.parametrize(("act", "name", "params"), COMMANDS)
def test_each_command_reaches_the_portal_with_its_documented_parameters(
    act: Act, name: str, params: dict[str, Any]
) -> None:
    call = Acting(act)
    with call as portal:
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert portal.sent == [(name, params)]
        assert [type(each) for each in call.results] == [list if "List" in name else type(None)]


@pytest.mark.parametrize(("act", "name", "params"), COMMANDS)
@pytest.mark.parametrize(
    "answer",
    [refusal("Call card is undefined"), Answer({"result": "error", "errorCode": "Call card is undefined"})],
    ids=["array", "object"],
)
def test_the_portals_error_is_raised_in_both_shapes_and_changes_no_state(
    act: Act, name: str, params: dict[str, Any], answer: Answer
) -> None:
    call = Acting(act)
    with call as portal:
        portal.answers[name] = answer
        before: list[CardState] = []
        portal.raise_event("answerButtonClick")
        error = call.results[0]
        assert isinstance(error, CommandFailed)
        assert (error.command, error.error_code) == (name, "Call card is undefined")
        assert call.card.state == CardState(phone_number="+4930123456", crm_entity_type="CONTACT", crm_entity_id=7)
        assert portal.outcomes == [(name, "Call card is undefined")]
        assert before == []


@pytest.mark.parametrize(("act", "name", "params"), ANSWERED)
def test_no_answer_is_a_timeout_that_names_command_and_id(act: Act, name: str, params: dict[str, Any]) -> None:
    call = Acting(act)
    with call as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(4.999)
        assert call.results == []
        portal.advance(0.001)
        error = call.results[0]
        assert isinstance(error, CommandTimeout)
        (asked,) = [message for message in portal.page.messages if message["t"] == "command"]
        assert (error.command, error.timeout_ms, error.command_id) == (name, 5000, asked["id"])
        assert str(error) == f"{name} (command {asked['id']}) was not answered within 5000 ms"
        assert (call.card.state.muted, call.card.state.ui_state, call.card.state.title) == (False, None, None)
        assert portal.outcomes == [(name, "timeout")]


def test_the_deadline_of_commands_is_the_apps() -> None:
    call = Acting(lambda card: card.set_mute(True), command_timeout_ms=250)
    with call as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert call.times == [0.25]
        assert call.results[0].timeout_ms == 250


def test_without_a_deadline_a_command_waits_for_its_answer() -> None:
    call = Acting(lambda card: card.set_mute(True), command_timeout_ms=None, handler_timeout_s=None)
    with call as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=3_600_000)
        portal.raise_event("answerButtonClick")
        portal.advance(3599)
        assert call.results == []
        portal.advance(1)
        assert call.results == [None]


@pytest.mark.parametrize(
    ("act", "running"), [(lambda card: card.start_timer(), True), (lambda card: card.stop_timer(), False)]
)
def test_the_silence_of_the_timers_is_success_after_silent_ok_ms(act: Act, running: bool) -> None:
    call = Acting(act)
    with call as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(0.299)
        assert call.results == []
        portal.advance(0.001)
        assert (call.results, call.times) == ([None], [0.3])
        assert call.card.state.timer_running is running
        assert [outcome for _, outcome in portal.outcomes] == ["silence"]


def test_the_length_of_the_silence_is_the_apps() -> None:
    call = Acting(lambda card: card.start_timer(), silent_ok_ms=20)
    with call as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert call.times == [0.02]


def test_a_timer_that_is_answered_does_not_wait_for_the_silence_to_end() -> None:
    call = Acting(lambda card: card.start_timer())
    with call as portal:
        portal.answers["CallCardStartTimer"] = Answer([])
        portal.raise_event("answerButtonClick")
        assert (call.results, call.times) == ([None], [0])
        assert portal.outcomes == [("CallCardStartTimer", "ok")]


def test_a_timer_that_the_portal_refuses_fails() -> None:
    call = Acting(lambda card: card.stop_timer())
    with call as portal:
        portal.answers["CallCardStopTimer"] = refusal("Call card is undefined")
        portal.raise_event("answerButtonClick")
        assert isinstance(call.results[0], CommandFailed)
        assert call.card.state.timer_running is None


def test_a_second_answer_is_ignored_and_counted() -> None:
    call = Acting(lambda card: card.set_mute(True))
    with call as portal:
        portal.answers["CallCardSetMute"] = Answer(times=2)
        portal.raise_event("answerButtonClick")
        assert call.results == [None]
        assert strays(portal) == ["second"]


def test_an_error_with_a_second_answer_stays_an_error() -> None:
    call = Acting(lambda card: card.set_hold(True))
    with call as portal:
        portal.answers["CallCardSetHold"] = Answer({"result": "error", "errorCode": "missing field held"}, times=0)
        portal.raise_event("answerButtonClick")
        (asked,) = [message for message in portal.page.messages if message["t"] == "command"]
        error = {"result": "error", "errorCode": "missing field held"}
        portal.page.tell({"t": "answer", "id": asked["id"], "answer": error})
        portal.page.tell({"t": "answer", "id": asked["id"], "answer": []})
        assert [str(each) for each in call.results] == ["CallCardSetHold failed: missing field held"]
        assert call.card.state.held is False
        assert strays(portal) == ["second"]


def test_an_answer_after_the_deadline_is_ignored_and_counted_as_late() -> None:
    call = Acting(lambda card: card.set_mute(True))
    with call as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=6000)
        portal.raise_event("answerButtonClick")
        portal.advance(10)
        assert isinstance(call.results[0], CommandTimeout)
        assert call.card.state.muted is False
        assert strays(portal) == ["late"]


def test_the_answer_of_a_timer_after_its_silence_is_ignored_and_counted_as_late() -> None:
    call = Acting(lambda card: card.start_timer())
    with call as portal:
        portal.answers["CallCardStartTimer"] = Answer(refusal().payload, after_ms=400)
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert (call.results, call.card.state.timer_running) == ([None], True)
        assert strays(portal) == ["late"]


def test_an_answer_to_a_question_that_nobody_asked_is_counted_as_unknown() -> None:
    with Portal(App()) as portal:
        portal.page.tell({"t": "answer", "id": "c99", "answer": []})
        assert strays(portal) == ["unknown"]


@pytest.mark.parametrize(("act", "name", "params"), COMMANDS)
def test_a_page_that_goes_away_ends_the_command(act: Act, name: str, params: dict[str, Any]) -> None:
    call = Acting(act)
    with call as portal:
        portal.silent = True
        portal.raise_event("answerButtonClick")
        portal.page.detach()
        error = call.results[0]
        assert isinstance(error, PageGone)
        assert (error.page_id, str(error)) == ("page-1", "page page-1 is gone")


def test_a_command_on_a_card_whose_page_is_gone_is_not_sent() -> None:
    async def wait_and_act(card: CallCard) -> None:
        await card.page.call("wait", timeout_s=None)

    results: list[Any] = []

    async def act(card: CallCard) -> None:
        try:
            await wait_and_act(card)
        except PageGone:
            await card.set_mute(True)

    call = Acting(act)
    with call as portal:
        portal.provide("wait", never)
        portal.raise_event("answerButtonClick")
        portal.page.detach()
        assert isinstance(call.results[0], PageGone)
        assert portal.sent == []
        with pytest.raises(PageGone, match=r"^page page-1 is gone$"):
            _ = call.card.page
        with pytest.raises(PageGone, match=r"^page page-1 is gone$"):
            _ = call.card.rest
        assert (call.card.page_id, results) == ("page-1", [])


@pytest.mark.parametrize(
    ("act", "error", "message"),
    [
        (lambda card: card.set_mute(1), TypeError, "muted should be True or False, not int"),
        (lambda card: card.set_mute(None), TypeError, "muted should be True or False, not NoneType"),
        (lambda card: card.set_hold("yes"), TypeError, "held should be True or False, not str"),
        (lambda card: card.set_card_title(None), TypeError, "title should be a str, not NoneType"),
        (lambda card: card.set_card_title(5), TypeError, "title should be a str, not int"),
        (lambda card: card.set_status_text(b"x"), TypeError, "text should be a str, not bytes"),
        (lambda card: card.set_ui_state(None), TypeError, "state should be a str, not NoneType"),
        (
            lambda card: card.set_ui_state("connected", disable_auto_start_timer="no"),
            TypeError,
            "disable_auto_start_timer should be True or False, not str",
        ),
        (
            lambda card: card.set_ui_state("Connected"),
            ValueError,
            "'Connected' is no card state; the portal knows: incoming, transferIncoming, outgoing, "
            "connectingIncoming, connectingOutgoing, connected, transferring, transferFailed, transferConnected, "
            "error, moneyError, redial",
        ),
    ],
)
def test_arguments_of_the_wrong_kind_are_refused_before_anything_is_sent(
    act: Act, error: type[Exception], message: str
) -> None:
    call = Acting(act)
    with call as portal:
        portal.raise_event("answerButtonClick")
        assert [(type(each), str(each)) for each in call.results] == [(error, message)]
        assert portal.sent == []


def test_the_list_of_states_is_what_the_portal_says() -> None:
    call = Acting(lambda card: card.get_list_ui_states())
    with call as portal:
        portal.raise_event("answerButtonClick")
        portal.answers["CallCardGetListUiStates"] = Answer({"0": "incoming", "1": "brandNew"})
        portal.raise_event("answerButtonClick")
        portal.answers["CallCardGetListUiStates"] = Answer("connected")
        portal.raise_event("answerButtonClick")
        assert call.results[0] == list(UiState)
        assert call.results[1] == [UiState.INCOMING, UiState("brandNew")]
        assert isinstance(call.results[2], PayloadError)


def test_what_the_page_itself_refuses_to_pass_on_has_failed() -> None:
    call = Acting(lambda card: card.set_mute(True))
    with call as portal:
        portal.answers["CallCardSetMute"] = Answer(times=0)
        portal.raise_event("answerButtonClick")
        (asked,) = [message for message in portal.page.messages if message["t"] == "command"]
        portal.page.tell({"t": "refused", "id": asked["id"], "error": "the page could not send it"})
        assert [str(each) for each in call.results] == ["CallCardSetMute failed: the page could not send it"]
        assert portal.outcomes == [("CallCardSetMute", "the page could not send it")]


def test_an_answer_of_another_page_is_not_taken() -> None:
    call = Acting(lambda card: card.set_mute(True))
    with call as portal:
        other = portal.open_page("other")
        portal.answers["CallCardSetMute"] = Answer(times=0)
        portal.raise_event("answerButtonClick")
        (asked,) = [message for message in portal.page.messages if message["t"] == "command"]
        other.tell({"t": "answer", "id": asked["id"], "answer": []})
        assert call.results == []
        portal.page.tell({"t": "answer", "id": asked["id"], "answer": []})
        assert call.results == [None]


def test_a_command_is_never_held_back_because_of_what_we_believe() -> None:
    async def twice(card: CallCard) -> None:
        await card.set_mute(True)
        await card.set_mute(True)
        await card.set_ui_state(UiState.MONEY_ERROR)
        await card.start_timer()

    call = Acting(twice)
    with call as portal:
        portal.raise_event("answerButtonClick")
        portal.advance(1)
        assert portal.sent == [
            ("CallCardSetMute", {"muted": True}),
            ("CallCardSetMute", {"muted": True}),
            ("CallCardSetUiState", {"uiState": "moneyError"}),
            ("CallCardStartTimer", {}),
        ]


def test_the_state_is_believed_once_the_portal_has_answered_and_not_before() -> None:
    seen: list[bool] = []

    async def act(card: CallCard) -> None:
        await card.set_mute(True)
        seen.append(card.state.muted)

    call = Acting(act)
    with call as portal:
        portal.answers["CallCardSetMute"] = Answer(after_ms=100)
        portal.raise_event("answerButtonClick")
        assert call.card.state.muted is False
        portal.advance(0.1)
        assert (seen, call.card.state.muted) == ([True], True)


def test_events_and_commands_change_the_state_in_the_order_in_which_they_happened() -> None:
    app, seen = App(), []

    @app.on(AnswerButtonClick)
    async def mute(event: AnswerButtonClick, card: CallCard) -> None:
        await card.set_mute(True)

    @app.on(MuteButtonClick)
    def look(event: MuteButtonClick, card: CallCard) -> None:
        seen.append(card.state.muted)

    @app.on(HangupButtonClick)
    def look_again(event: HangupButtonClick, card: CallCard) -> None:
        seen.append(card.state.muted)

    with Portal(app) as portal:
        portal.initialized()
        portal.raise_event("answerButtonClick")
        portal.raise_event("muteButtonClick", False)
        portal.raise_event("hangupButtonClick")
        assert seen == [False, False]
        portal.raise_event("muteButtonClick", True)
        portal.answers["CallCardSetMute"] = Answer(after_ms=50)
        portal.raise_event("answerButtonClick")
        portal.raise_event("muteButtonClick", False)
        portal.advance(0.05)
        portal.raise_event("hangupButtonClick")
    assert seen == [False, False, True, False, True]


def test_a_card_shows_its_call_and_page() -> None:
    call = Acting(lambda card: card.set_mute(True))
    with call as portal:
        portal.raise_event("answerButtonClick")
        assert repr(call.card) == f"<CallCard {CALL_ID} on page page-1>"
        assert (call.card.call_id, call.card.page_id, call.card.page.id) == (CALL_ID, "page-1", "page-1")
        assert repr(call.card.page) == "<Page page-1>"
        page = call.card.page
        portal.page.detach()
        assert repr(page) == "<Page page-1 (gone)>"


def test_data_and_card_are_the_same_for_every_event_of_a_call_and_new_for_the_next_call() -> None:
    app = App()
    seen: list[Any] = []

    @app.on(Initialized)
    def begin(event: Initialized, card: CallCard) -> None:
        card.data["number"] = event.phone_number
        seen.append(card)

    @app.on(AnswerButtonClick)
    def go_on(event: AnswerButtonClick, card: CallCard) -> None:
        seen.append(card.data["number"])

    with Portal(app) as portal:
        portal.initialized(CALL_ID="A", PHONE_NUMBER="+491")
        portal.raise_event("answerButtonClick")
        portal.initialized(CALL_ID="B", PHONE_NUMBER="+492")
        portal.raise_event("answerButtonClick")
    first, one, second, two = seen
    assert (one, two) == ("+491", "+492")
    assert first is not second
    assert (first.call_id, second.call_id) == ("A", "B")


async def never(params: Any) -> None:
    await asyncio.Event().wait()


def strays(portal: Portal) -> list[str]:
    entries = [message["entry"] for message in portal.page.messages if message["t"] == "trace"]
    return [entry["name"] for entry in entries if entry["kind"] == "stray"]
