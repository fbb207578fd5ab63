"""The lock of an app's packages, in PEP 751's format. All wheels are made here."""

import shutil
import subprocess
import sys
import tomllib
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from packaging.pylock import Pylock

from tests.support.directory_server import DirectoryServer
from tests.support.wheels import compiled_tag, lock_with, make_wheel
from worker_py_tool.bundle import manifest, packages, pylock, target
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.bundle.packages import Packages, fetch
from worker_py_tool.errors import ToolError

Wheel = Callable[..., Path]


@pytest.fixture(autouse=True)
def own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(packages, "CACHE", tmp_path / "cache")
    another_machine(tmp_path, monkeypatch, "here")


def another_machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str = "there") -> None:
    """From now on nothing has been fetched."""
    monkeypatch.setattr(packages, "FILES", tmp_path / "cache" / name)


@pytest.fixture
def lock(tmp_path: Path) -> Path:
    (tmp_path / "project").mkdir()
    return tmp_path / "project" / pylock.NAME


@pytest.fixture
def bells(wheel: Wheel) -> Path:
    """A package that needs another one."""
    wheel("clappers", {"clappers.py": ""}, version="2.0")
    return wheel("bells", {"bells.py": "import clappers"}, needs=("clappers",))


def versions(found: Packages) -> list[str]:
    return [f"{each.name}=={each.version}" for each in found.chosen]


def take(lock: Path, *requirements: str, insist: bool = False) -> Packages:
    return pylock.chosen(lock, requirements, insist=insist)


def refusal(lock: Path, *requirements: str, insist: bool = False) -> str:
    with pytest.raises(ToolError) as refused:
        fetch(take(lock, *requirements, insist=insist).chosen)
    return str(refused.value)


def addresses(lock: Path) -> list[str | None]:
    return [each.url for package in content(lock).packages for each in package.wheels or ()]


def content(lock: Path) -> Pylock:
    found = Pylock.from_dict(tomllib.loads(lock.read_text()))
    found.validate()
    return found


def test_it_holds_each_package_with_version_file_and_hash_and_nothing_of_this_machine(
    bells: Path, lock: Path, tmp_path: Path
) -> None:
    pylock.write(lock, ["bells==1.*"])
    first, second = content(lock).packages
    assert (first.name, str(first.version), second.name, str(second.version)) == ("bells", "1.0", "clappers", "2.0")
    assert first.wheels is not None
    assert [(each.name, each.path, each.url) for each in first.wheels] == [(bells.name, f"wheels/{bells.name}", None)]
    assert first.wheels[0].hashes == {"sha256": packages.resolve(["bells"]).chosen[0].sha256}
    assert first.dependencies == [{"name": "clappers"}]
    text = lock.read_text()
    assert str(tmp_path) not in text
    assert "://" not in text
    own = tomllib.loads(text)["tool"]["worker-py"]
    assert own == {
        "pyodide": target.pyodide_version(),
        "requirements": ["bells==1.*"],
        "asked": {"bells": "bells==1.*"},
    }


def test_the_standard_installer_takes_it_with_the_wheels_beside_it(bells: Path, lock: Path, tmp_path: Path) -> None:
    pylock.write(lock, ["bells"])
    shutil.copytree(bells.parent, lock.parent / "wheels")
    pip = [sys.executable, "-m", "pip", "--isolated", "install", "--no-index", "--target", str(tmp_path / "site")]
    subprocess.run([*pip, "-r", str(lock)], check=True, capture_output=True)
    assert (tmp_path / "site" / "bells.py").is_file()
    assert (tmp_path / "site" / "clappers.py").is_file()


