"""What is told of a failure: the app's lines, the type and its words, bounded whatever the exception is made of.

Python's own formatting has no bounds, asks for every text, and loses the lines when one cannot be had.
"""

from __future__ import annotations

import reprlib
import traceback
from collections.abc import Iterator
from pathlib import PurePath
from types import TracebackType
from typing import Any

MESSAGE_CHARS = 2_000
"""So much is told of what an exception says."""

LONGEST_CHAIN = 100
"""A chain of causes that is longer is cut: freeing one of some thousand overflows the stack, which is fatal."""

_CAUSES = 10
_MEMBERS = 10
_SHOWN = 30
"""All exceptions of one report, with the members of groups and what caused those."""
_NOTES = 10
_NO_TEXT = "(its text cannot be shown)"
_LEFT_OUT = "(what caused it is left out)"
PACKAGE = str(PurePath(__file__).parent)
"""Where the files of this package are."""
_SYNTAX = (SyntaxError, IndentationError, TabError)
_CONTAINERS = (list, tuple, dict, set, frozenset, bytes, bytearray)

# Past what a class of the app's may have put in their place.
_CAUSE: Any = BaseException.__cause__
_CONTEXT: Any = BaseException.__context__
_TRACE: Any = BaseException.__traceback__
_MEMBERS_OF: Any = BaseExceptionGroup.exceptions

# What is said ------------------------------------------------------------------------------------


class _Brief(reprlib.Repr):
    """A representation that gets no longer than is told of it."""

    def __init__(self) -> None:
        super().__init__()
        self.maxstring = self.maxother = self.maxlong = MESSAGE_CHARS
        self.maxlist = self.maxtuple = self.maxdict = self.maxset = self.maxfrozenset = self.maxdeque = 30
        self._left = 2 * MESSAGE_CHARS

    def repr1(self, x: Any, level: int) -> str:
        """Of one object, as long as there is room."""
        if self._left <= 0:
            return "..."
        text = super().repr1(x, level)
        self._left -= len(text)
        return text

    def repr_bytes(self, x: bytes | bytearray, level: int) -> str:
        """Of bytes, which `reprlib` takes for small."""
        return repr(x[:MESSAGE_CHARS]) + ("..." if len(x) > MESSAGE_CHARS else "")

    repr_bytearray = repr_bytes


def words(error: BaseException) -> str:
    """What an exception says, bounded; never raises."""
    try:
        text = _said(error)
        more = len(text) - MESSAGE_CHARS
        return text if more <= 0 else f"{text[:MESSAGE_CHARS]}… ({more} characters more)"
    except BaseException:  # noqa: BLE001 - a __str__ of the app's may do anything, and is interrupted
        return _NO_TEXT


def _said(error: BaseException) -> str:
    """As `str`, but without a detour over what is too long."""
    own = type(error).__str__
    if isinstance(error, BaseExceptionGroup) and own is BaseExceptionGroup.__str__:
        count = len(error.exceptions)
        return f"{error.message[:MESSAGE_CHARS]} ({count} sub-exception{'' if count == 1 else 's'})"
    if own not in (BaseException.__str__, KeyError.__str__):
        return str(error)
    if not error.args:
        return ""
    said = error.args[0] if len(error.args) == 1 else error.args
    if isinstance(said, _CONTAINERS) or (own is KeyError.__str__ and len(error.args) == 1):
        return _Brief().repr(said)
    return said if isinstance(said, str) else str(said)


def name(error: BaseException) -> str:
    """Its type, with the module that it comes from."""
    kind = type(error)
    name = kind.__qualname__
    return name if kind.__module__ in ("builtins", "__main__") else f"{kind.__module__}.{name}"


def _last_lines(error: BaseException) -> str:
    """What stands below the frames."""
    said = words(error)
    if said == _NO_TEXT:
        return f"{name(error)} {said}"
    lines = _more_than_words(error) if len(said) < MESSAGE_CHARS else None
    lines = lines or (f"{name(error)}: {said}" if said else name(error))
    notes = getattr(error, "__notes__", None)
    if isinstance(notes, list):
        lines = "\n".join([lines, *(note[:MESSAGE_CHARS] for note in notes[:_NOTES] if isinstance(note, str))])
    return lines


