"""The JsSIP phone: two of them, in two profiles, call each other through a real SIP server."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor, Complaints
from tests.support.browsers import engine, needs
from tests.support.phones import (
    APP,
    AUDIBLE,
    KEEP_PEERS,
    LISTEN,
    LOUDNESS_OF,
    PHONE_DESK,
    READ_KEYS,
    PhoneDesk,
    PhoneTab,
)
from worker_py_tool.setup import sip_server

pytestmark = needs("opens_peer_connections")

CONFIGURATION = Path(__file__).parents[2] / "support" / "kamailio.cfg"
FOLLOW_TRANSFERS = """async () => {
  const start = document.querySelector("script[src$='phone/start.js']").src;
  const { UA } = await import(start.replace("start.js", "jssip_library.js"));
  const emit = UA.prototype.emit;
  const follow = ({ accept }) => {
    const mediaStream = new MediaStream(peers.at(-1).getSenders().map(({ track }) => track));
    accept(null, { mediaStream, pcConfig: { iceServers: [] } });
  };
  UA.prototype.emit = function (name, event, ...more) {
    if (name === "newRTCSession") {
      const tell = event.session.emit;
      event.session.emit = function (what, ...about) {
        return what === "refer" ? follow(...about) : tell.call(this, what, ...about);
      };
    }
    return emit.call(this, name, event, ...more);
  };
}"""
"""Makes of the client a telephone that goes where it is sent; our own phone refuses."""


@dataclass(frozen=True)
class Exchange:
    """A SIP server, an operator's tab and a client's, in two profiles, both logged in."""

    port: int
    operator: PhoneTab
    client: PhoneTab
    operators_desk: PhoneDesk

    @contextmanager
    def third_phone(self) -> Iterator[PhoneTab]:
        """One more, in a profile of its own, not logged in."""
        browser = self.operators_desk.context.browser
        assert browser is not None
        context = browser.new_context()
        tab = PhoneDesk(context, self.operators_desk.portal_url, self.operators_desk.app_url).phone_tab()
        tab.until_holds()
        yield tab
        context.close()

    def account(self, user: str, password: str = "secret") -> dict[str, str]:
        """What `phone.register` takes."""
        server = f"ws://127.0.0.1:{self.port}"
        audio = "microphone" if engine().microphone_hz else "generated"
        return {"server": server, "uri": f"sip:{user}@pbx.test", "password": password, "audio": audio}


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """A SIP server's."""
    if reason := sip_server.missing():
        pytest.skip(reason)
    with sip_server.run(CONFIGURATION, tmp_path_factory.mktemp("kamailio")) as opened:
        yield opened


