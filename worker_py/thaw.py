"""What a memory snapshot keeps of the machine on which it was made, and what is made anew when one is started from.

The documentation says what cannot be: what the app itself took from a clock or drew while it was imported, and the seed
of hashes.
"""

from __future__ import annotations

import os
import random
import sys
import time
import types
import weakref
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

_YEAR_S = (365 * 24 + 6) * 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where an interpreter runs.

    Attributes:
        zone: The name of the time zone, as in `Asia/Vladivostok`; empty when the browser does not tell.
        language: The browser's language, as in `ru-RU`.
        agent: What the browser calls itself.
    """

    zone: str = ""
    language: str = ""
    agent: str = ""

    def name_zone(self) -> None:
        """Say in the environment what the time zone is, unless the app has said it."""
        if self.zone:
            os.environ.setdefault("TZ", self.zone)


class Freezing:
    """Takes note, while the app is imported, of what has to be made anew."""

    def __init__(self) -> None:
        self._language = os.environ.get("LANG", "")
        self._unseeded: weakref.WeakSet[random.Random] = weakref.WeakSet()

    @contextmanager
    def watch(self) -> Iterator[None]:
        """For the time of the import: which generators of random numbers have no seed of the app's."""
        seed_really, seed_shared = random.Random.seed, random.seed
        unseeded = self._unseeded

        def seed(generator: random.Random, a: Any = None, version: int = 2) -> None:
            seed_really(generator, a, version)
            if a is None:
                unseeded.add(generator)
            else:
                unseeded.discard(generator)

        shared: random.Random = seed_shared.__self__  # type: ignore[attr-defined]
        unseeded.add(shared)
        random.Random.seed = seed  # type: ignore[method-assign,assignment]
        random.seed = types.MethodType(seed, shared)
        try:
            yield
        finally:
            random.Random.seed = seed_really  # type: ignore[method-assign]
            random.seed = seed_shared

    def freeze(self) -> None:
        """Give all of them the same seed, so that two snapshots are the same."""
        for generator in list(self._unseeded):
            generator.seed(0)

    def thaw(self, place: Place) -> None:
        """Make anew what should differ between machines and starts."""
        for generator in list(self._unseeded):
            generator.seed()
        os.environ.pop("PYTHONHASHSEED", None)  # the build's
        self._renew_language(place)
        renew_zone()
        _renew_caches()
        _renew_agent(place)

    def _renew_language(self, place: Place) -> None:
        import _locale

        if not place.language or os.environ.get("LANG") != self._language:
            return  # the app's own
        os.environ["LANG"] = f"{place.language.replace('-', '_')}.UTF-8"
        if _locale.setlocale(_locale.LC_CTYPE) == self._language:
            _locale.setlocale(_locale.LC_CTYPE, "")


def renew_zone() -> None:
    """Let `time` tell the zone that it works with: it looks once, when it is imported."""
    winter_s = int(time.time()) // _YEAR_S * _YEAR_S
    (one, first), (other, second) = sorted(
        ((-each.tm_gmtoff, each.tm_zone) for each in map(time.localtime, (winter_s, winter_s + _YEAR_S // 2))),
        key=lambda zone: -zone[0],
    )
    time.timezone, time.altzone, time.daylight = one, other, int(one != other)
    time.tzname = (first, second)


def _renew_caches() -> None:
    """Modules that keep a time, or an id that was drawn."""
    if logging := sys.modules.get("logging"):
        in_ns = isinstance(vars(logging)["_startTime"], int)
        vars(logging)["_startTime"] = time.time_ns() if in_ns else time.time()
    if uuid := sys.modules.get("uuid"):
        for name in ("_node", "_last_timestamp", "_last_timestamp_v6", "_last_timestamp_v7"):
            if hasattr(uuid, name):
                setattr(uuid, name, None)


def _renew_agent(place: Place) -> None:
    """`sys._emscripten_info` names the runtime."""
    known = getattr(sys, "_emscripten_info", None)
    if known is not None and place.agent:
        version, _, *others = known
        sys._emscripten_info = type(known)((version, place.agent, *others))  # type: ignore[attr-defined]
