"""A small exchange on loopback."""

import json
from contextlib import suppress
from threading import Thread
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import ServerConnection, serve


class Exchange:
    """Tells every window what happens to its calls, and does what it is told.

    A window that connects is told of the calls that go on, from their beginning.

    Attributes:
        orders: what it was told to do, and to which leg.
    """

    def __init__(self) -> None:
        self.orders: list[tuple[str, str]] = []
        self._said: list[tuple[str, str]] = []
        self._windows: list[ServerConnection] = []
        self._server = serve(self._window, "127.0.0.1", 0)
        self.url = f"ws://127.0.0.1:{self._server.socket.getsockname()[1]}/"
        self._thread = Thread(target=self._server.serve_forever)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *failed: object) -> None:
        self._server.shutdown()
        self._thread.join()

    def rings(self, leg: str, call: str) -> None:
        """A call comes in; the portal has been told of it, and calls it so."""
        self._say("ringing", leg=leg, call=call)

    def ends(self, leg: str, seconds: int) -> None:
        """The other side hangs up."""
        self._say("ended", leg=leg, seconds=seconds)

    def _say(self, event: str, leg: str, **payload: Any) -> None:
        text = json.dumps({"event": event, "leg": leg, **payload})
        self._said.append((leg, text))
        for window in self._windows:
            with suppress(ConnectionClosed):
                window.send(text)

    def _window(self, window: ServerConnection) -> None:
        for _, text in self._said:
            window.send(text)
        self._windows.append(window)
        with suppress(ConnectionClosed):
            for text in window:
                order = json.loads(text)
                self.orders.append((order["do"], order["leg"]))
                if order["do"] == "answer":
                    self._say("answered", leg=order["leg"])
                elif order["do"] == "hang_up":
                    self.ends(order["leg"], seconds=42)
                elif order["do"] == "forget":
                    self._said = [(leg, said) for leg, said in self._said if leg != order["leg"]]
