"""What an app imports that has nothing to do with compiled code: by whom each module is needed, in whichever way."""

import builtins
import importlib
import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from worker_py_tool.bundle.trace_imports import Trace

MODULES = {
    "hard.py": "__file__ = 'hard.cpython-314-wasm32-emscripten.so'\n",
    "soft.py": "",
    "uses.py": "import hard\n",
    "uses_again.py": "import soft\nfrom uses import hard\n",
    "by_name.py": "import importlib\nimportlib.import_module('hard')\n",
    "tries.py": "try:\n    from hard import nothing\nexcept ImportError:\n    pass\n",
    "wrong.py": "try:\n    import hard.inner\nexcept ImportError:\n    pass\n",
    "whole/__init__.py": "from . import part\n",
    "whole/part.py": "from .inner import deep\n",
    "whole/inner/__init__.py": "",
    "whole/inner/deep.py": "import hard\n",
    "half/__init__.py": "",
    "half/mine.py": "from . import theirs\n",
    "half/theirs.py": "from half import quick\n",
    "half/quick.py": "__file__ = 'quick.so'\n",
    "half/pure.py": "from . import *\nimport soft as gentle\n",
    "apps.py": "__file__ = '/app/apps.py'\nimport half.pure, half.mine, whole, wrong\n"
    "import tries, by_name, uses_again, soft\n",
}


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, source in MODULES.items():
        path = tmp_path / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(source, encoding="utf-8")
    monkeypatch.syspath_prepend(str(tmp_path))
    before = set(sys.modules)
    yield
    for name in set(sys.modules) - before:
        del sys.modules[name]


def test_only_what_needs_no_compiled_module_is_pure(site: None) -> None:
    ways = builtins.__import__, importlib.import_module
    trace = Trace()
    trace.begin()
    try:
        importlib.import_module("apps")
    finally:
        trace.end()
    assert (builtins.__import__, importlib.import_module) == ways
    assert json.loads(trace.pure()) == ["half", "soft", "half.pure"]


def test_what_was_there_before_is_not_among_them(site: None) -> None:
    importlib.import_module("soft")
    trace = Trace()
    trace.begin()
    try:
        importlib.import_module("half.pure")
    finally:
        trace.end()
    assert json.loads(trace.pure()) == ["half", "half.pure"]
