"""Python and JavaScript name the same things: what holds ``wire.py`` and ``static/protocol.js`` together."""

import ast
import json
import re
from pathlib import Path
from types import ModuleType

import pytest

from worker_py import inbox, outbox, wire
from worker_py.commands import CommandName

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


def test_both_speak_the_same_version() -> None:
    assert int(constant("PROTOCOL_VERSION")) == wire.PROTOCOL_VERSION


def test_both_know_the_same_messages_from_a_page() -> None:
    assert strings("FROM_PAGE") == list(wire.FROM_PAGE)


def test_both_know_the_same_messages_to_a_page() -> None:
    assert strings("TO_PAGE") == list(wire.TO_PAGE)


def test_both_know_the_same_events() -> None:
    assert json.loads(constant("PREFIX")) == wire.PREFIX
    assert strings("EVENT_NAMES") == [spec.short_name for spec in wire.EVENTS]


def test_both_know_the_same_commands() -> None:
    assert strings("COMMAND_NAMES") == [name.value for name in CommandName]


@pytest.mark.parametrize(("module", "names"), [(outbox, wire.TO_PAGE), (inbox, wire.FROM_PAGE)])
def test_every_message_has_one_builder_and_nothing_else_in_the_package_writes_one(
    module: ModuleType, names: tuple[str, ...]
) -> None:
    built = re.findall(r'"t": "(\w+)"', source_of(module))
    assert sorted(built) == sorted(names)


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
