"""What comes from outside may be anything: it is refused and reported, and the next event is handled.

Reports name the event and what was expected of its payload, never a value: values are personal.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

import pytest

from tests.browser.conftest import BX24_FIRST, SharedPageFor
from tests.support.witness import SharedPage

APP = """
    from worker_py import App, CallCard, events

    app = App()

    async def tell(event: events.CardEvent, card: CallCard) -> None:
        await card.page.call("tell", [type(event).__name__, event.meta.raw])

    for each in vars(events).values():
        if isinstance(each, type) and issubclass(each, events.CardEvent) and each is not events.CardEvent:
            app.add_handler(each, tell)

    @app.on(events.Initialized)
    async def ask_the_crm(event: events.Initialized, card: CallCard) -> None:
        await card.rest.call("crm.contact.get", {"id": 7})

    def look_up(number: str) -> None:
        raise LookupError(f"nobody has {number}")  # the line that the report names

    @app.on(events.SkipButtonClick)
    def fail(event: events.SkipButtonClick, card: CallCard) -> None:
        look_up("+49 30 1234-5678")

    @app.on(events.SkipButtonClick)
    async def tell_again(event: events.SkipButtonClick, card: CallCard) -> None:
        await card.page.call("tell", "the second handler")

    @app.on(events.MakeCallButtonClick)
    async def fail_later(event: events.MakeCallButtonClick, card: CallCard) -> None:
        await card.set_mute(True)
        raise SystemExit(3)
