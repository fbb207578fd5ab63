"""An installed Chromium that the doctor looks through, driven by its own protocol over two pipes.

Source: https://chromedevtools.github.io/devtools-protocol/
"""

import json
import os
import select
import subprocess
import tempfile
import time
from collections import deque
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import chromium

Params = Mapping[str, Any]
Listener = Callable[[Params, str], None]
FLAGS = (
    "--headless=new",
    "--remote-debugging-pipe",
    "--no-first-run",
    "--no-default-browser-check",
    "--disable-background-networking",
    "--disable-features=LocalNetworkAccessChecks",  # of a handler on this machine; no public host meets them
    "--disable-gpu",
)
PIPES = 'exec "$@" 3<&0 4>&1 </dev/null >/dev/null'
"""Where Chromium looks for them."""
STOP_S = 10.0


class Browser:
    """What the protocol offers: commands that are answered, and events that are listened to."""

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        assert process.stdin and process.stdout
        self._write, self._read = process.stdin.fileno(), process.stdout.fileno()
        self._numbers = 0
        self._received = bytearray()
        self._answers: dict[int, Params] = {}
        self._events: deque[Params] = deque()
        self._listeners: dict[str, Listener] = {}

    def on(self, event: str, listener: Listener) -> None:
        """Call a function with an event's parameters, and the session that it came from."""
        self._listeners[event] = listener

    def send(self, method: str, session: str = "", **params: Any) -> int:
        """Give a command whose answer nobody waits for; its number.

        Raises:
            ToolError: The browser has gone.
        """
        self._numbers += 1
        message = {"id": self._numbers, "method": method, "params": params}
        if session:
            message["sessionId"] = session
        try:
            os.write(self._write, json.dumps(message).encode() + b"\0")
        except OSError as problem:
            raise ToolError("it has ended") from problem
        return self._numbers

    def ask(self, method: str, until: float, session: str = "", **params: Any) -> Params:
        """Give a command, and wait for its answer.

        Raises:
            TimeoutError: It did not come until then, by the monotonic clock.
            ToolError: The browser refused, or has gone.
        """
        number = self.send(method, session, **params)
        while number not in self._answers:
            self.listen(until)
        answer = self._answers.pop(number)
        if "error" in answer:
            raise ToolError(f"it refused {method}: {answer['error'].get('message')}")
        result: Params = answer["result"]
        return result

    def listen(self, until: float) -> None:
        """Take what comes next, and tell the listeners of the events in it.

        Raises:
            TimeoutError: Nothing came until then.
            ToolError: The browser has gone.
        """
        rest_s = until - time.monotonic()
        if rest_s <= 0 or not select.select([self._read], [], [], rest_s)[0]:
            raise TimeoutError
        content = os.read(self._read, 1 << 16)
        if not content:
            raise ToolError("it has ended")
        self._received += content
        *whole, rest = bytes(self._received).split(b"\0")
        self._received = bytearray(rest)
        for text in whole:
            message: Params = json.loads(text)
            if "id" in message:
                self._answers[message["id"]] = message
            elif message["method"] in self._listeners:
                self._events.append(message)
        while self._events:
            event = self._events.popleft()
            self._listeners[event["method"]](event["params"], event.get("sessionId", ""))


@contextmanager
def running(executable: Path) -> Iterator[Browser]:
    """A browser with a profile of its own, for the time of the block.

    Raises:
        ToolError: It does not start.
    """
    with tempfile.TemporaryDirectory(prefix="worker-py-doctor-", ignore_cleanup_errors=True) as profile:
        command = ["sh", "-c", PIPES, "sh", str(executable), *FLAGS, *chromium.AS_ROOT, f"--user-data-dir={profile}"]
        try:
            process = subprocess.Popen(
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                start_new_session=True,
            )
        except OSError as problem:
            raise ToolError(f"it does not start: {problem}") from problem
        with process:
            try:
                yield Browser(process)
            finally:
                _end(process)


def _end(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin
    with suppress(OSError):
        process.stdin.close()  # it ends with its pipe
    try:
        process.wait(STOP_S)
    except subprocess.TimeoutExpired:
        process.kill()
