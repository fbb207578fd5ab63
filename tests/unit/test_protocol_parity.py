"""Python and JavaScript name the same things: what holds ``wire.py`` and ``static/protocol.js`` together."""

import ast
import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from worker_py import inbox, outbox, wire
from worker_py.outbox import Captured
from worker_py.runner import HandlerRun
from worker_py.told import Told

SOURCE = (Path(__file__).parents[2] / "static" / "protocol.js").read_text(encoding="utf-8")


def strings(name: str) -> list[str]:
    """The strings of an exported array of literals."""
    found = re.search(rf"export const {name} = Object\.freeze\((?P<list>[^;]*?)\);", SOURCE, re.DOTALL)
    assert found, f"protocol.js exports no {name}"
    literal = found["list"]
    inner = literal[literal.index("[") + 1 : literal.rindex("]")]
    return [json.loads(each) for each in re.findall(r'"[^"\n]*"', re.sub(r"//.*|/\*.*?\*/", "", inner))]


def constant(name: str) -> str:
    found = re.search(rf"^(?:export )?const {name} = (?P<value>.+);$", SOURCE, re.MULTILINE)
    assert found, f"protocol.js has no {name}"
    return found["value"]


def test_both_know_the_same_events() -> None:
    assert json.loads(constant("PREFIX")) == wire.PREFIX
    assert strings("EVENT_NAMES") == [spec.short_name for spec in wire.EVENTS]


@pytest.mark.parametrize(("module", "union"), [(outbox, "FromPython"), (inbox, "ToPython")])
def test_every_message_has_one_builder_and_nothing_else_in_the_package_writes_one(
    module: ModuleType, union: str
) -> None:
    built = re.findall(r'"t": "(\w+)"', source_of(module))
    assert sorted(built) == sorted(messages_of(union))


def test_nothing_else_in_the_package_writes_a_message() -> None:
    package = Path(wire.__file__).parent
    trees = {path.stem: ast.parse(path.read_text(encoding="utf-8")) for path in package.rglob("*.py")}
    writes = {name for name, tree in trees.items() if any(map(writes_kind, ast.walk(tree)))}
    assert writes == {"outbox", "inbox"}


def writes_kind(node: ast.AST) -> bool:
    """Whether this is ``{"t": …}``, ``dict(t=…)`` or ``message["t"] = …``."""
    if isinstance(node, ast.Dict):
        return any(isinstance(key, ast.Constant) and key.value == "t" for key in node.keys)
    if isinstance(node, ast.Subscript):
        return isinstance(node.ctx, ast.Store) and isinstance(node.slice, ast.Constant) and node.slice.value == "t"
    return isinstance(node, ast.keyword) and node.arg == "t"


def source_of(module: ModuleType) -> str:
    assert module.__file__ is not None
    return Path(module.__file__).read_text(encoding="utf-8")


# What each message holds -----------------------------------------------------------------------------------


def parts(text: str, separator: str) -> list[str]:
    """What stands between separators, those within brackets left alone."""
    found, depth = [""], 0
    for char in text:
        depth += (char in "{[<(") - (char in "}]>)")
        if char == separator and depth == 0:
            found.append("")
        else:
            found[-1] += char
    return [part.strip() for part in found if part.strip()]


def typedefs() -> Iterator[tuple[str, str]]:
    """The types of ``protocol.js`` by their names."""
    for comment in re.findall(r"/\*\*(.*?)\*/", SOURCE, re.DOTALL):
        for told in re.sub(r"\n \*", " ", comment).split("@typedef {")[1:]:
            definition = next(told[:end] for end, char in enumerate(told) if char == "}" and is_whole(told[:end]))
            yield told[len(definition) + 1 :].split()[0], definition.strip()


def is_whole(text: str) -> bool:
    return all(text.count(opening) == text.count(closing) for opening, closing in ("{}", "[]"))


TYPES = dict(typedefs())
PLAIN = {"string": str, "number": int | float, "boolean": bool, "unknown": object}


