"""Violations of the Content-Security-Policy, from wherever they happen.

What workers write to the console about them reaches no test, so the browser itself is asked to report: beside the
production header the suite's server sends the same policy once more, in a header that enforces nothing, but names an
address for reports.
"""

import json
import threading
from collections import Counter
from pathlib import Path

from starlette.types import Message, Receive, Scope, Send

from worker_py_tool.asgi import create_app
from worker_py_tool.serve.server import AsgiServer

ADDRESS = "/policy-reports"
POLICY = b"content-security-policy"


class PolicyReports:
    """Reports of the browser; servers add to them, tests take them."""

    def __init__(self) -> None:
        self._waiting: list[str] = []
        self._changed = threading.Condition()

    def add(self, body: bytes) -> None:
        """Keep one report."""
        report = json.loads(body)["csp-report"]
        with self._changed:
            self._waiting.append("{effective-directive} {blocked-uri} in {document-uri}".format_map(report))
            self._changed.notify_all()

    def take(self) -> list[str]:
        """What was reported since this was last asked."""
        with self._changed:
            taken, self._waiting = self._waiting, []
            return taken

    def wait(self, timeout_s: float) -> bool:
        """Wait until there is a report; whether there is one."""
        with self._changed:
            return self._changed.wait_for(lambda: bool(self._waiting), timeout_s)


class WatchedServer(AsgiServer):
    """Serves a bundle with the production headers, and takes reports.

    Attributes:
        protected: How many answers had a policy, by its text.
    """

    def __init__(self, bundle: Path, reports: PolicyReports) -> None:
        app = create_app(bundle)
        self.protected: Counter[bytes] = Counter()

        async def watched(scope: Scope, receive: Receive, send: Send) -> None:
            async def send_both(message: Message) -> None:
                if message["type"] == "http.response.start":
                    policies = [value for name, value in message["headers"] if name == POLICY]
                    self.protected.update(policies)
                    also = [
                        (POLICY + b"-report-only", value + f"; report-uri {ADDRESS}".encode()) for value in policies
                    ]
                    message = {**message, "headers": [*message["headers"], *also]}
                await send(message)

            if scope["path"] != ADDRESS:
                await app(scope, receive, send_both)
                return
            body = b""
            while (part := await receive())["type"] == "http.request":
                body += part["body"]
                if not part["more_body"]:
                    break
            reports.add(body)
            await send({"type": "http.response.start", "status": 204, "headers": []})
            await send({"type": "http.response.body"})

        super().__init__(watched)
