"""The loopback phone: real media between two ends in one page, driven by Python."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor, Complaints
from tests.support.browsers import needs
from tests.support.phones import APP, PHONE_DESK, PhoneDesk, PhoneTab


@pytest.fixture(scope="module")
def booted(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[tuple[PhoneTab, Complaints]]:
    """One tab for the module's tests: each begins and ends a call of its own."""
    context = browser.new_context()
    complaints = Complaints()
    complaints.watch(context)
    app = serve_app(bundle_for(APP, page_scripts=(PHONE_DESK,), phone="loopback"))
    tab = PhoneDesk(context, portal_url, app).phone_tab()
    tab.until_holds()
    tab.measure_often()
    yield tab, complaints
    context.close()


@pytest.fixture
def tab(booted: tuple[PhoneTab, Complaints]) -> Iterator[PhoneTab]:
    opened, complaints = booted
    yield opened
    opened.run("hangup")
    assert opened.run("state")["phase"] == "idle"
    opened.until_quiet()
    complaints.check()


def ending(tab: PhoneTab, call: str) -> str:
    """How Python was told that a call ended; it must be told once."""
    tab.until_heard("ended", call=call)
    [payload] = [payload for payload in tab.log("ended") if payload["call"] == call]
    return str(payload["reason"])


def test_somebody_is_consulted_and_the_call_is_retrieved_with_its_sound(tab: PhoneTab) -> None:
    call = tab.begin_call()
    tab.until_audible()

    consulted = tab.run("consult", {"target": "+4930654321"})["consultation"]["call"]

    tab.until_heard("connected", call=consulted)
    tab.until_silent()
    state = tab.run("retrieve")
    assert (state["call"], state["held"], state["consultation"]) == (call, False, None)
    assert ending(tab, consulted) == "hung_up"
    tab.until_audible()


def test_an_incoming_call_rings_in_python_and_flows_once_it_is_answered(tab: PhoneTab) -> None:
    tab.run("simulate", {"does": "call", "number": "+4930123456"})
    [ringing] = tab.until_heard("incoming", number="+4930123456")[-1:]
    assert tab.run("state")["phase"] == "ringing"

    state = tab.run("answer", {"call": ringing["call"]})

    assert (state["call"], state["phase"], state["direction"]) == (ringing["call"], "connected", "incoming")
    first = tab.run("state")["stats"]
    tab.until_state(
        lambda now: (
            now["stats"]["bytes_sent"] > first["bytes_sent"] + 1000
            and now["stats"]["bytes_received"] > first["bytes_received"] + 1000
        ),
        "bytes both ways",
    )
    tab.until_audible()


def test_an_outgoing_call_is_connected_when_the_other_side_picks_up(tab: PhoneTab) -> None:
    state = tab.run("call", {"number": "+4930555", "after_ms": 50})
    assert (state["phase"], state["direction"], state["number"]) == ("calling", "outgoing", "+4930555")

    tab.until_heard("connected", call=state["call"], direction="outgoing")
    tab.until_audible()


@pytest.mark.parametrize(("then", "reason"), [("busy", "busy"), ("refuses", "refused")])
def test_an_outgoing_call_that_is_not_taken_ends_with_the_reason(tab: PhoneTab, then: str, reason: str) -> None:
    call = tab.run("call", {"number": "+4930555", "then": then, "after_ms": 1})["call"]

    assert ending(tab, call) == reason


def test_muted_the_other_side_hears_nothing_and_hears_again_afterwards(tab: PhoneTab) -> None:
    tab.begin_call()
    tab.until_audible()

    assert tab.run("mute", {"muted": True})["muted"] is True
    tab.until_silent()

    assert tab.run("mute", {"muted": False})["muted"] is False
    tab.until_audible()


