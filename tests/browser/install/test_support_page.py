"""The page with `?support` in the simulated portal: a text to copy, of what the hidden pages of the browser say."""

from collections.abc import Callable, Iterator
from contextlib import closing
from pathlib import Path
from typing import cast

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Browser, Locator, Page, expect

from tests.browser.conftest import BundleFor
from tests.support.witness import WitnessPage
from worker_py_tool.kit.browser_portal import BrowserPortal
from worker_py_tool.paths import CACHE

PICTURES = CACHE / "artifacts" / "support"
SIZES = {"wide": (1280, 900), "narrow": (390, 844)}
NUMBER, NAME, COMMENT = "+4915112345678", "Zarathustra Quux", "ring the bell"
TOKEN = "0123456789abcdef0123456789abcdef"
APP = """
    import logging

    from worker_py import App
    from worker_py.events import AddCommentButtonClick, Initialized

    app = App()

    @app.on(Initialized)
    async def greet(event, card):
        await card.set_card_title("NAME")
        print(event.phone_number, "TOKEN")
        app.capture_message("NAME of " + event.phone_number)
        logging.getLogger("cards").error("NAME: %s", event.phone_number)
        raise LookupError(f"NAME has {event.phone_number}, TOKEN")

    @app.on(AddCommentButtonClick)
    def note(event, card):
        raise ValueError(event.comment)
""".replace("TOKEN", TOKEN).replace("NAME", NAME)


class Support:
    """A portal page on which handlers have failed, and the support page in it."""

    def __init__(self, hidden: WitnessPage) -> None:
        self.hidden = hidden
        self.page: Page = hidden.playwright_page
        self.page.evaluate("() => { portal.openApp('support'); }")
        self.frame = self.page.frame_locator("#app-view iframe")
        expect(self.status).to_have_text("One page answered.")

    @property
    def status(self) -> Locator:
        return self.frame.get_by_role("status")

    @property
    def text(self) -> str:
        return self.frame.get_by_label("What to send").input_value()


@pytest.fixture(scope="module")
def support(
    browser: Browser, bundle_for: BundleFor, serve_app: Callable[[Path], str], portal_url: str
) -> Iterator[Support]:
    with closing(browser.new_context()) as context:
        portal = BrowserPortal(context, portal_url, serve_app(bundle_for(APP)), WitnessPage)
        hidden = portal.open_page(plain="1")
        hidden.initialized(PHONE_NUMBER=NUMBER)
        hidden.raise_event("addCommentButtonClick", COMMENT)
        hidden.poll(lambda: hidden.counted("reports", "handler_failed") == 2, "both handlers have failed")
        yield Support(hidden)


def test_it_tells_what_runs_and_what_happened_and_not_a_word_of_the_call(support: Support) -> None:
    session = support.hidden.evaluate("() => BX24.getAuth()")
    build = support.hidden.evaluate("() => JSON.parse(document.getElementById('worker-py-config').textContent).build")
    text = support.text
    for told in (
        f"worker-py {build}, page {support.hidden.stats()['page']}\n",
        "state ready, client BX24",
        '"reports":{"handler_failed":',
        "report handler_failed BackgroundCallCard::initialized",
        "handler greet",
        "handler note",
    ):
        assert told in text, text
    planted = [NUMBER, NUMBER[1:], *NAME.split(), COMMENT, "bell", TOKEN]
    planted += [session[name] for name in ("access_token", "refresh_token", "member_id", "domain")]
    assert [word for word in planted if word in text] == []


def test_a_button_copies_it_whole(support: Support) -> None:
    support.frame.get_by_role("button", name="Copy").click()
    expect(support.status).to_have_text("Copied.")
    with closing(support.page.context.new_page()) as other:
        other.set_content("<textarea></textarea>")
        other.locator("textarea").press("Control+V")
        expect(other.locator("textarea")).to_have_value(support.text)


@pytest.mark.parametrize(
    ("scheme", "width"),
    [
        ("light", "wide"),
        ("dark", "narrow"),
        pytest.param("light", "narrow", marks=pytest.mark.campaign),
        pytest.param("dark", "wide", marks=pytest.mark.campaign),
    ],
)
def test_it_fits_and_can_be_read(support: Support, scheme: str, width: str) -> None:
    wide, high = SIZES[width]
    support.page.set_viewport_size({"width": wide, "height": high})
    support.page.emulate_media(color_scheme="dark" if scheme == "dark" else "light")
    main = support.frame.locator("main")
    expect(main).to_be_visible()
    assert main.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert main.evaluate("(main) => main.querySelector('textarea').getBoundingClientRect().right <= innerWidth")
    PICTURES.mkdir(parents=True, exist_ok=True)
    support.page.screenshot(path=PICTURES / f"{scheme}-{width}.png")
    [inner] = [frame for frame in support.page.frames if "?support" in frame.url]
    found = Axe().run(cast(Page, inner)).response  # what it does with a page, a frame can do too
    assert found["passes"], "axe looked at nothing"
    assert [each["id"] for each in found["violations"] if each["impact"] in ("serious", "critical")] == []