def _more_than_words(error: BaseException) -> str | None:
    """What Python says of some exceptions of its own: what may have been meant, and where."""
    alone = _without_causes(error)
    if alone is None:
        return None
    alone.__traceback__ = error.__traceback__
    try:
        return "".join(traceback.format_exception_only(alone)).rstrip("\n")
    except BaseException:  # noqa: BLE001 - it asks the app's objects what they have
        return None


def _without_causes(error: BaseException) -> BaseException | None:
    """Such an exception once more: Python would take its causes with it, of which there may be too many."""
    if isinstance(error, SyntaxError) and len(error.text or "") <= MESSAGE_CHARS:
        place = (error.filename, error.lineno, error.offset, error.text, error.end_lineno, error.end_offset)
        return next((kind(error.msg, place) for kind in _SYNTAX if type(error) is kind), None)
    if type(error) is NameError:
        return NameError(*error.args, name=error.name)
    if type(error) is AttributeError:
        return AttributeError(*error.args, name=error.name, obj=error.obj)
    return None


# What is shown -----------------------------------------------------------------------------------


class _Shown(traceback.TracebackException):
    """One exception, to be printed as Python prints it: without this package's own frames, if there are others."""

    def __init__(self, error: BaseException, last: str, *, alone: bool = True) -> None:
        super().__init__(Exception, Exception(), _TRACE.__get__(error), compact=True)
        theirs = [frame for frame in self.stack if not frame.filename.startswith(PACKAGE)]
        if theirs or not alone:
            self.stack = traceback.StackSummary.from_list(theirs)
        self.last = last

    def format_exception_only(self, **_: Any) -> Iterator[str]:  # type: ignore[override]
        """What stands below the frames."""
        yield self.last + "\n"


def shown(error: BaseException) -> str:
    """The failure as Python prints it. May be interrupted, and may raise then."""
    return "".join(_chain(error, [_SHOWN]).format())


def bare(error: BaseException) -> str:
    """The failure without any word of the exception's own."""
    return "".join(_Shown(error, f"{type(error).__name__} {_NO_TEXT}").format()).rstrip()


def _chain(error: BaseException, left: list[int]) -> _Shown:
    """An exception with what caused it; ``left``: how many exceptions may still be shown."""
    first = newer = _one(error, left)
    links = causes(error)
    if len(links) > _CAUSES:
        first.last += f"\n{_LEFT_OUT}"
        links.clear()
    for link, how in links[: max(left[0], 0)]:
        older = _one(link, left)
        setattr(newer, how, older)
        newer = older
    return first


def trace_of(error: BaseException) -> TracebackType | None:
    """Its traceback, whatever the app's class makes of that name."""
    trace: TracebackType | None = _TRACE.__get__(error)
    return trace


def causes(error: BaseException) -> list[tuple[BaseException, str]]:
    """What caused an exception, what caused that, and so on; one more at most than is shown. With each, how."""
    links: list[tuple[BaseException, str]] = []
    seen = {id(error)}
    while len(links) <= _CAUSES:
        cause, context = error.__cause__, error.__context__
        older = cause if cause is not None else None if error.__suppress_context__ else context
        if older is None or id(older) in seen:
            break
        seen.add(id(older))
        links.append((older, "__context__" if cause is None else "__cause__"))
        error = older
    return links


def _one(error: BaseException, left: list[int]) -> _Shown:
    one = _Shown(error, _last_lines(error), alone=left[0] == _SHOWN)
    left[0] -= 1
    if isinstance(error, BaseExceptionGroup):
        one.exceptions = [_chain(each, left) for each in error.exceptions[:_MEMBERS] if left[0] > 0] or None
    return one


# What is freed -----------------------------------------------------------------------------------


def shorten(error: BaseException) -> None:
    """Cut a chain of causes that is too long to be freed: what is left of it goes piece by piece."""
    links = [error]
    seen = {id(error)}
    for link in links:
        members = _MEMBERS_OF.__get__(link) if issubclass(type(link), BaseExceptionGroup) else ()
        for other in (_CAUSE.__get__(link), _CONTEXT.__get__(link), *members):
            if other is not None and id(other) not in seen:
                seen.add(id(other))
                links.append(other)
    for link in links[LONGEST_CHAIN:]:
        _CAUSE.__set__(link, None)
        _CONTEXT.__set__(link, None)
