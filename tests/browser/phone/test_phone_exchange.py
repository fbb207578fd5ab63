"""The SIP phone at an exchange that does what the test says: each step refused, delayed or dropped, with real media."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor, Complaints
from tests.support.browsers import needs
from tests.support.phones import APP, KEEP_PEERS, PHONE_DESK, SIP_EXCHANGE, PhoneDesk, PhoneTab
from tests.support.stun import late_stun

pytestmark = needs("opens_peer_connections")

ACCOUNT = {
    "server": "ws://exchange.test",
    "uri": "sip:operator@pbx.test",
    "password": "secret",
    "audio": "generated",
    "gather": {"quiet_ms": 100, "most_ms": 500},
}
LEFT_OVER = """() => ({
  connections: peers.filter((each) => each.connectionState !== "closed").length,
  tracks: peers.flatMap((each) => each.getSenders()).filter(({ track }) => track?.readyState === "live").length,
})"""


@pytest.fixture(scope="module")
def opened(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[tuple[PhoneTab, Complaints]]:
    """One tab for the module's tests: each begins and ends a call of its own."""
    bundle = bundle_for(APP, page_scripts=(PHONE_DESK, SIP_EXCHANGE), phone="jssip", connect=("ws://exchange.test",))
    complaints = Complaints()
    context = browser.new_context()
    complaints.watch(context)
    context.add_init_script(KEEP_PEERS)
    tab = PhoneDesk(context, portal_url, serve_app(bundle)).phone_tab()
    tab.until_holds()
    tab.measure_often()
    tab.run("register", ACCOUNT)
    yield tab, complaints
    context.close()


@pytest.fixture
def tab(opened: tuple[PhoneTab, Complaints]) -> Iterator[PhoneTab]:
    made, complaints = opened
    yield made
    made.evaluate("() => { exchange.script = {}; }")
    made.run("hangup")
    made.until_state(lambda state: state["phase"] == "idle", "an idle phone")
    made.until_quiet()
    assert made.evaluate(LEFT_OVER) == {"connections": 0, "tracks": 0}
    complaints.check()


def script(tab: PhoneTab, **steps: list[Any]) -> None:
    """What the exchange does at each step; it forgets what it has heard."""
    tab.evaluate("(steps) => { exchange.script = steps; exchange.heard = []; }", steps)


def heard(tab: PhoneTab, what: str) -> int:
    """How often the phone sent this."""
    return int(tab.evaluate("(what) => exchange.count(what)", what))


def call(tab: PhoneTab) -> str:
    """Dial, and wait until somebody picks up; the call's id."""
    dialled = str(tab.run("call", {"number": "+4930123456"})["call"])
    tab.until_heard("connected", call=dialled)
    return dialled


def until_flowing(tab: PhoneTab) -> None:
    """Wait until packets go both ways that have not gone before."""
    before = tab.run("state")["stats"]
    tab.until_state(
        lambda now: all(now["stats"][each] > before[each] + 5 for each in ("packets_sent", "packets_received")),
        "packets both ways",
    )


def reasons(tab: PhoneTab, ended: str) -> list[str]:
    """How Python was told that a call ended."""
    tab.until_heard("ended", call=ended)
    return [payload["reason"] for payload in tab.log("ended", call=ended)]


def let_time_pass(tab: PhoneTab, seconds: int) -> None:
    """Let the page believe that so many seconds went by, in which nobody would have said anything."""
    tab.evaluate("(ms) => { const now = Date.now; Date.now = () => now() + ms; }", seconds * 1000)


@pytest.mark.parametrize(
    ("action", "reason"), [(486, "busy"), (603, "refused"), (404, "refused"), (302, "failed"), (503, "failed")]
)
def test_a_call_that_the_exchange_refuses_ends_once_with_the_reason(tab: PhoneTab, action: int, reason: str) -> None:
    script(tab, INVITE=[action])

    assert reasons(tab, tab.run("call", {"number": "+4930123456"})["call"]) == [reason]


def test_a_call_that_is_answered_late_and_was_cancelled_is_hung_up(tab: PhoneTab) -> None:
    script(tab, INVITE=[{"status": 200, "after_ms": 300}])
    dialled = tab.run("call", {"number": "+4930123456"})["call"]
    tab.until_evaluates("() => exchange.count('INVITE') === 1")

    tab.run("hangup")

    assert reasons(tab, dialled) == ["hung_up"]
    tab.until_evaluates("() => exchange.count('BYE') + exchange.count('CANCEL') > 0")


@pytest.mark.parametrize(
    "refusals", [[488], [500], [491, 491], [{"status": 200, "sdp": "nothing"}]], ids=["488", "500", "491", "no SDP"]
)
def test_a_hold_that_is_refused_leaves_the_call_and_its_sound(tab: PhoneTab, refusals: list[Any]) -> None:
    call(tab)
    script(tab, REINVITE=refusals)

    answer = tab.outcome("hold", {"held": True})

    assert answer["name"] == "NotPossible", answer
    assert tab.run("state")["held"] is False
    until_flowing(tab)
    assert tab.run("hold", {"held": True})["held"] is True
    assert tab.run("hold", {"held": False})["held"] is False
    until_flowing(tab)
    assert heard(tab, "BYE") == 0


