"""The package indexes that pip is set up with: what they offer, with its metadata, and the files themselves."""

import ast
import hashlib
import re
import ssl
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from email.message import Message
from email.parser import HeaderParser
from functools import cached_property
from pathlib import Path
from typing import Any, TypeVar
from urllib.parse import urlsplit

from worker_py_tool.bundle import wheel_check
from worker_py_tool.errors import ToolError
from worker_py_tool.process import run_quietly
from worker_py_tool.scratch import scratch
from worker_py_tool.setup import python_packages

PYPI = "https://pypi.org/simple"
TRIES = 3
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Settings:
    """What pip's configuration files and `PIP_…` say of where packages come from."""

    indexes: tuple[str, ...] = (PYPI,)
    links: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()
    trusted: tuple[str, ...] = ()
    certificates: str = ""
    proxy: str = ""
    timeout_s: float = 15.0


@dataclass(frozen=True, slots=True)
class Offer:
    """A file of a package that an index has.

    Attributes:
        name: The package, in its canonical form.
        version: Its version, as `packaging` has it.
        filename: The file.
        url: Where it is; `file:` for one of this machine.
        tags: Those of a wheel; none for source.
        sha256: As far as the index names it.
        has_metadata: The index has the file's METADATA beside it.
        from_pyodide: It is of Pyodide's own distribution.
        yanked: Its publisher took it back.
        requires_python: The Pythons that it is for.
    """

    name: str
    version: Any
    filename: str
    url: str
    tags: frozenset[Any] = frozenset()
    sha256: str = ""
    has_metadata: bool = False
    from_pyodide: bool = False
    yanked: bool = False
    requires_python: str = ""

    @property
    def pure(self) -> bool:
        """Whether it is a wheel that runs on any machine."""
        return any(tag.platform == "any" and tag.abi == "none" for tag in self.tags)


def settings() -> Settings:
    """Read pip's settings, with pip itself: later ones stand above earlier ones, as it lists them."""
    printed = run_quietly(python_packages.pip("config", "list"), "read pip's settings", env=python_packages.PIP_ENV)
    found: dict[str, str] = {}
    for key, value in re.findall(r"^(?:global|download|:env:)\.([\w-]+)=('.*'|\".*\")$", printed, re.MULTILINE):
        found[key] = str(ast.literal_eval(value))
    without = found.get("no-index", "").lower() in ("1", "true", "yes", "on")
    indexes = [found.get("index-url") or PYPI, *found.get("extra-index-url", "").split()]
    return Settings(
        indexes=() if without else tuple(indexes),
        links=tuple(found.get("find-links", "").split()),
        constraints=tuple(found.get("constraint", "").split()),
        trusted=tuple(found.get("trusted-host", "").split()),
        certificates=found.get("cert", ""),
        proxy=found.get("proxy", ""),
        timeout_s=float(found.get("default-timeout") or found.get("timeout") or 15),
    )


