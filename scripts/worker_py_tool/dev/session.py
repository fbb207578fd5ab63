"""Decides what becomes of what was saved: into the interpreter that runs, into a new bundle, or nowhere."""

import base64
import queue
import re
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from worker_py_tool.dev.sources import Refused, Sources
from worker_py_tool.errors import ToolError

SETTLE_S = 0.1
"""What cannot run is read again after this: an editor may be in the middle of saving it."""
GONE_S = 0.5
"""How long a file may be missing that an editor replaces."""
LOOK_S = 0.05
ANSWER_S = 20.0
"""How long a page may take: its interpreter may just be starting."""
ABANDONED_S = 2.0
"""How long no page may listen before none is waited for: one that is loaded anew is back sooner."""
_PLACE = re.compile(r'File "/app(?: \(version \d+\))?/([^"]+)", line (\d+)')
_DIRECTORY = re.compile(r'(File ")/app(?: \(version \d+\))?/')


class Feed(Protocol):
    """How pages are told."""

    @property
    def pages(self) -> int:
        """How many listen."""

    def tell(self, state: Mapping[str, Any]) -> None:
        """From now on pages hear this."""


@dataclass(frozen=True, slots=True)
class Problem:
    """Why something does not run."""

    text: str
    file: str | None = None
    line: int | None = None
    more: str = ""

    def __str__(self) -> str:
        """As a terminal shows it: the place first, so that it can be clicked on."""
        place = f"{self.file}:{self.line}: " if self.file and self.line else f"{self.file}: " if self.file else ""
        more = "".join(f"\n    {line}" for line in self.more.rstrip().splitlines())
        return f"{place}{self.text}{more}"

    def to_json(self) -> dict[str, Any]:
        """As pages show it."""
        return {"text": self.text, "file": self.file, "line": self.line}


def problem_of(error: ToolError) -> Problem:
    """What a person is told of a build or a file that failed."""
    if isinstance(error, Refused):
        return Problem(error.message, error.file, error.line, error.remedy)
    first, _, rest = error.message.partition("\n")
    places = _PLACE.findall(rest)
    last = rest.rstrip().rpartition("\n")[2].strip()
    file, line = (places[-1][0], int(places[-1][1])) if places else (None, None)
    more = shortened("\n".join(part for part in (rest, error.remedy) if part))
    return Problem(last if places and last else first, file, line, more)


def shortened(traceback: str) -> str:
    """A traceback with the app's files as their author knows them."""
    return _DIRECTORY.sub(r"\1", traceback)