FAR_END_GOES = "() => { for (const each of exchange.calls.values()) each.end?.close(); }"


def test_media_of_a_far_end_that_is_gone_are_lost_before_the_call_ends(tab: PhoneTab) -> None:
    """After how many seconds: `tests/static/phone/media.test.mjs`."""
    lost = call(tab)
    until_flowing(tab)

    tab.evaluate(FAR_END_GOES)

    tab.until_heard("stats", call=lost, media="lost")
    told = [(name, payload.get("media")) for name, payload in tab.log() if payload.get("call") == lost]
    assert ("phone.ended", None) not in told[: told.index(("phone.stats", "lost"))]


@pytest.mark.campaign
def test_a_call_whose_media_a_browser_gives_up_ends_as_failed(tab: PhoneTab) -> None:
    """Chromium takes its time to say so. In CI `sip_leg.test.mjs` holds it: media that failed, and their restart."""
    lost = call(tab)
    until_flowing(tab)
    script(tab, REINVITE=["drop"] * 9)

    tab.evaluate(FAR_END_GOES)

    tab.poll(lambda: tab.log("ended", call=lost) != [], "the end of the call", tab.log, timeout_s=60)
    assert reasons(tab, lost) == ["failed"]


def test_a_socket_that_died_in_silence_is_replaced_when_the_network_is_back(tab: PhoneTab) -> None:
    talking = call(tab)
    before = len(tab.log("registration"))
    tab.evaluate("() => { exchange.die(); dispatchEvent(new Event('online')); }")
    let_time_pass(tab, 6)

    tab.poll(lambda: len(tab.log("registration")) == before + 2, "the next registration", tab.log)

    assert [payload["known"] for payload in tab.log("registration")[before:]] == [False, True]
    until_flowing(tab)
    assert tab.run("hold", {"held": True})["held"] is True, "the call goes on over the next socket"
    tab.run("hangup")
    assert reasons(tab, talking) == ["hung_up"]


TRICKLES = ["Supported: trickle-ice", "Recv-Info: trickle-ice"]
BARE = {"status": 200, "headers": TRICKLES, "bare": True}
FAR_END_TELLS = """() => {
  const [id, { end }] = [...exchange.calls].at(-1);
  const headers = ["Info-Package: trickle-ice", "Content-Type: application/trickle-ice-sdpfrag"];
  exchange.request(id, "INFO", headers, end.told());
}"""


def has_a_way(tab: PhoneTab) -> bool:
    """Whether the call's media have one."""
    return bool(tab.evaluate("() => peers.some(({ connectionState }) => connectionState === 'connected')"))


def test_media_find_a_way_by_addresses_that_the_phone_tells_by_info(tab: PhoneTab) -> None:
    with late_stun() as (port, answers):
        servers = [{"urls": [f"stun:127.0.0.1:{port}"]}]
        tab.run("register", {**ACCOUNT, "ice_servers": servers, "gather": {"quiet_ms": 100, "most_ms": 100}})
        script(tab, INVITE=[BARE])
        call(tab)
        assert not has_a_way(tab)

        answers()

        tab.until_evaluates("() => exchange.count('INFO') > 0")
        until_flowing(tab)
    tab.run("hangup")
    tab.run("register", ACCOUNT)


def test_media_find_a_way_by_addresses_that_the_other_side_tells_by_info(tab: PhoneTab) -> None:
    script(tab, INVITE=[BARE], INFO=[500] * 9)
    call(tab)
    assert not has_a_way(tab)

    tab.evaluate(FAR_END_TELLS)

    until_flowing(tab)


def test_a_call_that_rings_is_told_before_it_is_connected_and_has_a_tone_until_then(tab: PhoneTab) -> None:
    script(tab, INVITE=["ring"])
    dialled = tab.run("call", {"number": "+49 (0) 30 123-456"})
    assert dialled["number"] == "+4930123456"

    assert [payload["stage"] for payload in tab.until_heard("progress", call=dialled["call"])] == ["ringing"]


def dial(tab: PhoneTab) -> list[str]:
    """A number that rings."""
    script(tab, INVITE=["ring"])
    dialled = str(tab.run("call", {"number": "+4930123456"})["call"])
    tab.until_heard("progress", call=dialled)
    return [dialled]


def held(tab: PhoneTab) -> list[str]:
    """A call on hold."""
    talking = call(tab)
    tab.run("hold", {"held": True})
    return [talking]


def consulting(tab: PhoneTab) -> list[str]:
    """A call on hold, and a consultation."""
    talking = call(tab)
    consulted = str(tab.run("consult", {"target": "+4930654321"})["consultation"]["call"])
    tab.until_heard("connected", call=consulted)
    return [talking, consulted]


