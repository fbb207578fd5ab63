"""Where the shared worker that outlives navigations cannot be had: each fall-back forced, the same suite on each."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext

from tests.browser.conftest import BundleFor, LaunchProfile
from tests.support.browsers import Browsers, needs
from tests.support.complaints import Complaints
from tests.support.hosting import DESK, HostingPage, HostingPortal, app_with
from worker_py_tool.kit.browser_portal import BrowserPortal


@dataclass(frozen=True)
class Fallback:
    """A browser in which something is missing, and what is to become of it.

    Attributes:
        mode: how the page then hosts the interpreter.
        reason: a part of what diagnostics say.
        script: what takes it away, run in every frame before the page's own scripts.
        blocks: what the profile's settings block: `storage` or `cookies`; or `flag`: the suite's own is left out; or
            `firefox`: its settings block what sites of another site keep.
        storage: whether diagnostics say that storage works.
        portal_keeps: whether the simulated portal can keep its own card over a navigation.
    """

    mode: str
    reason: str
    script: str = ""
    blocks: str = ""
    storage: bool = True
    portal_keeps: bool = True


# The page makes its shared worker by the constructor of a frame of its own: init scripts run there too.
FALLBACKS = {
    "no_shared_worker": Fallback("dedicated", "has no SharedWorker", "delete globalThis.SharedWorker"),
    "constructor_throws": Fallback(
        "dedicated",
        "refused to make a shared worker",
        "globalThis.SharedWorker = class { constructor() { throw new Error('no') } }",
    ),
    "constructor_refuses": Fallback(
        "dedicated",
        "blocks this site's storage",
        "globalThis.SharedWorker = class { constructor() { throw new DOMException('no', 'SecurityError') } }",
    ),
    "error_event": Fallback(
        "dedicated",
        "script could not be loaded",
        """globalThis.SharedWorker = class extends EventTarget {
          port = new MessageChannel().port1;
          constructor() { super(); setTimeout(() => this.onerror(new ErrorEvent('error', { cancelable: true }))); }
        }""",
    ),
    "no_answer": Fallback(
        "dedicated",
        "did not answer",
        """globalThis.SharedWorker = class { port = new MessageChannel().port1 };
        // Behind each tick come twenty at once, of at most a second and a half each, but for while files are loaded,
        // and until another worker takes the place of the one that does not answer.
        let waits = true;
        globalThis.Worker = class extends Worker {
          constructor(url, options) {
            super(url, options);
            waits &&= !String(url).includes("/worker/worker.js");
          }
        };
        let loading = 0;
        const load = globalThis.fetch;
        globalThis.fetch = (...request) => {
          loading++;
          return load(...request).finally(() => loading--);
        };
        let now = 0;
        const real = performance.now.bind(performance);
        performance.now = () => real() + now;
        const everySecond = globalThis.setInterval;
        globalThis.setInterval = (tick, ms) => everySecond(() => {
          tick();
          let hurried = 20;
          const hurry = new MessageChannel();
          hurry.port1.onmessage = () => {
            if (waits && hurried-- > 0 && loading === 0) {
              now += 1500;
              tick();
              hurry.port2.postMessage(0);
            }
          };
          hurry.port2.postMessage(0);
        }, ms);""",
    ),
    "no_extended_lifetime": Fallback(
        "shared",
        "knows no extendedLifetime",
        """const Real = globalThis.SharedWorker;
        globalThis.SharedWorker = function (url, { type, name }) {
          return new Real(url, Object.defineProperties({}, { type: { value: type }, name: { value: name } }));
        }""",
    ),
    "storage_blocked": Fallback("dedicated", "blocks this site's storage", blocks="storage", storage=False),
    "third_party_cookies_blocked": Fallback("extended", "outlives a navigation", blocks="cookies"),
    "storage_blocked_in_firefox": Fallback("dedicated", "blocks this site's storage", blocks="firefox", storage=False),
    "all_cookies_blocked_in_firefox": Fallback(
        "dedicated", "blocks this site's storage", blocks="firefox everywhere", storage=False, portal_keeps=False
    ),
    "without_the_suites_flag": Fallback("dedicated", "blocks this site's storage", blocks="flag", storage=False),
}


@pytest.fixture(scope="module")
def checking_browser(browsers: Browsers) -> Browser:
    """A Chromium with the features that Playwright leaves on.

    `--disable-features` in our own flags takes the place of Playwright's list, which switches partitioned storage off:
    then a frame of another site has no storage at all in a fresh profile, and no shared worker.
    """
    return browsers.launch(loopback_workers=False)


LIKE_ANOTHER = {
    "constructor_throws",
    "constructor_refuses",
    "error_event",
    "no_answer",  # half a minute without a word: tests/static/page/link.test.mjs
    "storage_blocked",
    "no_extended_lifetime",
}
"""What the page does about these is what it does about another one too, or in Firefox in any test."""
LIKE_ANOTHER_IN_FIREFOX = {"no_shared_worker", "all_cookies_blocked_in_firefox"}
COOKIE_BEHAVIOUR = {"firefox": 1, "firefox everywhere": 2}
"""Those of other sites are blocked; or all, the portal's own too."""
NEEDED = {"": "is_playwrights", **dict.fromkeys(COOKIE_BEHAVIOUR, "takes_preferences")}
CASES = [
    pytest.param(
        name,
        marks=[
            *([pytest.mark.campaign] if name in LIKE_ANOTHER else []),
            *([pytest.mark.engines] if name != "no_answer" else []),  # it hurries: a slower worker is one that hangs
            *([pytest.mark.engines_all] if name in LIKE_ANOTHER_IN_FIREFOX else []),
            needs(NEEDED.get(fallback.blocks, "takes_flags")),
        ],
    )
    for name, fallback in FALLBACKS.items()
]


