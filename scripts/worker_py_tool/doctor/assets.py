"""The doctor's look at what the page loads: is every file there, whole, typed, cached and compressed?"""

import base64
import hashlib
import re
from collections.abc import Container, Mapping, Sequence
from html.parser import HTMLParser
from typing import Any
from urllib.parse import urljoin, urlsplit

from worker_py_tool.bundle import imports, manifest
from worker_py_tool.bundle.build import PLACEHOLDER, PYODIDE_FILES
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.http import Answer, Host
from worker_py_tool.doctor.page import judge_policies
from worker_py_tool.doctor.policy import parse as parse_policy
from worker_py_tool.json_content import json_object
from worker_py_tool.process import say

WORKERS = ("worker/worker.js", "page/clock_worker.js")
ENCODINGS = ("br", "gzip")
LARGE = 4096
"""Files of at least so many bytes gain from compression, if of these kinds."""
COMPRESSIBLE = (".css", ".js", ".json", ".mjs", ".wasm", ".bin")
TYPES = {
    ".js": ("text/javascript", "application/javascript"),
    ".mjs": ("text/javascript", "application/javascript"),
    ".css": ("text/css",),
    ".wasm": ("application/wasm",),
    ".json": ("application/json",),
}
SHOWN = 3
_MODULE = re.compile(r"""["'](\.{1,2}/[\w./-]+\.(?:m?js|css))["']""")
_OPTIONAL = ("live/", "phone/")
"""Folders of which a bundle holds what it was built for: others name all of it."""


class _Scripts(HTMLParser):
    """The addresses of a page's scripts."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.sources: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Note a script."""
        source = dict(attrs).get("src")
        if tag == "script" and source:
            self.sources.append(source)


