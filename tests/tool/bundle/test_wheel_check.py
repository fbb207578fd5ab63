"""Wheels that are not what they say, or take the place of something else, are refused before they are unpacked."""

import zipfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest

from tests.support.wheels import make_wheel
from worker_py_tool.bundle import wheel_check
from worker_py_tool.errors import ToolError

Wheel = Callable[..., Path]


@pytest.fixture
def wheel(tmp_path: Path) -> Wheel:
    """Makes a wheel `bells` unless told otherwise."""

    def make(
        files: Mapping[str, str | bytes],
        *,
        file: str = "bells-1.0-py3-none-any.whl",
        info: str = "bells-1.0",
        metadata: str = "Name: bells\nVersion: 1.0\n",
    ) -> Path:
        path = tmp_path / file
        with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(f"{info}.dist-info/METADATA", f"Metadata-Version: 2.1\n{metadata}")
            for name, content in files.items():
                archive.writestr(name, content)
        return path

    return make


def refusal(*wheels: Path, loader: tuple[Path, ...] = ()) -> str:
    with pytest.raises(ToolError) as refused:
        wheel_check.check(["Bells>=1"], wheels, loader)
    assert "\n" not in refused.value.message
    return refused.value.message


def test_a_wheel_that_is_what_it_says_passes(wheel: Wheel) -> None:
    one = wheel({"bells/__init__.py": "", "bells-1.0.data/purelib/chimes.py": ""})
    other = wheel(
        {"ding_dong/__init__.py": "LOUD = 1", "bells/__init__.py": ""},
        file="Ding_Dong-2.0.0-py2.py3-none-any.whl",
        info="ding_dong-2.0",
        metadata="Name: ding.dong\nVersion: 2.0\n",
    )
    wheel_check.check(["Bells>=1"], [one, other], [])


@pytest.mark.parametrize(
    ("file", "info", "metadata"),
    [
        ("bells-1.0-py3-none-any.whl", "bells-1.0", "Name: whistles\nVersion: 1.0\n"),
        ("bells-1.0-py3-none-any.whl", "bells-1.0", "Name: bells\nVersion: 1.1\n"),
        ("bells-1.0-py3-none-any.whl", "whistles-1.0", "Name: bells\nVersion: 1.0\n"),
        ("bells-1.0-py3-none-any.whl", "bells-1.0", "Version: 1.0\n"),
        ("bells-1.0-py3-none-any.whl", "bells-1.0", "Name: bells\nVersion: new\n"),
        ("bells-new-py3-none-any.whl", "bells-1.0", "Name: bells\nVersion: 1.0\n"),
    ],
)
def test_a_wheel_whose_name_and_metadata_differ_is_refused(wheel: Wheel, file: str, info: str, metadata: str) -> None:
    assert refusal(wheel({}, file=file, info=info, metadata=metadata)).startswith("--require Bells>=1: ")


def test_a_wheel_without_metadata_or_with_two_is_refused(wheel: Wheel) -> None:
    assert "it has 2 METADATA files" in refusal(wheel({"whistles-1.0.dist-info/METADATA": ""}))
    assert "it has 0 METADATA files" in refusal(wheel({}, info="deep/bells-1.0"))


@pytest.mark.parametrize(
    "name",
    [
        *("worker_py/app.py", "worker_py.py", "bells-1.0.data/purelib/worker_py/app.py", "pyodide/http.py"),
        *("_pyodide/_base.py", "bells-1.0.data/platlib/pyodide.py"),
    ],
)
def test_a_wheel_with_modules_of_ours_or_of_the_interpreter_is_refused(wheel: Wheel, name: str) -> None:
    assert "is not its own" in refusal(wheel({name: ""}))


@pytest.mark.parametrize("name", ["../outside.py", "/etc/passwd", "bells/../../x.py", "a\\b.py", "line\nbreak.py"])
def test_a_wheel_with_a_name_that_leads_elsewhere_is_refused(wheel: Wheel, name: str) -> None:
    assert "it holds a file of the name" in refusal(wheel({name: ""}))


def test_a_wheel_that_holds_a_file_twice_is_refused(wheel: Wheel) -> None:
    assert "holds chimes.py twice" in refusal(wheel({"chimes.py": "a", "bells-1.0.data/purelib/chimes.py": "b"}))


def test_a_wheel_that_overwrites_a_file_of_another_is_refused(wheel: Wheel) -> None:
    other = {"file": "whistles-1-py3-none-any.whl", "info": "whistles-1", "metadata": "Name: whistles\nVersion: 1\n"}
    bells = wheel({"chimes.py": "LOUD = 1"})
    assert refusal(bells, wheel({"chimes.py": "LOUD = 2"}, **other)) == (
        "--require Bells>=1: whistles-1-py3-none-any.whl: it overwrites chimes.py of bells-1.0-py3-none-any.whl"
    )
    loader = wheel({"micropip/__init__.py": "ours"}, file="micropip-1-py3-none-any.whl")
    assert "overwrites micropip/__init__.py of micropip-1" in refusal(
        wheel({"micropip/__init__.py": "their"}), loader=(loader,)
    )


def test_a_wheel_that_unpacks_to_more_than_the_bound_is_refused_without_unpacking_it(
    wheel: Wheel, monkeypatch: pytest.MonkeyPatch
) -> None:
    bomb = wheel({f"bells/{number}.bin": bytes(50_000_000) for number in range(6)})
    assert bomb.stat().st_size < 1_000_000
    with monkeypatch.context() as unread:
        unread.setattr(zipfile.ZipFile, "read", None)
        assert "it unpacks to 300 MB" in refusal(bomb)
    monkeypatch.setattr(wheel_check, "MOST_FILES", 3)
    assert "in 4 files" in refusal(wheel({f"{number}.py": "" for number in range(3)}))


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x05\x06" + bytes(10)])
def test_what_is_no_archive_is_told(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "bells-1.0-py3-none-any.whl"
    path.write_bytes(content)
    assert "it cannot be opened: " in refusal(path)


def test_a_file_that_is_not_what_the_list_of_the_wheel_says_is_named(tmp_path: Path) -> None:
    one = make_wheel(tmp_path, "bells", {"bells/__init__.py": "LOUD = 1\n", "bells/soft.py": ""})
    wheel_check.check(["bells"], [one], [])
    with zipfile.ZipFile(one) as archive:
        contents = {name: archive.read(name) for name in archive.namelist()}
    with zipfile.ZipFile(one, "w") as archive:
        for name, content in {**contents, "bells/__init__.py": b"LOUD = 9\n"}.items():
            archive.writestr(name, content)
    assert "bells/__init__.py is not what its RECORD says" in refusal(one)


def test_code_that_was_compiled_for_another_machine_is_named(wheel: Wheel) -> None:
    wheel_check.check(["bells"], [wheel({"bells/_loud.so": b"\0asm and more"})], [])
    assert "bells/_loud.so is compiled for another machine" in refusal(wheel({"bells/_loud.so": b"\x7fELF and more"}))


def test_a_file_that_cannot_be_unpacked_is_told_in_words(wheel: Wheel) -> None:
    one = wheel({"bells/_loud.so": b"\0asm and more, all of it" * 9})
    content = bytearray(one.read_bytes())
    start = content.index(b"_loud.so") + len("_loud.so")
    content[start : start + 8] = bytes(8)
    one.write_bytes(content)
    assert "it cannot be read" in refusal(one)