@pytest.fixture(params=CASES, ids=list(FALLBACKS))
def fallback(request: pytest.FixtureRequest) -> Fallback:
    """Each of them."""
    return FALLBACKS[request.param]


@pytest.fixture
def fallback_context(
    request: pytest.FixtureRequest,
    fallback: Fallback,
    browser: Browser,
    launch_profile: LaunchProfile,
    complaints: Complaints,
    tmp_path: Path,
) -> Iterator[BrowserContext]:
    """A fresh profile in which it is missing."""
    if fallback.blocks in ("storage", "cookies"):
        # 2 is "block", in the settings' list of sites that may keep nothing; 1 is "block third-party cookies".
        preferences: dict[str, object] = (
            {"profile": {"content_settings": {"exceptions": {"cookies": {"[*.]app.localhost,*": {"setting": 2}}}}}}
            if fallback.blocks == "storage"
            else {"profile": {"cookie_controls_mode": 1, "block_third_party_cookies": True}}
        )
        context = launch_profile(tmp_path / "profile", preferences)
    elif fallback.blocks in COOKIE_BEHAVIOUR:
        behaviour = {"network.cookie.cookieBehavior": COOKIE_BEHAVIOUR[fallback.blocks]}
        blocking = request.getfixturevalue("browsers").launch(preferences=behaviour)
        context = blocking.new_context()
    else:
        checking: Browser = request.getfixturevalue("checking_browser") if fallback.blocks == "flag" else browser
        context = checking.new_context()
    if fallback.script:
        context.add_init_script("if (location.host.startsWith('app.') || !location.host) {" + fallback.script + "}")
    complaints.watch(context)
    yield context
    context.close()


@pytest.fixture
def portal(fallback_context: BrowserContext, hosting_url: str, portal_url: str) -> HostingPortal:
    """The portal in that profile."""
    return BrowserPortal(fallback_context, portal_url, hosting_url, HostingPage)


def test_the_same_suite_passes_on_each_and_diagnostics_say_which_and_why(
    portal: HostingPortal, fallback: Fallback, complaints: Complaints
) -> None:
    """A call is greeted, goes on over a navigation, survives the end of its worker, and has each side effect once."""
    complaints.expected.clear()
    tab = portal.open_page(again="yes")

    assert tab.host()["mode"] == fallback.mode
    assert fallback.reason in tab.host()["reason"]
    attached = tab.logged("attached")
    assert attached[-1][1:3] == [tab.host()["mode"], tab.host()["reason"]]
    assert tab.diagnostics()["storage"] is fallback.storage
    assert (
        any("blocks this site's storage" in problem for problem in tab.diagnostics()["problems"])
        is not fallback.storage
    )

    tab.open_slider()
    tab.until_ready_everywhere()
    call = tab.greeted_call().call_id
    assert tab.sent() == ["CallCardSetUiState", "CallCardSetCardTitle"]
    mark = tab.state_of_python()["cards"][call]["data"]["mark"]

    tab.raise_event("holdButtonClick", True)
    tab.until_held(1)
    complaints.expect(r"the worker ended \(vanished")
    tab.evaluate("workerPy.killWorker()")
    tab.until_held(2)
    tab.release_held()
    tab.until_settled()
    assert [entry[-1]["redelivered"] for entry in tab.logged("hold")] == [True]
    assert tab.sent() == ["CallCardSetUiState", "CallCardSetCardTitle"]

    before = tab.interpreter()
    tab.navigate("/crm/")
    tab.until_ready()
    if fallback.portal_keeps:
        tab.until_logged("initialized", call)
    else:
        tab.greeted_call()
    tab.raise_event("muteButtonClick", True)
    tab.until_card(statusText="muted")
    now = tab.state_of_python()
    assert (now["interpreter"] == before) is (fallback.mode == "extended")
    if fallback.storage:
        assert now["cards"][call]["data"]["mark"] == mark
    assert len([entry for entry in now["log"] if entry[0] == "mute"]) == 1
    assert json.dumps(now).count('"started"') == 1


@needs("is_playwrights")
def test_in_a_portal_by_plain_http_the_page_says_that_the_browser_withholds_what_it_needs(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str]
) -> None:
    bundle = bundle_for(app_with(), page_scripts=(DESK,))
    app_url = serve_app(bundle)
    parent = f'<iframe name="portal.test|0|hidden" src="{app_url}"></iframe>'
    page = browser.new_context().new_page()
    page.route("http://portal.test/", lambda route: route.fulfill(body=parent, content_type="text/html"))
    # Without its header, by which the policy keeps such a portal out.
    page.route(app_url, lambda route: route.fulfill(path=bundle / "index.html", content_type="text/html"))
    page.goto("http://portal.test/")
    frame = page.frames[1]
    frame.wait_for_function("() => window.workerPy && document.querySelector('h1')")
    assert frame.evaluate("() => [isSecureContext, document.querySelector('h1').textContent]") == [
        False,
        "The portal came by plain http",
    ]
    assert "open the portal by https" in frame.evaluate("() => workerPy.diagnostics().problems[0]")
    assert page.workers == []
