"""Python that waits for another host and holds all cards meanwhile: it works, and is told when it took too long."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Iterator

import pytest
from starlette.types import Receive, Scope, Send

from tests.browser.conftest import BundleFor, OpenPage
from tests.support.witness import WITNESS
from worker_py_tool.asgi import create_app
from worker_py_tool.serve.server import AsgiServer

APP = """
from pyodide.http import pyfetch, pyxhr

from worker_py import App
from worker_py.events import AddCommentButtonClick

app = App(slice_limit_ms=SLICE)


@app.on(AddCommentButtonClick)
async def ask(event, card):
    how, url = event.comment.split()
    answer = await (await pyfetch(url)).text() if how == "pyfetch" else pyxhr.get(url).text
    await card.page.call("tell", answer)
"""
SLICE_MS, LONGER_THAN_A_SLICE_S = 500, 0.8
"""The request counts for 250 ms of the slice at most, and so does a pause of the machine behind it."""


@pytest.fixture
def other_host() -> Iterator[str]:
    """A host of another origin that lets itself be asked; `slow` takes its time, which is what is tested."""

    async def answer(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await asyncio.sleep(LONGER_THAN_A_SLICE_S if scope["path"] == "/slow" else 0)
            headers = [(b"access-control-allow-origin", b"*"), (b"content-type", b"text/plain")]
            await send({"type": "http.response.start", "status": 200, "headers": headers})
            await send({"type": "http.response.body", "body": b"hello"})

    with AsgiServer(answer) as server:
        yield f"http://crm.localhost:{server.port}"


def test_a_request_that_blocks_is_traced_and_reported_when_it_took_longer_than_a_slice(
    open_page: OpenPage, other_host: str, bundle_for: BundleFor
) -> None:
    bundle = bundle_for(APP.replace("SLICE", str(SLICE_MS)), page_scripts=[WITNESS], connect=[other_host])
    with AsgiServer(create_app(bundle)) as server:
        page = open_page(url=f"http://app.localhost:{server.port}/")
        page.initialized()
        for how in ("pyfetch", "pyxhr"):
            for path in ("quick", "slow"):
                page.raise_event("addCommentButtonClick", f"{how} {other_host}/{path}")
                assert page.told() == "hello"
        page.until_settled()

        waits = [entry for entry in page.trace() if entry["kind"] == "wait"]
        assert [entry["name"] for entry in waits] == [f"a synchronous request to {other_host}"] * 2
        assert 1000 * LONGER_THAN_A_SLICE_S <= waits[1]["duration_ms"]
        held = [entry for entry in waits if entry["duration_ms"] > SLICE_MS]  # on a busy machine the quick one, too
        assert [report["kind"] for report in page.reports()] == ["held"] * len(held)
        words = r"ask held all cards for \d+\.\d s, by a synchronous request to http://crm\.localhost"
        assert re.match(words, page.reports()[-1]["text"])
        assert page.worker_ends() == []
