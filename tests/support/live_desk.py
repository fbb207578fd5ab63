"""The portal's page with a call, and the app's handlers in the editor beside it."""

from playwright.sync_api import Frame, Locator, Page, expect


class Desk:
    """The portal's page with a call, and the editor in its tab."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.card_status = page.locator("#card-status")
        self.state = page.locator(".live-state")
        self.problems = page.locator(".live-problems li")
        self.text = page.get_by_role("textbox", name="Python handlers")

    def open(self) -> None:
        """Open the tab, and wait for the editor."""
        self.page.get_by_role("tab", name="Handlers").click()
        expect(self.text).to_be_visible()

    def write(self, source: str) -> None:
        """Put another text in the place of what is there."""
        self.text.focus()
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.insert_text(source.lstrip())

    def apply(self, source: str) -> None:
        """Write it and apply it by the button."""
        self.write(source)
        self.page.get_by_role("button", name="Apply").click()

    def apply_well(self, source: str) -> None:
        """The same, and Python takes it."""
        self.apply(source)
        expect(self.state).to_have_text("Applied: your edit runs. The call goes on.")

    def revert(self) -> None:
        """Bring the bundle's own handlers back, whatever was applied or only written."""
        button = self.page.get_by_role("button", name="Revert")
        if button.is_enabled():
            button.click()
        expect(button).to_be_disabled()

    def load_example(self, title: str) -> None:
        """Choose it in the list, and apply it."""
        self.page.get_by_role("combobox", name="Example").select_option(label=title)
        expect(self.state).to_contain_text("changed and not applied")
        self.page.get_by_role("button", name="Apply").click()
        expect(self.state).to_have_text("Applied: your edit runs. The call goes on.")

    def click(self, what: str, argument: object = None) -> None:
        """Click on the card as the operator does."""
        self.page.evaluate("([what, argument]) => portal.click(what, argument ?? undefined)", [what, argument])

    def mute(self) -> None:
        """Click on Mute, or on Unmute."""
        self.click("muteButtonClick")

    def source(self) -> str:
        """The source that runs, as the placement page knows it."""
        text: str = self.frame.evaluate(
            """async () => {
              const live = await workerPy.live;
              return new Promise((resolve) => live.listen(({ kind, source }) => kind === "runs" && resolve(source)));
            }"""
        )
        return text

    @property
    def frame(self) -> Frame:
        """The placement page."""
        return next(frame for frame in self.page.frames if frame.url.startswith("http://app."))

    def marked_lines(self) -> Locator:
        """Lines of the editor with a mark of a problem beside them."""
        return self.page.locator(".cm-gutter-lint .cm-lint-marker-error")

    def call(self, greeting: str = "greeted") -> None:
        """A call rings, is greeted with this text and answered."""
        # Before the frame has bound the names nobody hears the event.
        self.page.wait_for_function("() => portal.frames().some((frame) => new Set(frame.bound).size === 17)")
        self.page.evaluate("portal.incomingCall()")
        expect(self.card_status).to_have_text(greeting)
        self.click("answerButtonClick")
        expect(self.page.locator("#card-state")).to_have_text("On the call")
