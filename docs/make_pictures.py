"""Takes the moving pictures of the README: a handler is edited in the middle of a call, light and dark.

Run it from anywhere, with a Python that has Playwright (``scripts/test browser`` sets one up in ``.venv``) and Pillow::

    .venv/bin/pip install pillow
    .venv/bin/python docs/make_pictures.py

It uses Playwright's own Chromium, or the one that ``WORKER_PY_CHROMIUM`` names.
"""

import io
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from PIL import Image
from playwright.sync_api import Browser, Locator, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 720}
SHOWN = (1120, 630)
"""So large are the pictures in pixels."""
BOOT_MS = 120_000
NEW_TEXT = "Silence. Coffee time!"
PICTURES: tuple[tuple[Literal["light", "dark"], str], ...] = (("light", "demo.webp"), ("dark", "demo-dark.webp"))
POINTER = """(at) => {
    const dot = document.getElementById("pointer") ?? document.body.appendChild(document.createElement("div"));
    dot.id = "pointer";
    dot.style.cssText = `position: fixed; z-index: 9; left: ${at.x - 11}px; top: ${at.y - 11}px;
        width: 22px; height: 22px; border-radius: 50%; border: 3px solid #c2410c; background: #c2410c55; pointer-events: none`;
}"""


@contextmanager
def demo() -> Iterator[str]:
    """The demo for the time of the block; gives its address."""
    with subprocess.Popen([ROOT / "scripts" / "demo", "--no-browser"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                raise SystemExit("scripts/demo ended without an address")
            yield address
        finally:
            process.terminate()


class Film:
    """Pictures of a page, each with the time for which it stands."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.frames: list[Image.Image] = []
        self.times_ms: list[int] = []

    def hold(self, ms: int) -> None:
        """Take the page as it is now."""
        shot = Image.open(io.BytesIO(self.page.screenshot())).convert("RGB")
        self.frames.append(shot.resize(SHOWN, Image.Resampling.LANCZOS))
        self.times_ms.append(ms)

    def click(self, target: Locator) -> None:
        """Point at it, and click it."""
        box = target.bounding_box()
        assert box is not None
        self.page.evaluate(POINTER, {"x": box["x"] + box["width"] / 2, "y": box["y"] + box["height"] / 2})
        self.hold(600)
        target.click()

    def save(self, path: Path) -> None:
        """Write it, to be shown again and again."""
        first, *others = self.frames
        first.save(path, save_all=True, append_images=others, duration=self.times_ms, loop=0, quality=72, method=6)


def edit_in_a_call(page: Page) -> Film:
    """Answer the call that the demo begins with, change what Mute says, and press it."""
    film = Film(page)
    card = page.get_by_role("region", name="Call card")
    expect(card).to_contain_text("open deals", timeout=BOOT_MS)
    film.hold(1400)
    film.click(card.get_by_role("button", name="Answer"))
    expect(card).to_contain_text("Answered by Python")
    film.hold(1200)
    film.click(page.get_by_role("tab", name="Handlers"))
    expect(page.locator(".cm-selectionBackground").first).to_be_visible()
    film.hold(1200)
    page.locator(".cm-content").focus()
    page.keyboard.press("Delete")
    for at in range(0, len(NEW_TEXT), 3):
        page.keyboard.insert_text(NEW_TEXT[at : at + 3])
        film.hold(130)
    film.hold(500)
    page.keyboard.press("Control+Enter")
    expect(page.get_by_text("Applied: your edit runs.")).to_be_visible()
    film.hold(1300)
    film.click(card.get_by_role("button", name="Mute"))
    expect(card).to_contain_text(NEW_TEXT)
    film.hold(1500)
    film.click(page.get_by_role("tab", name="What Python did"))
    film.hold(3000)
    return film


def take(browser: Browser, address: str, scheme: Literal["light", "dark"], path: Path) -> None:
    """Take one, in a profile of its own."""
    with browser.new_context(viewport=SIZE, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address)
        edit_in_a_call(page).save(path)


def main() -> None:
    """Take them all."""
    IMAGES.mkdir(exist_ok=True)
    chromium = os.environ.get("WORKER_PY_CHROMIUM")
    is_root = os.name == "posix" and os.geteuid() == 0  # Chromium's sandbox does not start for root
    with demo() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"] if is_root else [])
        for scheme, name in PICTURES:
            take(browser, address, scheme, IMAGES / name)
            print(IMAGES / name)
        browser.close()


if __name__ == "__main__":
    main()
