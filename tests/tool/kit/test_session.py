"""What the plugin keeps while tests run; tests/browser/kit shows it at work."""

import sys

import pytest

from worker_py_tool.kit import session


@pytest.mark.parametrize("module", ["playwright", "brotli", "uvicorn"])
def test_what_is_not_installed_that_a_browser_test_needs_is_told_with_the_remedy(
    module: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert session.missing() is None
    monkeypatch.setitem(sys.modules, module, None)
    told = session.missing() or ""
    assert told.startswith(f"a test in a browser needs {session.NEEDED[module]}, which is not installed")
    assert told.endswith("pip install 'worker-py[test]'")