"""
NUMBER, COMMENT = "+4930987654321", "allergic to bees"
TOO_DEEP = "[" * 100_000 + "]" * 100_000


@pytest.fixture(scope="module", params=BX24_FIRST)
def booted(shared_page_for: SharedPageFor, request: pytest.FixtureRequest) -> SharedPage:
    return shared_page_for(APP, client=request.param)


@pytest.fixture
def stage(booted: SharedPage) -> Iterator[SharedPage]:
    with booted.case():
        yield booted


def open_card(stage: SharedPage) -> None:
    """A call whose `initialized` Python has handled."""
    stage.incoming_call(phoneNumber=NUMBER, ui_state="connected")
    assert stage.told()[0] == "Initialized"
    stage.until("stats.waiting === 0")


def expect_next_event(stage: SharedPage) -> None:
    """The next event is handled as if nothing had been."""
    stage.raise_event("dialpadButtonClick", "5")
    assert stage.told() == ["DialpadButtonClick", "5"]


# Payloads --------------------------------------------------------------------------------------------

WRONG: dict[str, list[tuple[object, str]]] = {
    "initialized": [
        (None, "an object was expected, not nothing"),
        (COMMENT, "an object was expected, not a string"),
        ([], "an object was expected, not a list"),
        ({}, "CALL_ID is missing"),
        ({"CALL_ID": ""}, "CALL_ID is empty"),
        ({"CALL_ID": {"a": COMMENT}}, "CALL_ID should be a string, not an object"),
    ],
    "addCommentButtonClick": [
        ({"text": COMMENT}, "the comment should be a string, not an object"),
        (True, "the comment should be a string, not a boolean"),
    ],
    "muteButtonClick": [
        ("on", "a boolean was expected, not a string"),
        (1, "a boolean was expected, not a number"),
        (None, "a boolean was expected, not nothing"),
        ([], "a boolean was expected, not a list"),
    ],
    "holdButtonClick": [({"held": True}, "a boolean was expected, not an object")],
    "transferButtonClick": [
        (NUMBER, "an object was expected, not a string"),
        ({"phoneNumber": NUMBER}, "target is missing"),
        ({"target": ""}, "target is empty"),
        ({"target": True}, "target should be a string, not a boolean"),
    ],
    "entityChanged": [
        ([NUMBER], "an object was expected, not a list"),
        ({"CRM_ENTITY_ID": {"a": 1}}, "CRM_ENTITY_ID should be an integer, not an object"),
    ],
    "qualityMeterClick": [
        ("6", "the rating should be 1 to 5"),
        ([], "the rating should be 1 to 5"),
        ("good", "the rating should be an integer"),
        ("9" * 5000, "the rating should be an integer"),
        (True, "the rating should be an integer, not a boolean"),
    ],
    "dialpadButtonClick": [
        ("55", "the key should be one of 0-9, * and #"),
        (None, "the key is missing"),
        (["5"], "the key should be a string, not a list"),
    ],
}


@pytest.mark.parametrize("short_name", WRONG)
def test_payloads_of_the_wrong_shape_are_reported_and_the_next_event_is_handled(
    stage: SharedPage, short_name: str
) -> None:
    open_card(stage)
    for number, (payload, why) in enumerate(WRONG[short_name], start=1):
        stage.raise_event(short_name, payload)
        expect_next_event(stage)
        assert stage.counted("reports", "bad_event") == number
        report = stage.reports()[-1]
        assert report["kind"] == "bad_event"
        assert report["event"] == f"BackgroundCallCard::{short_name}"
        assert report["text"].startswith(f"the payload of BackgroundCallCard::{short_name} was refused: {why}")
        assert NUMBER not in json.dumps(report) and COMMENT not in json.dumps(report)
    assert len(stage.reports()) == len(WRONG[short_name])


def test_a_call_with_fields_of_the_wrong_shape_is_handled_and_they_are_reported(stage: SharedPage) -> None:
    """One by one: `test_cases.py`."""
    open_card(stage)
    broken = {"PHONE_NUMBER": [NUMBER], "CRM_ENTITY_ID": COMMENT, "CRM_BINDINGS": [COMMENT], "CALL_LIST_MODE": COMMENT}
    stage.raise_event("initialized", {"CALL_ID": "a.1", **broken})
    assert stage.told() == ["Initialized", {"CALL_ID": "a.1", **broken}]
    expect_next_event(stage)
    (report,) = stage.reports()
    assert report["kind"] == "bad_event"
    assert report["text"].endswith(
        "was left out: PHONE_NUMBER should be a string, not a list; CRM_ENTITY_ID should be an integer; "
        "CRM_BINDINGS should hold objects, not a string; CALL_LIST_MODE should be a boolean"
    )
    assert NUMBER not in json.dumps(report) and COMMENT not in json.dumps(report)


WITHOUT_DATA = [
    "answerButtonClick",
    "hangupButtonClick",
    "nextButtonClick",
    "cancelTransferButtonClick",
    "completeTransferButtonClick",
    "notifyAdminButtonClick",
    "closeButtonClick",
]


def test_events_without_data_are_handled_whatever_data_they_bring(stage: SharedPage) -> None:
    for payload in ({"a": [1]}, "word", 7, False):
        open_card(stage)
        for short_name in WITHOUT_DATA:
            stage.raise_event(short_name, payload)
            assert stage.told() == [short_name[0].upper() + short_name[1:], payload]
    assert stage.reports() == []


REFUSED = {
    "a megabyte": (json.dumps("x" * 1_000_000), "larger than 256 * 1024 characters"),
    "a megabyte of small things": (json.dumps(["x"] * 250_000), "larger than 256 * 1024 characters"),
    "nested 100,000 deep": (TOO_DEEP, "nested deeper than 64 levels"),
    "nested 30,000 deep in objects": ('{"a":' * 30_000 + "1" + "}" * 30_000, "nested deeper than 64 levels"),
}


@pytest.mark.parametrize("short_name", ["addCommentButtonClick", "initialized", "answerButtonClick"])
def test_payloads_that_could_kill_the_interpreter_do_not_reach_it(stage: SharedPage, short_name: str) -> None:
    open_card(stage)
    for number, (text, why) in enumerate(REFUSED.values(), start=1):
        stage.raise_event(short_name, text=text)
        expect_next_event(stage)
        assert stage.counted("refused") == number
        report = stage.reports()[-1]
        assert report["kind"] == "refused_payload"
        assert report["text"] == f"the payload of BackgroundCallCard::{short_name} was refused: {why}"
    assert stage.counted("workers") == 0
    assert len(stage.reports()) == len(REFUSED)


def test_a_payload_just_within_the_limits_arrives(stage: SharedPage) -> None:
    open_card(stage)
    comment = "x" * (256 * 1024 - 2)
    stage.raise_event("addCommentButtonClick", comment)
    assert stage.told() == ["AddCommentButtonClick", comment]
    nested: Any = {"CALL_ID": "deep.1", "MORE": json.loads("[" * 62 + "]" * 62)}
    stage.raise_event("initialized", nested)
    assert stage.told() == ["Initialized", nested]


def test_a_payload_that_is_not_json_is_reported_though_the_client_drops_it(stage: SharedPage) -> None:
    open_card(stage)
    stage.raise_event("muteButtonClick", text="{not json")
    expect_next_event(stage)
    [report] = stage.reports()
    assert report["kind"] == "unreadable_message"
    assert "is not JSON" in report["text"]
    assert "{not json" not in report["text"]


def test_an_event_of_tomorrow_is_not_bound(stage: SharedPage) -> None:
    open_card(stage)
    stage.portal("(portal) => portal.registerNames(['sneezeButtonClick'])")
    assert stage.raise_event("sneezeButtonClick", COMMENT) == 0
    expect_next_event(stage)


# Handlers that fail ----------------------------------------------------------------------------------


def test_a_failing_handler_is_reported_with_the_apps_file_and_line(stage: SharedPage) -> None:
    stage.complaints.expect("handler fail failed at BackgroundCallCard::skipButtonClick")
    open_card(stage)
    stage.raise_event("skipButtonClick")
    assert stage.told() == ["SkipButtonClick", stage.empty]
    assert stage.told() == "the second handler"
    expect_next_event(stage)
    (report,) = stage.reports()
    assert report["kind"] == "handler_failed"
    assert 'File "/app/app.py", line 17, in look_up' in report["text"]
    assert "the line that the report names" in report["text"]
    assert "LookupError: nobody has " in report["text"]
    assert "1234" not in report["text"]
    assert outcomes(stage, "BackgroundCallCard::skipButtonClick") == ["ok", "failed", "ok"]


def test_a_handler_that_wants_to_exit_stops_nothing(stage: SharedPage) -> None:
    stage.complaints.expect("handler fail_later failed at BackgroundCallCard::makeCallButtonClick")
    open_card(stage)
    stage.raise_event("makeCallButtonClick")
    assert stage.told() == ["MakeCallButtonClick", stage.empty]
    stage.until("stats.waiting === 0")
    expect_next_event(stage)
    (report,) = stage.reports()
    assert "SystemExit: 3" in report["text"]
    assert stage.counted("workers") == 0


def outcomes(stage: SharedPage, event: str) -> list[str]:
    """How the handlers of this case's events of one name ended."""
    stage.until("stats.waiting === 0")
    return [entry["outcome"] for entry in stage.trace() if entry["kind"] == "handler" and entry["event"] == event]


