"""The recipes of docs/phone.md, run for real: a TURN server, a socket with TLS, a telephone that is no browser."""

from __future__ import annotations

import array
import base64
import hashlib
import hmac
import math
import subprocess
import time
import wave
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser

from tests.browser.conftest import BundleFor, LaunchProfile
from tests.support.phones import APP, AUDIBLE, KEEP_PEERS, LISTEN, LOUDNESS_OF, PHONE_DESK, PhoneDesk, PhoneTab
from worker_py_tool.setup import sip_server
from worker_py_tool.setup.debian_server import free_port, running

pytestmark = pytest.mark.campaign

CONFIGURATION = Path(__file__).parents[2] / "support" / "kamailio.cfg"
SECRET = "north"
REGISTERED_S = 20
SELECTED = """async () => {
  const stats = [...(await peers.at(-1).getStats()).values()];
  const pairs = stats.filter(({ type }) => type === "candidate-pair");
  const pair = pairs.find(({ nominated, state }) => nominated && state === "succeeded");
  return pair ? stats.find(({ id }) => id === pair.localCandidateId).candidateType : null;
}"""
BARESIP = """
snd_path {directory}
audio_source aufile,{directory}/hum.wav
audio_alert aufile,/dev/null
sip_listen 127.0.0.1:{port}
rtcp_mux yes
module_path /usr/lib/baresip/modules
module g711.so
module aufile.so
module sndfile.so
module dtls_srtp.so
module ice.so
module_tmp account.so
module_app menu.so
"""


def needs(*beside: str, tls: bool = False) -> None:
    """Skip the test where a program is missing."""
    if reason := sip_server.lacking(*beside, tls=tls):
        pytest.skip(reason)


@pytest.fixture(scope="module")
def app(bundle_for: BundleFor, serve_app: Callable[[Path], str]) -> str:
    """The address of a bundle whose page may reach an exchange of this machine."""
    connect = ("ws://127.0.0.1:*", "wss://127.0.0.1:*")
    return serve_app(bundle_for(APP, page_scripts=(PHONE_DESK,), phone="jssip", connect=connect))


@pytest.fixture
def open_tab(browser: Browser, app: str, portal_url: str) -> Iterator[Callable[..., PhoneTab]]:
    """Opens a tab with a phone, in a profile of its own."""
    contexts = []

    def opened(**options: Any) -> PhoneTab:
        context = browser.new_context(**options)
        contexts.append(context)
        context.add_init_script(KEEP_PEERS)
        tab = PhoneDesk(context, portal_url, app).phone_tab()
        tab.until_holds()
        return tab

    yield opened
    for context in contexts:
        context.close()


def account(server: str, user: str, **more: object) -> dict[str, object]:
    """What `phone.register` takes."""
    return {"server": server, "uri": f"sip:{user}@pbx.test", "password": "secret", "audio": "generated", **more}


def until_heard(tab: PhoneTab) -> None:
    """Wait until a voice arrives."""
    tab.evaluate(LISTEN)
    tab.until_evaluates(f"() => ear.level() > {AUDIBLE}")


def call_by_relay(operator: PhoneTab, client: PhoneTab) -> None:
    """The client calls, the operator answers, and they hear each other by the TURN server."""
    client.run("call", {"number": "sip:operator@pbx.test"})
    operator.until_state(lambda state: state["phase"] == "ringing", "a ringing phone")
    operator.run("answer")
    for tab in (operator, client):
        until_heard(tab)
        tab.poll(lambda tab=tab: tab.evaluate(SELECTED) == "relay", "a way by the TURN server")  # type: ignore[misc]


@contextmanager
def turn_server(directory: Path, tls_port: int = 0) -> Iterator[int]:
    """Debian's coturn, with credentials that end; its port. With TLS it takes the certificate of the directory."""
    port = free_port()
    command = ["turnserver", "-n", "--no-cli", "--no-dtls", "--realm", "pbx.test"]
    certified = ["--cert", str(directory / "certificate.pem"), "--pkey", str(directory / "key.pem")]
    command += ["--tls-listening-port", str(tls_port), *certified] if tls_port else ["--no-tls"]
    command += ["--pidfile", str(directory / "pid"), "--db", str(directory / "db"), "--use-auth-secret"]
    command += ["--static-auth-secret", SECRET, "--listening-ip", "127.0.0.1", "--relay-ip", "127.0.0.1"]
    command += ["--listening-port", str(port), "--allow-loopback-peers", "--log-file", "stdout"]
    with running(command, port, directory / "turn.log"):
        yield port


def credential(ends_in_s: int) -> dict[str, str]:
    """As docs/phone.md has it: a name that says until when, and its HMAC."""
    name = f"{int(time.time()) + ends_in_s}:100"
    mac = hmac.new(SECRET.encode(), name.encode(), hashlib.sha1).digest()
    return {"username": name, "credential": base64.b64encode(mac).decode()}