def fields(definition: str) -> dict[str, tuple[str, bool]]:
    """The type of each field of an object's type, and whether it must be there."""
    found = [field.partition(":") for field in parts(definition[1:-1], ",")]
    return {name.strip("?"): (kind.strip(), not name.endswith("?")) for name, _, kind in found}


def fits(value: object, kind: str) -> bool:
    """Whether a value is of a type of ``protocol.js``."""
    choices = parts(kind, "|")
    if len(choices) > 1:
        return any(fits(value, choice) for choice in choices)
    if kind in ("null", "undefined"):
        return value is None
    if kind in PLAIN:
        return isinstance(value, PLAIN[kind]) and (kind != "number" or not isinstance(value, bool))
    if kind.startswith('"'):
        return bool(value == json.loads(kind))
    if kind.endswith("[]"):
        return isinstance(value, list | tuple) and all(fits(item, kind[:-2]) for item in value)
    if kind.startswith("["):
        kinds = parts(kind[1:-1], ",")
        return isinstance(value, list | tuple) and len(value) == len(kinds) and all(map(fits, value, kinds))
    if kind.startswith("Record<"):
        _, of = parts(kind.removeprefix("Record<").removesuffix(">"), ",")
        return isinstance(value, Mapping) and all(fits(item, of) for item in value.values())
    if kind.startswith("{"):
        known = fields(kind)
        return isinstance(value, Mapping) and set(value) <= set(known) and all(
            fits(value[name], of) if name in value else not needed for name, (of, needed) in known.items()
        )  # fmt: skip
    return fits(value, TYPES[kind])


def messages_of(union: str) -> dict[str, str]:
    """The types of a union's messages, by their ``t``."""
    found: dict[str, str] = {}
    for name in parts(TYPES[union], "|"):
        definition = TYPES[name]
        nested = definition if definition.startswith("{") else None
        found |= {json.loads(fields(nested)["t"][0]): nested} if nested else messages_of(name)
    return found


