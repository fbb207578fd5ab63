"""Looks into the wheels of an app's requirements before anything of them is unpacked or run."""

import base64
import csv
import hashlib
import re
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from email.message import Message
from email.parser import HeaderParser
from pathlib import Path

from worker_py_tool.errors import ToolError

MOST_BYTES = 256_000_000
MOST_FILES = 50_000
MOST_METADATA_BYTES = 1_000_000
WEBASSEMBLY = b"\0asm"
"""How such a file begins."""
OURS = ("worker_py", "worker_py_freeze", "pyodide", "_pyodide")
"""What no other wheel may bring: it would stand in the place of the interpreter's own modules, or of ours."""
ANOTHER = "Take another version of it, or another package."


def check(requirements: Sequence[str], theirs: Sequence[Path], loader: Sequence[Path]) -> None:
    """Refuse wheels that are not what they say, or take the place of something else.

    Args:
        requirements: What was asked for.
        theirs: The wheels of the requirements.
        loader: Wheels that the bundle brings anyway.

    Raises:
        ToolError: As said; it names the wheel.
    """
    owners: dict[str, tuple[Path, zipfile.ZipInfo]] = {}
    unpacked = 0
    for wheel in [*loader, *theirs]:
        with _opened(wheel, requirements) as archive:
            entries = archive.infolist()
            unpacked += sum(entry.file_size for entry in entries)
            if unpacked > MOST_BYTES or len(entries) > MOST_FILES:
                raise _refused(
                    wheel,
                    requirements,
                    f"it unpacks to {unpacked / 1e6:,.0f} MB in {len(entries):,} files with those before it,"
                    f" more than {MOST_BYTES / 1e6:,.0f} MB or {MOST_FILES:,} files",
                )
            names = dict(installed(entries))
            if wheel not in loader:
                _check_metadata(wheel, archive, requirements)
                _check_names(wheel, entries, requirements)
                _check_contents(wheel, archive, requirements)
        for name, entry in names.items():
            other, theirs_too = owners.setdefault(name, (wheel, entry))
            if other != wheel and not _same(other, theirs_too, wheel, entry):
                raise _refused(wheel, requirements, f"it overwrites {name} of {other.name}")


def metadata(wheel: Path) -> Message:
    """What a wheel says of itself; empty when it cannot be read: `check` refuses it then."""
    try:
        with zipfile.ZipFile(wheel) as archive:
            named = _described(archive)
            if len(named) == 1 and named[0].file_size <= MOST_METADATA_BYTES:
                return HeaderParser().parsestr(archive.read(named[0]).decode("utf-8", "replace"))
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error):
        pass
    return Message()


def _described(archive: zipfile.ZipFile) -> list[zipfile.ZipInfo]:
    """Where a wheel says what it is: one file, unless it is damaged."""
    return [entry for entry in archive.infolist() if re.fullmatch(r"[^/]+\.dist-info/METADATA", entry.filename)]


def _opened(wheel: Path, requirements: Sequence[str]) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(wheel)
    except (OSError, ValueError, zipfile.BadZipFile, NotImplementedError) as problem:
        raise _refused(wheel, requirements, f"it cannot be opened: {problem}") from problem


def _check_names(wheel: Path, entries: Sequence[zipfile.ZipInfo], requirements: Sequence[str]) -> None:
    seen = set()
    for name, _ in installed(entries):
        parts = name.split("/")
        if not name.isprintable() or "\\" in name or name.startswith("/") or ".." in parts:
            raise _refused(wheel, requirements, f"it holds a file of the name {name!a}")
        if parts[0].split(".")[0] in OURS and not parts[0].endswith(".dist-info"):
            raise _refused(wheel, requirements, f"it holds {name}, and {parts[0]} is not its own")
        if name in seen:
            raise _refused(wheel, requirements, f"it holds {name} twice")
        seen.add(name)


