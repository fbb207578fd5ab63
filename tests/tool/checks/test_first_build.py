"""What is left to do for a test that builds, when one has been built."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool import process
from worker_py_tool.bundle import compress, fence
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.checks import first_build


@pytest.mark.slow  # Pyodide starts
def test_another_app_makes_its_snapshot_and_nothing_that_all_have_in_common(
    write: Callable[[str, str], Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    first_build.make()
    real, watching = fence.run, process.run_watched
    started: list[str] = []
    compressed: list[str] = []

    def run(script: Path, config: Mapping[str, Any], purpose: str, **options: Any) -> dict[str, Any]:
        started.append(purpose)
        return real(script, config, purpose, **options)

    def watched(command: Sequence[str | Path], *rest: Any, **options: Any) -> None:
        compressed.extend(Path(file).name for file, _ in json.loads(Path(command[-1]).read_text())["files"])
        watching(command, *rest, **options)

    monkeypatch.setattr(fence, "run", run)
    monkeypatch.setattr(compress, "run_watched", watched)
    app = write("other.py", f"{first_build.APP}other = {str(tmp_path)!r}\n")
    build(BuildOptions(app=str(app), out=tmp_path / "out", hard_link=True))
    assert started == ["make the memory snapshot"]
    assert "snapshot.bin" in compressed
    assert not {name for name in compressed if name.startswith(("pyodide.", "python_"))}
