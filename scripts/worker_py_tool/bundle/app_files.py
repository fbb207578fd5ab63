"""Which files of an app's package go into the bundle, where anybody can read them.

What other tools leave in a directory stays out. What looks like a secret is refused until `--include` names it, and so
is what leads out of the package or cannot be packed.
"""

import os
import re
import stat
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.errors import ToolError

MOST_BYTES = 256_000_000
SHOWN = 10
PUBLIC = "Whatever is in a bundle can be read by anybody who has its address."

OTHER_TOOLS = (
    *("node_modules", "bower_components", "jspm_packages", "venv", "virtualenv", "site-packages", "__pycache__"),
    *("__pypackages__", "__macosx", "*.egg-info", "*.dist-info", "htmlcov", "cvs", "lost+found", "*~"),
)
"""Directories that are left out, whatever is in them."""
MADE_BY_TOOLS = ("backup", "backups", "build", "dist", "env")
"""Directories that are left out unless they are packages."""
MARKS = ("pyvenv.cfg", "conda-meta", "CACHEDIR.TAG")
"""What lies in virtual environments and caches, whatever they are called."""
LEAVINGS = (
    *("*.pyc", "*.pyo", "*~", "#*#", "*.bak", "*.backup", "*.old", "*.orig", "*.rej", "*.save", "*.swp", "*.swo"),
    *("*.tmp", "*.temp", "*.part", "*.log", "thumbs.db", "ehthumbs.db", "desktop.ini"),
)
SECRET_NAMES = (
    *("id_rsa*", "id_dsa*", "id_ecdsa*", "id_ed25519*", "authorized_keys", "known_hosts"),
    *("*.pem", "*.key", "*.p8", "*.p12", "*.pfx", "*.jks", "*.keystore", "*.ppk", "*.gpg", "*.pgp", "*.ovpn"),
    *("*.kdb", "*.kdbx", "*.agekey", "wallet.dat", "*.kubeconfig", "kubeconfig*", "*.tfstate*", "*.tfvars"),
    *(".env*", "*.env", "*.env.*", ".git-credentials", "*netrc", "*.pgpass", ".pypirc", ".npmrc", "auth.json"),
    *("secrets.py", "*_secrets.py", "credentials.py", "*_credentials.py", "passwords.py"),
    *("passwd*", "password.*", "passwords.*", "*.passwd", "*htpasswd*", "*adminsdk*.json", "service*account*.json"),
    *("*.sqlite*", "*.db", "*.db3", "*.db-*", "*.mdb", "*.sql", "*.dump", "*.har", "*.session"),
)
SECRET_WORDS = ("*credential*", "*secret*", "token.*", "tokens.*", "*[_-]token.*", "*[_-]tokens.*")
"""Names of secrets unless they are those of code."""
SECRET_CONTENTS = (
    ("a private key", re.compile(rb"-----BEGIN [A-Z0-9 ]*PRIVATE KEY( BLOCK)?-----|^PuTTY-User-Key-File-")),
    ("a database", re.compile(rb"^SQLite format 3\0")),
    ("an address with the token of an inbound webhook", re.compile(rb"https?://[\w.-]+/rest/\d+/[0-9a-z]{16,}\b")),
    (
        "an access key",
        re.compile(rb"\b(AKIA[0-9A-Z]{16}|gh[pousr]_[0-9A-Za-z]{36}|xox[abprs]-[0-9A-Za-z-]{20}|sk_live_\w{16})"),
    ),
)


@dataclass(slots=True)
class Packing:
    """What goes into the archive, and what does not.

    Attributes:
        files: Path in the archive, and content; sorted.
        left_out: Paths that one might miss, a `/` behind those of directories.
    """

    files: list[tuple[str, bytes]] = field(default_factory=list)
    left_out: list[str] = field(default_factory=list)


def pack(path: Path, include: Sequence[str] = ()) -> Packing:
    """Read a file, or what of a package directory goes into the archive.

    Args:
        path: The app's file or package directory.
        include: Patterns of files that are packed although they look like something that should not be: names, or
            paths in the package.

    Raises:
        ToolError: Something cannot be packed or looks like a secret, or a pattern names nothing.
    """
    walk = _Walk(path, include)
    entries = sorted(walk.tree(path) if path.is_dir() else [(path.name, path, walk.included(path.name))])
    for pattern in include:
        if pattern not in walk.used:
            raise ToolError(f"--include {pattern}: names no file of {path}", "Give a name, or a path in the package.")
    total = sum(file.stat().st_size for _, file, _ in entries)
    if total > MOST_BYTES:
        raise ToolError(
            f"--app: {path} has {total / 1e6:,.0f} MB of files: more than {MOST_BYTES / 1e6:,.0f} MB",
            "Leave out what handlers do not need: every browser loads all of it.",
        )
    packing = Packing(left_out=sorted(walk.left_out))
    secrets = []
    for name, file, included in entries:
        content = _read(name, file)
        reason = None if included else _secret_name(name, file) or _secret_content(content)
        if reason:
            secrets.append(f"{name} ({reason})")
        packing.files.append((name, content))
    if secrets:
        more = f" and {len(secrets) - SHOWN} more" if len(secrets) > SHOWN else ""
        example = secrets[0].partition(" (")[0].partition("/")[2] or path.name
        raise ToolError(
            f"--app: looks like a secret: {', '.join(secrets[:SHOWN])}{more}",
            f"{PUBLIC} Move it away, or, if it is no secret, name it: --include {example}",
        )
    return packing