@pytest.fixture(scope="module")
def opened(
    port: int, browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[tuple[Exchange, Complaints]]:
    """The module's tests share it: each begins and ends a call of its own."""
    bundle = bundle_for(APP, page_scripts=(PHONE_DESK,), phone="jssip", connect=("ws://127.0.0.1:*",))
    app = serve_app(bundle)
    complaints = Complaints()
    contexts = [browser.new_context(), browser.new_context()]
    for context in contexts:
        complaints.watch(context)
        context.add_init_script(KEEP_PEERS)
    desks = [PhoneDesk(context, portal_url, app) for context in contexts]
    operator, client = (desk.open_page(ready=False) for desk in desks)  # both boot at once
    exchange = Exchange(port, operator, client, desks[0])
    for tab, user in ((operator, "operator"), (client, "client")):
        tab.until_ready()
        tab.until_holds()
        tab.measure_often()
        assert tab.run("register", exchange.account(user)) == {"uri": f"sip:{user}@pbx.test"}
    yield exchange, complaints
    for context in contexts:
        context.close()


@pytest.fixture
def exchange(opened: tuple[Exchange, Complaints]) -> Iterator[Exchange]:
    made, complaints = opened
    yield made
    for tab in (made.client, made.operator):
        tab.until_ready()  # it may just have been loaded anew
        tab.run("hangup")
        tab.until_state(lambda state: state["phase"] == "idle", "an idle phone")
        tab.evaluate("() => [window.ear, window.keysRead].forEach((reading) => reading?.stop())")
        if tab.holds():  # Playwright goes on listing workers of a page that was left
            tab.until_quiet()
    complaints.check()


@dataclass(frozen=True)
class Boss:
    """A third phone, and what it was told before its account was right: of each registration, and of a call."""

    tab: PhoneTab
    refusals: list[dict[str, Any]]


WRONG: tuple[dict[str, Any], ...] = (
    {"ice_servers": [{"urls": "bogus"}]},
    {"password": "wrong"},
    {"server": "ws://127.0.0.1:9"},
)


@pytest.fixture(scope="module")
def boss(opened: tuple[Exchange, Complaints]) -> Iterator[Boss]:
    """Somebody to whom calls are handed on."""
    exchange, _ = opened
    with exchange.third_phone() as tab:
        refusals = [tab.outcome("register", {**exchange.account("boss"), **change}) for change in WRONG]
        refusals.append(tab.outcome("call", {"number": "sip:operator@pbx.test"}))
        tab.run("register", exchange.account("boss"))
        yield Boss(tab, refusals)


def ring(exchange: Exchange) -> tuple[str, str]:
    """Let the client call the operator; the call's ids at the operator's and at the client's."""
    outgoing = exchange.client.run("call", {"number": "sip:operator@pbx.test"})["call"]
    state = exchange.operator.until_state(lambda now: now["phase"] == "ringing", "a ringing phone")
    assert (state["number"], state["direction"]) == ("client", "incoming")
    return state["call"], outgoing


def connect(exchange: Exchange) -> tuple[str, str]:
    """The same, and answer."""
    incoming, outgoing = ring(exchange)
    assert exchange.operator.run("answer")["phase"] == "connected"
    exchange.client.until_heard("connected", call=outgoing)
    return incoming, outgoing


def listen(tab: PhoneTab) -> None:
    """Hear what arrives at a tab from now on."""
    tab.evaluate(LISTEN)


def until_level(tab: PhoneTab, condition: str) -> None:
    """Wait until what arrives is as loud as this."""
    tab.until_evaluates(f"() => ear.level() {condition}")


def until_audible(tab: PhoneTab) -> None:
    """Wait until what the other side says arrives: a made voice, or what the engine's microphone hears."""
    if engine().microphone_hz:
        until_loud(tab, lambda tone, beside: tone > AUDIBLE and tone > 100 * beside, "a tone and nothing beside it")
    else:
        listen(tab)
        until_level(tab, f"> {AUDIBLE}")


def until_silent(tab: PhoneTab) -> None:
    """Wait until nothing of it arrives."""
    if engine().microphone_hz:
        until_loud(tab, lambda tone, _beside: tone < AUDIBLE / 10, "silence")
    else:
        until_level(tab, f"< {AUDIBLE / 10}")


def until_loud(tab: PhoneTab, condition: Callable[[float, float], bool], what: str) -> None:
    """Wait until the tone of the engine's microphone, and one beside it, are as loud as this."""
    hz = engine().microphone_hz or 0
    heard = [0.0, 0.0]

    def holds() -> bool:
        heard[:] = tab.evaluate(LOUDNESS_OF, [hz, hz * 1.4])
        return condition(*heard)

    tab.poll(holds, what, lambda: heard)


def reasons(tab: PhoneTab, call: str) -> list[str]:
    """How Python was told that a call ended."""
    tab.until_heard("ended", call=call)
    return [payload["reason"] for payload in tab.log("ended", call=call)]


@pytest.mark.engines
def test_a_call_comes_in_is_answered_and_carries_sound_both_ways(exchange: Exchange) -> None:
    incoming, _ = connect(exchange)

    assert exchange.operator.until_heard("incoming", call=incoming)[0]["number"] == "client"
    for tab in (exchange.operator, exchange.client):
        first = tab.run("state")["stats"]
        tab.until_state(
            lambda now, first=first: (  # type: ignore[misc]
                now["stats"]["bytes_sent"] > first["bytes_sent"] + 1000
                and now["stats"]["bytes_received"] > first["bytes_received"] + 1000
            ),
            "bytes both ways",
        )
        until_audible(tab)


@pytest.mark.parametrize("who", ["operator", "client"])
def test_either_side_hangs_up_and_both_pythons_are_told_once(exchange: Exchange, who: str) -> None:
    calls = connect(exchange)
    tabs = (exchange.operator, exchange.client)
    hangs_up, other = tabs if who == "operator" else tabs[::-1]
    own, others = calls if who == "operator" else calls[::-1]

    hangs_up.run("hangup")

    assert reasons(hangs_up, own) == ["hung_up"]
    assert reasons(other, others) == ["far_hung_up"]


def test_a_call_that_is_declined_is_refused_at_the_other_side(exchange: Exchange) -> None:
    incoming, outgoing = ring(exchange)

    exchange.operator.run("hangup")

    assert reasons(exchange.operator, incoming) == ["declined"]
    assert reasons(exchange.client, outgoing) == ["refused"]


def test_a_caller_who_gives_up_is_a_missed_call(exchange: Exchange) -> None:
    incoming, outgoing = ring(exchange)

    exchange.client.run("hangup")

    assert reasons(exchange.operator, incoming) == ["missed"]
    assert reasons(exchange.client, outgoing) == ["hung_up"]


def test_a_number_that_nobody_has_is_refused(exchange: Exchange) -> None:
    call = exchange.client.run("call", {"number": "sip:nobody@pbx.test"})["call"]

    assert reasons(exchange.client, call) == ["refused"]


def test_muted_the_client_hears_nothing_and_hears_again_afterwards(exchange: Exchange) -> None:
    connect(exchange)
    until_audible(exchange.client)

    exchange.operator.run("mute", {"muted": True})
    until_silent(exchange.client)

    exchange.operator.run("mute", {"muted": False})
    until_audible(exchange.client)


def test_on_hold_nothing_flows_either_way_and_flows_again_afterwards(exchange: Exchange) -> None:
    incoming, _ = connect(exchange)
    operator = exchange.operator
    until_audible(exchange.client)

    operator.run("hold", {"held": True})
    before = len(operator.until_heard("stats", call=incoming, held=True))
    held = operator.until_heard("stats", before + 4, call=incoming, held=True)
    counts = [(each["packets_sent"], each["packets_received"]) for each in held]
    assert counts[-1] == counts[before], "a second on hold, in which fifty packets each way would have gone"

    operator.run("hold", {"held": False})
    sent, received = counts[-1]
    operator.until_state(
        lambda now: now["stats"]["packets_sent"] > sent + 10 and now["stats"]["packets_received"] > received + 10,
        "packets after the hold",
    )
    until_audible(exchange.client)


def test_keys_reach_the_client_in_order_each_once(exchange: Exchange) -> None:
    exchange.client.evaluate(READ_KEYS)
    connect(exchange)
    exchange.client.evaluate("() => keysRead.begun")

    exchange.operator.run("dtmf", {"keys": "42"})
    exchange.operator.run("dtmf", {"keys": "#159"})

    exchange.client.until_evaluates("() => keysRead.text.length >= 6")
    assert exchange.client.evaluate("() => keysRead.text") == "42#159"


def test_a_transfer_that_the_other_side_refuses_leaves_the_call_as_it_was(exchange: Exchange) -> None:
    connect(exchange)

    answer = exchange.operator.outcome("transfer", {"target": "sip:boss@pbx.test"})

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "TransferFailed")
    assert exchange.operator.run("state")["phase"] == "connected"