# Messages that are none of the portal's ----------------------------------------------------------------

FOREIGN = """(portal, [count, message]) => new Promise((resolve) => {
    const frame = document.createElement("iframe");
    frame.sandbox = "allow-scripts";  // an origin of its own
    frame.srcdoc = `<script>
        const message = ${JSON.stringify(message)};
        for (let n = 0; n < ${count}; n++) parent.frames[0].postMessage(message, "*");
        parent.postMessage("sent", "*");
    </script>`;
    addEventListener("message", function sent({ data, source }) {
        if (data === "sent" && source === frame.contentWindow) {
            removeEventListener("message", sent);
            frame.remove();
            resolve();
        }
    });
    document.body.append(frame);
})"""


def test_messages_of_a_foreign_origin_are_counted_and_reported_no_more_than_20_times_a_minute(
    stage: SharedPage,
) -> None:
    warned: list[str] = []
    stage.playwright_page.context.on("console", lambda message: warned.append(message.text))
    open_card(stage)
    bound = stage.portal("(portal) => portal.frames()[0].bound.length")
    assert bound == 17
    stage.portal(FOREIGN, [30, f'cb1:"{COMMENT}"'])
    stage.until("stats.foreign_messages === before.foreign_messages + 30")
    expect_next_event(stage)
    assert stage.counted("reports", "foreign_message") == 30
    ours = "a message from null was not for us"
    stage.poll(lambda: sum(ours in text for text in warned) >= 20, "20 of them in the console")
    assert sum(ours in text for text in warned) == 20
    assert {report["kind"] for report in stage.reports()} == {"foreign_message"}


