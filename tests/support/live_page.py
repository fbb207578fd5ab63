"""The portal's page with a call, and the app's handlers in the editor beside it."""

import re

from playwright.sync_api import Locator, Page, expect

from worker_py_tool.kit.browser_portal import PortalPage


class LivePage(PortalPage):
    """The portal's page with a call, and the editor in its tab."""

    def __init__(self, page: Page, app_url: str) -> None:
        super().__init__(page, app_url)
        self.card_status = page.locator("#card-status")
        self.state = page.locator(".live-state")
        self.problems = page.locator(".live-problems li")
        self.text = page.get_by_role("textbox", name="Python handlers")

    def open(self) -> None:
        """Open the tab, and wait for the editor."""
        self.playwright_page.get_by_role("tab", name="Handlers").click()
        expect(self.text).to_be_visible()

    def write(self, source: str) -> None:
        """Put another text in the place of what is there."""
        self.text.focus()
        self.playwright_page.keyboard.press("ControlOrMeta+a")
        self.playwright_page.keyboard.insert_text(source.lstrip())

    def apply(self, source: str) -> None:
        """Write it and apply it by the button."""
        self.write(source)
        self.playwright_page.get_by_role("button", name="Apply").click()

    def apply_well(self, source: str) -> None:
        """The same, and Python takes it."""
        self.apply(source)
        expect(self.state).to_have_text("Applied: your edit runs. The call goes on.")

    def revert(self) -> None:
        """Bring the bundle's own handlers back, whatever was applied or only written."""
        button = self.playwright_page.get_by_role("button", name="Revert")
        expect(self.state).not_to_have_text("Applying…")  # the button cannot be clicked meanwhile either
        if button.is_enabled():
            button.click()
            expect(self.state).to_have_text(re.compile(r"[Tt]he app's own handlers run\.$"))
        expect(button).to_be_disabled()

    def load_example(self, title: str) -> None:
        """Choose it in the list, and apply it."""
        self.playwright_page.get_by_role("combobox", name="Example").select_option(label=title)
        expect(self.state).to_contain_text("changed and not applied")
        self.playwright_page.get_by_role("button", name="Apply").click()
        expect(self.state).to_have_text("Applied: your edit runs. The call goes on.")

    def mute(self) -> None:
        """Click on Mute, or on Unmute."""
        self.click("muteButtonClick")

    def source(self) -> str:
        """The source that runs, as the placement page knows it."""
        text: str = self.evaluate(
            """async () => {
              const live = await workerPy.live;
              return new Promise((resolve) => live.listen(({ kind, source }) => kind === "runs" && resolve(source)));
            }"""
        )
        return text

    def marked_lines(self) -> Locator:
        """Lines of the editor with a mark of a problem beside them."""
        return self.playwright_page.locator(".cm-gutter-lint .cm-lint-marker-error")

    def call(self, greeting: str = "greeted") -> None:
        """A call rings, is greeted with this text and answered."""
        self.incoming_call()
        expect(self.card_status).to_have_text(greeting)
        self.click("answerButtonClick")
        expect(self.playwright_page.locator("#card-state")).to_have_text("On the call")
