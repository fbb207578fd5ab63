"""Packages are chosen for the interpreter of the bundle, not for the machine that builds. All wheels are made here."""

import hashlib
import os
import re
import zipfile
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from tests.support.directory_server import DirectoryServer
from tests.support.wheels import compiled_tag, lock_with, make_wheel
from worker_py_tool.bundle import distribution, package_index, packages, target
from worker_py_tool.bundle.packages import Packages, fetch, resolve
from worker_py_tool.errors import ToolError

pytestmark = pytest.mark.slow  # some start pip, or build a project

Wheel = Callable[..., Path]
LINUX = "cp314-cp314-manylinux_2_17_x86_64"


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(packages, "FILES", tmp_path / "cache" / "files")


def chosen(found: Packages) -> dict[str, str]:
    return {each.name: each.filename.removeprefix(f"{each.name}-") for each in found.chosen}


def refusal(*requirements: str, pyodide_packages: str = "") -> str:
    with pytest.raises(ToolError) as refused:
        resolve(requirements, pyodide_packages)
    return str(refused.value)


def test_markers_are_those_of_the_browser_and_not_of_this_machine(wheel: Wheel) -> None:
    wheel(
        "lamps",
        {"lamps.py": ""},
        needs=('wicks; sys_platform == "emscripten"', 'fuses; platform_machine == "x86_64"'),
    )
    wheel("wicks", {"wicks.py": ""}, needs=('oil; python_version >= "3.14"', 'gas; python_version < "3.14"'))
    for name in ("fuses", "oil", "gas"):
        wheel(name, {f"{name}.py": ""})
    found = resolve(["lamps", 'gas; sys_platform == "linux"'])
    assert sorted(chosen(found)) == ["lamps", "oil", "wicks"]
    assert found.asked == {"lamps": "lamps"}
    assert {each.name: each.depends for each in found.chosen} == {"lamps": ("wicks",), "oil": (), "wicks": ("oil",)}


def test_an_extra_that_a_package_does_not_have_is_told(wheel: Wheel) -> None:
    wheel("lamps", {"lamps.py": ""}, needs=('oil; extra == "night_light"',))
    wheel("oil", {"oil.py": ""})
    found = resolve(["lamps[Night-Light, bell]", "oil[tank]"])
    assert found.notes == (
        "lamps 1.0 has no extra 'bell', so nothing is taken for it: it has night-light",
        "oil 1.0 has no extra 'tank', so nothing is taken for it: it has none",
    )


def test_compiled_wheels_of_the_interpreter_are_taken_and_a_pure_one_of_the_same_version_first(wheel: Wheel) -> None:
    compiled = compiled_tag()
    wheel("core", {"core.py": ""}, tag=compiled)
    wheel("core", {"core.py": ""}, tag=LINUX)
    wheel("both", {"both.py": ""}, tag=compiled)
    wheel("both", {"both.py": ""})
    wheel("newer", {"newer.py": ""})
    wheel("newer", {"newer.py": ""}, version="2.0", tag=compiled.replace("cp314-cp314", "cp310-abi3"))
    assert chosen(resolve(["core", "both", "newer"])) == {
        "core": f"1.0-{compiled}.whl",
        "both": "1.0-py3-none-any.whl",
        "newer": f"2.0-{compiled.replace('cp314-cp314', 'cp310-abi3')}.whl",
    }


def test_an_older_version_is_taken_where_the_newest_does_not_fit_and_said_so(wheel: Wheel) -> None:
    wheel("models", {"models.py": ""}, version="1.10")
    wheel("models", {"models.py": ""}, version="2.14", needs=("models_core==2.46",))
    wheel("models_core", {"models_core.py": ""}, version="2.46", tag=LINUX)
    wheel("locked", {"locked.py": ""}, version="3.0", tag="cp314-cp314-win_amd64")
    wheel("locked", {"locked.py": ""}, version="2.0", python="<3.14")
    wheel("locked", {"locked.py": ""}, version="1.0")
    found = resolve(["models", "locked"])
    assert {each.name: each.version for each in found.chosen} == {"locked": "1.0", "models": "1.10"}
    models = next(note for note in found.notes if note.startswith("models"))
    assert models.startswith("models 1.10 instead of 2.14: it needs models-core==2.46, and models-core 2.46")
    assert "its wheels are for Linux" in models
    older = next(note for note in found.notes if note.startswith("locked"))
    assert older.startswith("locked 1.0 instead of 2.0: ")


