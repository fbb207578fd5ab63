"""Every error that worker_py raises, in one place."""

from __future__ import annotations

from asyncio import CancelledError


class WorkerPyError(Exception):
    """Base of every error of this package.

    Attributes:
        out_of_time: something was awaited no longer because the handler's own time was nearly over.
    """

    out_of_time = False


class RegistrationError(WorkerPyError, TypeError, ValueError):
    """A handler was refused when it was registered: the message names it and what was expected."""


class ConfigError(WorkerPyError, LookupError):
    """``app.config`` has nothing to give: it was read too early, or ``worker-py.json`` lacks what has no default."""


class PayloadError(WorkerPyError, ValueError):
    """What came over the wire does not have the documented shape.

    The message names the event and the field, never the value: it may be personal.
    """


class CommandFailed(WorkerPyError):
    """The portal answered a command with an error.

    Attributes:
        command: the command's full name, such as ``CallCardSetMute``.
        error_code: the portal's words, such as ``Call card is undefined``.
    """

    def __init__(self, command: str, error_code: str) -> None:
        super().__init__(f"{command} failed: {error_code}")
        self.command = command
        self.error_code = error_code


class CommandTimeout(WorkerPyError):
    """Nothing came back for a command within its deadline.

    Attributes:
        command: the command's full name.
        timeout_ms: the deadline that passed, in milliseconds.
        command_id: the id under which traces show the command.
    """

    def __init__(self, command: str, timeout_ms: float, command_id: str = "") -> None:
        named = f" (command {command_id})" if command_id else ""
        super().__init__(f"{command}{named} was not answered within {timeout_ms:g} ms")
        self.command = command
        self.timeout_ms = timeout_ms
        self.command_id = command_id


class PageGone(WorkerPyError):
    """The page that was to carry something out is not there (any more).

    Attributes:
        page_id: the page's id, or ``None`` when no page at all is attached.
    """

    def __init__(self, page_id: str | None) -> None:
        super().__init__(f"page {page_id} is gone" if page_id else "no page is attached")
        self.page_id = page_id


class HandlerTimeout(WorkerPyError, CancelledError):
    """What a handler sees when it overran its time or held the interpreter for too long.

    It is raised inside the handler, where the handler stands. It is a cancellation too, so that
    locks, task groups and ``asyncio.timeout`` clean up after it as they do after any other.

    Attributes:
        handler: the handler's name.
        limit_ms: the limit that was overrun, in milliseconds.
        reason: ``time`` (``timeout_s``) or ``slice`` (``slice_limit_ms`` without a pause).
    """

    def __init__(self, handler: str, limit_ms: float, reason: str = "time") -> None:
        what = "took longer than" if reason == "time" else "held the interpreter for more than"
        super().__init__(f"{handler} {what} {limit_ms:g} ms")
        self.handler = handler
        self.limit_ms = limit_ms
        self.reason = reason


class RestError(WorkerPyError):
    """A REST call was refused, or could not be made.

    Attributes:
        code: the portal's error, such as ``ERROR_METHOD_NOT_FOUND``; ``REQUEST_TIMEOUT`` when no
            answer came, ``NETWORK_ERROR`` when the connection was lost, ``HTTP_502`` or so when the
            portal gave a status and no error.
        description: the portal's explanation; may be empty.
        status: the HTTP status, 0 when there was none.
        final: it is not worth another attempt; so it is with the errors that a test puts in the portal's place.
    """

    final = False

    def __init__(self, code: str, description: str = "", status: int = 0) -> None:
        super().__init__(f"{code}: {description}" if description else code)
        self.code = code
        self.description = description
        self.status = status


class PageCallFailed(WorkerPyError):
    """A function of the page threw, or nobody provides it.

    Attributes:
        function: the name given to ``workerPy.provide``.
        name: the JavaScript error's name, ``NotProvided`` when there is no such function.
        message: its message.
    """

    def __init__(self, function: str, name: str, message: str) -> None:
        super().__init__(f"page function {function!r} failed: {name}: {message}")
        self.function = function
        self.name = name
        self.message = message


class PageCallTimeout(WorkerPyError):
    """A function of the page did not answer within its deadline.

    Attributes:
        function: the name given to ``workerPy.provide``.
        timeout_s: the deadline that passed, in seconds.
    """

    def __init__(self, function: str, timeout_s: float) -> None:
        super().__init__(f"page function {function!r} did not answer within {timeout_s:g} s")
        self.function = function
        self.timeout_s = timeout_s
