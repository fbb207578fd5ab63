"""What a release is held against before it is one."""

import json
import zipfile
from pathlib import Path

import pytest

from worker_py_tool.checks import release
from worker_py_tool.errors import ToolError

FILES = ("LICENSE", "worker_py/app.py", "static/page/shim.js", "index.html.j2", "package-lock.json")
METADATA = """Metadata-Version: 2.4
Name: worker-py
Version: 0.2.0
License-Expression: MIT
Requires-Python: >=3.11
Requires-Dist: jinja2; extra == "build"
"""


def wheel(directory: Path, metadata: str = METADATA, files: tuple[str, ...] = FILES) -> Path:
    directory.mkdir(exist_ok=True)
    path = directory / "worker_py-0.2.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        archive.writestr(zipfile.ZipInfo("worker_py-0.2.0.dist-info/METADATA"), metadata)
        for name in files:
            archive.writestr(zipfile.ZipInfo(name), "")
    return path


def test_a_package_that_says_and_holds_what_it_should_passes(tmp_path: Path) -> None:
    release.check_metadata(wheel(tmp_path), "0.2.0")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (("Version: 0.2.0", "Version: 0.1.0"), "Version is '0.1.0'"),
        (("License-Expression: MIT", "License: MIT"), "License-Expression is None"),
        ((">=3.11", ">=3.8"), "Requires-Python"),
        (('; extra == "build"', ""), "would need packages"),
    ],
)
def test_what_is_wrong_with_it_is_named(tmp_path: Path, change: tuple[str, str], said: str) -> None:
    with pytest.raises(ToolError, match=said):
        release.check_metadata(wheel(tmp_path, METADATA.replace(*change)), "0.2.0")


def test_a_package_without_the_page_is_none(tmp_path: Path) -> None:
    with pytest.raises(ToolError, match=r"has no page/shim\.js"):
        release.check_metadata(wheel(tmp_path, files=("LICENSE", "worker_py/app.py")), "0.2.0")


def test_two_builds_that_differ_are_no_release(tmp_path: Path) -> None:
    one, two = wheel(tmp_path / "one"), wheel(tmp_path / "two")
    other = wheel(tmp_path / "other", METADATA + "Summary: later\n")
    release.check_alike([one, one], [two, two])
    with pytest.raises(ToolError, match="differ"):
        release.check_alike([one, one], [two, other])
    with pytest.raises(ToolError, match="other files"):
        release.check_alike([one], [two, two])


def test_a_version_that_the_changelog_does_not_have_is_not_released() -> None:
    release.check_changelog("# Changelog\n\n## [0.2.0] - 2026-11-29\n", "0.2.0")
    for text in ("## [Unreleased]\n", "## [0.2.0]\n", "## [0x2.0] - 2026-11-29\n"):
        with pytest.raises(ToolError, match="has no version"):
            release.check_changelog(text, "0.2.0")


def test_the_release_lists_what_it_was_tried_with() -> None:
    from cyclonedx.schema import SchemaVersion  # takes a second, which each process would spend that collects tests
    from cyclonedx.validation.json import JsonStrictValidator

    made = release.sbom([("jinja2", "3.1.6")], "0.2.0").decode()
    assert JsonStrictValidator(SchemaVersion.V1_6).validate_str(made) is None
    listed = json.loads(made)
    assert [each["purl"] for each in listed["components"]] == ["pkg:pypi/worker-py@0.2.0", "pkg:pypi/jinja2@3.1.6"]