@pytest.mark.parametrize("transport", ["udp", "tcp"])
def test_a_call_goes_by_a_turn_server_alone_with_a_credential_that_ends(
    open_tab: Callable[..., PhoneTab], tmp_path: Path, transport: str
) -> None:
    needs("turnserver")
    with sip_server.run(CONFIGURATION, tmp_path) as port, turn_server(tmp_path) as turn:
        tabs = [open_tab(), open_tab()]
        for tab, user in zip(tabs, ("operator", "client"), strict=True):
            servers = [{"urls": [f"turn:127.0.0.1:{turn}?transport={transport}"], **credential(600)}]
            relayed = account(f"ws://127.0.0.1:{port}", user, ice_servers=servers, ice_policy="relay")
            tab.run("register", relayed)
        call_by_relay(*tabs)


def test_a_credential_that_has_ended_finds_no_way_and_the_call_ends_as_failed(
    open_tab: Callable[..., PhoneTab], tmp_path: Path
) -> None:
    needs("turnserver")
    with sip_server.run(CONFIGURATION, tmp_path) as port, turn_server(tmp_path) as turn:
        tabs = [open_tab(), open_tab()]
        for tab, user in zip(tabs, ("operator", "client"), strict=True):
            servers = [{"urls": [f"turn:127.0.0.1:{turn}"], **credential(-600)}]
            relayed = account(f"ws://127.0.0.1:{port}", user, ice_servers=servers, ice_policy="relay")
            tab.run("register", relayed)
        operator, client = tabs
        client.run("call", {"number": "sip:operator@pbx.test"})
        operator.until_state(lambda state: state["phase"] == "ringing", "a ringing phone")
        asked = {"name": "phone.answer"}
        operator.evaluate("(asked) => { window.answering = phoneDesk.ask(asked); }", asked)

        operator.poll(lambda: len(operator.log("ended")) == 1, "the end of the call", operator.log, timeout_s=60)
        client.poll(lambda: len(client.log("ended")) == 1, "the end of the call", client.log)
        ends = [tab.log("ended")[0]["reason"] for tab in tabs]
        assert "failed" in ends and set(ends) <= {"failed", "far_hung_up"}, "one gives up, and tells the other"


def certificate(directory: Path) -> None:
    """A certificate that no browser trusts, where Kamailio looks for one."""
    command = ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2", "-subj", "/CN=127.0.0.1"]
    command += ["-addext", "subjectAltName=IP:127.0.0.1"]
    command += ["-keyout", str(directory / "key.pem"), "-out", str(directory / "certificate.pem")]
    subprocess.run(command, check=True, capture_output=True, timeout=60)


def trusted(profile: Path, certificate: Path) -> Path:
    """A profile that trusts a certificate, as a person's does that of a company's own."""
    store = profile / ".pki" / "nssdb"
    store.mkdir(parents=True)
    for command in (["-N", "--empty-password"], ["-A", "-t", "C,,", "-n", "own", "-i", certificate]):
        subprocess.run(["certutil", *command, "-d", f"sql:{store}"], check=True, capture_output=True, timeout=60)
    return profile


def test_a_call_goes_by_turn_over_tls(launch_profile: LaunchProfile, app: str, portal_url: str, tmp_path: Path) -> None:
    needs("turnserver", "certutil")
    certificate(tmp_path)
    tls_port = free_port()
    servers = [{"urls": [f"turns:127.0.0.1:{tls_port}?transport=tcp"], **credential(600)}]
    with sip_server.run(CONFIGURATION, tmp_path) as port, turn_server(tmp_path, tls_port):
        tabs = []
        for user in ("operator", "client"):
            context = launch_profile(trusted(tmp_path / user, tmp_path / "certificate.pem"))
            context.add_init_script(KEEP_PEERS)
            tab = PhoneDesk(context, portal_url, app).phone_tab()
            tab.until_holds()
            tab.run("register", account(f"ws://127.0.0.1:{port}", user, ice_servers=servers, ice_policy="relay"))
            tabs.append(tab)
        call_by_relay(*tabs)


def test_a_call_goes_over_wss_and_a_certificate_that_is_not_trusted_is_named(
    open_tab: Callable[..., PhoneTab], tmp_path: Path
) -> None:
    needs(tls=True)
    certificate(tmp_path)
    port = free_port()
    listen = [f"tls:127.0.0.1:{port}"]
    with sip_server.run(CONFIGURATION, tmp_path, listen=listen, defines=["WITH_TLS"]):
        server = f"wss://127.0.0.1:{port}"
        operator, client = open_tab(ignore_https_errors=True), open_tab(ignore_https_errors=True)
        stranger = open_tab()
        operator.run("register", account(server, "operator"))
        client.run("register", account(server, "client"))

        answer = stranger.outcome("register", account(server, "third"))

        assert (answer["name"], "its certificate" in answer["message"]) == ("RegistrationFailed", True)
        client.run("call", {"number": "sip:operator@pbx.test"})
        operator.until_state(lambda state: state["phase"] == "ringing", "a ringing phone")
        operator.run("answer")
        until_heard(operator)


