"""The server's REST of the simulated portal keeps the contract that the page's keeps too."""

import json
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool.portal_methods import METHODS
from worker_py_tool.portal_rest import PortalRest

CONTRACT: list[dict[str, Any]] = json.loads(
    (Path(__file__).parents[1] / "contract" / "portal_rest.json").read_text(encoding="utf-8")
)


def difference(wanted: Any, given: Any, bound: dict[str, Any], path: str = "answer") -> str:
    """Where an answer is not what the contract says; empty when it is. Values behind `$name` are kept in `bound`."""
    if isinstance(wanted, str) and wanted.startswith("$"):
        wanted = bound.setdefault(wanted, given)
    if isinstance(wanted, dict) and isinstance(given, dict):
        missing = wanted.keys() - given.keys()
        if missing:
            return f"{path} lacks {sorted(missing)}"
        parts = [difference(one, given[name], bound, f"{path}.{name}") for name, one in wanted.items()]
    elif isinstance(wanted, list) and isinstance(given, list) and len(wanted) == len(given):
        parts = [difference(one, given[at], bound, f"{path}[{at}]") for at, one in enumerate(wanted)]
    else:
        return "" if wanted == given and type(wanted) is type(given) else f"{path}: {given!r} instead of {wanted!r}"
    return next((part for part in parts if part), "")


def filled(value: Any, bound: dict[str, Any]) -> Any:
    """Parameters with the values that came before."""
    if isinstance(value, dict):
        return {name: filled(one, bound) for name, one in value.items()}
    return bound.get(value, value) if isinstance(value, str) else value


@pytest.mark.parametrize("part", CONTRACT, ids=lambda part: part["title"])
def test_contract(part: dict[str, Any]) -> None:
    rest = PortalRest()
    token = rest.handle("simulation.session", {})[1]["result"]["AUTH_ID"]
    bound: dict[str, Any] = {}
    for step in part["steps"]:
        status, answer = rest.handle(step["method"], {"auth": token, **filled(step["params"], bound)})
        assert (status, difference(step["answer"], json.loads(json.dumps(answer)), bound)) == (
            step.get("status", 200),
            "",
        ), step["method"]


def test_every_method_is_in_the_contract() -> None:
    called = {step["method"].removesuffix(".json").lower() for part in CONTRACT for step in part["steps"]}
    assert METHODS.keys() <= called
