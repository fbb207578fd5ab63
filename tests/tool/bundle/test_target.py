"""The interpreter of a bundle is described by its own lock file: what is derived is what it says itself."""

import json
from pathlib import Path

import pytest

from worker_py_tool.bundle import fence, target, wheels
from worker_py_tool.errors import ToolError

ASK = """
import fs from "node:fs";
import path from "node:path";
import process from "node:process";
import { pathToFileURL } from "node:url";
import { answer, beforePyodide, fail } from %s;
const config = JSON.parse(fs.readFileSync(process.argv[2], "utf8"));
try {
  beforePyodide();
  const { loadPyodide } = await import(pathToFileURL(path.join(config.pyodide, "pyodide.mjs")).href);
  const pyodide = await loadPyodide({ indexURL: config.pyodide, stdout: () => {} });
  for (const wheel of config.wheels) pyodide.unpackArchive(new Uint8Array(fs.readFileSync(wheel)), "wheel");
  answer(JSON.parse(pyodide.runPython(config.code)));
} catch (error) {
  fail(error);
}
"""
CODE = """
import json
from packaging.markers import default_environment
from packaging.tags import sys_tags
json.dumps({"tags": [str(tag) for tag in sys_tags()], "environment": default_environment()})
"""


@pytest.mark.slow
def test_tags_and_markers_are_those_that_the_interpreter_names_itself(tmp_path: Path) -> None:
    loader = wheels.loader()
    script = tmp_path / "ask.mjs"
    script.write_text(ASK % json.dumps(fence.INSIDE.as_uri()), encoding="utf-8")
    config = {"pyodide": str(fence.PYODIDE), "wheels": [str(path) for path in loader], "code": CODE}
    said = fence.run(script, config, "ask the interpreter", aside=tmp_path, reads=loader)
    assert [str(tag) for tag in target.read().tags()] == said["tags"]
    assert target.read().environment() == said["environment"]


def test_a_lock_file_of_an_unknown_kind_is_refused_in_words(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    lock = tmp_path / "pyodide-lock.json"
    lock.write_text('{"info": {"python": "3.15.0", "platform": "wasi_1", "arch": "wasm32"}, "packages": {}}')
    monkeypatch.setattr(target, "LOCK", lock)
    with pytest.raises(ToolError, match=r"describes an interpreter that is not known: .*wasi_1"):
        target.read()