def test_a_transfer_that_is_taken_leads_the_client_to_the_third_and_ends_the_operators_call(
    exchange: Exchange, boss: Boss
) -> None:
    exchange.client.evaluate(FOLLOW_TRANSFERS)
    incoming, outgoing = connect(exchange)
    asked = {"name": "phone.transfer", "params": {"target": "sip:boss@pbx.test"}}
    exchange.operator.evaluate("(asked) => { window.transfer = phoneDesk.ask(asked); }", asked)
    ringing = boss.tab.until_state(lambda state: state["phase"] == "ringing", "a ringing phone")["call"]

    boss.tab.run("answer")

    answer = exchange.operator.evaluate("() => window.transfer")
    assert answer.get("returns", answer).get("phase") == "idle", answer
    assert reasons(exchange.operator, incoming) == ["transferred"]
    assert reasons(exchange.client, outgoing) == ["far_hung_up"]
    assert boss.tab.run("state")["number"] == "client"
    boss.tab.run("hangup")
    assert reasons(boss.tab, ringing) == ["hung_up"]


def test_a_consultation_is_joined_by_replaces_and_the_colleague_talks_to_the_client(
    exchange: Exchange, boss: Boss
) -> None:
    exchange.client.evaluate(FOLLOW_TRANSFERS)
    incoming, outgoing = connect(exchange)
    operator = exchange.operator

    consulted = operator.run("consult", {"target": "sip:boss@pbx.test"})["consultation"]["call"]
    ringing = boss.tab.until_state(lambda state: state["phase"] == "ringing", "a ringing phone")["call"]
    boss.tab.run("answer")
    operator.until_heard("connected", call=consulted)
    assert operator.run("state")["held"] is True

    assert operator.run("transfer")["phase"] == "idle"

    assert reasons(operator, incoming) == ["transferred"]
    assert reasons(operator, consulted) == ["transferred"]
    assert reasons(exchange.client, outgoing) == ["far_hung_up"]
    assert boss.tab.until_heard("connected", call=ringing, number="client")
    until_audible(exchange.client)
    boss.tab.run("hangup")
    assert reasons(boss.tab, ringing) == ["hung_up"], "its call was the same all the time"