class Assets:
    """The files of a deployed bundle.

    Attributes:
        policy: the policy of the bundle's manifest, once that is known.
        client_origin: where the page loads a script of another origin from.
    """

    def __init__(self, host: Host, url: str, page: Answer, seen: Examination) -> None:
        self._host = host
        self._url = url
        self._page = page
        self._seen = seen
        self._scripts = _Scripts(page.content.decode("utf-8", "replace")).sources
        self._expected: dict[str, str | None] = {}
        self.policy: str | None = None
        places = [urlsplit(urljoin(url, one)) for one in (url, *self._scripts)]
        here, *others = [f"{one.scheme}://{one.netloc}" for one in places]
        self.client_origin = next((one for one in others if one != here), None)

    def find(self, expected: Manifest | None) -> None:
        """Find out which files there are.

        Args:
            expected: the manifest of the bundle that ought to be there; else the host's own is taken, or, where it
                keeps that to itself, what the page and its modules name.
        """
        if expected is not None:
            files = {path: entry.sha256 for path, entry in expected.files.items()}
            self._use_manifest(files, expected.csp, "the bundle at hand")
            return
        served = self._served_manifest()
        if served is not None:
            files = {path: str(entry["sha256"]) for path, entry in served["files"].items()}
            self._use_manifest(files, str(served["csp"]), "the manifest on the host")
        else:
            self._crawl()

    def _served_manifest(self) -> dict[str, Any] | None:
        answer = self._host.ask("GET", urljoin(self._url, manifest.NAME))
        content = json_object(answer.content) if answer.status == 200 else None
        return content if content and content.get("format") == manifest.FORMAT else None

    def _use_manifest(self, files: Mapping[str, str], policy: str, where: str) -> None:
        self.policy = policy
        page = hashlib.sha256(self._page.content).hexdigest()
        if files.get("index.html") != page:
            text = f"the page is not the index.html of {where}"
            self._seen.fail(
                "bundle", text, "Deploy all files of one build, and let nothing change the page on its way."
            )
        else:
            self._seen.ok("bundle", f"the page is that of {where}")
        compressed = {path + ending for path in files for ending in (".br", ".gz")}
        self._expected = {
            path: digest for path, digest in files.items() if path != "index.html" and path not in compressed
        }

    def _crawl(self) -> None:
        shim = next((one for one in self._scripts if one.endswith("/page/shim.js")), None)
        folder = shim.removesuffix("page/shim.js") if shim else ""
        answer = self._host.ask("GET", urljoin(self._url, folder + PLACEHOLDER))
        contents = manifest.contents_of(answer.content.decode("utf-8", "replace"))
        if shim is None or answer.status != 200 or contents is None:
            text = "neither the page's scripts nor a manifest tell what the bundle holds"
            self._seen.fail("bundle", text, "Is this a bundle's page? Deploy all of the build's directory.")
            return
        self._seen.ok("bundle", f"build {contents.get('build')}, as the page tells; the host shows no manifest")
        self._expected = {**dict.fromkeys(self._relative_scripts()), **self._named_by(contents, folder)}
        self._follow_modules(folder, contents.get("hashes", {}))

    def _relative_scripts(self) -> list[str]:
        return [one for one in self._scripts if "://" not in one and not one.startswith("//")]

    def _named_by(self, contents: Mapping[str, Any], folder: str) -> dict[str, str | None]:
        pyodide = urljoin(folder, str(contents["pyodideUrl"]))
        named: dict[str, str | None] = {pyodide + name: None for name in PYODIDE_FILES}
        wheels = contents.get("wheels", [])
        for one in (*wheels, contents["app"]["archive"], PLACEHOLDER, *WORKERS):
            named[urljoin(folder, one)] = None
        for one, integrity in contents.get("hashes", {}).items():
            named[urljoin(folder, one)] = base64.b64decode(str(integrity).removeprefix("sha256-")).hex()
        return named

    def _follow_modules(self, folder: str, told: Container[str]) -> None:
        """Modules name the modules and styles that they load; one says what the bundle holds, by other paths."""
        passed = (folder + PLACEHOLDER, *(folder + name for name in _OPTIONAL))
        waiting = [path for path in self._expected if path.startswith(folder) and path.endswith(".js")]
        while waiting:
            path = waiting.pop()
            if path.startswith(passed):
                continue
            answer = self._host.ask("GET", urljoin(self._url, path))
            text = answer.content.decode("utf-8", "replace") if answer.status == 200 else ""
            names = _MODULE.findall(imports.COMMENT.sub("", text))
            named = {urljoin(path, name) for name in names if name not in told}
            fresh = sorted(one for one in named - self._expected.keys() if not one.startswith(passed))
            self._expected |= dict.fromkeys(fresh)
            waiting += [one for one in fresh if one.endswith(".js")]

    # The examination -----------------------------------------------------------------------------

    def examine(self, portals: Sequence[str]) -> None:
        """Ask for every file, plain and in each encoding, and judge what comes."""
        if not self._expected:
            return
        say(f"asking for {len(self._expected)} files, plain and in each encoding")
        faults: dict[str, list[str]] = {}
        for path, digest in self._expected.items():
            self._examine_file(path, digest, faults)
        self._note(faults)
        self._examine_workers(portals)
        self._examine_config()

    def _examine_config(self) -> None:
        """The app's settings, where the bundle asks for them."""
        paths = [urljoin(self._url, path) for path in self._expected if path.endswith(PLACEHOLDER)]
        modules = [self._host.ask("GET", path).content.decode("utf-8", "replace") for path in paths]
        if not any((manifest.contents_of(module) or {}).get("config") for module in modules):
            return
        answer = self._host.ask("GET", urljoin(self._url, manifest.CONFIG))
        cached = answer.header("cache-control")
        if answer.status != 200 or json_object(answer.content) is None:
            what = f"status {answer.status}" if answer.status != 200 else "no JSON object"
            self._seen.fail("config", f"{manifest.CONFIG}: {what}", "It lies beside the page, and holds a JSON object.")
        elif "immutable" in cached or re.search(r"max-age=[1-9]", cached):
            remedy = "Serve it with Cache-Control: no-store; it changes without a build."
            self._seen.warn("config", f"{manifest.CONFIG}: Cache-Control is {cached!r}", remedy)
        else:
            self._seen.ok("config", f"{manifest.CONFIG} is there, and is not kept by caches")

    def _examine_file(self, path: str, digest: str | None, faults: dict[str, list[str]]) -> None:
        def fault(check: str, what: str) -> None:
            faults.setdefault(check, []).append(f"{path}: {what}")

        url = urljoin(self._url, path)
        plain = self._host.ask("GET", url)
        if plain.status != 200 or plain.broken:
            fault("assets", plain.broken or f"status {plain.status}")
            return
        wanted = digest or hashlib.sha256(plain.content).hexdigest()
        if hashlib.sha256(plain.content).hexdigest() != wanted:
            fault("assets", "not the content of the build")
        for check, what in _header_faults(path, plain):
            fault(check, what)
        for encoding in ENCODINGS:
            answer = self._host.ask("GET", url, encoding=encoding)
            for check, what in _encoding_faults(path, answer, encoding, wanted):
                fault(check, what)

    def _note(self, faults: Mapping[str, Sequence[str]]) -> None:
        as_built = ", as they were built" if None not in self._expected.values() else ""
        for check, (fine, fatal, remedy) in JUDGEMENTS.items():
            found = faults.get(check, ())
            if not found:
                self._seen.ok(check, fine.format(len(self._expected), as_built))
                continue
            shown = "; ".join(found[:SHOWN]) + (f"; and {len(found) - SHOWN} more" if len(found) > SHOWN else "")
            (self._seen.fail if fatal else self._seen.warn)(check, shown, remedy)

    def _examine_workers(self, portals: Sequence[str]) -> None:
        workers = [path for path in self._expected if path.endswith(WORKERS)]
        for path in workers:
            answer = self._host.ask("GET", urljoin(self._url, path))
            policies = parse_policy(answer.headers.get("content-security-policy", ()))
            if not policies:
                text = f"{path} has no policy of its own: the worker runs without restriction"
                self._seen.fail("worker-policy", text, "Send the policy with every .js and .mjs file too.")
            elif path.endswith(WORKERS[0]):
                judge_policies(self._seen, "worker-policy", policies, (), ())
        self._seen.ok_unless_noted("worker-policy", f"{len(workers)} worker scripts carry a policy of their own")


