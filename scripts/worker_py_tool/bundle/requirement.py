"""What `--require` may name: a package, a wheel, a directory or an archive of source, an address of one of these."""

import hashlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from worker_py_tool import progress
from worker_py_tool.bundle import package_index
from worker_py_tool.bundle.digests import digest_of_named, digest_of_parts
from worker_py_tool.bundle.package_index import Offer, PackageIndex
from worker_py_tool.bundle.resolver import Need
from worker_py_tool.errors import ToolError
from worker_py_tool.made_once import made_once
from worker_py_tool.paths import CACHE
from worker_py_tool.process import run_quietly
from worker_py_tool.setup import python_packages

FORM = 'Give a name with its version, such as "phonenumbers==9.*", or a path: ./lib, ./lib-1.0-py3-none-any.whl'
PATH = re.compile(r"(?P<path>(?:[.~]|[A-Za-z]:\\|/).*?|.+\.(?:whl|zip|tar\.gz))(?P<extras>\[[\w,\s.-]+\])?")
NAMED = re.compile(r"[\w.-]+\s*(\[[^\]]*\])?\s*@\s")
_UNNAMED = "worker-py-unnamed"
NOT_SOURCE = {"__pycache__", "build", "dist", "node_modules", "venv"}


def parse(text: str) -> Any:
    """Read a requirement, in the words of `packaging`; one that is a path has its `url`, and no name yet.

    Raises:
        ToolError: It is none.
    """
    from packaging.requirements import InvalidRequirement, Requirement

    stripped = text.strip()
    if not stripped or stripped.startswith("-"):
        raise ToolError(f"--require {text!r}: not a requirement", FORM)
    if re.match(r"(\w+\+)?\w+://", stripped):
        return Requirement(f"{_UNNAMED} @ {stripped}")
    path = None if NAMED.match(stripped) else PATH.fullmatch(stripped)
    if path:
        place = Path(path["path"]).expanduser().resolve()
        if not place.exists():
            raise ToolError(f"--require {text}: there is no {place}", FORM)
        return Requirement(f"{_UNNAMED}{path['extras'] or ''} @ {place.as_uri()}")
    try:
        return Requirement(stripped)
    except InvalidRequirement as problem:
        raise ToolError(f"--require {text}: not a requirement: {str(problem).splitlines()[0]}", FORM) from problem


def name_of(requirement: str) -> str:
    """The package's name, as names are compared; of a path, the path."""
    name = re.match(r"[A-Za-z0-9][A-Za-z0-9._-]*(?=\s*(\[|[<>=!~;@(]|$))", requirement.strip())
    return re.sub(r"[-_.]+", "-", name[0]).lower() if name else requirement


def read(text: str, index: PackageIndex) -> tuple[Need, Any]:
    """A requirement as the resolver takes it, and its marker; what it names by a path or an address is here then.

    Raises:
        ToolError: It is none, or cannot be fetched or built.
    """
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import InvalidVersion

    found = parse(text)
    if not found.url:
        return Need(canonicalize_name(found.name), found.specifier, frozenset(found.extras)), found.marker
    wheel = _wheel(text, found.url, index)
    try:
        name, version, _, tags = parse_wheel_filename(wheel.name)
    except (InvalidWheelFilename, InvalidVersion) as problem:
        raise ToolError(f"--require {text}: {wheel.name} is not the name of a wheel: {problem}", FORM) from problem
    if found.name != _UNNAMED and canonicalize_name(found.name) != name:
        raise ToolError(f"--require {text}: that is {name} {version}", f"Write '{name} @ …'.")
    digest = hashlib.sha256(wheel.read_bytes()).hexdigest()
    offer = Offer(name, version, wheel.name, wheel.as_uri(), tags, digest)
    return Need(name, found.specifier, frozenset(found.extras), offer=offer), found.marker


def portable(text: str, directory: Path) -> str:
    """A requirement as it reads on any machine: a path is relative to a directory, and no address has a password."""
    found = parse(text)
    if not found.url:
        return str(found)
    local = package_index.local(found.url)
    place = without_password(found.url) if local is None else relative(local, directory)
    extras = f"[{','.join(sorted(found.extras))}]" if found.extras else ""
    marker = f" ; {found.marker}" if found.marker else ""
    return f"{place}{extras}{marker}" if found.name == _UNNAMED else f"{found.name}{extras} @ {place}{marker}"


def relative(path: Path, directory: Path) -> str:
    """A path as it is written in a file of the directory."""
    found = Path(os.path.relpath(path.resolve(), directory.resolve())).as_posix()
    return found if found.startswith("../") else f"./{found}"


def without_password(url: str) -> str:
    """An address without the name and the password that may stand in it."""
    parts = urlsplit(url)
    return parts._replace(netloc=parts.netloc.rpartition("@")[2]).geturl()


def _wheel(text: str, url: str, index: PackageIndex) -> Path:
    parts = urlsplit(url)
    filename = unquote(parts.path).rpartition("/")[2]
    if parts.scheme in ("http", "https") and filename.endswith(".whl"):
        hashes = re.search(r"sha256=([0-9a-f]{64})", parts.fragment)
        return index.fetch(parts._replace(fragment="").geturl(), filename, hashes[1] if hashes else "")
    if parts.scheme != "file":
        return _built(text, url, digest_of_parts([url]))
    place = Path(unquote(parts.path)).resolve()
    if not place.exists():
        raise ToolError(f"--require {text}: there is no {place}", FORM)
    if place.suffix == ".whl" and place.is_file():
        return index.fetch(place.as_uri(), place.name)
    if place.is_dir() and not any((place / name).is_file() for name in ("pyproject.toml", "setup.py")):
        raise ToolError(
            f"--require {text}: {place} is no project: it has no pyproject.toml",
            "Give it one, or put what it holds into the app's package.",
        )
    return _built(text, str(place), _content(place))


def _built(text: str, source: str, digest: str) -> Path:
    """The wheel of a project, built by its own build backend; once for the same content."""

    def build(aside: Path) -> Path:
        with progress.step(f"building the wheel of {source}"):
            run_quietly(
                python_packages.pip("wheel", "--quiet", "--no-deps", "-w", aside / "wheels", source),
                f"build the wheel of --require {text}",
                env={**python_packages.PIP_ENV, "SOURCE_DATE_EPOCH": "315532800"},
                remedy="What pip says is above; a wheel that is built already does too: --require ./NAME.whl",
            )
        return aside / "wheels"

    return next(made_once(CACHE / "wheels" / f"built-{digest}", f"building {source}", build).glob("*.whl"))


def _content(place: Path) -> str:
    return digest_of_named((str(path.relative_to(place)), path.read_bytes()) for path in _source(place))


def _source(place: Path) -> Iterator[Path]:
    """The files of a project, without what is made from them."""
    if place.is_file():
        yield place
        return
    for path in sorted(place.iterdir()):
        if path.is_dir():
            if path.name not in NOT_SOURCE and not path.name.startswith(".") and not path.name.endswith(".egg-info"):
                yield from _source(path)
        elif path.is_file():
            yield path
