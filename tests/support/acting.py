"""One act of a handler in the kit's portal, and what came of it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

from worker_py import App, CallCard
from worker_py.events import AnswerButtonClick
from worker_py.testing import Portal

Act = Callable[[CallCard], Awaitable[Any]]


class Acting:
    """Runs an act whenever the operator answers; as a context the portal with a call.

    Attributes:
        results: what the act returned or raised, each time.
        times: when that was, in seconds of the portal.
    """

    def __init__(self, act: Act, **limits: Any) -> None:
        self.results: list[Any] = []
        self.times: list[float] = []
        self._cards: list[CallCard] = []
        app = App(**limits)

        @app.on(AnswerButtonClick)
        async def run(event: AnswerButtonClick, card: CallCard) -> None:
            self._cards.append(card)
            try:
                self.results.append(await act(card))
            except Exception as error:  # noqa: BLE001 - whatever it is, the tests look at it
                self.results.append(error)
            self.times.append(self.portal.loop.time())

        self.portal = Portal(app)

    def __enter__(self) -> Portal:
        self.portal.initialized()
        return self.portal

    def __exit__(self, *_: object) -> None:
        self.portal.close()

    @property
    def card(self) -> CallCard:
        """The card of the act."""
        return self._cards[-1]