def _check_contents(wheel: Path, archive: zipfile.ZipFile, requirements: Sequence[str]) -> None:
    try:
        hashes = _recorded(archive)
        for entry in archive.infolist():
            name = entry.filename
            if name.endswith(".so") and archive.read(entry)[: len(WEBASSEMBLY)] != WEBASSEMBLY:
                raise _refused(wheel, requirements, f"{name} is compiled for another machine: it is no WebAssembly")
            method, _, known = hashes.get(name, "").partition("=")
            if method in hashlib.algorithms_guaranteed and known:
                digest = hashlib.new(method, archive.read(entry)).digest()
                if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != known.rstrip("="):
                    raise _refused(
                        wheel, requirements, f"{name} is not what its RECORD says: it was changed, or is damaged"
                    )
    except (OSError, ValueError, RuntimeError, zipfile.BadZipFile, zlib.error) as problem:
        raise _refused(wheel, requirements, f"it cannot be read: {problem}") from problem


def _recorded(archive: zipfile.ZipFile) -> dict[str, str]:
    """The hash of each file, as the wheel's own list names it."""
    records = [name for name in archive.namelist() if re.fullmatch(r"[^/]+\.dist-info/RECORD", name)]
    lines = [line for name in records for line in archive.read(name).decode("utf-8").splitlines()]
    return {row[0]: row[1] for row in csv.reader(lines) if len(row) > 1}


def _same(one: Path, first: zipfile.ZipInfo, other: Path, second: zipfile.ZipInfo) -> bool:
    """Whether two wheels hold the same content: an empty `__init__.py` of a namespace hurts nobody."""
    if first.file_size != second.file_size:
        return False
    with zipfile.ZipFile(one) as left, zipfile.ZipFile(other) as right:
        return left.read(first) == right.read(second)


def installed(entries: Sequence[zipfile.ZipInfo]) -> Iterator[tuple[str, zipfile.ZipInfo]]:
    """Where files come to lie: those of NAME.data/purelib and platlib go up."""
    for entry in entries:
        if not entry.is_dir():
            yield re.sub(r"^[^/]+\.data/(purelib|platlib)/", "", entry.filename), entry


def _check_metadata(wheel: Path, archive: zipfile.ZipFile, requirements: Sequence[str]) -> None:
    from packaging.utils import InvalidWheelFilename, canonicalize_name, parse_wheel_filename
    from packaging.version import InvalidVersion, Version

    try:
        name, version, _, _ = parse_wheel_filename(wheel.name)
    except (InvalidWheelFilename, InvalidVersion) as problem:
        raise _refused(wheel, requirements, f"its name is that of no wheel: {problem}") from problem
    files = _described(archive)
    if len(files) != 1 or files[0].file_size > MOST_METADATA_BYTES:
        raise _refused(wheel, requirements, f"it has {len(files)} METADATA files, or one that is too long")
    try:
        headers = HeaderParser().parsestr(archive.read(files[0]).decode("utf-8", "replace"))
        own = (canonicalize_name(headers["Name"] or ""), Version(headers["Version"] or ""))
        directory = files[0].filename.partition(".dist-info/")[0].rpartition("-")
        named = (canonicalize_name(directory[0]), Version(directory[2]))
    except (InvalidVersion, OSError, ValueError, RuntimeError, zipfile.BadZipFile) as problem:
        raise _refused(wheel, requirements, f"its METADATA cannot be read: {problem}") from problem
    for what, found in (("its METADATA says", own), ("it describes itself as", named)):
        if found != (name, version):
            raise _refused(wheel, requirements, f"{what} {found[0]} {found[1]}, and its file name {name} {version}")


def _refused(wheel: Path, requirements: Sequence[str], reason: str) -> ToolError:
    asked = next((each for each in requirements if _like(each) == _like(wheel.name.partition("-")[0])), None)
    origin = asked or f"{', '.join(requirements)}: {wheel.name}"
    return ToolError(f"--require {origin}: {reason}", ANOTHER)


def _like(name: str) -> str:
    return re.sub(r"[-_.]+", "-", re.split(r"[\s\[<>=!~;@]", name.strip())[0]).lower()