RUN = HandlerRun(name="on_mute", duration_ms=1.5, outcome="ok", started=1_700_000_000_000)
QUESTION = {"t": "rest", "id": "r1", "method": "user.current"}
ERROR: Mapping[str, Any] = {"code": "NO", "description": "no", "status": 400}
SOURCE_ERROR = {"text": "no", "line": 1, "column": None, "traceback": "no"}
RUNS: Mapping[str, Any] = {"file": "a.py", "source": "", "original": "", "version": "", "edited": False}
EVENTS_TEXT = {"event": "e", "id": "p:1", "seq": 1, "handler": "h", "error": "E"}
TOLD: list[Told] = [Told(type="E", code=None, words="", frames=[("app.py", 1, "greet")])]
CAPTURED = Captured(level="info", text="text", words="", tags={"a": "b"}, told=TOLD)
TO_PAGE: list[dict[str, Any]] = [
    outbox.command("c1", "CallCardClose", {}),
    outbox.command("c1", "CallCardClose", {}, silent=True, purpose="probe"),
    outbox.interface("i1"),
    outbox.call("f1", "ask", None),
    {**outbox.rest("user.get", {}), "id": "r1"},
    {**outbox.rest("user.get", {"a": 1}, paged=True), "id": "r1"},
    {**outbox.rest_batch({"a": ["user.get", {}]}, halt=False), "id": "r1"},
    {**outbox.rest_next("r1"), "id": "r2"},
    outbox.rest_done("r1"),
    outbox.rest("m", {}, once="A.1/activity/1") | {"id": "r1"},
    outbox.rest_batch({"k": ["m", {}]}, halt=False, once="A.1/activity/1") | {"id": "r1"},
    outbox.cancel("r1"),
    outbox.outcome(QUESTION, "ok", ms=1, started=1, cause=None, also={}),
    outbox.outcome(QUESTION, "ok", ms=1, started=1, cause="p:1", also={"purpose": "title"}),
    outbox.ack(1),
    outbox.ack(1, [RUN], "A.1"),
    outbox.turn(1),
    outbox.keep("A.1", "{}"),
    outbox.keep_data("{}"),
    outbox.forget("A.1"),
    outbox.problem("no_buttons", "A.1", on=True),
    outbox.report("held", "text"),
    outbox.report("held", "text", **EVENTS_TEXT),
    outbox.report("handler_failed", "text", told=TOLD),
    outbox.captured(CAPTURED, handler="greet", cause="p:1"),
    outbox.captured(CAPTURED, handler="the app", cause=None),
    outbox.trace("stray", "name"),
    outbox.printed("info", "text", handler="greet", cause="p:1"),
    outbox.printed("warning", "text", handler="greet", cause=None),
    outbox.taking("reload-1"),
    outbox.reloaded({**RUNS, "outcome": "shown", "error": None}, None),
    outbox.reloaded({**RUNS, "outcome": "refused", "error": SOURCE_ERROR}, "reload-1"),
]
FROM_PAGE: list[dict[str, Any]] = [
    inbox.attach("dedicated"),
    inbox.attach("shared", "why", {"call_id": "A.1", "kept": None}, '{"visits":[1,"2"]}'),
    inbox.detach("closed"),
    inbox.event("e", None, seq=1, at=1),
    inbox.emit("e", None, seq=1, at=1),
    inbox.sent("c1"),
    inbox.answer("c1", []),
    inbox.refused("c1", "why"),
    inbox.interface_answer("i1", None),
    inbox.interface_answer("i1", ["CallCardClose"]),
    inbox.rest_answer("r1", {"result": [], "cursor": "r1", "total": 3}),
    inbox.rest_answer("r1", {"error": {**ERROR, "argument": "ID"}}),
    inbox.call_answer("f1", {"value": 1}),
    inbox.call_answer("f1", {"error": {"name": "Error", "message": "no"}}),
    inbox.user_changed(),
    inbox.reload("reload-1"),
    inbox.reload("reload-1", "source", again=True),
    inbox.reload("reload-1", archive="UEs=", version="v1"),
]


def test_python_takes_the_messages_that_have_a_typedef() -> None:
    assert sorted(messages_of("ToPython")) == sorted(wire.FROM_PAGE)


@pytest.mark.parametrize(("union", "samples"), [("FromPython", TO_PAGE), ("ToPython", FROM_PAGE)])
def test_the_fields_of_every_message_are_those_of_its_typedef(union: str, samples: list[dict[str, Any]]) -> None:
    types = messages_of(union)
    assert set(types) == {sample["t"] for sample in samples}
    for sample in samples:
        assert fits(sample, types[sample["t"]]), sample


def test_what_python_always_says_its_typedef_always_has_and_nothing_is_left_unsaid() -> None:
    types = messages_of("FromPython")
    for kind, definition in types.items():
        said = [set(sample) for sample in TO_PAGE if sample["t"] == kind]
        known = fields(definition)
        assert set.union(*said) == set(known), kind
        assert set.intersection(*said) == {name for name, (_, needed) in known.items() if needed}, kind


@pytest.mark.parametrize("samples", [TO_PAGE, FROM_PAGE])
def test_every_message_begins_with_its_kind(samples: list[dict[str, Any]]) -> None:
    for sample in samples:
        assert wire.to_json(sample).startswith(f'{{"t":"{sample["t"]}"'), sample


@pytest.mark.parametrize(
    "message",
    [
        {"t": "turn"},
        {"t": "turn", "seq": "1"},
        {"t": "turn", "seq": 1, "more": 1},
        {"t": "ack", "seq": 1, "handlers": [{**RUN, "started": None}], "call_id": None},
        {"t": "problem", "kind": "other", "call_id": "A.1", "on": True},
    ],
)
def test_a_message_of_another_shape_does_not_fit(message: dict[str, Any]) -> None:
    assert not fits(message, messages_of("FromPython")[message["t"]])