class Session:
    """One app that is being worked on.

    Args:
        read: Gives what the app is made of now.
        build: Makes a bundle of it in the place of the one that is served, and gives its id.
        feed: How pages are told.
        show: Prints lines for the person at the terminal, also from other threads.
        stop: Set when the person has enough.
    """

    def __init__(
        self,
        read: Callable[[], Sources],
        build: Callable[[Sources], str],
        feed: Feed,
        show: Callable[[str], None],
        stop: threading.Event,
    ) -> None:
        self._read = read
        self._build = build
        self._feed = feed
        self._show = show
        self._stop = stop
        self._answers: queue.SimpleQueue[Mapping[str, Any]] = queue.SimpleQueue()
        self._waits_for = ""
        self._late: tuple[str, float] | None = None
        self._number = 0
        self._why = ""
        self._saved = time.time()
        self._builds: list[str] = []
        self._seen: object = None

    def begin(self) -> None:
        """Build what is there.

        Raises:
            ToolError: It cannot be built.
        """
        self._running = self._read()
        self._seen = self._running
        self._builds = [self._build(self._running)]
        self._taken(self._running)

    @property
    def client(self) -> str:
        """The client of the portal that the app's project names."""
        return str(self._running.options["client"])

    def look(self) -> None:
        """Something may have been saved: apply it if it is other than what was there."""
        began = time.monotonic()
        try:
            now = self._settled()
        except ToolError as error:
            problem = problem_of(error)
            if self._seen != problem and not self._stop.is_set():
                self._seen = problem
                self._refuse(problem)
            return
        if now == self._seen:
            return
        self._seen = now
        try:
            note = self._apply(now)
        except (ToolError, OSError) as error:
            if not self._stop.is_set():
                self._refuse(problem_of(error if isinstance(error, ToolError) else ToolError(str(error))))
        else:
            if not self._stop.is_set():
                self._applied(now, began, note)

    def heard(self, message: Mapping[str, Any]) -> None:
        """A page tells something; from the server's thread."""
        if message.get("kind") == "tried":
            if message.get("version") == self._waits_for:
                self._answers.put(message)
            elif self._late is not None and self._late[0] == message.get("version"):
                self._hear_late(message, self._late[1])
        elif message.get("kind") == "failed":
            text = shortened(str(message.get("text", "")))
            places = _PLACE.findall(str(message.get("text", "")))
            file, line = (places[-1][0], int(places[-1][1])) if places else (None, None)
            who = f"{message.get('handler')} failed on {str(message.get('event')).rpartition('::')[2]}"
            self._show(f"failed: {Problem(f'{who}: {_last_line(text)}', file, line, text)}")

    # What becomes of it ----------------------------------------------------------------------------

    def _apply(self, now: Sources) -> str:
        """Have it run; gives what more is to be said of that.

        Raises:
            ToolError: It does not run, and what ran before still does.
        """
        differing = self._running.differing(now)
        if differing:
            return self._renew(now, f"{' and '.join(differing)} changed")
        if now.app.version == self._running.app.version:
            self._taken(self._running, changed=False)
            return "as it ran before"
        if not self._feed.pages:
            self._builds.append(self._build(now))
            if not self._feed.pages:
                self._taken(now)
                return "no page is open: the next one runs it"
        return self._try(now)

    def _renew(self, now: Sources, why: str) -> str:
        self._builds = [self._build(now)]
        self._why = why
        self._taken(now)
        return f"{why}: pages load anew"

    def _try(self, now: Sources) -> str:
        """Have a page's interpreter take it."""
        before, version = self._running, now.app.version
        self._late = None
        self._waits_for = version
        self._taken(now)
        try:
            answer = self._answer()
        finally:
            self._waits_for = ""
        if answer is None:
            self._late = (version, time.monotonic())
            raise ToolError("no page has answered yet", "It runs as soon as one does.")
        error = answer.get("error") or {}
        if answer.get("outcome") != "refused":
            return ""
        self._running = before
        self._number -= 1
        if error.get("restart"):
            return self._renew(now, "a limit of App(…) changed that is set at the start")
        raise Refused(
            str(error.get("text")),
            "" if str(error.get("text", "")).startswith("SyntaxError") else shortened(str(error.get("traceback", ""))),
            error.get("file"),
            error.get("line"),
        )

    def _answer(self) -> Mapping[str, Any] | None:
        """What the first page says; None when none says anything."""
        ends = time.monotonic() + ANSWER_S
        listened = time.monotonic()
        while time.monotonic() < ends and not self._stop.is_set():
            if self._feed.pages:
                listened = time.monotonic()
            elif time.monotonic() > listened + ABANDONED_S:
                break
            try:
                return self._answers.get(timeout=LOOK_S)
            except queue.Empty:
                continue
        return None

    def _settled(self) -> Sources:
        """What is there, once it stays as it is when it cannot run.

        Raises:
            ToolError: It cannot run.
        """
        found: ToolError | None = None
        ends = time.monotonic() + GONE_S
        while True:
            try:
                return self._read()
            except (ToolError, OSError) as error:
                problem = error if isinstance(error, ToolError) else ToolError(str(error))
                stays = found is not None and problem_of(found) == problem_of(problem)
                if self._stop.is_set() or (stays and (isinstance(problem, Refused) or time.monotonic() > ends)):
                    raise problem from None
                found = problem
            self._stop.wait(SETTLE_S)

    # What is told ----------------------------------------------------------------------------------

    def _taken(self, sources: Sources, *, changed: bool = True) -> None:
        if changed:
            self._number += 1
            self._saved = time.time()
        self._running = sources
        self._tell(None)

    def _tell(self, problem: Problem | None) -> None:
        app = self._running.app
        self._feed.tell(
            {
                "name": app.path.name,
                "number": self._number,
                "version": app.version,
                "saved": round(self._saved * 1000),
                "archive": base64.b64encode(app.archive()).decode(),
                "builds": list(self._builds),
                "why": self._why,
                "problem": problem and problem.to_json(),
            }
        )

    def _refuse(self, problem: Problem) -> None:
        self._tell(problem)
        self._show(f"not applied: {problem}")

    def _applied(self, now: Sources, began: float, note: str = "") -> None:
        took = round((time.monotonic() - began) * 1000)
        self._show(f"applied {now.app.path.name} in {took} ms{f': {note}' if note else ''}")

    def _hear_late(self, message: Mapping[str, Any], began: float) -> None:
        self._late = None
        if message.get("outcome") == "refused":
            error = message.get("error") or {}
            self._show(f"not applied: {Problem(str(error.get('text')), error.get('file'), error.get('line'))}")
        else:
            self._applied(self._running, began)


def _last_line(text: str) -> str:
    return text.rstrip().rpartition("\n")[2]