JUDGEMENTS = {
    "assets": (
        "all {} files are there{}",
        True,
        "Deploy the whole directory of the build, unchanged.",
    ),
    "media-types": (
        "every file has the right Content-Type",
        True,
        "Browsers refuse other types: map .js and .mjs to text/javascript, .wasm to application/wasm.",
    ),
    "asset-caching": (
        "every file may be kept for ever",
        False,
        "Send Cache-Control: public, max-age=31536000, immutable: their addresses hold a hash.",
    ),
    "asset-nosniff": ("the browser takes types as it is told", False, "Send X-Content-Type-Options: nosniff."),
    "compression": (
        "Brotli and gzip are negotiated, and decompress to the same content",
        True,
        "Send the .br and .gz files with the Content-Encoding that was asked for, or compress on the fly, correctly.",
    ),
    "compression-use": (
        "large files travel compressed",
        False,
        "Send the .br and .gz files of the bundle to those who accept them: a third of the bytes.",
    ),
    "vary": ("caches keep the encodings apart", False, "Send Vary: Accept-Encoding with files that may be compressed."),
}
"""By check: the text when all is well, whether a fault is fatal, and the remedy."""


def _ending(path: str) -> str:
    return path[path.rfind(".") :]


def _header_faults(path: str, answer: Answer) -> list[tuple[str, str]]:
    found = []
    media_type = answer.header("content-type").partition(";")[0].strip().lower()
    wanted = TYPES.get(_ending(path))
    if (wanted and media_type not in wanted) or media_type == "text/html":
        found.append(("media-types", media_type or "no Content-Type"))
    caching = answer.header("cache-control").lower()
    if "immutable" not in caching or "max-age" not in caching:
        found.append(("asset-caching", caching or "no Cache-Control"))
    if answer.header("x-content-type-options").lower() != "nosniff":
        found.append(("asset-nosniff", "no X-Content-Type-Options"))
    if answer.header("content-encoding") not in ("", "identity"):
        found.append(("compression", f"{answer.header('content-encoding')} for a client that accepts none"))
    return found


def _encoding_faults(path: str, answer: Answer, encoding: str, wanted: str) -> list[tuple[str, str]]:
    found = []
    used = answer.header("content-encoding") or "identity"
    if answer.status != 200 or answer.broken:
        return [("compression", f"{encoding}: {answer.broken or f'status {answer.status}'}")]
    if used not in ("identity", encoding):
        found.append(("compression", f"{used} for a client that accepts {encoding}"))
    if hashlib.sha256(answer.content).hexdigest() != wanted:
        found.append(("compression", f"{encoding} decompresses to other content"))
    if used == "identity" and len(answer.content) >= LARGE and _ending(path) in COMPRESSIBLE:
        found.append(("compression-use", f"sent plain to a client that accepts {encoding}"))
    if used != "identity" and "accept-encoding" not in answer.header("vary").lower():
        found.append(("vary", "no Vary: Accept-Encoding"))
    return found
