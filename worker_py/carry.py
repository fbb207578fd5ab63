"""Carries out commands in every window of a call, so that all of them look alike.

The app's own command goes to the window of the event that is being handled; the others get copies of it. What a click
changed by itself in its own window is set in the others; a window that joins late is brought to the card as it is;
and a title that the portal may have written over is set again.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from typing import Any

from . import state as states
from .call import Call, Window
from .cause import WINDOW
from .commands import PROBE_SHOWN, UNDEFINED, Command, CommandName, is_connected
from .desk import Desk
from .errors import CommandFailed, WorkerPyError
from .events import CardEvent
from .outbox import Purpose
from .page import Carried, Page

TITLE_AGAIN_S = (0.5, 1.5, 3.5)
"""When, after the portal has shown a card, a title that was set by then is set again.

The portal writes its own title once, when it has loaded what formats numbers: seen after 0.3 s, later when the network
is slow.
"""

Spawn = Callable[[Coroutine[Any, Any, None]], object]
"""Runs a coroutine in a task that is held on to."""


@dataclass(slots=True, eq=False)
class Carrier:
    """Carries out the commands of the calls."""

    desk: Desk
    """Who shows what."""
    spawn: Spawn
    """Runs a coroutine beside what runs now."""
    carried: Callable[[Call, Command], None]
    """Told what was carried out, once the card's state knows it."""
    managed: Callable[[Call, Window], None]
    """Told that the portal has carried out something in a window."""
    refused: Callable[[Call, Window], None]
    """Told that a window answered as where there is no card that can be managed."""
    given_up: Callable[[Call], None]
    """Told that a command has failed in every window."""

    async def execute(self, call: Call, command: Command) -> Any:
        """Carry out a command of the app. Raises as the card's commands do."""
        windows = call.alive()
        if not windows:
            return await self._where_it_was(call.card.page, call, command)
        own, others = windows[0], windows[1:]
        if others:
            here = WINDOW.get()
            own = next((window for window in windows if window.page.id == here), own)
            others = [window for window in windows if window is not own]
        showing = call.showing
        if command.name is CommandName.SET_CARD_TITLE:
            call.stop_titles()  # a title before this one must not come after it
        call.under_way.append(command)
        try:
            done = await self._everywhere(call, command, own, others)
        except WorkerPyError:
            asyncio.get_running_loop().call_soon(self.given_up, call)  # when it is under way no more
            raise
        finally:
            call.under_way.remove(command)
        if call.ended is None and call.showing == showing:
            self._believe(call, command, done)
        return done.answer

    async def _where_it_was(self, page: Page, call: Call, command: Command) -> Any:
        """No window shows the card: the portal says what that means, unless it would take another call for this one."""
        if self.desk.another_shows(page, call):
            raise CommandFailed(command.name, UNDEFINED)
        done = await page.execute(command)
        if call.ended is None:
            self._believe(call, command, done)
        return done.answer

    async def _everywhere(self, call: Call, command: Command, own: Window, others: list[Window]) -> Carried:
        """One success is a success; else the error of the window of the event."""
        answers: list[asyncio.Future[Carried | None]] = []
        if others and command.name is not CommandName.GET_LIST_UI_STATES:
            answers = [self._also(call, window, command, "mirror") for window in others]
        try:
            done = await own.page.execute(command)
        except WorkerPyError as error:
            self._failed(call, own, error)
            for answer in answers:
                carried = await asyncio.shield(answer)
                if carried is not None:
                    return carried
            raise
        self._carried_out(call, own, command, done)
        return done

    def _also(self, call: Call, window: Window, command: Command, purpose: Purpose) -> asyncio.Future[Carried | None]:
        """Carry out a command that is not the app's own; nobody sees it fail, but the trace does."""
        done: asyncio.Future[Carried | None] = asyncio.get_running_loop().create_future()
        window.mirrored.append(command.name)
        self.spawn(self._serve(call, window, command, purpose, done))
        return done

    async def _serve(
        self, call: Call, window: Window, command: Command, purpose: Purpose, done: asyncio.Future[Carried | None]
    ) -> None:
        carried = None
        try:
            carried = await window.page.execute(command, purpose)
            self._carried_out(call, window, command, carried)
        except WorkerPyError as error:
            self._failed(call, window, error)
        finally:
            window.mirrored.remove(command.name)
            if not done.done():
                done.set_result(carried)

    def _carried_out(self, call: Call, window: Window, command: Command, done: Carried) -> None:
        # Of what is only proven the probe has told all there is to know; and the list of states needs no card.
        if not done.proven and command.name is not CommandName.GET_LIST_UI_STATES:
            self.managed(call, window)

    def _failed(self, call: Call, window: Window, error: WorkerPyError) -> None:
        code = error.error_code if isinstance(error, CommandFailed) else ""
        if code == PROBE_SHOWN:
            self.managed(call, window)
        elif code == UNDEFINED:
            self.refused(call, window)

    def _believe(self, call: Call, command: Command, done: Carried) -> None:
        if is_connected(command):
            call.unproven_timer = done.proven
        timer_unknown = call.unproven_timer and (done.proven or is_connected(command))
        call.state = states.after_command(call.state, command, timer_unknown=timer_unknown)
        if command.name is CommandName.SET_CARD_TITLE:
            for window in call.alive():
                self._keep_title(call, window)
        self.carried(call, command)

    # What is not the app's own -------------------------------------------------------------------

    def mirror(self, call: Call, page: Page, event: CardEvent) -> None:
        """Do in the other windows what a click changed by itself in its own."""
        command = states.command_like(event)
        if command is None:
            return
        for window in call.alive():
            # A copy that is under way to the click's own window would come after the click, and undo it.
            if window.page is not page or command.name in window.mirrored:
                self._also(call, window, command, "mirror")

    def bring(self, call: Call, window: Window) -> None:
        """Bring a window that has just shown the card to the card as it is, and as it will be in a moment."""
        for command in [*states.commands_to_show(call.state), *call.under_way]:
            self._also(call, window, command, "mirror")
        if call.state.title is not None:
            self._keep_title(call, window)

    def _keep_title(self, call: Call, window: Window) -> None:
        """Set the title again while the portal may still write its own over it."""
        loop = asyncio.get_running_loop()
        now = loop.time()
        for after in TITLE_AGAIN_S:
            if window.since + after > now:
                window.titles.append(loop.call_at(window.since + after, self._title_again, call, window))

    def _title_again(self, call: Call, window: Window) -> None:
        title = call.state.title
        if title is None or not window.alive:
            return
        self._also(call, window, Command(CommandName.SET_CARD_TITLE, {"title": title}), "title")
