"""What any server of a bundle has to answer, ours or one that a recipe configures: a table, and how to check it."""

import gzip
import http.client
import socket
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.client import HTTPMessage
from pathlib import Path

from worker_py_tool.bundle import manifest
from worker_py_tool.serve import headers

FORM = (
    "DOMAIN=portal.example&PROTOCOL=1&LANG=en&AUTH_ID=planted-auth-id&AUTH_EXPIRES=3600&REFRESH_ID=planted-refresh-id"
    "&SERVER_ENDPOINT=https%3A%2F%2Foauth.example%2Frest%2F&APPLICATION_TOKEN=planted-application-token"
    "&APPLICATION_SCOPE=placement%2Ctelephony%2Ccrm&member_id=0123456789abcdef0123456789abcdef&status=L"
    "&PLACEMENT=PAGE_BACKGROUND_WORKER&PLACEMENT_OPTIONS=%7B%22URI%22%3A%22%5C%2Fcrm%5C%2Fdeal%5C%2Flist%5C%2F%22%7D"
).ljust(1500, "x")
"""What the portal posts, with planted tokens."""
FORM_HEADERS = {"Content-Type": "application/x-www-form-urlencoded"}
QUERY = "?DOMAIN=portal.example&PROTOCOL=1&LANG=en&APP_SID=planted-app-sid"
PLANTED = ("planted-auth-id", "planted-refresh-id", "planted-application-token", "planted-app-sid", "planted-header")


@dataclass(frozen=True, slots=True)
class Case:
    """One request, and what has to come of it.

    Attributes:
        sentence: What holds, as a test's name.
        method: The request's method.
        path: Its path; `{name}` stands for a file under `assets/`, `{pyodide}` for the interpreter's directory.
        statuses: The statuses that are right.
        send: Headers to send.
        body: A body to send.
        expect: Headers that must be there: their value, or "" for any.
        without: Headers that must not be there.
        same_as: A file of the bundle that the answer's content must equal, once it is decompressed.
    """

    sentence: str
    method: str
    path: str
    statuses: tuple[int, ...] = (200,)
    send: Mapping[str, str] = field(default_factory=dict)
    body: str | None = None
    expect: Mapping[str, str] = field(default_factory=dict)
    without: tuple[str, ...] = ("X-Frame-Options", "Location", "Server-Timing")
    same_as: str | None = None


PAGE_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "{csp}",
    "Permissions-Policy": headers.PERMISSIONS,
    "Cross-Origin-Resource-Policy": "cross-origin",
    "Cache-Control": "no-store",
    **headers.EVERYWHERE,
}
SCRIPT_HEADERS = {
    "Content-Type": "text/javascript; charset=utf-8",
    "Content-Security-Policy": "{csp}",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cache-Control": headers.FOREVER,
    "Vary": "Accept-Encoding",
    "ETag": "",
    **headers.EVERYWHERE,
}
SHIM, WASM = "/assets/{build}/page/shim.js", "/{pyodide}/pyodide.asm.wasm"
READ, READ_OR_POST = {"Allow": "GET, HEAD, OPTIONS"}, {"Allow": "GET, HEAD, OPTIONS, POST"}

