"""Takes the pictures of the README: the demo in the middle of a call, light and dark.

Run it from anywhere, with a Python that has Playwright (``scripts/test browser`` sets one up in ``.venv``)::

    .venv/bin/python docs/make_pictures.py

It uses Playwright's own Chromium, or the one that ``WORKER_PY_CHROMIUM`` names.
"""

import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Literal

from playwright.sync_api import Browser, Page, expect, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
IMAGES = ROOT / "docs" / "images"
SIZE = {"width": 1280, "height": 800}
BOOT_MS = 120_000
PICTURES: tuple[tuple[Literal["light", "dark"], str], ...] = (("light", "demo.png"), ("dark", "demo-dark.png"))


@contextmanager
def demo() -> Iterator[str]:
    """The demo for the time of the block; gives its address."""
    with subprocess.Popen([ROOT / "scripts" / "demo"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            if not address:
                raise SystemExit("scripts/demo ended without an address")
            yield address
        finally:
            process.terminate()


def answer_a_call(page: Page) -> None:
    """Answer the call that the demo begins with, and mute."""
    card = page.get_by_role("region", name="Call card")
    expect(card).to_contain_text("open deals", timeout=BOOT_MS)
    card.get_by_role("button", name="Answer").click()
    expect(card).to_contain_text("Answered by Python")
    card.get_by_role("button", name="Mute").click()
    expect(card).to_contain_text("They cannot hear you")


def take(browser: Browser, address: str, scheme: Literal["light", "dark"], path: Path) -> None:
    """Take one picture, in a profile of its own."""
    with browser.new_context(viewport=SIZE, color_scheme=scheme) as context:  # type: ignore[arg-type]
        page = context.new_page()
        page.goto(address)
        answer_a_call(page)
        page.mouse.move(0, 0)
        page.screenshot(path=path)


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
