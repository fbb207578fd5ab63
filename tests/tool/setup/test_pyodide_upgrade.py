"""Another version of Pyodide."""

import json
import shutil
from pathlib import Path

import pytest

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import ROOT
from worker_py_tool.setup import pyodide_upgrade
from worker_py_tool.setup.pyodide_upgrade import INSTALLED, LOADER, changes, unknown_in


@pytest.fixture
def release(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A release that npm would bring, which is the installed one until a test changes it."""
    package = tmp_path / "node_modules" / "pyodide"
    package.mkdir(parents=True)
    for path in INSTALLED.iterdir():
        if path.is_file():
            (package / path.name).symlink_to(path)

    def install(stage: Path, version: str) -> None:
        for name in ("package.json", "package-lock.json"):
            text = (ROOT / name).read_text(encoding="utf-8")
            (stage / name).write_text(text.replace(named(INSTALLED), version), encoding="utf-8")
        shutil.copytree(tmp_path / "node_modules", stage / "node_modules", symlinks=True)

    monkeypatch.setattr(pyodide_upgrade, "_install", install)
    return package


def named(package: Path) -> str:
    return str(json.loads((package / "package.json").read_text(encoding="utf-8"))["version"])


def rewrite(package: Path, name: str, **changed: str) -> None:
    """Replace words of a file of the release."""
    text = (package / name).read_text(encoding="utf-8")
    for old, new in changed.items():
        assert old in text
        text = text.replace(old, new)
    (package / name).unlink()
    (package / name).write_text(text, encoding="utf-8")


def test_the_installed_version_changes_nothing(release: Path) -> None:
    assert unknown_in(release) == []
    assert changes(named(INSTALLED)) == {}


def test_a_neighbour_moves_all_that_is_pinned(release: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    micropip = json.loads((INSTALLED / "pyodide-lock.json").read_text(encoding="utf-8"))["packages"]["micropip"]
    rewrite(release, "package.json", **{named(INSTALLED): "314.9.9"})
    rewrite(release, "pyodide-lock.json", **{f'"version": "{micropip["version"]}"': '"version": "99.1"'})

    def download(arguments: list[str], _purpose: str, *, cwd: Path, **_: object) -> str:
        assert arguments[-1] == "micropip==99.1"
        (cwd / "micropip-99.1-py3-none-any.whl").write_bytes(b"wheel")
        return ""

    monkeypatch.setattr(pyodide_upgrade, "run_quietly", download)
    found = changes("314.9.9")
    assert {path.relative_to(ROOT).as_posix() for path in found} == {
        "package.json",
        "package-lock.json",
        "requirements/loader.txt",
        "CHANGELOG.md",
        "docs/deployment.md",
        "docs/packages.md",
    }
    assert all("314.9.9" in text for path, text in found.items() if path != LOADER)
    assert all(named(INSTALLED) not in text for text in found.values())
    lines = found[LOADER].splitlines()
    at = lines.index("micropip==99.1 \\")
    assert lines[at + 1] == "    --hash=sha256:ba59926159d2aa256eb8739b8da7e2b574b960e1202c6d624cbe981cef996c91"
    assert lines[at + 2].startswith("packaging==")


@pytest.mark.parametrize(
    ("name", "changed", "words"),
    [
        ("pyodide-lock.json", {"emscripten_": "wasi_"}, "an interpreter that is not known"),
        ("pyodide-lock.json", {'"python": "3.': '"python": "4.'}, "its Python is 4."),
        ("pyodide.asm.mjs", {"makeMemorySnapshot": "freeze"}, "pyodide.asm.mjs has no makeMemorySnapshot"),
        ("pyodide.mjs", {"cdnUrl": "elsewhere"}, "does not say where its packages are published"),
    ],
)
def test_what_this_code_does_not_know_is_refused_in_words(
    release: Path, name: str, changed: dict[str, str], words: str
) -> None:
    rewrite(release, name, **changed)
    with pytest.raises(ToolError) as refused:
        changes("314.9.9")
    assert "Pyodide 314.9.9 is not known to this code: " in str(refused.value) and words in str(refused.value)


def test_a_release_without_a_file_of_the_bundle_is_refused(release: Path) -> None:
    (release / "python_stdlib.zip").unlink()
    assert unknown_in(release) == ["it has no python_stdlib.zip"]


def test_a_version_that_npm_does_not_have_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object, **__: object) -> str:
        raise ToolError("could not fetch Pyodide: npm error code ETARGET")

    monkeypatch.setattr(pyodide_upgrade, "run_quietly", refuse)
    with pytest.raises(ToolError, match=r"npm has no Pyodide 314\.0\.99"):
        changes("314.0.99")


@pytest.mark.parametrize("text", ["", "latest", "314", "314.0.7; rm"])
def test_what_is_no_version_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="is no version of Pyodide"):
        pyodide_upgrade.check(text)
