"""Entries as one script: what the worker's is told, and what it must not take for a place to tell it."""

from __future__ import annotations

import pytest

from worker_py_tool.bundle import entries
from worker_py_tool.errors import ToolError


def test_the_contents_stand_in_the_worker_once_whatever_its_modules_call_them() -> None:
    worker = b'import{bundle}from"./bundle.js";a(bundle);import{bundle as bundle2}from"./bundle.js";b(bundle2);'
    assert entries.with_contents(worker, '{"build":1}') == (
        b'const bundle={"build":1};a(bundle);const bundle2=bundle;b(bundle2);'
    )


@pytest.mark.parametrize("worker", [b"a();", b'import*as all from"./bundle.js";import{bundle}from"./bundle.js";'])
def test_a_worker_that_asks_for_them_in_another_way_is_refused(worker: bytes) -> None:
    with pytest.raises(ToolError, match="unknown way"):
        entries.with_contents(worker, "{}")


def test_a_module_that_another_file_imports_stays_beside_the_entry_that_has_it() -> None:
    sources = {
        "page/early.js": 'import { a } from "./a.js";',
        "page/shim.js": 'import "./early.js";\nimport { b } from "../b.js";\nawait import("./late.js");',
        "page/late.js": 'import { c } from "./c.js";',
        "page/a.js": "export const a = 1;",
        "b.js": '/** @type {import("./page/a.js").A} */\nexport const b = 2;',
        "page/c.js": 'import { b } from "../b.js";',
        "worker/worker.js": "",
    }
    made = entries.joined({name: text.encode() for name, text in sources.items()})
    assert sorted(made) == ["b.js", "page/c.js", "page/late.js", "page/shim.js", "worker/worker.js"]
