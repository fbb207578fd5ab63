"""Each of the nine commands: what it does to the card, and how it ends in Python, whatever the portal answers.

A comment tells the app which method of the card to call; it tells the test how that ended.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import BX24_FIRST, SharedPageFor
from tests.support.witness import SharedPage
from worker_py_tool.kit.browser_portal import BrowserCall

TIMEOUT_MS = 1500
APP = """
    import json
    from typing import Any

    from worker_py import App, CallCard, WorkerPyError
    from worker_py.commands import Command, CommandName
    from worker_py.events import AddCommentButtonClick, Initialized

    app = App(command_timeout_ms=%s, silent_ok_ms=None)

    async def outcome(card: CallCard, order: dict[str, Any]) -> dict[str, Any]:
        try:
            if "first" in order:
                await getattr(card, order["first"])()
            if "command" in order:  # as it is, past every check of the method
                sent = Command(CommandName(order["command"]), order["params"])
                return {"returns": await card._execute(sent)}
            method = getattr(card, order["method"])
            return {"returns": await method(*order["args"], **order["kwargs"])}
        except (WorkerPyError, TypeError, ValueError) as error:
            return {"raises": type(error).__name__, "says": str(error), "code": getattr(error, "error_code", None)}

    @app.on(Initialized)
    async def ready(event: Initialized, card: CallCard) -> None:
        await card.page.call("tell", "ready")

    @app.on(AddCommentButtonClick)
    async def obey(event: AddCommentButtonClick, card: CallCard) -> None:
        ended = await outcome(card, json.loads(event.comment))
        await card.page.call("tell", {**ended, "state": vars(card.state)})