def test_what_it_says_is_taken_when_there_is_something_newer(
    bells: Path, wheel: Wheel, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pylock.write(lock, ["bells"])
    wheel("bells", {"bells.py": ""}, version="1.1")
    another_machine(tmp_path, monkeypatch)
    found = take(lock, "bells", insist=True)
    assert versions(found) == ["bells==1.0", "clappers==2.0"]
    assert found.asked == {"bells": "bells"}
    assert {each.name: each.depends for each in found.chosen} == {"bells": ("clappers",), "clappers": ()}
    assert bells.name in [path.name for path in fetch(found.chosen)]
    lock.unlink()
    assert versions(pylock.write(lock, ["bells"])) == ["bells==1.1"]


def test_a_new_lock_keeps_what_still_fits_and_upgrades_what_is_named(bells: Path, wheel: Wheel, lock: Path) -> None:
    pylock.write(lock, ["bells"])
    wheel("bells", {"bells.py": ""}, version="1.1", needs=("clappers",))
    wheel("clappers", {"clappers.py": ""}, version="2.1")
    wheel("lamps", {"lamps.py": ""})
    assert versions(pylock.write(lock, ["bells", "lamps"])) == ["bells==1.0", "clappers==2.0", "lamps==1.0"]
    assert versions(pylock.write(lock, ["bells"], upgrade=["Bells"])) == ["bells==1.1", "clappers==2.0"]
    assert versions(pylock.write(lock, ["bells", "clappers>2"])) == ["bells==1.1", "clappers==2.1"]


def test_upgrading_what_is_not_in_it_is_refused_and_changes_nothing(bells: Path, lock: Path) -> None:
    pylock.write(lock, ["bells"])
    before = lock.read_bytes()
    with pytest.raises(ToolError, match=r"--upgrade lamps: .* has no such package\n  It has: bells, clappers"):
        pylock.write(lock, ["bells"], upgrade=["lamps"])
    with pytest.raises(ToolError):
        pylock.write(lock, ["bells", "nowhere-to-be-found"])
    assert lock.read_bytes() == before
    assert [path.name for path in lock.parent.iterdir()] == [lock.name]


@pytest.mark.parametrize(
    ("requirements", "reason"),
    [(("bells", "lamps"), "lamps came"), ((), "bells went"), (("bells>=1",), "bells>=1 came and bells went")],
)
def test_one_that_is_out_of_date_says_why_and_stands_where_it_can(
    bells: Path,
    wheel: Wheel,
    lock: Path,
    capsys: pytest.CaptureFixture[str],
    requirements: Sequence[str],
    reason: str,
) -> None:
    pylock.write(lock, ["bells"])
    wheel("bells", {"bells.py": ""}, version="1.1")
    wheel("lamps", {"lamps.py": ""})
    assert refusal(lock, *requirements, insist=True).startswith(
        f"--frozen: {lock} is out of date: {reason} since it was written\n  Run `worker-py lock`"
    )
    assert "bells==1.1" not in versions(take(lock, *requirements))
    assert f"is out of date: {reason} since" in capsys.readouterr().err


def test_one_for_another_pyodide_is_out_of_date(bells: Path, lock: Path) -> None:
    pylock.write(lock, ["bells"])
    lock.write_text(lock.read_text().replace(target.pyodide_version(), "300.0.1"))
    assert f"written for Pyodide 300.0.1, and this is {target.pyodide_version()}" in refusal(lock, "bells", insist=True)


def test_to_insist_on_one_that_is_not_there_is_refused(lock: Path) -> None:
    assert refusal(lock, insist=True) == f"--frozen: there is no {lock}\n  Run `worker-py lock`."
    assert take(lock) == Packages()


def test_another_hash_than_that_of_the_file_is_refused_and_no_bundle_is_left(
    bells: Path, lock: Path, tmp_path: Path
) -> None:
    found = pylock.write(lock, ["bells"]).chosen[0]
    last = "0" if found.sha256[-1] != "0" else "1"
    lock.write_text(lock.read_text().replace(found.sha256, found.sha256[:-1] + last))
    app = lock.parent / "app.py"
    app.write_text("from worker_py import App\n\napp = App()\n")
    with pytest.raises(ToolError) as refused:
        build(BuildOptions(app=str(app), out=tmp_path / "out", requirements=["bells"], lock=lock))
    assert f"{bells.name} from " in str(refused.value)
    assert f"its SHA-256 is {found.sha256}, not {found.sha256[:-1]}{last}" in str(refused.value)
    assert not (tmp_path / "out").exists()


def test_a_wheel_that_no_index_has_any_more_is_named_and_one_beside_the_lock_is_taken(
    bells: Path, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pylock.write(lock, ["bells"])
    another_machine(tmp_path, monkeypatch)
    (lock.parent / "wheels").mkdir()
    kept = shutil.move(bells, lock.parent / "wheels")
    assert bells.name in [path.name for path in fetch(take(lock, "bells").chosen)]
    another_machine(tmp_path, monkeypatch, "elsewhere")
    Path(kept).unlink()
    assert f"{bells.name} is not to be had" in refusal(lock, "bells")


def test_what_is_named_by_a_path_is_locked_by_its_content(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Wheel
) -> None:
    own = make_wheel(tmp_path, "own", {"own.py": "a = 1"})
    pylock.write(lock, [str(own)])
    found = content(lock).packages[0].wheels
    assert found is not None
    assert found[0].path == f"../{own.name}"
    assert tomllib.loads(lock.read_text())["tool"]["worker-py"]["requirements"] == [f"../{own.name}"]
    another_machine(tmp_path, monkeypatch)
    assert versions(take(lock, str(own), insist=True)) == ["own==1.0"]
    make_wheel(tmp_path, "own", {"own.py": "a = 2"})
    assert "it has another content than pylock.worker-py.toml says: the SHA-256 of" in refusal(lock, str(own))


def test_a_project_s_directory_is_built_and_locked_by_what_comes_of_it(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = make_wheel(tmp_path, "lib", {"lib.py": "a = 1"})
    monkeypatch.setattr("worker_py_tool.bundle.requirement._built", lambda *_: built)
    (lock.parent / "lib").mkdir()
    (lock.parent / "lib" / "pyproject.toml").write_text("")
    asked = f"lib @ {(lock.parent / 'lib').as_uri()}"
    pylock.write(lock, [asked])
    assert tomllib.loads(lock.read_text())["tool"]["worker-py"]["asked"] == {"lib": "lib @ ./lib"}
    another_machine(tmp_path, monkeypatch)
    assert [path.name for path in fetch(take(lock, asked, insist=True).chosen)] == [built.name]


def test_addresses_are_written_where_they_are_asked_for_and_used(
    bells: Path,
    lock: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    serve_files: Callable[[Path], DirectoryServer],
) -> None:
    links = "".join(f'<a href="{path.name}">{path.name}</a>' for path in bells.parent.iterdir())
    (bells.parent / "index.html").write_text(f"<!doctype html>{links}")
    with serve_files(bells.parent) as served:
        asked = f"bells @ {served.url}{bells.name}".replace("http://", "http://me:secret@")
        pylock.write(lock, [asked])
        assert addresses(lock) == [f"{served.url}{bells.name}", None]
        assert "secret" not in lock.read_text()
        lock.unlink()
        monkeypatch.setenv("PIP_FIND_LINKS", served.url)
        pylock.write(lock, ["bells"], addresses=True)
        assert addresses(lock) == [f"{served.url}{bells.name}", f"{served.url}clappers-2.0-py3-none-any.whl"]
        another_machine(tmp_path, monkeypatch)
        monkeypatch.delenv("PIP_FIND_LINKS")
        assert len(fetch(take(lock, "bells", insist=True).chosen)) == 2


def test_what_pyodide_has_itself_is_found_there_again(
    lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, wheel: Wheel
) -> None:
    mirror = tmp_path / "mirror"
    mirror.mkdir()
    marks = make_wheel(mirror, "marks", {"marks.py": ""}, tag=compiled_tag())
    monkeypatch.setattr(target, "LOCK", lock_with(tmp_path / "pyodide-lock.json", marks))
    pylock.write(lock, ["marks"], pyodide_packages=str(mirror))
    another_machine(tmp_path, monkeypatch)
    found = pylock.chosen(lock, ["marks"], insist=True, pyodide_packages=str(mirror))
    assert [path.name for path in fetch(found.chosen)] == [marks.name]


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('lock-version = "1.0"', 'lock-version = "9.0"', "no lock by PEP 751"),
        ("[[packages]]", "[[packages", "no lock by PEP 751"),
        ("sha256 = ", "md5 = ", "should have one wheel, with its SHA-256"),
        ('\nversion = "1.0"', '\nversion = "1.5"', "not consistent with package version '1.5'"),
        (
            "[[packages.wheels]]",
            '[packages.directory]\npath = "x"\n[packages.tool.x]',
            "was not written by `worker-py lock`",
        ),
        (
            "[[packages.wheels]]",
            'wheels = []\n[packages.sdist]\npath = "bells-1.0.tar.gz"\nhashes = { sha256 = "00" }\n[packages.tool.x]',
            "was not written by `worker-py lock`",
        ),
        ('name = "bells-1.0', 'name = "../bells-1.0', "no lock by PEP 751"),
        ("[tool.worker-py]", "[tool.another]", "was not written by `worker-py lock`"),
    ],
)
def test_one_that_cannot_be_trusted_is_refused_with_its_name(
    bells: Path, lock: Path, old: str, new: str, message: str
) -> None:
    pylock.write(lock, ["bells"])
    text = lock.read_text()
    assert old in text
    lock.write_text(text.replace(old, new, 1))
    told = refusal(lock, "bells")
    assert told.startswith(f"{lock}: ")
    assert message in told


def test_builds_in_two_directories_are_alike_to_the_byte(
    bells: Path, wheel: Wheel, lock: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (lock.parent / "app.py").write_text("import bells\nfrom worker_py import App\n\napp = App()\n")
    pylock.write(lock, ["bells"])
    shutil.copytree(lock.parent, tmp_path / "copy")
    made = []
    for directory, machine in ((lock.parent, "here"), (tmp_path / "copy", "there")):
        another_machine(tmp_path, monkeypatch, machine)
        options = BuildOptions(
            app=str(directory / "app.py"), out=directory / "out", requirements=["bells"], compress="none",
            lock=directory / pylock.NAME, frozen=True,
        )  # fmt: skip
        made.append((build(options), manifest.list_files(directory / "out")))
        wheel("bells", {"bells.py": "raise SystemExit"}, version="1.1")
    assert made[0] == made[1]
    assert made[0][0].packages == ["bells==1.0", "clappers==2.0"]