class PackageIndex:
    """Finds and fetches packages, each once.

    Args:
        settings: Where from.
        files: A directory for what is fetched, each file in one that is named by its hash.
    """

    def __init__(self, settings: Settings, files: Path) -> None:
        self.settings = settings
        self._files = files
        self._offers: dict[str, tuple[Offer, ...]] = {}
        self._metadata: dict[str, Message] = {}

    def offers(self, name: str) -> tuple[Offer, ...]:
        """All files of a package, for whatever machine they are."""
        if name not in self._offers:
            found = _tried("look for", name, lambda: list(self._finder.find_all_packages(name, allow_yanked=True)))
            self._offers[name] = tuple(_offer(name, package) for package in found)
        return self._offers[name]

    def metadata(self, offer: Offer) -> Message:
        """What a wheel says of itself; empty when it cannot be read, which is refused later."""
        if offer.url not in self._metadata:
            if offer.has_metadata:
                content = _tried("read the metadata of", offer.filename, lambda: self._get(f"{offer.url}.metadata"))
                self._metadata[offer.url] = HeaderParser().parsestr(content.decode("utf-8", "replace"))
            else:
                self._metadata[offer.url] = wheel_check.metadata(self.fetch(offer.url, offer.filename, offer.sha256))
        return self._metadata[offer.url]

    def fetch(self, url: str, filename: str, sha256: str = "") -> Path:
        """Bring a file here, as a whole and with the hash that it should have.

        Raises:
            ToolError: It is not there, or has other content.
        """
        if sha256 and (kept := place(self._files, sha256, filename)).is_file():
            return kept
        content = _tried("fetch", filename, lambda: self._get(url))
        digest = hashlib.sha256(content).hexdigest()
        if sha256 not in ("", digest):
            raise ToolError(
                f"{filename} from {_place(url)} has another content than it should:"
                f" its SHA-256 is {digest}, not {sha256}",
                "Is the mirror in order, or does something on the way change files?",
            )
        kept = place(self._files, digest, filename)
        if not kept.is_file():
            kept.parent.mkdir(parents=True, exist_ok=True)
            with scratch("making-", self._files) as aside:
                (aside / filename).write_bytes(content)
                (aside / filename).replace(kept)
        return kept

    def _get(self, url: str) -> bytes:
        path = local(url)
        if path is not None:
            return path.read_bytes()
        answer = self._client.get(url, follow_redirects=True)
        answer.raise_for_status()
        content: bytes = answer.content
        return content

    def close(self) -> None:
        """Close the connections; what was fetched stays."""
        if "_client" in vars(self):
            self._client.close()

    @cached_property
    def _finder(self) -> Any:
        from unearth import PackageFinder

        for link in self.settings.links:
            if "://" not in link and not Path(link).exists():
                raise ToolError(f"pip's setting find-links names {link}, which does not exist", "Mend pip's settings.")
        finder = PackageFinder(self._client, find_links=self.settings.links, ignore_compatibility=True)
        finder.sources = [{"url": url, "type": "index"} for url in self.settings.indexes]
        finder.sources += [{"url": link, "type": "find_links"} for link in self.settings.links]
        return finder

    @cached_property
    def _client(self) -> Any:
        from unearth.auth import MultiDomainBasicAuth
        from unearth.fetchers.sync import PyPIClient

        ask = self.settings
        verify = ssl.create_default_context(cafile=ask.certificates) if ask.certificates else True
        client = PyPIClient(
            trusted_hosts=ask.trusted,
            verify=verify,
            timeout=ask.timeout_s,
            proxy=ask.proxy or None,
            follow_redirects=True,
            event_hooks={"response": [_refuse_silence]},
        )
        client.auth = MultiDomainBasicAuth(prompting=False, index_urls=ask.indexes)
        return client


def _refuse_silence(answer: Any) -> None:
    """What an index lacks (404) is nothing; what it cannot or will not give must not look like that."""
    if answer.status_code in (403, 407, 429) or answer.status_code >= 500:
        answer.raise_for_status()


def _tried(doing: str, what: str, ask: Callable[[], T]) -> T:
    """Ask; again where nothing answers, as pip does. What fails in the end is said in words."""
    import httpx2

    left = TRIES
    while True:
        left -= 1
        try:
            return ask()
        except httpx2.HTTPStatusError as problem:
            status = problem.response.status_code
            raise ToolError(
                f"could not {doing} {what}: {_place(str(problem.request.url))} answers {status}",
                "Is it the right address, and may this machine read there?",
            ) from problem
        except httpx2.HTTPError as problem:
            if left and isinstance(problem, httpx2.TransportError):
                continue
            where = _place(str(problem.request.url))
            raise ToolError(
                f"could not {doing} {what}: {where} does not answer: {str(problem) or type(problem).__name__}",
                python_packages.OFFLINE_REMEDY,
            ) from problem
        except OSError as problem:
            raise ToolError(f"could not {doing} {what}: {problem}") from problem


def _place(url: str) -> str:
    """An address without name and password in it."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}{parts.path}"


def _offer(name: str, package: Any) -> Offer:
    from packaging.utils import parse_wheel_filename
    from packaging.version import Version

    link = package.link
    named = (link.hash_option or {}).get("sha256", [""])[0]
    return Offer(
        name=name,
        version=Version(package.version),
        filename=link.filename,
        url=link.url_without_fragment,
        tags=parse_wheel_filename(link.filename)[3] if link.is_wheel else frozenset(),
        sha256=named if re.fullmatch("[0-9a-f]{64}", named) else "",
        has_metadata=link.dist_info_link is not None,
        yanked=link.is_yanked,
        requires_python=link.requires_python or "",
    )


def local(url: str) -> Path | None:
    """The file of this machine that an address names; None for others."""
    from unearth import Link

    return Link(url).file_path if url.startswith("file:") else None


def place(files: Path, sha256: str, filename: str) -> Path:
    """Where a file is kept, once it is here."""
    return files / sha256 / filename


def constraints(settings: Settings) -> Sequence[str]:
    """The lines of the files that pip's settings name as constraints.

    Raises:
        ToolError: One cannot be read.
    """
    lines: list[str] = []
    for place in settings.constraints:
        try:
            text = Path(place.removeprefix("file://")).read_text(encoding="utf-8")
        except OSError as problem:
            raise ToolError(f"pip's setting constraint names {place}: {problem}", "Mend pip's settings.") from problem
        lines += [line.partition(" #")[0].strip() for line in text.splitlines()]
    return [line for line in lines if line and not line.startswith(("#", "-"))]
