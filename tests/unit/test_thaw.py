"""What a memory snapshot must not keep of the machine that made it."""

from __future__ import annotations

import logging
import os
import random
import sys
import time
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from tests.support.cases import Row, table
from worker_py.thaw import Freezing, Place, renew_zone


@pytest.fixture(autouse=True)
def unchanged() -> Iterator[None]:
    """The test leaves the process as it was."""
    environment, random_state = dict(os.environ), random.getstate()
    zone = (time.timezone, time.altzone, time.daylight, time.tzname)
    started = vars(logging)["_startTime"]
    yield
    os.environ.clear()
    os.environ.update(environment)
    time.timezone, time.altzone, time.daylight, time.tzname = zone
    vars(logging)["_startTime"] = started
    random.setstate(random_state)
    if hasattr(time, "tzset"):
        time.tzset()


def move_to(zone: str) -> None:
    """From now on the machine is there; inside Pyodide it is JavaScript's clock that says where."""
    if sys.platform == "emscripten":
        from js import process

        process.env.TZ = zone
    else:
        os.environ["TZ"] = zone
        time.tzset()
    renew_zone()


@pytest.fixture
def home() -> Iterator[None]:
    """The machine is back at its place afterwards; of an environment without a zone JavaScript finds its own."""
    yield
    if sys.platform == "emscripten":
        from js import Reflect, process

        Reflect.deleteProperty(process.env, "TZ")


@pytest.mark.skipif(sys.platform != "emscripten" and not hasattr(time, "tzset"), reason="this system has one time zone")
@pytest.mark.parametrize("row", table("zones"), ids=lambda row: f"{row['zone']} {row['utc']}")
def test_local_time_is_that_of_the_zone_at_that_moment(row: Row, home: None) -> None:
    move_to(row["zone"])
    at = datetime.fromisoformat(row["utc"])
    seconds = at.timestamp()
    local, there = time.localtime(seconds), at.astimezone()

    assert (local.tm_gmtoff, time.strftime("%Y-%m-%dT%H:%M:%S", local)) == (row["offset_s"], row["local"])
    assert datetime.fromtimestamp(seconds).isoformat() == row["local"]
    offset = there.utcoffset()
    assert offset is not None
    assert (offset.total_seconds(), there.replace(tzinfo=None).isoformat()) == (row["offset_s"], row["local"])
    assert time.mktime(local) == seconds
    assert there.astimezone(UTC) == at
    assert time.strftime("%z", local) == there.strftime("%z")


def told_zone() -> tuple[object, ...]:
    return (time.timezone, time.altzone, time.daylight, time.tzname)


@pytest.mark.skipif(not hasattr(time, "tzset"), reason="this system has one time zone")
@pytest.mark.parametrize(
    "zone", ["Asia/Vladivostok", "America/New_York", "Australia/Sydney", "Asia/Kolkata", "America/Sao_Paulo", "UTC"]
)
def test_the_zone_is_told_as_it_is_here_and_not_as_it_was_where_the_snapshot_was_made(zone: str) -> None:
    os.environ["TZ"] = zone
    time.tzset()
    right = told_zone()
    time.timezone, time.altzone, time.daylight, time.tzname = (1800, 7200, 1, ("UTC-0030", "UTC-0200"))
    renew_zone()
    if not right[2]:  # a zone that has no other time in summer may tell any name for it
        right = (right[0], right[0], 0, (time.tzname[0], time.tzname[0]))
    assert told_zone() == right


def test_generators_without_a_seed_of_the_app_differ_after_each_start() -> None:
    freezing = Freezing()
    with freezing.watch():
        free, fixed, taken_back, imported = random.Random(), random.Random(42), random.Random(), random.seed
        taken_back.seed(42)
    freezing.freeze()
    frozen = [generator.getstate() for generator in (free, fixed, taken_back)]
    shared = random.getstate()
    drawn = set()
    for _ in range(2):
        random.setstate(shared)
        freezing.thaw(Place())
        drawn |= {free.random(), random.random()}
    assert len(drawn) == 4
    assert [fixed.getstate(), taken_back.getstate()] == frozen[1:]
    imported(7)
    assert random.random() == random.Random(7).random(), "what was imported meanwhile still works"


def test_a_seed_that_the_app_gave_to_the_module_itself_is_kept() -> None:
    freezing = Freezing()
    with freezing.watch():
        random.seed(42)
    freezing.freeze()
    freezing.thaw(Place())
    assert random.random() == random.Random(42).random()


def test_two_snapshots_hold_the_same_generators() -> None:
    states = []
    for _ in range(2):
        freezing = Freezing()
        with freezing.watch():
            generator = random.Random()
        freezing.freeze()
        states.append((generator.getstate(), random.getstate()))
    assert states[0] == states[1]
    assert "watch" not in random.Random.seed.__qualname__ + random.seed.__qualname__


def test_language_and_zone_are_those_of_the_browser_unless_the_app_has_set_them() -> None:
    os.environ["LANG"] = "en_US.UTF-8"
    os.environ["PYTHONHASHSEED"] = "0"
    os.environ.pop("TZ", None)
    place = Place(zone="Asia/Vladivostok", language="ru-RU")
    freezing = Freezing()
    freezing.thaw(place)
    place.name_zone()
    assert (os.environ["LANG"], os.environ["TZ"]) == ("ru_RU.UTF-8", "Asia/Vladivostok")
    assert "PYTHONHASHSEED" not in os.environ

    os.environ["LANG"], os.environ["TZ"] = "en_US.UTF-8", "UTC"
    freezing = Freezing()
    os.environ["LANG"] = "de_DE.UTF-8"
    freezing.thaw(place)
    place.name_zone()
    assert (os.environ["LANG"], os.environ["TZ"]) == ("de_DE.UTF-8", "UTC")


def test_what_modules_keep_of_clocks_and_ids_is_made_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = isinstance(vars(logging)["_startTime"], int)
    vars(logging)["_startTime"] = 0 if whole else 0.0
    monkeypatch.setattr(uuid, "_node", 1)
    monkeypatch.setattr(uuid, "_last_timestamp", 2)
    Freezing().thaw(Place())
    assert 0 <= logging.LogRecord("a", 0, "b", 1, "c", None, None).relativeCreated < 60_000
    assert (vars(uuid)["_node"], vars(uuid)["_last_timestamp"]) == (None, None)


@pytest.mark.skipif(sys.platform != "emscripten", reason="only there Python names the browser")
def test_python_names_the_browser_that_it_runs_in() -> None:
    Freezing().thaw(Place(agent="A browser"))
    assert vars(sys)["_emscripten_info"].runtime == "A browser"
