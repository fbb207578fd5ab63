"""The server of a bundle as an ASGI application, for `scripts/serve` and for any ASGI host.

- `/` (and `/index.html`): the placement page, for GET and POST alike, from memory. Bodies are read and forgotten.
- `/worker-py.json`: the app's settings, as they are now.
- `/assets/`, `/pyodide/`, `/wheels/`: what the page loads, for ever.
- `/placement-error`: the address to give the portal as `errorHandlerUrl`.
- `/reports/envelope`, `/reports`, `/metrics`: with a report sink, what pages send to it, and what came.
- `/healthz`: what is served, since when, and what was counted.
"""

import asyncio
import json
import logging
import os
import re
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from http import HTTPStatus
from pathlib import Path
from urllib.parse import urlsplit

from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from worker_py_tool.bundle.manifest import CONFIG
from worker_py_tool.errors import ToolError
from worker_py_tool.process import say
from worker_py_tool.reports.sink import INGEST, METRICS, REPORTS, Ingest, Metrics, Page, Sink
from worker_py_tool.serve import answers, request_body
from worker_py_tool.serve.headers import HASHED, PAGE, for_file
from worker_py_tool.serve.request_body import BodyRefused, ClientGone
from worker_py_tool.serve.request_log import RequestLog
from worker_py_tool.serve.served_bundle import Bundle, raw

HEALTH = "/healthz"
PLACEMENT_ERROR = "/placement-error"
OVERTIME = "ERROR_PLACEMENT_LOADING_OVERTIME"
BUNDLE_VARIABLE = "WORKER_PY_BUNDLE"
HOSTS_VARIABLE = "WORKER_PY_ALLOWED_HOSTS"
REPORTS_VARIABLE = "WORKER_PY_REPORTS"
_READ = ("GET", "HEAD", "OPTIONS")
_OVERTIME = re.compile(rb"(?<![A-Z_])" + OVERTIME.encode() + rb"(?![A-Z_])")
logger = logging.getLogger("worker_py.serve")


def create_app(
    directory: str | Path,
    *,
    allowed_hosts: Sequence[str] = (),
    reports: Path | None = None,
    report_origins: Sequence[str] = (),
) -> Starlette:
    """Make the application for one bundle.

    Args:
        directory: The bundle, which `scripts/build` made. It may be built anew while it is served.
        allowed_hosts: Names that requests may call the server by; empty for any.
        reports: The file of the report sink, where there is one.
        report_origins: Origins of bundles on other hosts that may report here.

    Raises:
        ToolError: The directory is no bundle, or the sink's file cannot be used.
    """
    seen = Seen()
    bundle = Bundle(Path(directory))
    files = Files(bundle)
    application = Starlette(
        routes=[
            Route(HEALTH, Health(bundle, seen)),
            Route(PLACEMENT_ERROR, PlacementError(seen)),
            *_reports(bundle, reports, report_origins),
            Route("/{path:path}", files),
        ],
        middleware=[
            Middleware(RequestLog, statuses=seen.statuses),
            Middleware(Gate, allowed_hosts=frozenset(name.lower() for name in allowed_hosts)),
        ],
    )
    application.router.default = files  # `*`, or a path with a line feed, matches no route
    return application


def _reports(bundle: Bundle, file: Path | None, origins: Sequence[str]) -> list[Route]:
    """What a report sink answers; nothing without one."""
    if file is None:
        return []
    sink = Sink(file, lambda: bundle.current().manifest.portals, origins)
    if sink.fresh:
        say(f"token of {REPORTS} and {METRICS}, also in {sink.token_file}: {sink.token}")
    served = Page(sink, lambda: [bundle.current().manifest.build])
    return [Route(INGEST, Ingest(sink)), Route(REPORTS, served), Route(METRICS, Metrics(sink))]


def app() -> Starlette:
    """The application as the environment describes it, for hosts that take a factory.

    `WORKER_PY_BUNDLE` names the bundle's directory, `WORKER_PY_ALLOWED_HOSTS` the allowed names, with commas,
    `WORKER_PY_REPORTS` the file of the report sink, if there is one.

    Raises:
        ToolError: `WORKER_PY_BUNDLE` is missing, or names no bundle.
    """
    directory = os.environ.get(BUNDLE_VARIABLE, "")
    if not directory:
        raise ToolError(f"{BUNDLE_VARIABLE} is not set", "Let it name the directory that scripts/build made.")
    names = os.environ.get(HOSTS_VARIABLE, "").split(",")
    reports = os.environ.get(REPORTS_VARIABLE)
    return create_app(
        directory,
        allowed_hosts=[name.strip() for name in names if name.strip()],
        reports=Path(reports) if reports else None,
    )


@dataclass(slots=True)
class Seen:
    """What happened since the start.

    Attributes:
        started: When that was, by the monotonic clock.
        statuses: Answers by their status.
        overtimes: How often the portal told that the page came too late.
        last_overtime: When it last did, in UTC.
        other_reports: Requests to `/placement-error` that named no error known to us.
    """

    started: float = field(default_factory=time.monotonic)
    statuses: Counter[str] = field(default_factory=Counter)
    overtimes: int = 0
    last_overtime: datetime | None = None
    other_reports: int = 0