CASES = (
    Case("GET gives the page", "GET", "/", expect=PAGE_HEADERS, same_as="index.html"),
    Case("GET with a query gives the page", "GET", f"/{QUERY}", expect=PAGE_HEADERS, same_as="index.html"),
    Case("GET by the page's file name gives it", "GET", "/index.html", expect=PAGE_HEADERS, same_as="index.html"),
    Case("POST gives the page", "POST", f"/{QUERY}", (200,), FORM_HEADERS, FORM, PAGE_HEADERS, same_as="index.html"),
    Case("POST without a body gives the page", "POST", "/", body="", expect=PAGE_HEADERS, same_as="index.html"),
    Case(
        "POST by file name gives the page", "POST", "/index.html", body=FORM, expect=PAGE_HEADERS, same_as="index.html"
    ),
    Case(
        "POST gives the page compressed",
        *("POST", "/", (200,), {**FORM_HEADERS, "Accept-Encoding": "gzip"}, FORM),
        expect={**PAGE_HEADERS, "Content-Encoding": "gzip"},
        same_as="index.html",
    ),
    Case("HEAD gives the page's headers", "HEAD", "/", expect=PAGE_HEADERS),
    Case("OPTIONS names what the page takes", "OPTIONS", "/", (204,), expect=READ_OR_POST),
    Case("OPTIONS names what a file takes", "OPTIONS", SHIM, (204,), expect=READ),
    Case("the page cannot be deleted", "DELETE", "/", (405,), expect=READ_OR_POST),
    Case("the page cannot be put", "PUT", "/", (405,), body="x", expect=READ_OR_POST),
    Case("a script cannot be posted to", "POST", SHIM, (405,), body="x", expect=READ),
    Case("a made-up method is refused", "BREW", "/", (400, 405, 501)),
    Case("a script has its own policy", "GET", SHIM, expect=SCRIPT_HEADERS, same_as="{shim}"),
    Case(
        "a script comes as gzip",
        *("GET", SHIM, (200,), {"Accept-Encoding": "gzip"}),
        expect={**SCRIPT_HEADERS, "Content-Encoding": "gzip"},
        same_as="{shim}",
    ),
    Case(
        "a script comes as Brotli",
        *("GET", SHIM, (200,), {"Accept-Encoding": "gzip, br"}),
        expect={**SCRIPT_HEADERS, "Content-Encoding": "br"},
    ),
    Case("WebAssembly has its type", "GET", WASM, expect={"Content-Type": "application/wasm"}),
    Case("modules of the interpreter are scripts", "GET", "/{pyodide}/pyodide.mjs", expect=SCRIPT_HEADERS),
    Case("HEAD of a file has its headers", "HEAD", SHIM, expect=SCRIPT_HEADERS),
    Case("the manifest is not served", "GET", "/manifest.json", (404,), expect={"Cache-Control": "no-store"}),
    Case("a compressed copy is no file", "GET", SHIM + ".br", (404,), expect={"Cache-Control": "no-store"}),
    Case("what is missing is not cached", "GET", "/assets/0/x.js", (404,), expect={"Cache-Control": "no-store"}),
    Case("a directory is not redirected", "GET", "/assets/{build}", (404,)),
    Case("a directory is not listed", "GET", "/assets/{build}/", (404,)),
    Case("a slash at the end is not redirected", "GET", "/index.html/", (404,)),
    Case("dots lead nowhere", "GET", "/../secret.txt", (400, 404)),
    Case("escaped dots lead nowhere", "GET", "/assets/%2e%2e/%2e%2e/secret.txt", (400, 404)),
    Case("escaped slashes lead nowhere", "GET", "/assets/..%2f..%2fsecret.txt", (400, 404)),
    Case("dots escaped twice lead nowhere", "GET", "/%252e%252e/secret.txt", (400, 404)),
    Case("backslashes lead nowhere", "GET", "/assets/..%5c..%5csecret.txt", (400, 404)),
    Case("a null byte leads nowhere", "GET", "/assets/%00", (400, 404)),
    Case("a body announced too long is refused", "POST", "/", (413,), {"Content-Length": "65537"}),
    Case("a body of the limit is taken", "POST", "/", body="x" * 65536, expect=PAGE_HEADERS),
    Case("a length that is no number is refused", "POST", "/", (400,), {"Content-Length": "-1"}),
    Case("the portal may report an error", "POST", f"/placement-error{QUERY}", body="error=X", same_as=None),
    Case("the portal may report an error by GET", "GET", "/placement-error?error=ERROR_PLACEMENT_LOADING_OVERTIME"),
    Case("health is told", "GET", "/healthz", expect={"Content-Type": "application/json", "Cache-Control": "no-store"}),
    Case("health cannot be posted to", "POST", "/healthz", (405,), body="x", expect=READ),
)


def ask(port: int, case: Case, names: Mapping[str, str]) -> tuple[int, bytes, HTTPMessage]:
    """Send a case's request; the path goes out as it stands."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        connection.putrequest(case.method, case.path.format_map(names), skip_accept_encoding=True)
        for name, value in case.send.items():
            connection.putheader(name, value)
        if case.body is not None:
            connection.putheader("Content-Length", str(len(case.body)))
        connection.endheaders(case.body.encode() if case.body is not None else None)
        answer = connection.getresponse()
        return answer.status, answer.read(), answer.headers
    finally:
        connection.close()


def check(case: Case, port: int, bundle: Path) -> None:
    """Fail when a server on this machine does not answer as a case says."""
    content = manifest.read(bundle)
    names = {
        "build": content.build,
        "shim": f"assets/{content.build}/page/shim.js",
        "pyodide": next(path.rpartition("/")[0] for path in content.files if path.startswith("pyodide/")),
        "csp": content.csp,
    }
    status, answer, got = ask(port, case, names)
    assert status in case.statuses
    expected = {name: value.format_map(names) if value == "{csp}" else value for name, value in case.expect.items()}
    for name, value in expected.items():
        assert name in got, f"{name} is missing"
        assert not value or got.get_all(name) == [value], name
    assert [name for name in case.without if name in got] == []
    if case.same_as is not None:
        plain = gzip.decompress(answer) if got.get("Content-Encoding") == "gzip" else answer
        assert plain == (bundle / case.same_as.format_map(names)).read_bytes()


def send_raw(port: int, request: bytes, timeout_s: float = 30, *, until: bytes = b"") -> bytes:
    """Send bytes as they are, and read until the server closes or has answered what was asked to be the last.

    Or until an answer ends in this: nginx waits 5 s for the rest of a body that it has refused.
    """
    with socket.create_connection(("127.0.0.1", port), timeout=timeout_s) as connection:
        connection.sendall(request)
        received = bytearray()
        while chunk := connection.recv(65536):
            received += chunk
            if until and received.rstrip().endswith(until):
                break
    return bytes(received)
