"""Who may do what with a sink: its token, and how much anybody may send."""

import hashlib
import hmac
import os
import secrets
import time
from collections import OrderedDict
from collections.abc import Callable
from pathlib import Path

from worker_py_tool.errors import ToolError

BURST, PER_SECOND = 600, 10
"""Requests of one address: so many at once, and so many a second for long. An office shares one address."""
ALL_BURST, ALL_PER_SECOND = 3000, 100
_ADDRESSES = 10_000


def token(store: Path) -> tuple[str, Path, bool]:
    """The token of a sink; made when there is none yet.

    Args:
        store: The sink's file; the token's is beside it, with mode 600.

    Returns:
        The token, its file, and whether it was made now.

    Raises:
        ToolError: The file cannot be read or made, or others may read it.
    """
    path = store.with_name(store.name + ".token")
    try:
        made = secrets.token_urlsafe(24)
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(made + "\n")
    except FileExistsError:
        return _read(path), path, False
    except OSError as problem:
        raise ToolError(f"{path}: cannot be made: {problem.strerror}", "It holds the token of /reports.") from problem
    return made, path, True


def _read(path: Path) -> str:
    try:
        mode, content = path.stat().st_mode, path.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as problem:
        raise ToolError(f"{path}: cannot be read: {problem}", "Delete it: a new token is made then.") from problem
    if mode & 0o077:
        raise ToolError(f"{path}: others may read the token", f"Do: chmod 600 {path}")
    if len(content) < 16:
        raise ToolError(f"{path}: holds no token", "Delete it: a new one is made then.")
    return content


class Keyhole:
    """Tells who has the token: by header, or by the cookie that the form of `/reports` sets."""

    COOKIE = "worker_py_reports"

    def __init__(self, token: str) -> None:
        self._token = token.encode()
        self.cookie = hashlib.sha256(b"worker-py reports\n" + self._token).hexdigest()

    def knows(self, said: str) -> bool:
        """Whether this is the token."""
        return hmac.compare_digest(said.encode("utf-8", "replace"), self._token)

    def opens(self, authorization: str | None, cookies: str | None) -> bool:
        """Whether a request's headers show it."""
        scheme, _, said = (authorization or "").partition(" ")
        if scheme.lower() == "bearer" and self.knows(said.strip()):
            return True
        for part in (cookies or "").split(";"):
            name, _, value = part.strip().partition("=")
            if name == self.COOKIE and hmac.compare_digest(value.encode("utf-8", "replace"), self.cookie.encode()):
                return True
        return False


class Rate:
    """How much each address may send, and all together.

    Args:
        clock: Seconds that only go on.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._all = _Bucket(ALL_BURST, ALL_PER_SECOND, clock())
        self._of: OrderedDict[str, _Bucket] = OrderedDict()

    def wait_s(self, address: str) -> float:
        """Take one; 0 when that is right, else in how many seconds there is one again."""
        now = self._clock()
        own = self._of.setdefault(address, _Bucket(BURST, PER_SECOND, now))
        self._of.move_to_end(address)
        if len(self._of) > _ADDRESSES:
            self._of.popitem(last=False)
        wait = max(own.wait_s(now), self._all.wait_s(now))
        if wait == 0:
            own.left -= 1
            self._all.left -= 1
        return wait


class _Bucket:
    def __init__(self, burst: float, per_second: float, now: float) -> None:
        self._burst, self._per_second, self._at = burst, per_second, now
        self.left = burst

    def wait_s(self, now: float) -> float:
        self.left = min(self._burst, self.left + (now - self._at) * self._per_second)
        self._at = now
        return 0 if self.left >= 1 else (1 - self.left) / self._per_second