def test_messages_of_the_portal_that_nobody_waits_for_are_ignored(stage: SharedPage) -> None:
    """An unknown callback, no callback, no text at all: the client drops them, and nothing that waits is lost."""
    open_card(stage)
    stage.act(
        """(portal, messages) => {
            portal.raise("muteButtonClick", true);
            for (const message of messages) frames[0].postMessage(message, "*");
            portal.raise("muteButtonClick", false);
        }""",
        [f'cb999x:"{COMMENT}"', ":[]", "", "no colon", 7, None, {"method": "x"}, ["cb1x", COMMENT]],
    )
    assert [stage.told(), stage.told()] == [["MuteButtonClick", True], ["MuteButtonClick", False]]
    assert stage.counted("foreign_messages") == 0
    expect_next_event(stage)


def test_the_portal_drops_what_comes_under_another_app_sid(stage: SharedPage) -> None:
    """And the page goes on: what it sends itself is under the right one."""
    open_card(stage)
    stage.evaluate("parent.postMessage('CallCardClose:{}:cb1:another', '*')")
    stage.playwright_page.wait_for_function("() => window.portal.dropped['unknown appSid'] === 1")
    assert stage.card()["open"] is True
    expect_next_event(stage)


def test_nothing_queued_is_lost_between_bad_messages(stage: SharedPage) -> None:
    open_card(stage)
    keys = "0123456789"
    stage.act(
        """(portal, [keys, deep]) => {
            for (const key of keys) {
                portal.raise("dialpadButtonClick", key);
                portal.raise("addCommentButtonClick", undefined, { text: deep });
                portal.raise("qualityMeterClick", "none");
                portal.raise("muteButtonClick", undefined, { text: "{" });
                frames[0].postMessage("cb0:[]", "*");
            }
        }""",
        [keys, TOO_DEEP],
    )
    assert [stage.told()[1] for _ in keys] == list(keys)
    stage.until("stats.waiting === 0")
    assert stage.counted("refused") == len(keys)
    assert stage.counted("reports", "bad_event") == len(keys)


# What is personal --------------------------------------------------------------------------------------


def test_nothing_personal_is_shown(stage: SharedPage) -> None:
    """Neither a number, nor a comment, nor a token: in the trace, the counters, the diagnostics or the console."""
    said: list[str] = []
    requests: list[str] = []
    stage.playwright_page.context.on(
        "request", lambda request: requests.append(f"{request.url} {request.post_data or ''}")
    )
    stage.playwright_page.context.on("console", lambda message: said.append(message.text))
    stage.complaints.expect("handler fail failed at")
    open_card(stage)
    stage.raise_event("addCommentButtonClick", COMMENT)
    stage.told()
    stage.click("Transfer", NUMBER)
    stage.told()
    for short_name, bad in (("muteButtonClick", COMMENT), ("transferButtonClick", {"target": [NUMBER, COMMENT]})):
        stage.raise_event(short_name, bad)
    stage.raise_event("addCommentButtonClick", [[COMMENT]] * 100_000)
    stage.raise_event("skipButtonClick")
    assert [stage.told()[0], stage.told()] == ["SkipButtonClick", "the second handler"]
    expect_next_event(stage)

    script = "JSON.stringify([workerPy.trace(), workerPy.stats(), workerPy.diagnostics()])"
    shown = [*said, stage.evaluate(script)]
    assert stage.counted("trace", "rest") == 1, "the token was used"
    tokens = set(re.findall(r'auth"?[:=] ?"?(\w{20,})', "".join(row for row in requests if "crm.contact.get" in row)))
    assert len(tokens) == 1
    for secret in (NUMBER, NUMBER[1:], NUMBER[-8:], COMMENT, "1234-5678", *tokens):
        assert not [text for text in shown if secret in text], f"{secret} is shown"
    assert "BackgroundCallCard::skipButtonClick" in shown[-1]