def test_on_hold_nothing_flows_either_way_and_flows_again_afterwards(tab: PhoneTab) -> None:
    call = tab.begin_call()
    tab.until_audible()

    assert tab.run("hold", {"held": True})["held"] is True
    before = len(tab.until_heard("stats", call=call, held=True))
    held = tab.until_heard("stats", before + 4, call=call, held=True)
    counts = [(each["packets_sent"], each["packets_received"]) for each in held]
    assert counts[-1] == counts[before], "a second on hold, in which fifty packets each way would have gone"
    assert (held[-1]["level"], held[-1]["mos"]) == (0, None)

    assert tab.run("hold", {"held": False})["held"] is False
    sent, received = counts[-1]
    tab.until_state(
        lambda now: now["stats"]["packets_sent"] > sent + 10 and now["stats"]["packets_received"] > received + 10,
        "packets after the hold",
    )
    tab.until_audible()


def test_a_muted_call_is_still_muted_after_a_hold(tab: PhoneTab) -> None:
    tab.begin_call()
    tab.until_audible()
    tab.run("mute", {"muted": True})
    tab.run("hold", {"held": True})
    tab.run("hold", {"held": False})
    sent = tab.run("state")["stats"]["packets_sent"]

    tab.until_state(lambda now: now["stats"]["packets_sent"] > sent + 25, "packets after the hold")

    tab.until_silent()
    assert tab.run("state")["muted"] is True


@pytest.mark.engines
@needs("opens_peer_connections")
def test_keys_reach_the_other_side_in_order_each_once(tab: PhoneTab) -> None:
    call = tab.begin_call()

    tab.run("dtmf", {"keys": "1590*#D"})
    tab.run("dtmf", {"keys": "73"})  # while the first are still being sent

    assert "".join(payload["key"] for payload in tab.until_heard("heard", 9, call=call)) == "1590*#D73"


def test_a_key_pressed_twice_is_heard_twice(tab: PhoneTab) -> None:
    call = tab.begin_call()

    for _ in range(3):
        tab.run("dtmf", {"keys": "5"})

    assert "".join(payload["key"] for payload in tab.until_heard("heard", 3, call=call)) == "555"


def test_a_key_right_after_the_answer_is_heard(tab: PhoneTab) -> None:
    call = tab.begin_call()

    tab.run("dtmf", {"keys": "58"})

    assert "".join(payload["key"] for payload in tab.until_heard("heard", 2, call=call)) == "58"


def test_a_key_right_after_a_hold_is_heard_once(tab: PhoneTab) -> None:
    call = tab.begin_call()
    tab.until_audible()
    tab.run("hold", {"held": True})
    tab.run("hold", {"held": False})

    tab.run("dtmf", {"keys": "58"})

    tab.until_heard("heard", call=call, key="8")
    assert "".join(payload["key"] for payload in tab.until_heard("heard", 2, call=call)) == "58"


def test_on_hold_no_tones_are_sent_and_python_is_told_so(tab: PhoneTab) -> None:
    tab.begin_call()
    tab.run("hold", {"held": True})

    answer = tab.outcome("dtmf", {"keys": "1"})

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "NotPossible")


def test_a_good_connection_is_rated_as_one(tab: PhoneTab) -> None:
    call = tab.begin_call()

    # A machine that has had no time for the sound for a moment measures that: soon it is as it is.
    rated = tab.until_heard("stats", call=call, level=5, packets_lost=0)[-1]

    assert 4.3 < rated["mos"] < 4.5


def test_a_transfer_that_is_taken_ends_the_call_and_one_that_is_refused_does_not(tab: PhoneTab) -> None:
    call = tab.begin_call(refuses_transfer=True)
    answer = tab.outcome("transfer", {"target": "102"})
    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "TransferFailed")
    assert tab.run("state")["phase"] == "connected"
    tab.until_audible()
    tab.run("hangup")
    assert ending(tab, call) == "hung_up"

    call = tab.begin_call(refuses_transfer=["101"])
    assert tab.outcome("transfer", {"target": "101"})["name"] == "TransferFailed"
    assert tab.run("transfer", {"target": "102"})["phase"] == "idle"
    assert ending(tab, call) == "transferred"