def test_what_nobody_would_have_taken_is_not_told(wheel: Wheel) -> None:
    wheel("bells", {"bells.py": ""}, version="1.0")
    wheel("bells", {"bells.py": ""}, version="2.0")
    wheel("bells", {"bells.py": ""}, version="3.0rc1")
    assert resolve(["bells"]).notes == ()
    assert resolve(["bells<2"]).notes == ()
    assert {each.version for each in resolve(["bells>2"]).chosen} == {"3.0rc1"}


def test_versions_are_sought_that_go_together(wheel: Wheel) -> None:
    for version in ("1", "2", "3"):
        wheel("shared", {"shared.py": ""}, version=version)
        wheel("one", {"one.py": ""}, version=version, needs=(f"shared=={version}",))
    wheel("two", {"two.py": ""}, needs=("shared<3", "shared[round]"))
    assert {each.name: each.version for each in resolve(["one", "two"]).chosen} == {
        "one": "2",
        "shared": "2",
        "two": "1.0",
    }


@pytest.mark.parametrize(
    ("requirement", "words"),
    [
        ("gone", ["--require gone: the package index has no package gone"]),
        ("lonely", ["--require lonely: gone, which lonely 1.0 needs: the package index has no package gone"]),
        ("compiled", ["--require compiled: compiled 1.0 does not run", "for Linux, Windows, none for pyemscripten_"]),
        ("compiled>=0", ["`pyodide build`", "--require ./NAME.whl"]),
        ("bells>=2", ["there is no bells>=2: the newest is 1.0"]),
        ("tomorrow", ["tomorrow 1.0: it is for Python >=4, and the browser's is 3."]),
        ("source", ["source 1.0 does not run", "it has no wheel, only its source"]),
        ("improved>=2", ["improved 2.0 does not run", "1.0 does: --require improved==1.0"]),
        ("one two", ["--require one two: not a requirement"]),
        ("", ["--require '': not a requirement"]),
        ("  ", ["not a requirement"]),
        ("-r list.txt", ["--require '-r list.txt': not a requirement"]),
        ("./nowhere.whl", ["--require ./nowhere.whl: there is no "]),
        ("bells @ file:///nowhere/bells-1.0-py3-none-any.whl", ["there is no /nowhere/bells-1.0-py3-none-any.whl"]),
        ("bells=>1", ["--require bells=>1: not a requirement"]),
    ],
)
def test_a_requirement_that_cannot_be_had_is_named_with_its_reason_and_what_else_would_do(
    wheel: Wheel, source: Callable[[str], Path], requirement: str, words: list[str]
) -> None:
    wheel("bells", {"bells.py": ""})
    wheel("lonely", {"lonely.py": ""}, needs=("gone",))
    wheel("compiled", {"compiled.py": ""}, tag=LINUX)
    wheel("compiled", {"compiled.py": ""}, tag="cp314-cp314-win_amd64")
    wheel("tomorrow", {"tomorrow.py": ""}, python=">=4")
    wheel("improved", {"improved.py": ""})
    wheel("improved", {"improved.py": ""}, version="2.0", tag=LINUX)
    source("source-1.0")
    said = refusal(requirement)
    assert [text for text in words if text not in said] == [], said


def test_requirements_that_contradict_each_other_are_told_with_what_each_needs(wheel: Wheel) -> None:
    wheel("one", {"one.py": ""}, needs=("shared==1",))
    wheel("two", {"two.py": ""}, needs=("shared==2",))
    wheel("shared", {"shared.py": ""}, version="1")
    wheel("shared", {"shared.py": ""}, version="2")
    said = refusal("one", "two")
    assert "one==1.0 and two==1.0: they need versions that contradict each other" in said
    assert "one 1.0 needs shared==1, two 1.0 needs shared==2" in said


