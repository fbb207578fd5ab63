"""The inbox: takes messages of the pages in the order in which they come and runs handlers.

The outside is one ``send`` callable and one clock. Each event gets a task, tasks start in the order in
which events came, and an event is acknowledged to its page once its handlers have ended. Which card
it belongs to is decided in `routing`.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Coroutine, Mapping, Sequence
from functools import partial
from typing import Any
from weakref import WeakSet

from . import app_data, inbox, outbox, wire
from . import events as ev
from . import state as states
from .app import App
from .app_data import AppData
from .background import Begun
from .call import Call
from .calls import Calls
from .card import CallCard
from .cause import CAUSE, WINDOW
from .desk import Delivery, Desk
from .errors import PageGone, PayloadError, WorkerPyError
from .events import Event, EventMeta
from .forgotten import ForgottenAwait
from .outbox import Captured, Outbox
from .page import Page
from .printed import Level, Listener
from .registry import Registration, handler_name
from .requests import Requests
from .routing import Routing
from .runner import Enter, FailureReport, HandlerRun, Runner, failure_report
from .settings import Settings

_PAGES_REMEMBERED = 64
_CAPTURED_REMEMBERED = 20
"""What the app reports while no page is there to take it."""

Receiver = Callable[[Page, dict[str, Any]], None]
"""Takes a message of a page."""


def _refuse_source(page: Page, message: Mapping[str, Any]) -> None:
    raise PayloadError("this bundle takes no source: only one built for live editing does")


class Dispatcher:
    """Runs one app for all pages of one portal.

    Args:
        app: the app.
        send: hands a JSON string to the page with this id.
        clock: milliseconds since the epoch.
        entered: told the handler's name whenever code of the app starts or goes on.
        keep: given what must outlive the interpreter, by call id and by key of ``app.data``; ``None`` when the call
            is over.

    Attributes:
        failed: told of each failure of the app's code, and of each payload that is refused.
    """

    def __init__(
        self,
        app: App,
        send: Callable[[str, str], None],
        clock: Callable[[], float],
        entered: Callable[[str], None] = lambda _: None,
        keep: Callable[[str, str | None], None] = lambda _, __: None,
    ) -> None:
        self._app = app
        self.out = Outbox(send)
        self._clock = clock
        self._entered = entered
        self._requests = Requests(self.out.post, self._stray)
        self._runners: WeakSet[Runner] = WeakSet()
        self._runner = self._runner_of(app)
        self._pages: dict[str, Page] = {}
        self._left: OrderedDict[str, Page] = OrderedDict()
        self.keep = keep
        self.app_data = AppData(clock)
        self.app_data.begin(app.data)
        self.failed: Callable[[BaseException], None] = lambda _: None
        self._desk = Desk()
        self.calls = Calls(
            self.out,
            self._desk,
            app.settings.page_grace_s,
            spawn=self._spawn,
            closed=self._run_closed,
            keep=lambda call_id, kept: self.keep(call_id, kept),
        )
        self._routing = Routing(
            self.out, self._desk, self.calls, due=lambda page, s: self._run_all(self._routing.waited(page, s))
        )
        self._tasks: set[asyncio.Task[None]] = set()
        self._turn: tuple[str, int] | None = None
        self._handler = "the app"
        self._started = False
        self._file: tuple[str | None, str, str] | None = None
        self._complaints: list[str] = []
        self._lacking = False
        self._closing = False
        self._captured: deque[Captured] = deque(maxlen=_CAPTURED_REMEMBERED)
        self._receivers: dict[str, Receiver] = {
            "event": self._event,
            "emit": self._emit,
            "sent": lambda page, message: self._requests.passed_on(page.id, wire.word(message, "id")),
            **dict.fromkeys(("answer", "refused", "interface_answer", "rest_answer", "call_answer"), self._answer),
            "detach": lambda page, message: self.detach(page.id, wire.word(message, "reason")),
            "user_changed": lambda page, message: self.calls.user_changed(page),
            "reload": _refuse_source,
        }
        app.bind(self)

    # In and out ----------------------------------------------------------------------------------

    def receive(self, page_id: str, text: str) -> None:
        """Take one message of a page. Never raises, whatever the message."""
        try:
            message = wire.parse(text)
            if message["t"] == "attach":
                self._attach(page_id, message)
                return
            page = self._pages.get(page_id)
            if page is not None:
                self._receivers[message["t"]](page, message)
        except PayloadError as error:
            self.out.post(page_id, outbox.report("bad_message", str(error)))

    def listen(self, kind: str, receiver: Receiver) -> None:
        """From now on messages of this kind go there; it raises `PayloadError` for one that is none."""
        self._receivers[kind] = receiver

    def _answer(self, page: Page, message: dict[str, Any]) -> None:
        self._requests.answered(page.id, message)

    def _stray(self, page_id: str, request_id: str, answer_is: str) -> None:
        page = self._pages.get(page_id)
        if page is not None:
            self.out.trace(page, "stray", answer_is, id=request_id)

    def _spawn(
        self, coroutine: Coroutine[Any, Any, None], ended: Callable[[], None] = lambda: None
    ) -> asyncio.Task[None]:
        return self._keep_task(asyncio.get_running_loop().create_task(Begun(coroutine, lambda: self._closing)), ended)

    def _keep_task(self, task: asyncio.Task[None], ended: Callable[[], None] = lambda: None) -> asyncio.Task[None]:
        """Loops hold their tasks weakly."""
        self._tasks.add(task)

        def done(task: asyncio.Task[None]) -> None:
            self._tasks.discard(task)
            ended()

        task.add_done_callback(done)
        return task

    # Pages ---------------------------------------------------------------------------------------

    def _attach(self, page_id: str, message: dict[str, Any]) -> None:
        attached = inbox.read_attached(message)
        page = self._pages.get(page_id) or self._back(page_id)
        if page is None:
            page = Page(
                page_id, attached.mode, self._requests, self._settings, self._clock, self.out, self.calls.probed
            )
        self._pages[page_id] = page
        while self._captured:
            self.out.tell(page, outbox.captured(self._captured.popleft(), handler="the app", cause=None))
        self._complain(page)
        if not self._started:
            self._started = True
            self._begin(ev.Started, None)
        self._data_of_page(page, attached.data)
        if attached.mode == "dedicated":
            self.calls.leave_others()
        self.calls.attach(page, attached)
        self._begin(ev.PageAttached, page, attached.mode, attached.reason, page_id=page_id)

    def _back(self, page_id: str) -> Page | None:
        """A page that was frozen and is back: it may deliver again what it delivered before."""
        page = self._left.pop(page_id, None)
        if page is not None:
            page.gone = False
            self._routing.back(page)
        return page

    def detach(self, page_id: str, reason: str) -> None:
        """A page went away: end what waits for it, and let its calls wait for another page."""
        page = self._pages.pop(page_id, None)
        if page is None:
            return
        page.gone = True
        self._left[page_id] = page
        if self._turn is not None and self._turn[0] == page_id:
            self._turn = None  # it cannot be told any more when another one's turn comes
        self._requests.page_gone(page_id)
        page.probes.abandon()
        self._routing.page_gone(page)
        self.calls.page_gone(page)
        if len(self._left) > _PAGES_REMEMBERED:
            _, dropped = self._left.popitem(last=False)
            self._desk.drop(dropped)
        self._begin(ev.PageDetached, page, reason, page_id=page_id)

    @property
    def pages(self) -> list[Page]:
        """The pages that are attached."""
        return list(self._pages.values())

    def _settings(self) -> Settings:
        """The limits of the app that runs now."""
        return self._app.settings

    def any_page(self) -> Page:
        """A page that is attached, the newest. Raises `PageGone` when none is."""
        for page in reversed(self._pages.values()):
            return page
        raise PageGone(None)

    def configure(self, text: str | None, portal: str = "", problem: str = "") -> None:
        """A page is about to attach, and ``worker-py.json`` says this now; a call goes on with what it began with.

        Args:
            text: what it says; ``None`` when it could not be read.
            portal: of the page.
            problem: why it could not be read.
        """
        self._file = (text, portal, problem)
        if not self._app.configured.began or not self.cards():
            self._take_file()

    def _take_file(self) -> None:
        if self._file is not None:
            told, lacked = self._complaints, self._lacking
            self._complaints = self._app.configured.take(*self._file)
            self._lacking = self._app.configured.missing is not None
            self._file = None
            if self._complaints != told or self._lacking != lacked:
                for page in self.pages:
                    self._complain(page, lacked)

    def _complain(self, page: Page, before: bool = False) -> None:
        for text in self._complaints:
            self.out.tell(page, outbox.report("config", text))
        if self._lacking or before:
            self.out.tell(page, outbox.problem("no_config", "", on=self._lacking))

    # Events --------------------------------------------------------------------------------------

    def _event(self, page: Page, message: dict[str, Any]) -> None:
        delivered = inbox.read_delivered(message)
        if not self._admit(page, delivered.seq):
            return
        meta = EventMeta(
            id=f"{page.id}:{delivered.seq}",
            name=delivered.name,
            received_at=delivered.at,
            page_id=page.id,
            redelivered=delivered.redelivered,
            raw=delivered.payload,
        )
        told: list[str] = []
        try:
            event = wire.read_event(delivered.name, delivered.payload, meta, told)
        except PayloadError as error:
            self._bad_event(page, delivered, f"the payload of {delivered.name} was refused: {error}", error)
            self._ack(page, delivered.seq)
        else:
            if told:
                left_out = PayloadError("; ".join(dict.fromkeys(told)))
                text = f"a part of the payload of {delivered.name} was left out: {left_out}"
                self._bad_event(page, delivered, text, left_out)
            begins = isinstance(event, ev.Initialized) and all(each.call_id != event.call_id for each in self.cards())
            routed = self._routing.route(Delivery(page, delivered.seq, event, delivered.call_id))
            if begins and len(self.cards()) == 1:
                self._take_file()  # the calls that began with the one before are over
            self._run_all(routed)

    def _bad_event(self, page: Page, delivered: inbox.Delivered, text: str, error: PayloadError) -> None:
        self.out.tell(page, outbox.report("bad_event", text, event=delivered.name, seq=delivered.seq))
        self.failed(error)

    def _admit(self, page: Page, seq: int) -> bool:
        """Take in an event that is new, and acknowledge one that is finished again; whether it was new."""
        seat = self._desk.at(page)
        if seq > seat.last_seq:
            seat.last_seq = seq
            seat.running.add(seq)
            return True
        if seq not in seat.running:
            self.out.tell(page, outbox.ack(seq))
        return False

    def _run_all(self, routed: list[Delivery]) -> None:
        """Run the handlers of events, each in a task of its own; those of no call are done with."""
        for delivery in routed:
            page, seq, call = delivery.page, delivery.seq, delivery.call
            if call is None:
                self._ack(page, seq)
            else:
                self._spawn(self._run_event(delivery, call), partial(self._ended, page, seq, call.call_id))

    def _ended(self, page: Page, seq: int, call_id: str | None = None) -> None:
        """An event whose task was cancelled, or failed in our own code, has been dealt with as well."""
        if seq in self._desk.at(page).running and not self._closing:
            self._ack(page, seq, (), call_id)

    async def _run_event(self, delivery: Delivery, call: Call) -> None:
        event, page, card = delivery.event, delivery.page, call.card
        CAUSE.set(event.meta.id)
        WINDOW.set(page.id)
        if call.before is not None:
            await call.before.wait()
        if not call.is_applied(page.id, delivery.seq):
            if not states.is_expected(call.state, event):
                looks = str(call.state.ui_state) if call.state.ui_state else "closed"
                self.out.trace(page, "unexpected", event.meta.name, id=event.meta.id, detail=looks)
            call.apply(page.id, delivery.seq, states.after_event(call.state, event))
        if len(call.windows) > 1:
            self.calls.carrier.mirror(call, page, event)
        registrations = self._registered(self._app.registry.handlers(type(event)))
        runs: list[HandlerRun] = []
        if registrations:
            enter = self.enter_for(page if event.meta.redelivered else None, delivery.seq)
            runs = await self._runner.run(registrations, (event, card), event, enter)
        if isinstance(event, ev.Initialized):
            self.calls.greeted(call)
        elif isinstance(event, ev.CloseButtonClick):
            self.calls.close(call, "closed_by_operator")
        if call.closing is not None:
            await asyncio.wait([call.closing])
        self._keep_all(event)
        self._ack(page, delivery.seq, runs, call.call_id)

    def _registered(self, handlers: list[Registration]) -> list[Registration]:
        """These handlers; none while a setting is missing without which none may run."""
        return [] if self._app.configured.missing is not None else handlers

    def enter_for(self, page: Page | None, seq: int = 0) -> Enter:
        """Tells the page when a handler of an event that is delivered again has its turn.

        It knows what to blame then, should the interpreter die once more; for all other events it costs nothing.
        """
        turn = (page.id, seq) if page else None

        def enter(name: str) -> None:
            if self._turn != turn:
                before, self._turn = self._turn, turn
                other = self._pages.get(before[0]) if before else None
                if other is not None and other is not page:
                    self.out.tell(other, outbox.turn(0))
                if page is not None:
                    self.out.tell(page, outbox.turn(seq))
            self._handler = name
            self._entered(name)

        return enter

    def _ack(self, page: Page, seq: int, runs: Sequence[HandlerRun] = (), call_id: str | None = None) -> None:
        """Tell a page that an event has been dealt with: these handlers ran, and it need not come again."""
        self._desk.at(page).running.discard(seq)
        self.out.tell(page, outbox.ack(seq, runs, call_id))

    def _emit(self, page: Page, message: dict[str, Any]) -> None:
        delivered = inbox.read_delivered(message)
        if self._admit(page, delivered.seq):
            self._spawn(self._run_page_event(page, delivered), partial(self._ended, page, delivered.seq))

    async def _run_page_event(self, page: Page, delivered: inbox.Delivered) -> None:
        CAUSE.set(f"{page.id}:{delivered.seq}")
        WINDOW.set(page.id)
        registrations = self._registered(self._app.registry.page_event_handlers(delivered.name))
        enter = self.enter_for(page if delivered.redelivered else None, delivered.seq)
        runs = await self._runner.run(registrations, (delivered.payload, page), None, enter)
        self._keep_all()
        self._ack(page, delivered.seq, runs)

    # The app's life ------------------------------------------------------------------------------

    def cards(self) -> tuple[CallCard, ...]:
        """The cards of the calls that are going on, the oldest first."""
        return self.calls.cards()

    def remember(self, kept: Mapping[str, str | None], *, began_here: bool = False) -> None:
        """Take what another interpreter keeps, by the ids under which it is kept; ``None`` of a call that is over.

        Args:
            kept: JSON of each.
            began_here: the other interpreter is no more, and this one is in its place.
        """
        calls = {key: text for key, text in kept.items() if not key.startswith(app_data.PREFIX)}
        self.calls.remember(calls, to_go_on=began_here)
        data = {key.removeprefix(app_data.PREFIX): wire.parsed(kept[key]) for key in kept.keys() - calls.keys()}
        if data and self.app_data.take(self._app.data, data):
            self._tell_data(self.pages)

    def _data_of_page(self, page: Page, kept: str | None) -> None:
        """A page brings what it keeps of the app's data, and gets what there is."""
        newer = self.app_data.take(self._app.data, wire.parsed(kept))
        if self.app_data.kept != kept:
            self._tell_data(self.pages if newer else [page])

    def _tell_data(self, pages: list[Page]) -> None:
        kept = self.app_data.kept
        if kept is not None:
            for page in pages:
                self.out.tell(page, outbox.keep_data(kept))

    def _keep_all(self, event: Event | None = None) -> None:
        """Keep what handlers have changed: of any call, for they may change others than their own, and of the app."""
        of_calls: list[Callable[[], None]] = [partial(self.calls.keep, call) for call in self.calls.going_on()]
        for keep in (*of_calls, self._keep_data):
            try:
                keep()
            except BaseException as error:  # noqa: BLE001 - the app may have put anything in the place of its data
                self._report(failure_report("what is kept", event, error))

    def _keep_data(self) -> None:
        news = self.app_data.news(self._app.data)
        for key, text in news.items():
            self.keep(key, text)
        if news:
            self._tell_data(self.pages)

    def adopt(self, app: App) -> None:
        """Run another app from now on: its handlers get the next event, its ``Started`` handlers run now.

        Calls, cards, pages and the app's data stay as they are. An event whose handlers have begun ends with the app
        that it began with, error handlers included.
        """
        app.bind(self)
        app.data = {**app.data, **self._app.data}
        self._app = app
        self._runner = self._runner_of(app)
        self._begin(ev.Started, None)

    def _runner_of(self, app: App) -> Runner:
        runner = Runner(app.registry, app.settings, self._clock, self._report)
        self._runners.add(runner)
        return runner

    def _begin(self, kind: type[Any], subject: object, *fields: object, page_id: str = "") -> asyncio.Task[None]:
        """Raise an event of the app's life: its handlers run."""
        event_id, now = self._requests.next_id("lifecycle"), int(self._clock())
        meta = EventMeta(id=event_id, name=kind.__name__, received_at=now, page_id=page_id)
        return self._spawn(self._run_lifecycle(kind(*fields, meta=meta), subject))

    def _run_closed(self, call: Call, reason: str) -> asyncio.Task[None]:
        """Run the ``CardClosed`` handlers of a call."""
        return self._begin(ev.CardClosed, call.card, call.call_id, reason, page_id=call.card.page_id)

    async def _run_lifecycle(self, event: Event, subject: object) -> None:
        CAUSE.set(event.meta.id)
        registrations = self._registered(self._app.registry.handlers(type(event)))
        runs = await self._runner.run(registrations, (event, subject), event, self.enter_for(None))
        self._keep_all(event)
        page = self._pages.get(event.meta.page_id)
        if page is not None:
            for run in runs:  # no acknowledgement tells of these
                self.out.trace(page, "handler", **run, id=event.meta.id, event=event.meta.name)

    def background_failed(self, loop: asyncio.AbstractEventLoop, context: Mapping[str, Any]) -> None:
        """Report what the app left behind and what failed there, like a handler: the loop's exception handler."""
        error = context.get("exception") or WorkerPyError(str(context.get("message")))
        source = context.get("task") or context.get("future") or getattr(context.get("handle"), "_callback", None)
        if isinstance(source, asyncio.Task):
            source = source.get_coro()
        name = f"background {handler_name(source)}"
        self._keep_task(loop.create_task(self._runner.background_failed(error, name, source)))

    def runs(self, task: asyncio.Task[Any]) -> bool:
        """Whether this task runs handlers; any other is one that the app left behind."""
        return task in self._tasks

    def who(self) -> tuple[str, asyncio.Task[Any] | None]:
        """Whose code runs now; and its task, when that is one that a handler left behind."""
        try:
            task = asyncio.current_task()
        except RuntimeError:  # no loop runs: what a closed one held on to is freed
            task = None
        if task is None or self.runs(task):
            return self._handler, None
        return f"background {handler_name(task.get_coro())}", task

    def waited(self, what: str, ms: float) -> None:
        """Code of the app has held the interpreter, and all cards with it, to wait for something: that is over now."""
        page = self._page_here()
        if page is None:
            return
        self.out.trace(page, "wait", what, id=CAUSE.get(), duration_ms=round(ms, 1))
        limit = self._app.settings.slice_limit_ms
        if limit is not None and ms > limit:
            name, _ = self.who()
            text = f"{name} held all cards for {ms / 1000:.1f} s, by {what}; {limit:g} ms are the limit"
            self.out.tell(page, outbox.report("held", text, handler=name, id=CAUSE.get()))

    def forgotten(self, name: str, file: str, line: int) -> None:
        """A coroutine that the app made was freed, and nobody had awaited it."""
        page, (handler, _) = self._page_here(), self.who()
        text = f"{name}() was not awaited, so it did not run: write `await` in {file}, line {line}"
        self.failed(ForgottenAwait(text))
        if page is not None:
            self.out.tell(page, outbox.report("not_awaited", text, handler=handler, id=CAUSE.get()))

    def capture(self, entry: Captured) -> None:
        """Hand what the app reports by itself to the page of the event that is being handled, else to any."""
        page = self._page_here()
        if page is None:
            self._captured.append(entry)
        else:
            self.out.tell(page, outbox.captured(entry, handler=self.who()[0], cause=CAUSE.get()))

    def listener(self, *, passes_on: bool = False) -> Listener:
        """Who takes what the app prints: the page of the event that is being handled, else any."""
        return Listener(self._writes, self._wrote, self._clock, passes_on)

    def _writes(self) -> tuple[Page, str, str | None] | None:
        page = None if self._closing else self._page_here()
        return None if page is None else (page, self.who()[0], CAUSE.get())

    def _wrote(self, origin: tuple[Page, str, str | None], level: Level, text: str) -> None:
        page, handler, cause = origin
        self.out.tell(page, outbox.printed(level, text, handler=handler, cause=cause))

    def _page_here(self) -> Page | None:
        """The page of the event that is being handled, else any."""
        return self._pages.get(WINDOW.get() or "") or next(iter(self._pages.values()), None)

    def close(self) -> None:
        """From now on a cancelled handler has not failed: its loop is about to be closed."""
        self._closing = True
        for runner in self._runners:
            runner.closing = True

    def _report(self, failure: FailureReport) -> None:
        self.failed(failure.exception)
        meta = failure.event.meta if failure.event else EventMeta()
        more: dict[str, Any] = {"event": meta.name, "id": meta.id, "handler": failure.handler, "error": failure.error}
        more["told"] = failure.told
        message = outbox.report("handler_failed", failure.text, **more)
        page = self._pages.get(meta.page_id)
        for each in [page] if page else self.pages:
            self.out.tell(each, message)
