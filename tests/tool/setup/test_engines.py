"""Other engines are installed where that is possible, and must be there in CI; nothing is installed here."""

from __future__ import annotations

from pathlib import Path

import pytest

from worker_py_tool.errors import ToolError
from worker_py_tool.setup import apt, engines


@pytest.fixture
def installed(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The packages that were installed; a browser is there once all of its own are."""
    packages: list[str] = []
    monkeypatch.delenv("CI", raising=False)

    def found(wanted: tuple[str, ...]) -> Path | None:
        return Path("/browser") if set(wanted) <= set(packages) else None

    table = {
        "firefox": (lambda: found(engines.FIREFOX), engines.FIREFOX),
        "webkit": (lambda: found(engines.WEBKIT), engines.WEBKIT),
    }
    monkeypatch.setattr(engines, "ENGINES", table)
    return packages


def test_what_is_missing_is_installed_once(installed: list[str], monkeypatch: pytest.MonkeyPatch) -> None:
    def install(package: str) -> bool:
        installed.append(package)
        return True

    monkeypatch.setattr(apt, "install", install)
    engines.ensure()
    engines.ensure()
    assert installed == ["firefox-esr", "webkit2gtk-driver", "xvfb", "xauth", "dbus"]


def test_what_cannot_be_installed_is_missing_but_not_in_ci(
    installed: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(apt, "install", lambda package: False)
    engines.ensure()
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ToolError, match="there is no firefox here") as refused:
        engines.ensure()
    assert "firefox-esr" in str(refused.value)