def test_the_constraints_of_pips_settings_hold_and_are_named(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel("bells", {"bells.py": ""})
    wheel("bells", {"bells.py": ""}, version="2.0")
    (tmp_path / "constraints.txt").write_text("# ours\nbells<2\n", encoding="utf-8")
    monkeypatch.setenv("PIP_CONSTRAINT", str(tmp_path / "constraints.txt"))
    found = resolve(["bells"])
    assert found.notes == ("bells 1.0 instead of 2.0: pip's settings constrain it to <2",)


def test_the_index_of_these_tests_is_the_one_that_pip_would_take(wheel: Wheel, monkeypatch: pytest.MonkeyPatch) -> None:
    known = package_index.settings()
    monkeypatch.setenv("PIP_PROGRESS_BAR", "off")  # another variable, for which pip is asked
    said = package_index.settings()
    assert (
        (said.indexes, said.links, said.constraints) == (known.indexes, known.links, known.constraints) != ((), (), ())
    )


def test_where_pips_settings_name_no_index_it_is_pips_own(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in [name for name in os.environ if name.startswith("PIP_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("PIP_CONFIG_FILE", os.devnull)
    (own,) = package_index.settings().indexes
    assert own.startswith("https://") and own.endswith("/simple")
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert package_index.settings().indexes == ("https://index.example/simple",)


def test_where_pyodides_packages_are_published_its_own_script_says(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert re.fullmatch(rf"https://.+/v{re.escape(target.pyodide_version())}/.+/", distribution.published())
    (tmp_path / "pyodide").mkdir()
    (tmp_path / "pyodide" / "pyodide.mjs").write_text("export const another = 1;", encoding="utf-8")
    monkeypatch.setattr(distribution, "NODE_MODULES", tmp_path)
    with pytest.raises(ToolError, match="does not say where its packages are published"):
        distribution.published()


# What is named by a path -------------------------------------------------------------------------


def test_a_wheel_is_taken_by_its_path_and_a_rebuilt_one_anew(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    wheel("chimes", {"chimes.py": ""})
    wheel("bells", {"bells.py": ""}, version="7.0")
    monkeypatch.chdir(tmp_path)
    ours = make_wheel(tmp_path, "bells", {"bells.py": "LOUD = 1"}, needs=("chimes", 'chimes; extra == "x"'))
    for text in ("./bells-1.0-py3-none-any.whl", str(ours), f"bells @ {ours.as_uri()}", "bells[x] @ file:" + ours.name):
        found = resolve([text])
        assert {each.name: each.version for each in found.chosen} == {"bells": "1.0", "chimes": "1.0"}
        assert found.notes == ()
    first = found.chosen[0].sha256
    make_wheel(tmp_path, "bells", {"bells.py": "LOUD = 2"})
    again = resolve(["./bells-1.0-py3-none-any.whl"])
    assert [each.name for each in again.chosen] == ["bells"]
    assert again.chosen[0].sha256 != first
    assert fetch(again.chosen)[0].read_bytes() == ours.read_bytes()


def test_a_project_is_built_from_its_directory_and_anew_when_its_content_is_another(
    wheel: Wheel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("PIP_NO_BUILD_ISOLATION", "0")  # pip's spelling of: use what is installed here
    project = tmp_path / "lib"
    project.mkdir()
    (project / "pyproject.toml").write_text(
        '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'
        '[project]\nname = "lib"\nversion = "0.3"\n'
    )
    contents = []
    for text in ("LOUD = 1\n", "LOUD = 2\n"):
        (project / "lib.py").write_text(text)
        found = resolve([str(project)])
        assert [(each.name, each.version) for each in found.chosen] == [("lib", "0.3")]
        contents.append(zipfile.ZipFile(fetch(found.chosen)[0]).read("lib.py").decode())
    assert contents == ["LOUD = 1\n", "LOUD = 2\n"]


def test_what_a_path_leads_to_is_refused_when_it_is_no_package_or_for_another_machine(
    wheel: Wheel, tmp_path: Path
) -> None:
    (tmp_path / "empty").mkdir()
    assert "is no project: it has no pyproject.toml" in refusal(str(tmp_path / "empty"))
    (tmp_path / "nothing.whl").write_bytes(b"")
    assert "nothing.whl is not the name of a wheel" in refusal(str(tmp_path / "nothing.whl"))
    ours = make_wheel(tmp_path, "bells", {}, tag=LINUX)
    assert "does not run in the browser's Python: its wheels are for Linux" in refusal(str(ours))
    assert "that is bells 1.0" in refusal(f"whistles @ {ours.as_uri()}")


# Pyodide's own distribution -----------------------------------------------------------------------


@pytest.fixture
def mirror(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A directory with the one wheel that Pyodide's lock file then names."""
    folder = tmp_path / "mirror"
    folder.mkdir()
    marks = make_wheel(folder, "marks", {"marks.py": ""}, version="3.0", tag=compiled_tag())
    core = make_wheel(folder, "core", {"core.py": ""}, version="3.0", tag=compiled_tag())
    monkeypatch.setattr(target, "LOCK", lock_with(tmp_path / "lock.json", marks, core, depends={"marks": ["core"]}))
    return folder


def test_what_no_index_has_comes_from_pyodides_distribution(
    wheel: Wheel, mirror: Path, serve_files: Callable[[Path], DirectoryServer]
) -> None:
    wheel("pages", {"pages.py": ""}, needs=("marks>=2",))
    wheel("marks", {"marks.py": ""}, version="3.1", tag=LINUX)
    wheel("core", {"core.py": ""}, version="3.0")
    with serve_files(mirror) as server:
        for source in (str(mirror), f"http://127.0.0.1:{server.port}"):
            found = resolve(["pages"], source)
            assert {each.name: each.from_pyodide for each in found.chosen} == {
                "core": False,
                "marks": True,
                "pages": False,
            }
            marks = fetch(found.chosen)[1]
            assert marks.read_bytes() == (mirror / marks.name).read_bytes()
            assert found.chosen[1].sha256 == hashlib.sha256(marks.read_bytes()).hexdigest()


def test_a_mirror_that_lacks_a_file_or_has_another_one_is_named_and_nothing_is_kept(
    wheel: Wheel, mirror: Path, tmp_path: Path, serve_files: Callable[[Path], DirectoryServer]
) -> None:
    file = next(mirror.glob("marks*.whl"))
    file.write_bytes(file.read_bytes() + b"more")
    with serve_files(mirror) as server:
        said = refusal("marks", pyodide_packages=f"http://127.0.0.1:{server.port}/")
        assert "marks 3.0 comes from Pyodide's own distribution: " in said
        assert f"{file.name} from http://127.0.0.1:{server.port}/{file.name} has another content" in said
    file.unlink()
    with serve_files(mirror) as server:
        said = refusal("marks", pyodide_packages=f"http://127.0.0.1:{server.port}/")
        assert f"http://127.0.0.1:{server.port}/{file.name} answers 404" in said
        assert "--pyodide-packages URL|DIR" in said
    wheel("pages", {"pages.py": ""}, needs=("marks",))
    said = refusal("pages", pyodide_packages=f"http://127.0.0.1:{server.port}/")
    assert "--require pages: marks 3.0 comes from Pyodide's own distribution: could not fetch" in said
    assert "--pyodide-packages /nowhere: neither" in refusal("marks", pyodide_packages="/nowhere")
    assert [path.name for path in (tmp_path / "cache").rglob("*.whl")] == ["pages-1.0-py3-none-any.whl"]


def test_a_file_whose_hash_is_not_the_one_that_was_noted_is_refused(wheel: Wheel, tmp_path: Path) -> None:
    path = wheel("bells", {"bells.py": ""})
    noted = replace(resolve(["bells"]).chosen[0], sha256="0" * 64)
    with pytest.raises(ToolError, match=rf"{path.name} from .* its SHA-256 is [0-9a-f]{{64}}, not 0000"):
        fetch([noted])
    assert not (tmp_path / "cache" / "files" / ("0" * 20)).exists()