class _Walk:
    """Goes through a package directory."""

    def __init__(self, package: Path, include: Sequence[str]) -> None:
        self.root = package.resolve()
        self.used: set[str] = set()
        self.left_out: list[str] = []
        self._include = include

    def included(self, path: str) -> bool:
        """Whether a pattern names a file, by its path in the archive."""
        forms = (path, path.partition("/")[2], path.rpartition("/")[2])
        found = [pattern for pattern in self._include if any(fnmatchcase(form, pattern) for form in forms)]
        self.used.update(found)
        return bool(found)

    def tree(self, directory: Path, aside: bool = False) -> Iterator[tuple[str, Path, bool]]:
        """The files under a directory: path in the archive, where to read it, whether `--include` names it.

        With `aside` it is one of those that are left out: only what `--include` names counts.
        """
        try:
            entries = sorted(os.scandir(directory), key=lambda entry: entry.name)
        except OSError as problem:
            if aside:
                return
            raise _unusable(self._archived(directory), f"cannot be read: {problem.strerror}") from problem
        for entry in entries:
            path = directory / entry.name
            name = self._archived(path)
            out = aside or _is_left_out(path)
            if path.is_dir() and (not path.is_symlink() or not out):
                yield from self._directory(path, name, out, aside)
            elif self.included(name):
                yield name, self._checked(path, name), True
            elif not out:
                yield name, self._checked(path, name), False
            elif not aside and not _goes_without_saying(entry.name):
                self.left_out.append(_shown(name))

    def _directory(self, path: Path, name: str, out: bool, aside: bool) -> Iterator[tuple[str, Path, bool]]:
        if path.is_symlink():
            raise _unusable(name, "is a symbolic link to a directory", "Put the directory itself there.")
        if out and not aside and not _goes_without_saying(path.name):
            self.left_out.append(f"{_shown(name)}/")
        if not out or self._include:
            yield from self.tree(path, out)

    def _archived(self, path: Path) -> str:
        return path.relative_to(self.root.parent).as_posix()

    def _checked(self, path: Path, name: str) -> Path:
        """Where to read a file, once it is known that it can be packed and lies in the package."""
        if not name.isprintable() or "\\" in name or ".." in name:  # unpacking skips names with two dots
            raise _unusable(name, "has a name that not every archive takes", "Rename it.")
        try:
            real = path.resolve(strict=True)
            kind = real.stat().st_mode
        except (OSError, RuntimeError) as problem:
            raise _unusable(name, "is a link that leads nowhere", "Remove it.") from problem
        if not stat.S_ISREG(kind):
            raise _unusable(name, f"is {_kind(kind)}, no file", "Move it away.")
        if path.is_symlink() and not real.is_relative_to(self.root):
            raise _unusable(name, f"is a link out of the package, to {real}", "Put the file itself there.")
        return real


def regular(path: Path, option: str) -> None:
    """Refuse what is no file and might never end when it is read.

    Raises:
        ToolError: It is a pipe, a socket or a device.
    """
    kind = path.stat().st_mode
    if not stat.S_ISREG(kind):
        raise ToolError(f"{option} {path}: is {_kind(kind)}, no file", "Name a file.")


def _is_left_out(path: Path) -> bool:
    name = path.name.lower()
    if name.startswith("."):
        return True
    if not path.is_dir():
        return _matches(name, LEAVINGS)
    if _matches(name, OTHER_TOOLS) or (name in MADE_BY_TOOLS and not (path / "__init__.py").exists()):
        return True
    return any((path / mark).exists() for mark in MARKS) or manifest.is_bundle(path)


def _goes_without_saying(name: str) -> bool:
    return name.startswith(".") or name == "__pycache__" or name.endswith((".pyc", ".pyo"))


def _secret_name(name: str, file: Path) -> str | None:
    """Why the name in the archive, or that of the file behind a link, is that of a secret."""
    for each in (name.rpartition("/")[2].lower(), file.name.lower()):
        code = each.endswith((".py", ".pyi"))
        if _matches(each, SECRET_NAMES) or (not code and _matches(each, SECRET_WORDS)):
            return "by its name"
    return None


def _secret_content(content: bytes) -> str | None:
    for what, pattern in SECRET_CONTENTS:
        if pattern.search(content):
            return f"it holds {what}"
    return None


def _matches(name: str, patterns: Sequence[str]) -> bool:
    return any(fnmatchcase(name, pattern) for pattern in patterns)


def _read(name: str, file: Path) -> bytes:
    try:
        return file.read_bytes()
    except OSError as problem:
        raise _unusable(name, f"cannot be read: {problem.strerror}") from problem


def _kind(mode: int) -> str:
    kinds = {stat.S_IFIFO: "a pipe", stat.S_IFSOCK: "a socket", stat.S_IFDIR: "a directory"}
    return kinds.get(stat.S_IFMT(mode), "a device")


def _unusable(name: str, what: str, remedy: str = "Move it away, or give the right to read it.") -> ToolError:
    return ToolError(f"--app: {_shown(name)} {what}", remedy)


def _shown(name: str) -> str:
    """A name on one line, also one of bytes that are no text."""
    return name if name.isprintable() else ascii(name)
