"""The limits an app sets for itself."""

from __future__ import annotations

from dataclasses import dataclass, fields


@dataclass(frozen=True, slots=True)
class Settings:
    """Deadlines and limits; ``None`` means no limit."""

    handler_timeout_s: float | None = 30
    """How long one handler may take; ``timeout_s`` of a registration goes before it."""
    slice_limit_ms: float | None = 1000
    """How long code may run without a pause before it is interrupted."""
    command_timeout_ms: float | None = 5000
    silent_ok_ms: float | None = 300
    """How long the timer commands and ``CONNECTED`` are silent before that is success, where nothing proves it."""
    rest_timeout_ms: float | None = 20000
    """How long a REST request may take; below the handler's time, so that the handler hears of it."""
    page_grace_s: float | None = 60
    """How long a call without a page waits for another page to show it."""

    def __post_init__(self) -> None:
        """Refuse what is no limit."""
        for each in fields(self):
            check_limit(each.name, getattr(self, each.name))


class Default(float):
    """A limit that the app's code does not give: the project's ``pyproject.toml`` may."""


def check_limit(name: str, value: object) -> None:
    """Refuse a limit that is neither ``None`` nor a positive number.

    Raises:
        TypeError: it is no number.
        ValueError: it is not positive, or not a number at all (NaN).
    """
    if value is None:
        return
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise TypeError(f"{name} should be a number or None, not {type(value).__name__}")
    if not value > 0:
        raise ValueError(f"{name} should be positive, or None for no limit; got {value}")