def test_a_consultation_whom_nobody_takes_leads_back_to_the_client(exchange: Exchange) -> None:
    incoming, _ = connect(exchange)
    operator = exchange.operator

    consulted = operator.run("consult", {"target": "sip:nobody@pbx.test"})["consultation"]["call"]
    assert reasons(operator, consulted) == ["refused"]

    assert operator.run("retrieve")["held"] is False
    before = operator.run("state")["stats"]["packets_received"]
    operator.until_state(lambda now: now["stats"]["packets_received"] > before + 20, "packets of the client")
    assert operator.run("state")["call"] == incoming


def test_when_the_page_with_the_phone_goes_another_one_registers_and_rings(exchange: Exchange) -> None:
    incoming, outgoing = connect(exchange)
    operator = exchange.operator
    second = exchange.operators_desk.phone_tab()

    operator.navigate("/crm/deal/details/3/")

    second.until_holds()
    assert reasons(second, incoming) == ["holder_gone"]
    second.until_heard("registered_again")
    assert reasons(exchange.client, outgoing) == ["far_hung_up"]
    ring(exchange)
    assert second.run("answer")["phase"] == "connected"


def test_what_cannot_be_dialled_is_an_error_and_the_phone_is_free_again(exchange: Exchange) -> None:
    answer = exchange.client.outcome("call", {"number": "sip:"})

    assert (answer["raises"], answer["name"]) == ("PageCallFailed", "TypeError")
    assert exchange.client.run("state")["phase"] == "idle"


@pytest.mark.campaign
def test_python_is_told_when_the_exchange_is_gone_and_when_it_is_back(exchange: Exchange, tmp_path: Path) -> None:
    """In CI `test_phone_exchange.py` has an exchange that restarts, and `registration.test.mjs` the pauses between."""
    with exchange.third_phone() as third:
        with sip_server.run(CONFIGURATION, tmp_path) as port:
            third.run("register", {**exchange.account("third"), "server": f"ws://127.0.0.1:{port}"})
            assert third.log("registration") == []
        third.until_heard("registration", known=False)
        second = tmp_path / "again"
        second.mkdir()
        with sip_server.run(CONFIGURATION, second, port):
            third.until_heard("registration", known=True)


def test_a_registration_that_fails_says_why_and_the_right_one_is_taken_after_it(boss: Boss) -> None:
    unusable, *refused, call = boss.refusals

    assert (unusable["name"], "ice_servers" in unusable["message"]) == ("TypeError", True)
    for answer, text in zip(refused, ("Authentication Error", "its WebSocket cannot be reached"), strict=True):
        assert (answer["raises"], answer["name"]) == ("PageCallFailed", "RegistrationFailed")
        assert text in answer["message"]
    assert call["name"] == "NotRegistered"
    assert boss.tab.run("state")["registration"]["known"] is True