STEPS: dict[str, Callable[[PhoneTab], list[str]]] = {
    "ringing": dial,
    "connected": lambda tab: [call(tab)],
    "held": held,
    "consulting": consulting,
}
FAULTS = {
    "nothing": "() => {}",
    "the far end leaves": """() => {
      const [id, { sip }] = [...exchange.calls].at(-1);
      exchange.count("ACK") === 0 ? exchange.reply(sip, 603) : exchange.request(id, "BYE");
    }""",
    "the socket dies": "() => { exchange.die(); dispatchEvent(new Event('online')); }",
    "the exchange restarts": """() => {
      exchange.stop();
      exchange.stop(false);
      dispatchEvent(new Event('online'));
    }""",
    "what is no SIP comes": """() => {
      for (const text of ["hello", "INVITE sip:x SIP/2.0\\r\\n\\r\\n", "x".repeat(200000)]) {
        exchange.raw(text);
      }
    }""",
}
"""What befalls a call; the last that was made, where there are two."""
LOST = {("ringing", "the socket dies"), ("ringing", "the exchange restarts")}
IN_CI = {
    ("ringing", "the far end leaves"),
    ("ringing", "the exchange restarts"),
    ("held", "the exchange restarts"),
    ("held", "what is no SIP comes"),
    ("consulting", "the far end leaves"),
}
"""The others run with `--all`: `sip_leg.test.mjs` and the day in `jssip.test.mjs` have such faults at each step."""
TABLE = [
    pytest.param(step, fault, marks=() if (step, fault) in IN_CI else pytest.mark.campaign)
    for step in STEPS
    for fault in FAULTS
]


@pytest.mark.parametrize(("step", "fault"), TABLE)
def test_whatever_befalls_a_call_at_a_step_each_ends_once_with_its_reason(tab: PhoneTab, step: str, fault: str) -> None:
    calls = STEPS[step](tab)
    wanted = {each: "hung_up" for each in calls}
    if fault == "the far end leaves":
        wanted[calls[-1]] = "refused" if step == "ringing" else "far_hung_up"
    if (step, fault) in LOST:
        wanted[calls[-1]] = "failed"

    tab.evaluate(FAULTS[fault])

    if wanted[calls[-1]] != "hung_up":
        tab.until_heard("ended", call=calls[-1])
    tab.until_evaluates("() => [...exchange.sockets].some(({ dead }) => !dead)")
    tab.until_state(lambda state: state["registration"]["known"], "a registration")
    if fault == "the socket dies":
        tab.until_evaluates("() => exchange.sockets.size === 1")
    tab.run("hangup")
    assert {each: reasons(tab, each) for each in calls} == {each: [reason] for each, reason in wanted.items()}


COURSES: list[tuple[str, dict[str, list[Any]], str]] = [
    ("hung_up", {}, "hangup"),
    ("far_hung_up", {}, "far"),
    ("far_hung_up", {"REINVITE": [488]}, "hold"),
    ("hung_up", {}, "socket"),
    ("hung_up", {}, "restart"),
    ("hung_up", {"INVITE": ["ring"]}, "hangup"),
    ("busy", {"INVITE": [486]}, ""),
    ("refused", {"INVITE": [603]}, ""),
    ("failed", {"INVITE": [503]}, ""),
    ("hung_up", {"INVITE": [{"status": 200, "after_ms": 200}]}, "hangup"),
]
FAR_HANGS_UP = "() => exchange.request([...exchange.calls.keys()].at(-1), 'BYE')"
BETWEEN = {
    "socket": "() => { exchange.die(); dispatchEvent(new Event('online')); }",
    "restart": "() => { exchange.stop(); exchange.stop(false); dispatchEvent(new Event('online')); }",
}


@pytest.mark.campaign
@pytest.mark.timeout(900)
def test_a_day_of_200_calls_leaves_nothing_behind(tab: PhoneTab) -> None:
    chance = random.Random(22)
    for _ in range(200):
        reason, steps, then = chance.choice(COURSES)
        script(tab, **steps)
        dialled = tab.run("call", {"number": "+4930123456"})["call"]
        if then and "INVITE" not in steps:
            tab.until_heard("connected", call=dialled)
            until_flowing(tab)
        if then == "hold":
            assert tab.outcome("hold", {"held": True})["name"] == "NotPossible"
        if then in BETWEEN:
            tab.evaluate(BETWEEN[then])
            tab.until_evaluates("() => [...exchange.sockets].some(({ dead }) => !dead)")  # a BYE before that is lost
            tab.until_state(lambda state: state["registration"]["known"], "a registration")
            until_flowing(tab)
        if then in ("far", "hold"):
            tab.evaluate(FAR_HANGS_UP)
        elif then:
            tab.run("hangup")
        assert reasons(tab, dialled) == [reason]
        tab.until_quiet()
        assert tab.evaluate(LEFT_OVER) == {"connections": 0, "tracks": 0}
        tab.evaluate("() => { peers.length = 0; exchange.calls.clear(); }")
        assert tab.evaluate("() => exchange.sockets.size") == 1