def hum(file: Path) -> None:
    """A minute of 440 Hz, as telephones have sound: 8,000 samples a second."""
    samples = array.array("h", (round(8000 * math.sin(2 * math.pi * 440 * n / 8000)) for n in range(8000 * 60)))
    with wave.open(str(file), "wb") as written:
        written.setparams((1, 2, 8000, len(samples), "NONE", ""))
        written.writeframes(samples.tobytes())


@contextmanager
def baresip(directory: Path, sip_port: int, media: str = ";medianat=ice;mediaenc=dtls_srtp") -> Iterator[None]:
    """Debian's baresip: a telephone that answers by itself and hums at 440 Hz, over UDP."""
    port = free_port()
    hum(directory / "hum.wav")
    (directory / "config").write_text(BARESIP.format(directory=directory, port=port))
    (directory / "accounts").write_text(
        f'<sip:client@pbx.test;transport=udp>;auth_pass=secret;outbound="sip:127.0.0.1:{sip_port};transport=udp"'
        f"{media};answermode=auto;regint=60;audio_codecs=pcmu\n"
    )
    (directory / "contacts").write_text("")
    log = directory / "baresip.log"
    with running(["baresip", "-f", directory, "-v"], port, log):
        ends = time.monotonic() + REGISTERED_S
        while "200 OK" not in log.read_text(errors="replace"):
            assert time.monotonic() < ends, f"baresip has not registered: {log.read_text(errors='replace')}"
            time.sleep(0.05)
        yield


def test_a_telephone_that_is_no_browser_is_called_answers_and_is_hung_up(
    open_tab: Callable[..., PhoneTab], tmp_path: Path
) -> None:
    needs("baresip")
    udp = free_port()
    with sip_server.run(CONFIGURATION, tmp_path, listen=[f"udp:127.0.0.1:{udp}"]) as port, baresip(tmp_path, udp):
        operator = open_tab()
        operator.run("register", account(f"ws://127.0.0.1:{port}", "operator"))

        call = operator.run("call", {"number": "sip:client@pbx.test"})["call"]

        operator.until_heard("connected", call=call)
        operator.run("hangup")
        assert operator.until_heard("ended", call=call)[0]["reason"] == "hung_up"


@contextmanager
def rtpengine(directory: Path) -> Iterator[str]:
    """Debian's rtpengine, a gateway for media, in its own process alone; where it takes orders."""
    port, orders = free_port(), free_port()
    command = ["rtpengine", "--config-file=none", "--table=-1", "--foreground", "--log-stderr", "--interface=127.0.0.1"]
    command += [f"--listen-cli=127.0.0.1:{port}", f"--listen-ng=127.0.0.1:{orders}"]
    with running(command, port, directory / "rtpengine.log"):
        yield f"udp:127.0.0.1:{orders}"


def test_a_telephone_without_ice_and_dtls_is_heard_through_a_gateway(
    open_tab: Callable[..., PhoneTab], tmp_path: Path
) -> None:
    needs("baresip", "rtpengine")
    udp = free_port()
    listen = [f"udp:127.0.0.1:{udp}"]
    with rtpengine(tmp_path) as gateway:
        defines = [f'RTPENGINE="{gateway}"']
        with (
            sip_server.run(CONFIGURATION, tmp_path, listen=listen, defines=defines) as port,
            baresip(tmp_path, udp, media=""),
        ):
            operator = open_tab()
            operator.run("register", account(f"ws://127.0.0.1:{port}", "operator"))

            call = operator.run("call", {"number": "sip:client@pbx.test"})["call"]

            operator.until_heard("connected", call=call)
            heard = [0.0, 0.0]

            def hums() -> bool:
                heard[:] = operator.evaluate(LOUDNESS_OF, [440, 620])
                return heard[0] > AUDIBLE and heard[0] > 10 * heard[1]

            operator.poll(hums, "a tone of 440 Hz and nothing beside it", lambda: heard)
            operator.run("hangup")
            assert operator.until_heard("ended", call=call)[0]["reason"] == "hung_up"
        [written] = tmp_path.glob("*dec.wav")
        with wave.open(str(written)) as sound:
            assert max(array.array("h", sound.readframes(sound.getnframes()))) > 1000, "a voice came, too"