@pytest.mark.parametrize(
    ("answers", "who", "reason"),
    [
        (True, "operator", "hung_up"),
        (True, "client", "far_hung_up"),
        (False, "operator", "declined"),
        (False, "client", "missed"),
    ],
)
def test_python_is_told_once_who_ended_a_call(tab: PhoneTab, answers: bool, who: str, reason: str) -> None:
    tab.run("simulate", {"does": "call"})
    call = tab.run("state")["call"]
    if answers:
        tab.run("answer")

    tab.run("hangup") if who == "operator" else tab.run("simulate", {"does": "hang_up"})

    assert ending(tab, call) == reason
    assert tab.run("state")["call"] is None


def test_a_second_caller_is_not_taken_and_does_not_disturb(tab: PhoneTab) -> None:
    call = tab.begin_call()

    assert tab.run("simulate", {"does": "call", "number": "+49309"}) == {"taken": False}

    assert tab.run("state")["call"] == call
    assert [payload for payload in tab.log("incoming") if payload["number"] == "+49309"] == []


def test_answering_twice_is_answering_once(tab: PhoneTab) -> None:
    call = tab.begin_call()
    sent = tab.until_state(lambda now: now["stats"]["packets_sent"] > 50, "a second of sound")["stats"]["packets_sent"]

    assert tab.run("answer", {"call": call})["phase"] == "connected"

    assert tab.run("state")["stats"]["packets_sent"] >= sent, "the media began anew"
    assert len([payload for payload in tab.log("connected") if payload["call"] == call]) == 1


@pytest.mark.parametrize(
    ("name", "params", "error"),
    [
        ("answer", None, "NoSuchCall"),
        ("mute", {"muted": True}, "NoSuchCall"),
        ("call", {"number": ""}, "TypeError"),
        ("register", {"server": "wss://pbx.example"}, "NotSupported"),
        ("simulate", {"does": "dance"}, "TypeError"),
    ],
)
def test_what_cannot_be_done_without_a_call_is_an_error_that_says_so(
    tab: PhoneTab, name: str, params: dict[str, Any] | None, error: str
) -> None:
    answer = tab.outcome(name, params)

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", error), answer


@pytest.mark.parametrize(
    ("name", "params", "error"),
    [
        ("mute", {"muted": "yes"}, "TypeError"),
        ("hold", {}, "TypeError"),
        ("dtmf", {"keys": "five"}, "TypeError"),
        ("dtmf", {}, "TypeError"),
        ("transfer", {"target": 7}, "TypeError"),
        ("mute", {"muted": True, "call": "another"}, "NoSuchCall"),
        ("call", {"number": "1"}, "Busy"),
    ],
)
def test_what_cannot_be_done_in_a_call_is_an_error_that_says_so(
    tab: PhoneTab, name: str, params: dict[str, Any], error: str
) -> None:
    tab.begin_call()

    answer = tab.outcome(name, params)

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", error), answer
    assert tab.run("state")["muted"] is False


@pytest.mark.parametrize("cut", ["before", "during"])
@needs("hears_at_once")
def test_without_a_network_a_call_goes_on_in_the_page_itself(
    tab: PhoneTab, booted: tuple[PhoneTab, Complaints], request: pytest.FixtureRequest, cut: str
) -> None:
    booted[1].expect("ERR_INTERNET_DISCONNECTED")
    if cut == "during":
        call = tab.begin_call()
        tab.until_audible()
    tab.playwright_page.context.set_offline(True)
    request.addfinalizer(lambda: tab.playwright_page.context.set_offline(False))
    if cut == "before":
        call = tab.begin_call()
    tab.until_state(lambda state: state["stats"] is None, "the end of the connection")

    tab.until_audible()
    tab.run("mute", {"muted": True})
    tab.until_silent()
    tab.run("mute", {"muted": False})
    tab.until_audible()
    tab.run("hold", {"held": True})
    tab.until_silent()
    refused = tab.outcome("dtmf", {"keys": "1"})
    assert refused["name"] == "NotPossible", refused
    tab.run("hold", {"held": False})
    tab.until_audible()
    tab.run("dtmf", {"keys": "12"})
    tab.run("dtmf", {"keys": "#"})
    assert [heard["key"] for heard in tab.until_heard("heard", 3, call=call)] == ["1", "2", "#"]
    tab.run("hangup")
    assert ending(tab, call) == "hung_up"