class Gate:
    """ASGI middleware that refuses requests for other hosts, and answers for bodies that were refused."""

    def __init__(self, app: ASGIApp, allowed_hosts: frozenset[str]) -> None:
        self._app = app
        self._allowed_hosts = allowed_hosts

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle a request."""
        try:
            if scope["type"] == "http" and self._allowed_hosts and host_name(scope) not in self._allowed_hosts:
                await request_body.read(scope, receive)
                await answers.text(send, HTTPStatus.MISDIRECTED_REQUEST)
            else:
                await self._app(scope, receive, send)
        except BodyRefused as refusal:
            await answers.refuse_body(receive, send, refusal)
        except ClientGone:
            pass


def host_name(scope: Scope) -> str | None:
    """By which name the request calls us, without the port; None when it does not say, says two, or nonsense."""
    names = [value for key, value in scope["headers"] if key == b"host"]
    if len(names) != 1:
        return None
    try:
        return urlsplit(f"//{names[0].decode('latin-1')}").hostname
    except ValueError:
        return None


class Files:
    """ASGI application for the page and what it loads."""

    def __init__(self, bundle: Bundle) -> None:
        self._bundle = bundle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of whatever method."""
        await request_body.read(scope, receive)
        path = scope["path"].removeprefix("/") or PAGE
        if path == CONFIG:
            await self._config(scope, send)
            return
        build = self._bundle.find(path)
        if build is None:
            await answers.text(send, HTTPStatus.NOT_FOUND)
            return
        methods = (*_READ, "POST") if path == PAGE else _READ
        if not await _method_fits(scope, send, methods):
            return
        stored = build.choose(path, request_body.header(scope, b"accept-encoding") or "")
        file = build.loaded(stored)
        if file is None:
            try:
                file = await asyncio.to_thread(build.load, path, stored)
            except OSError:
                await answers.text(send, HTTPStatus.NOT_FOUND)
                return
        if path.startswith(HASHED) and _matches(request_body.header(scope, b"if-none-match"), file.etag):
            unchanged = (header for header in file.headers if header[0] not in (b"content-length", b"content-type"))
            await answers.answer(send, HTTPStatus.NOT_MODIFIED, unchanged)
        else:
            await answers.answer(send, HTTPStatus.OK, file.headers, file.content.raw)

    async def _config(self, scope: Scope, send: Send) -> None:
        """The app's settings, as they are now: whoever runs the site may change them."""
        if not await _method_fits(scope, send, _READ):
            return
        try:
            content = await asyncio.to_thread((self._bundle.directory / CONFIG).read_bytes)
        except OSError:
            await answers.text(send, HTTPStatus.NOT_FOUND)
            return
        named = {**for_file(CONFIG, ""), "Content-Length": str(len(content))}
        await answers.answer(send, HTTPStatus.OK, raw(named), content)


class PlacementError:
    """ASGI application for `errorHandlerUrl`: the portal asks for it after too many slow loads."""

    def __init__(self, seen: Seen) -> None:
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Record what the portal tells. Of the request only the error's name is looked for, wherever it stands."""
        body = await request_body.read(scope, receive)
        if not await _method_fits(scope, send, (*_READ, "POST")):
            return
        if _OVERTIME.search(scope["query_string"]) or _OVERTIME.search(body):
            self._seen.overtimes += 1
            self._seen.last_overtime = datetime.now(UTC)
            logger.error("%s: the page took more than 5 s to load; more than ten a day end the registration", OVERTIME)
        else:
            self._seen.other_reports += 1
            logger.warning("%s was asked for without an error that is known", PLACEMENT_ERROR)
        await answers.text(send, HTTPStatus.OK, "recorded")


class Health:
    """ASGI application that tells how the server does."""

    def __init__(self, bundle: Bundle, seen: Seen) -> None:
        self._bundle = bundle
        self._seen = seen

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request of whatever method."""
        await request_body.read(scope, receive)
        if not await _method_fits(scope, send, _READ):
            return
        current = self._bundle.current().manifest
        last = self._seen.last_overtime
        content = {
            "status": "ok",
            "build": current.build,
            "version": current.version,
            "uptime_s": round(time.monotonic() - self._seen.started, 3),
            "answers": dict(sorted(self._seen.statuses.items())),
            "placement_errors": {
                OVERTIME: self._seen.overtimes,
                "last_at": last.isoformat(timespec="seconds") if last else None,
                "other": self._seen.other_reports,
            },
        }
        await answers.made(send, HTTPStatus.OK, "application/json", json.dumps(content))


async def _method_fits(scope: Scope, send: Send, methods: Sequence[str]) -> bool:
    """Whether the request is to be answered in full; OPTIONS and other methods are answered here."""
    if scope["method"] == "OPTIONS":
        await answers.allow(send, methods)
        return False
    if scope["method"] not in methods:
        await answers.text(send, HTTPStatus.METHOD_NOT_ALLOWED, headers={"Allow": ", ".join(methods)})
        return False
    return True


def _matches(if_none_match: str | None, etag: str) -> bool:
    if if_none_match is None:
        return False
    tags = [tag.strip().removeprefix("W/") for tag in if_none_match.split(",")]
    return etag in tags or "*" in tags
