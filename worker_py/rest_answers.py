"""What REST answers in a test: results by the names of methods."""

from __future__ import annotations

import inspect
from collections.abc import Mapping
from typing import Any

from .errors import RestError

LIST_PAGE = 50

Answers = Mapping[str, Any]
"""By the name of a method, in whatever case: a value, a function of the parameters, or a `RestError`."""

_NOTHING = object()


def has(answers: Answers, method: str) -> bool:
    """Whether the test says what this method gives."""
    return _find(answers, method) is not _NOTHING


async def row(answers: Answers, method: str, params: Mapping[str, Any]) -> dict[str, Any]:
    """What one call gives: ``{"result": …}`` or ``{"error": …}``."""
    value = _value(answers, method)
    final = isinstance(value, RestError)
    if callable(value):
        try:
            value = value(params)
            value = await value if inspect.isawaitable(value) else value
        except RestError as error:
            value = error
    if isinstance(value, RestError):
        fields = {"code": value.code, "description": value.description, "status": value.status, "final": final}
        return {"error": fields}
    return {"result": value}


def start(answers: Answers, method: str, params: Mapping[str, Any]) -> int | None:
    """Where the page begins that this call asks for; ``None`` where the portal serves no pages.

    It does of a plain list under a name that ends with ``.list``, or when ``start`` asks for it. A function has
    the parameters, and can serve pages itself.
    """
    if not isinstance(_value(answers, method), list):
        return None
    asked = params.get("start")
    if asked is None and not method.lower().endswith(".list"):
        return None
    return max(0, int(asked)) if isinstance(asked, int | str) and str(asked).lstrip("-").isdigit() else 0


def _value(answers: Answers, method: str) -> Any:
    value = _find(answers, method)
    return RestError("ERROR_METHOD_NOT_FOUND", "Method not found!", 404) if value is _NOTHING else value


def _find(answers: Answers, method: str) -> Any:
    """What the test has put there, whatever the case in which the name is written: the portal does not mind it."""
    if method in answers:
        return answers[method]
    return next((value for name, value in answers.items() if name.lower() == method.lower()), _NOTHING)
