"""Makes a release: sdist and wheel, twice to the same bytes, looked into and installed; SBOM and checksums."""

import email.parser
import hashlib
import re
import sys
import tarfile
import zipfile
from collections.abc import Sequence
from email.message import Message
from pathlib import Path

from worker_py_tool.bundle import inventory
from worker_py_tool.bundle.inventory import Part
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, ROOT, version
from worker_py_tool.process import run_quietly, say
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import python_packages

CHECKSUMS = "SHA256SUMS"
_EPOCH = {"SOURCE_DATE_EPOCH": "315532800"}
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)==([^\s;\\]+)", re.MULTILINE)


def release(out: Path, revision: str = "HEAD") -> list[Path]:
    """Make the files of a release from what is committed.

    Args:
        out: The directory for them; made when there is none.
        revision: What of the repository is released.

    Raises:
        ToolError: Two builds differ, the metadata or the changelog does not fit, or an installation does not work.
    """
    number = version()
    check_changelog((ROOT / "CHANGELOG.md").read_text(encoding="utf-8"), number)
    out.mkdir(parents=True, exist_ok=True)
    with scratch("release-", CACHE) as aside:
        builds = [_build(aside / name, revision) for name in ("one", "two")]
        check_alike(*builds)
        for path in builds[0]:
            check_metadata(path, number)
        for path in builds[0]:
            _install(path, aside / f"installed-{path.suffix.strip('.')}", number)
        made = [_place(out / path.name, path.read_bytes()) for path in builds[0]]
    pins = _PINNED.findall((ROOT / "requirements" / "build.txt").read_text(encoding="utf-8"))
    made.append(_place(out / f"worker_py-{number}.cdx.json", sbom(pins, number)))
    sums = "".join(f"{hashlib.sha256(path.read_bytes()).hexdigest()}  {path.name}\n" for path in made)
    return [*made, _place(out / CHECKSUMS, sums.encode())]


def _build(directory: Path, revision: str) -> list[Path]:
    """Sdist and wheel of what is committed, built in a directory of their own."""
    source, dist = directory / "source", directory / "dist"
    source.mkdir(parents=True)
    archive = directory / "source.tar"
    run_quietly(["git", "-C", str(ROOT), "archive", "-o", str(archive), revision], "take what is committed")
    with tarfile.open(archive) as packed:
        packed.extractall(source, filter="data")
    hatch = [sys.executable, "-m", "hatchling", "build", "-d", str(dist)]
    run_quietly(hatch, "build sdist and wheel", cwd=source, env=_EPOCH)
    return sorted(dist.iterdir())


def check_alike(one: Sequence[Path], two: Sequence[Path]) -> None:
    """Two builds are the same files with the same bytes.

    Raises:
        ToolError: They are not.
    """
    if [path.name for path in one] != [path.name for path in two] or len(one) != 2:
        raise ToolError(f"two builds made other files: {[path.name for path in (*one, *two)]}")
    for first, second in zip(one, two, strict=True):
        if first.read_bytes() != second.read_bytes():
            raise ToolError(f"two builds of {first.name} differ", "Something in it depends on time, place or order.")


def check_changelog(text: str, number: str) -> None:
    """The changelog has this version, with a date.

    Raises:
        ToolError: It has not.
    """
    if not re.search(rf"^## \[{re.escape(number)}\] - \d{{4}}-\d\d-\d\d$", text, re.MULTILINE):
        raise ToolError(f"CHANGELOG.md has no version {number}", f"Cut it: ## [{number}] - YYYY-MM-DD")


def check_metadata(path: Path, number: str) -> None:
    """What a package says of itself, and what it carries.

    Raises:
        ToolError: Something is missing or wrong.
    """
    about, names = _read(path)
    expected = {"Name": "worker-py", "Version": number, "License-Expression": "MIT", "Requires-Python": ">=3.11"}
    for field, value in expected.items():
        if about[field] != value:
            raise ToolError(f"{path.name}: {field} is {about[field]!r} instead of {value!r}", "See pyproject.toml.")
    if about.get_all("Requires-Dist") and not all("extra ==" in each for each in about.get_all("Requires-Dist", [])):
        raise ToolError(f"{path.name}: handlers and their tests would need packages", "Put them into an extra.")
    for needed in ("LICENSE", "worker_py/app.py", "page/shim.js", "index.html.j2", "package-lock.json"):
        if not any(name.endswith(needed) for name in names):
            raise ToolError(f"{path.name}: has no {needed}", "See [tool.hatch] of pyproject.toml.")


def _read(path: Path) -> tuple[Message, list[str]]:
    """The metadata of a wheel or an sdist, and the names of its files."""
    parser = email.parser.BytesParser()
    if path.suffix == ".whl":
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
            found = next(name for name in names if name.endswith(".dist-info/METADATA"))
            return parser.parsebytes(archive.read(found), headersonly=True), names
    with tarfile.open(path) as packed:
        names = packed.getnames()
        member = packed.extractfile(next(name for name in names if name.count("/") == 1 and name.endswith("/PKG-INFO")))
        assert member is not None
        return parser.parsebytes(member.read(), headersonly=True), names


def _install(path: Path, directory: Path, number: str) -> None:
    """Into a clean environment, where the package and its command work without any other."""
    run_quietly([sys.executable, "-m", "venv", str(directory)], f"make an environment for {path.name}")
    python = str(directory / "bin" / "python")
    pip = [python, "-m", "pip", "install", "--quiet", "--no-deps", str(path)]
    run_quietly(pip, f"install {path.name}", env=python_packages.PIP_ENV)
    run_quietly([python, "-c", "import worker_py, worker_py.testing"], f"import what {path.name} brings", cwd=directory)
    says = f"assert open('version').read() == 'worker-py {number}\\n'"
    shell = f'bin/worker-py --version > version && bin/python -c "{says}"'
    run_quietly(["sh", "-c", shell], f"ask the worker-py of {path.name} for its version", cwd=directory)


def sbom(pins: Sequence[tuple[str, str]], number: str) -> bytes:
    """What the release is made of: itself, and the packages that its builds were tried with."""
    parts = [Part("worker-py", number, f"pkg:pypi/worker-py@{number}", "MIT")]
    parts += [Part(name, pinned, f"pkg:pypi/{name.lower()}@{pinned}", "") for name, pinned in pins]
    return inventory.sbom(parts)


def _place(path: Path, content: bytes) -> Path:
    path.write_bytes(content)
    say(f"{path} ({len(content):,} bytes)")
    return path