"""

UNDEFINED = [{"result": "error", "errorCode": "Call card is undefined"}]


@pytest.fixture(scope="module", params=BX24_FIRST)  # the other client's answers: tests/static/page/client/b24jssdk*
def booted(shared_page_for: SharedPageFor, request: pytest.FixtureRequest) -> SharedPage:
    return shared_page_for(APP % 30_000, client=request.param)


@pytest.fixture(scope="module", params=BX24_FIRST)  # of the campaign
def impatient(shared_page_for: SharedPageFor, request: pytest.FixtureRequest) -> SharedPage:
    """With a deadline that is meant to pass; on a busy machine it passes elsewhere, too."""
    return shared_page_for(APP % TIMEOUT_MS, client=request.param)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted
    booted.close_call()


@pytest.fixture
def hurried(impatient: SharedPage) -> Iterator[SharedPage]:
    with impatient.case():
        yield impatient
    impatient.close_call()


def open_card(stage: SharedPage, ui_state: str | None = None) -> BrowserCall:
    """A call whose `initialized` Python has handled."""
    call = stage.incoming_call(ui_state=ui_state)
    assert stage.told() == "ready"
    return call


def order(stage: SharedPage, **what: object) -> dict[str, Any]:
    """Let the app do it; returns how it ended."""
    stage.raise_event("addCommentButtonClick", json.dumps(what))
    ended: dict[str, Any] = stage.told()
    return ended


def call(stage: SharedPage, method: str, *args: object, **kwargs: object) -> dict[str, Any]:
    """Let the app call a method of the card; returns how it ended."""
    return order(stage, method=method, args=args, kwargs=kwargs)


# What each does --------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Effect:
    """A call of a method: what reaches the portal, how the card looks then, and what Python believes of it."""

    args: list[Any]
    sent: tuple[str, dict[str, Any]]
    card: dict[str, Any]
    state: dict[str, Any]
    shown: dict[str, str] = field(default_factory=dict)
    """Texts of the card, by selector."""
    kwargs: dict[str, Any] = field(default_factory=dict)
    method: str = ""


EFFECTS = {
    "set_mute": Effect(
        [True],
        ("CallCardSetMute", {"muted": True}),
        {"muted": True},
        {"muted": True},
        {"#card-flags": "Microphone off"},
    ),
    "set_hold": Effect(
        [True], ("CallCardSetHold", {"held": True}), {"held": True}, {"held": True}, {"#card-flags": "On hold"}
    ),
    "set_ui_state": Effect(
        ["connected"],
        ("CallCardSetUiState", {"uiState": "connected"}),
        {"uiState": "connected"},
        {"ui_state": "connected", "timer_running": True},
        {"#card-state": "On the call"},
    ),
    "set_ui_state without the timer": Effect(
        ["connected"],
        ("CallCardSetUiState", {"uiState": "connected", "disableAutoStartTimer": True}),
        {"uiState": "connected"},
        {"ui_state": "connected", "timer_running": False},
        {"#card-timer": "00:00"},
        {"disable_auto_start_timer": True},
        "set_ui_state",
    ),
    "set_card_title": Effect(
        ["Mara · «Nordwind» 🚲"],
        ("CallCardSetCardTitle", {"title": "Mara · «Nordwind» 🚲"}),
        {"title": "Mara · «Nordwind» 🚲"},
        {"title": "Mara · «Nordwind» 🚲"},
        {"#card-title": "Mara · «Nordwind» 🚲"},
    ),
    "set_status_text": Effect(
        ['in: "queue":2'],
        ("CallCardSetStatusText", {"statusText": 'in: "queue":2'}),
        {"statusText": 'in: "queue":2'},
        {"status_text": 'in: "queue":2'},
        {"#card-status": 'in: "queue":2'},
    ),
    "start_timer": Effect([], ("CallCardStartTimer", {}), {}, {"timer_running": True}),
    "stop_timer": Effect([], ("CallCardStopTimer", {}), {}, {"timer_running": False}),
    "close": Effect([], ("CallCardClose", {}), {"open": False}, {"closed": True}, {".no-card": "No call"}),
}


@pytest.mark.parametrize("name", EFFECTS)
def test_a_command_changes_the_card_and_returns(stage: SharedPage, name: str) -> None:
    effect = EFFECTS[name]
    # Whether the operator is heard is shown while the call goes on only.
    open_card(stage, ui_state="connected" if "#card-flags" in effect.shown else None)
    ended = call(stage, effect.method or name, *effect.args, **effect.kwargs)
    assert ended["returns"] is None
    assert stage.commands() == [effect.sent]
    assert {key: stage.card()[key] for key in effect.card} == effect.card
    assert {key: ended["state"][key] for key in effect.state} == effect.state
    for selector, text in effect.shown.items():
        expect(stage.playwright_page.locator(selector)).to_contain_text(text)


def test_get_list_ui_states_gives_the_twelve(stage: SharedPage) -> None:
    open_card(stage)
    assert call(stage, "get_list_ui_states")["returns"] == list(BUTTONS)


BUTTONS = {
    "incoming": ["Answer", "Skip"],
    "transferIncoming": ["Answer", "Skip"],
    "outgoing": ["Call"],
    "connectingIncoming": ["Hang up"],
    "connectingOutgoing": ["Hang up"],
    "connected": ["Hold", "Mute", "Dial pad", "Transfer", "Hang up"],
    "transferring": ["Complete transfer", "Return to call"],
    "transferFailed": ["Return to call"],
    "transferConnected": ["Hang up"],
    "error": ["Close"],
    "moneyError": ["Notify admin", "Close"],
    "redial": ["Call again"],
}


def test_every_state_shows_its_buttons(stage: SharedPage) -> None:
    shown = open_card(stage)
    for ui_state, buttons in BUTTONS.items():
        assert call(stage, "set_ui_state", ui_state)["state"]["ui_state"] == ui_state
        assert (shown.ui_state, shown.buttons) == (ui_state, buttons)


def test_muting_twice_and_unmuting(stage: SharedPage) -> None:
    open_card(stage)
    assert [call(stage, "set_mute", muted)["returns"] for muted in (True, True, False)] == [None, None, None]
    assert stage.card()["muted"] is False
    assert [name for name, _ in stage.commands()] == ["CallCardSetMute"] * 3


def test_commands_fire_no_event(stage: SharedPage) -> None:
    """The portal echoes neither mute nor hold: `case()` fails when a handler tells of anything more."""
    open_card(stage, "connected")
    call(stage, "set_mute", True)
    call(stage, "set_hold", True)
    assert stage.counted("events") == 4  # initialized, its entity, and the two orders


def test_the_timer_goes_on_from_its_first_start(stage: SharedPage) -> None:
    open_card(stage)
    call(stage, "start_timer")
    assert stage.card()["timer"]["running"] is True
    call(stage, "stop_timer")
    assert stage.card()["timer"]["running"] is False
    call(stage, "stop_timer")
    call(stage, "start_timer")
    assert stage.card()["timer"]["running"] is True


# How it ends -----------------------------------------------------------------------------------------

ERRORS: dict[str, tuple[object, str]] = {
    "an array": (UNDEFINED, "Call card is undefined"),
    "a bare object": ({"result": "error", "errorCode": "missing field muted"}, "missing field muted"),
    "an error of tomorrow": ([{"result": "error", "errorCode": "Not on Sundays"}], "Not on Sundays"),
    "an error without a code": ([{"result": "error"}], "unknown error"),
}


def test_an_error_is_raised_whatever_its_shape(stage: SharedPage) -> None:
    open_card(stage)
    for answer, code in ERRORS.values():
        stage.configure(answers={"CallCardSetMute": answer})
        ended = call(stage, "set_mute", True)
        assert (ended["raises"], ended["code"]) == ("CommandFailed", code)
        assert ended["says"] == f"CallCardSetMute failed: {code}"
        assert ended["state"]["muted"] is False


SUCCESSES: dict[str, object] = {
    "null": None,
    "an empty object": {},
    "true": True,
    "a list of nothing": [None],
    "a word": "ok",
}


def test_any_other_answer_is_success(stage: SharedPage) -> None:
    open_card(stage)
    muted = False
    for shape, answer in SUCCESSES.items():
        muted = not muted
        stage.configure(answers={"CallCardSetMute": answer})
        assert call(stage, "set_mute", muted)["state"]["muted"] is muted, shape


def test_the_portal_refuses_a_state_that_it_does_not_know(stage: SharedPage) -> None:
    open_card(stage)
    ended = order(stage, command="CallCardSetUiState", params={"uiState": "talking"})
    assert (ended["raises"], ended["code"]) == ("CommandFailed", "Invalid ui state")


def test_a_closed_card_cannot_be_managed(stage: SharedPage) -> None:
    open_card(stage)
    ended = order(stage, first="close", method="set_mute", args=[True], kwargs={})
    assert (ended["raises"], ended["code"]) == ("CommandFailed", "Call card is undefined")
    assert [name for name, _ in stage.commands()] == ["CallCardClose", "CallCardSetMute"]


DESKTOP = {
    "CallCardSetMute": "missing field muted",
    "CallCardSetHold": "missing field held",
    "CallCardSetCardTitle": "missing field title",
    "CallCardSetStatusText": "missing field statusText",
}


def test_the_desktop_app_complains_of_missing_fields_and_answers_the_timer_commands(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(desktop=True)
    for command, code in DESKTOP.items():
        ended = order(stage, command=command, params={})
        assert (ended["raises"], ended["code"]) == ("CommandFailed", code)
    for method in ("start_timer", "stop_timer"):
        assert call(stage, method)["returns"] is None
    assert outcomes(stage) == [*DESKTOP.values(), "ok", "ok"]


def test_silence_is_success_for_the_timer_commands(stage: SharedPage) -> None:
    open_card(stage)
    for method in ("start_timer", "stop_timer"):
        assert call(stage, method)["returns"] is None
    assert outcomes(stage) == ["proven", "proven"]


def test_silence_that_is_proven_is_a_failure_of_the_others(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(silent=["CallCardSetCardTitle"])
    ended = call(stage, "set_card_title", "Mara")
    assert (ended["raises"], ended["code"]) == ("CommandFailed", "UNANSWERED")
    assert ended["state"]["title"] is None
    assert outcomes(stage) == ["UNANSWERED"]
    assert call(stage, "set_status_text", "still here")["returns"] is None


# tests/unit/test_page_proof.py: the test of the same name; test_deadlines.py: this deadline in a browser
@pytest.mark.campaign
def test_a_portal_that_answers_nothing_at_all_is_a_timeout(hurried: SharedPage) -> None:
    stage = hurried
    open_card(stage)
    stage.fault("silent")
    ended = call(stage, "set_card_title", "Mara")
    assert ended["raises"] == "CommandTimeout"
    assert ended["says"].startswith("CallCardSetCardTitle (command c")
    assert ended["says"].endswith(f"was not answered within {TIMEOUT_MS} ms")
    assert ended["state"]["title"] is None
    assert outcomes(stage) == ["timeout"]
    stage.fault("silent", False)
    assert call(stage, "set_status_text", "still here")["returns"] is None


def test_an_answer_that_is_not_json_is_no_success(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(rawAnswers={"CallCardSetMute": "[{oops"})
    assert call(stage, "set_mute", True)["raises"] == "CommandFailed"


# tests/unit/test_card.py: test_an_answer_after_the_deadline_is_ignored_and_counted_as_late
@pytest.mark.campaign
def test_a_late_answer_changes_nothing_and_is_counted(hurried: SharedPage) -> None:
    stage = hurried
    open_card(stage)
    stage.configure(delayMs={"CallCardSetCardTitle": 2 * TIMEOUT_MS})
    assert call(stage, "set_card_title", "Mara")["raises"] == "CommandTimeout"
    stage.until("(stats.trace.stray ?? 0) === (before.trace.stray ?? 0) + 1")
    assert strays(stage) == ["late"]
    assert call(stage, "get_list_ui_states")["state"]["title"] is None


def test_an_answer_that_takes_its_time_is_waited_for(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(delayMs={"*": 500})
    assert call(stage, "set_card_title", "Mara")["state"]["title"] == "Mara"


def test_a_second_answer_changes_nothing_and_is_counted(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(double=["CallCardSetMute"])
    assert call(stage, "set_mute", True)["returns"] is None
    if stage.client == "bx24":  # the SDK forgets a callback that had its answer
        stage.until("(stats.trace.stray ?? 0) === (before.trace.stray ?? 0) + 1")
    assert strays(stage) == ["second"] * (stage.client == "bx24")
    assert call(stage, "set_hold", True)["state"]["held"] is True


def test_the_desktop_apps_second_answer_does_not_undo_its_error(stage: SharedPage) -> None:
    open_card(stage)
    stage.configure(desktop=True)
    assert order(stage, command="CallCardSetHold", params={})["raises"] == "CommandFailed"
    if stage.client == "bx24":  # the SDK forgets a callback that had its answer
        stage.until("(stats.trace.stray ?? 0) === (before.trace.stray ?? 0) + 1")
    assert strays(stage) == ["second"] * (stage.client == "bx24")


REFUSED_ANSWERS = {
    "nested 100,000 deep": ("[" * 100_000 + "]" * 100_000, "nested deeper than 64 levels"),
    "of a megabyte": (json.dumps("x" * 1_000_000), "larger than 256 * 1024 characters"),
}


def test_an_answer_that_could_kill_the_interpreter_is_refused(stage: SharedPage) -> None:
    open_card(stage)
    for text, reason in REFUSED_ANSWERS.values():
        stage.configure(rawAnswers={"CallCardSetMute": text})
        ended = call(stage, "set_mute", True)
        assert (ended["raises"], ended["code"]) == ("CommandFailed", f"the portal's answer was refused: {reason}")
        assert call(stage, "set_hold", True)["returns"] is None


ARGUMENTS: dict[str, tuple[str, list[Any], dict[str, Any], str, str]] = {
    "mute, a word": ("set_mute", ["yes"], {}, "TypeError", "muted should be True or False, not str"),
    "mute, a number": ("set_mute", [1], {}, "TypeError", "muted should be True or False, not int"),
    "hold, nothing": ("set_hold", [None], {}, "TypeError", "held should be True or False, not NoneType"),
    "title, a number": ("set_card_title", [7], {}, "TypeError", "title should be a str, not int"),
    "text, nothing": ("set_status_text", [None], {}, "TypeError", "text should be a str, not NoneType"),
    "state, a number": ("set_ui_state", [7], {}, "TypeError", "state should be a str, not int"),
    "state, unknown": ("set_ui_state", ["talking"], {}, "ValueError", "'talking' is no card state; the portal knows: "),
    "state, timer": (
        "set_ui_state",
        ["connected"],
        {"disable_auto_start_timer": "no"},
        "TypeError",
        "disable_auto_start_timer should be True or False, not str",
    ),
    "too many": ("close", [True], {}, "TypeError", ""),
}


def test_wrong_arguments_are_refused_before_anything_is_sent(stage: SharedPage) -> None:
    open_card(stage)
    for method, args, kwargs, error, says in ARGUMENTS.values():
        ended = call(stage, method, *args, **kwargs)
        assert ended["raises"] == error
        assert ended["says"].startswith(says)
    assert stage.commands() == []
    assert stage.counted("trace", "command") == 0


def test_the_card_of_a_regular_call_cannot_be_managed_and_diagnostics_say_why(stage: SharedPage) -> None:
    """`initialized` came all the same: this is what an app sees that forgot `telephony.externalCall.register`."""
    call_id = stage.incoming_call(external=False).call_id
    stage.raise_event("initialized", {"CALL_ID": call_id})
    assert stage.told() == "ready"
    for method, *args in (["set_mute", True], ["set_card_title", "Mara"], ["start_timer"], ["close"]):
        ended = call(stage, str(method), *args)
        assert (ended["raises"], ended["code"]) == ("CommandFailed", "Call card is undefined")
    assert call(stage, "get_list_ui_states")["returns"] == list(BUTTONS)
    problems = stage.diagnostics()["problems"]
    assert len(problems) == 1 and "the call is not external" in problems[0]
    assert "telephony.externalCall.register" in problems[0]

    stage.portal("(portal) => portal.endCall()")
    open_card(stage)
    assert call(stage, "set_mute", True)["returns"] is None
    assert "not external" not in " ".join(stage.diagnostics()["problems"])


def test_the_events_of_a_regular_call_are_silent(stage: SharedPage) -> None:
    stage.incoming_call(external=False, ui_state="connected")
    stage.click("Mute")
    assert stage.card()["muted"] is True
    stage.portal("(portal) => portal.endCall()")
    open_card(stage)
    assert stage.counted("events") == 2  # initialized and its entity


# What the page shows of it ---------------------------------------------------------------------------


def outcomes(stage: SharedPage) -> list[str]:
    """The outcomes of this case's commands, as `workerPy.trace()` has them."""
    stage.until(
        "(stats.trace.outcome ?? 0) - (before.trace.outcome ?? 0)"
        " === (stats.trace.command ?? 0) - (before.trace.command ?? 0)"
    )
    return [entry["outcome"] for entry in stage.trace() if entry["kind"] == "outcome"]


def strays(stage: SharedPage) -> list[str]:
    """The answers that nobody waited for."""
    return [entry["name"] for entry in stage.trace() if entry["kind"] == "stray"]


def test_the_trace_names_commands_and_outcomes_under_one_id(stage: SharedPage) -> None:
    open_card(stage)
    call(stage, "set_mute", True)
    stage.configure(answers={"CallCardSetHold": UNDEFINED})
    call(stage, "set_hold", True)
    assert outcomes(stage) == ["ok", "Call card is undefined"]
    rows = [(entry["kind"], entry["name"], entry["id"]) for entry in stage.trace() if "command" in entry["kind"]]
    ended = [(entry["name"], entry["id"]) for entry in stage.trace() if entry["kind"] == "outcome"]
    assert [row[1:] for row in rows] == ended
