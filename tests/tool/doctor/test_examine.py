"""What `scripts/doctor` finds: nothing at a host that does it right, and each thing that a host can do wrong."""

import base64
import gzip
import hashlib
import http.server
import json
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import brotli  # type: ignore[import-untyped]
import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.commands import doctor as doctor_command
from worker_py_tool.doctor import page as doctor_page
from worker_py_tool.doctor.examine import Questions, examine, judge_address
from worker_py_tool.doctor.findings import Examination, Verdict
from worker_py_tool.doctor.page import judge_times
from worker_py_tool.serve.server import Server

POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval' https://client.example; worker-src 'self'; "
    "connect-src 'self' https://*.portal.example; style-src 'self'; frame-ancestors https://*.portal.example"
)
SNAPSHOT = b"memory " * 1000
MODULE = b"export {};"


@pytest.fixture(autouse=True)
def quickly(monkeypatch: pytest.MonkeyPatch) -> None:
    """How fast this machine answers is no matter, but to the test that gives `judge_times` its times."""
    monkeypatch.setattr(doctor_page, "judge_times", lambda seen, times: judge_times(seen, [0.01 for _ in times]))


def integrity(content: bytes) -> str:
    return "sha256-" + base64.b64encode(hashlib.sha256(content).digest()).decode()


CONTENTS = {
    "build": "0123",
    "pyodideUrl": "../../pyodide/1/",
    "wheels": ["../../wheels/1/app.whl"],
    "app": {"archive": "app.zip"},
    "snapshot": "snapshot.bin",
    "hashes": {"snapshot.bin": integrity(SNAPSHOT), "../../pyodide/1/pyodide.mjs": integrity(MODULE)},
}
FILES = {
    "index.html": b"<!doctype html><script src='https://client.example/v1/'></script>"
    b"<script type=module src='assets/0123/page/shim.js'></script>",
    "assets/0123/page/shim.js": b'import "./link.js"; import("./late.js");' + b" " * 5000,
    "assets/0123/page/link.js": b'export const url = new URL("../worker/worker.js", import.meta.url);',
    "assets/0123/page/late.js": b"export {};",
    "assets/0123/worker/worker.js": f"const bundle={json.dumps(CONTENTS)};self;".encode(),
    "assets/0123/page/clock_worker.js": b"self;",
    "assets/0123/worker/bundle.js": f"export const bundle = {json.dumps(CONTENTS)};\n".encode(),
    "assets/0123/app.zip": b"PK",
    "assets/0123/snapshot.bin": SNAPSHOT,
    "pyodide/1/pyodide.mjs": MODULE,
    "pyodide/1/pyodide.asm.mjs": b"export {};",
    "pyodide/1/pyodide.asm.wasm": b"\0asm" + b"wasm " * 1000,
    "pyodide/1/python_stdlib.zip": b"PK",
    "wheels/1/app.whl": b"PK",
}
TYPES = {
    "html": "text/html; charset=utf-8",
    "js": "text/javascript",
    "mjs": "text/javascript",
    "wasm": "application/wasm",
    "json": "application/json",
}
PACKERS: dict[str, Callable[[bytes], bytes]] = {"br": brotli.compress, "gzip": gzip.compress}


@dataclass(frozen=True)
class Asked:
    """A request: the file it is for, its method, query and body, and the encoding it accepts."""

    path: str
    method: str
    query: str
    body: bytes
    encoding: str

    @property
    def is_page(self) -> bool:
        return self.path == "index.html"


@dataclass(frozen=True)
class Given:
    """An answer."""

    status: int = 200
    headers: dict[str, str] = field(default_factory=dict)
    content: bytes = b""

    def having(self, **headers: str | None) -> "Given":
        """With other headers; None takes one away."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        kept = {name: value for name, value in self.headers.items() if name not in named}
        return replace(self, headers=kept | {name: value for name, value in named.items() if value is not None})


Sabotage = Callable[[Asked, Given], Given]


def rightly(asked: Asked) -> Given:
    """What a host ought to answer."""
    if asked.path not in FILES:
        return Given(404)
    ending = asked.path.rpartition(".")[2]
    headers = {
        "content-type": TYPES.get(ending, "application/octet-stream"),
        "cache-control": "no-store" if asked.is_page else "public, max-age=31536000, immutable",
        "x-content-type-options": "nosniff",
        "vary": "Accept-Encoding",
    }
    if asked.is_page or ending in ("js", "mjs"):
        headers["content-security-policy"] = POLICY
    given = Given(200, headers, FILES[asked.path])
    return packed(given, asked.encoding) if asked.encoding in PACKERS else given


def packed(given: Given, encoding: str) -> Given:
    return replace(given, content=PACKERS[encoding](given.content)).having(content_encoding=encoding)


@contextmanager
def hosting(sabotage: Sabotage | None = None) -> Iterator[tuple[str, list[Asked]]]:
    """A host that does it right but for what the sabotage changes; its address, and what it was asked."""
    seen: list[Asked] = []

    class Handler(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"
        disable_nagle_algorithm = True

        def answer(self) -> None:
            address = urlsplit(self.path)
            body = self.rfile.read(int(self.headers.get("Content-Length", "0")))
            path = address.path.lstrip("/") or "index.html"
            asked = Asked(path, self.command, address.query, body, self.headers.get("Accept-Encoding", ""))
            seen.append(asked)
            given = rightly(asked)
            given = sabotage(asked, given) if sabotage else given
            self.send_response(given.status)
            for name, value in given.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(given.content)))
            self.end_headers()
            self.wfile.write(given.content)

        do_GET = do_POST = answer

        def log_message(self, format: str, *args: object) -> None:
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_address[1]}/", seen
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def verdicts(seen: Examination) -> dict[str, Verdict]:
    """The worst of each check."""
    order = (Verdict.OK, Verdict.WARN, Verdict.FAIL)
    worst: dict[str, Verdict] = {}
    for one in seen.findings:
        worst[one.check] = max(worst.get(one.check, Verdict.OK), one.verdict, key=order.index)
    return worst


def found(sabotage: Sabotage | None, **options: object) -> Examination:
    with hosting(sabotage) as (url, _):
        return examine(Questions(url, requests=2, **options))  # type: ignore[arg-type]


def test_a_host_that_does_it_right_has_nothing_to_mend() -> None:
    seen = found(None, portals=["https://company.portal.example"])
    wrong = [one for one in seen.findings if one.verdict is not Verdict.OK]
    assert [one.check for one in wrong] == ["address"], wrong  # it is this machine
    assert not seen.failed
    assert len(seen.findings) == 21


def test_the_page_is_posted_as_often_as_asked_with_a_form_of_real_size_and_tokens_of_its_own() -> None:
    with hosting() as (url, asked):
        seen = examine(Questions(url, requests=7))
    posts = [one for one in asked if one.method == "POST"]
    tokens = {parse_qs(one.body.decode())["AUTH_ID"][0] for one in posts}
    assert (len(posts), len(tokens), len(seen.times_ms)) == (7, 7, 7)
    assert all(len(one.body) > 500 and "APP_SID=" in one.query for one in posts)


def test_a_name_under_localhost_is_this_machine_as_in_a_browser() -> None:
    with hosting() as (url, asked):
        seen = examine(Questions(url.replace("127.0.0.1", "app.localhost"), requests=1))
    assert asked and not seen.failed


def only_page(change: Callable[[Given], Given]) -> Sabotage:
    return lambda asked, given: change(given) if asked.is_page else given


def only_post(change: Callable[[Given], Given]) -> Sabotage:
    return lambda asked, given: change(given) if asked.method == "POST" else given


def only(path: str, change: Callable[[Given], Given]) -> Sabotage:
    return lambda asked, given: change(given) if asked.path.endswith(path) else given


def assets(change: Callable[[Given], Given]) -> Sabotage:
    return lambda asked, given: given if asked.is_page else change(given)


def policy(old: str, new: str) -> Sabotage:
    assert old in POLICY
    return only_page(lambda given: given.having(content_security_policy=POLICY.replace(old, new)))


def echo(asked: Asked, given: Given) -> Given:
    return replace(given, content=given.content + asked.body) if asked.method == "POST" else given


def echo_in_a_cookie(asked: Asked, given: Given) -> Given:
    sid = parse_qs(asked.query).get("APP_SID")
    return given.having(set_cookie=f"sid={sid[0]}") if sid else given


def another_encoding(asked: Asked, given: Given) -> Given:
    right = rightly(Asked(asked.path, "GET", "", b"", "identity"))
    return packed(right, "br") if asked.encoding == "gzip" and not asked.is_page else given


def other_content(asked: Asked, given: Given) -> Given:
    if asked.encoding != "br" or asked.is_page:
        return given
    return packed(replace(given, content=b"another build"), "br")


def not_compressed_as_told(asked: Asked, given: Given) -> Given:
    return replace(given, content=b"plain") if asked.encoding == "gzip" and not asked.is_page else given


def lacking(header: str) -> Callable[[Given], Given]:
    return lambda given: given.having(**{header: None})


def as_text(given: Given) -> Given:
    return given.having(content_type="text/plain")


def of_another_build(given: Given) -> Given:
    return replace(given, content=b"other")


def redirect(location: str) -> Callable[[Given], Given]:
    return lambda given: Given(301, {"location": location})


OK, WARN, FAIL = Verdict.OK, Verdict.WARN, Verdict.FAIL


@pytest.mark.parametrize(
    ("check", "verdict", "words", "sabotage"),
    [
        ("get", FAIL, "404", only_page(lambda given: Given(404))),
        ("get", FAIL, "from http to https", only_page(lambda given: Given(301, {"location": "https://127.0.0.1/"}))),
        ("post", FAIL, "405", only_post(lambda given: Given(405))),
        ("post", FAIL, "redirected (301): to http://other.example/", only_post(redirect("http://other.example/?a=1"))),
        ("tokens", FAIL, "content", echo),
        ("tokens", FAIL, "header set-cookie", echo_in_a_cookie),
        ("same-page", FAIL, "another page", only_post(lambda given: replace(given, content=b"<p>Hello"))),
        ("content-type", FAIL, "text/plain", only_page(as_text)),
        ("content-type", WARN, "charset", only_page(lambda given: given.having(content_type="text/html"))),
        ("page-caching", FAIL, "max-age=60", only_page(lambda given: given.having(cache_control="max-age=60"))),
        ("page-caching", WARN, "no Cache-Control", only_page(lacking("cache-control"))),
        ("page-nosniff", WARN, "missing", only_page(lacking("x-content-type-options"))),
        ("framing-headers", FAIL, "DENY", only_page(lambda given: given.having(x_frame_options="DENY"))),
        (
            "framing-headers",
            FAIL,
            "require-corp",
            only_page(lambda given: given.having(cross_origin_embedder_policy="require-corp")),
        ),
        (
            "page-policy",
            FAIL,
            "no Content-Security",
            only_page(lacking("content-security-policy")),
        ),
        ("page-policy", FAIL, "'wasm-unsafe-eval'", policy(" 'wasm-unsafe-eval'", "")),
        ("page-policy", FAIL, "https://client.example", policy(" https://client.example", "")),
        ("page-policy", FAIL, "connect-src lacks 'self'", policy("connect-src 'self'", "connect-src")),
        ("page-policy", FAIL, "worker-src lacks 'self'", policy("worker-src 'self'", "worker-src 'none'")),
        ("page-policy", FAIL, "REST requests fail", policy("'self' https://*.portal.example", "'self'")),
        ("page-policy", FAIL, "sandbox", policy("default-src", "sandbox allow-scripts; default-src")),
        ("page-policy", WARN, "'unsafe-inline'", policy("'wasm-unsafe-eval'", "'wasm-unsafe-eval' 'unsafe-inline'")),
        ("frame-ancestors", FAIL, "is missing", policy("; frame-ancestors https://*.portal.example", "")),
        ("frame-ancestors", FAIL, "no portal may", policy("ancestors https://*.portal.example", "ancestors 'none'")),
        ("frame-ancestors", FAIL, "does not cover", policy("ancestors https://*.portal", "ancestors https://*.other")),
        (
            "worker-policy",
            FAIL,
            "no policy of its own",
            only("/worker.js", lacking("content-security-policy")),
        ),
        (
            "worker-policy",
            FAIL,
            "connect-src lacks 'self'",
            only("/worker.js", lambda given: given.having(content_security_policy="default-src 'none'")),
        ),
        ("bundle", FAIL, "neither", only("bundle.js", lambda given: Given(404))),
        ("assets", FAIL, "app.whl: status 404", only("app.whl", lambda given: Given(404))),
        ("assets", FAIL, "late.js: status 404", only("late.js", lambda given: Given(404))),
        (
            "assets",
            FAIL,
            "snapshot.bin: not the content",
            only("snapshot.bin", of_another_build),
        ),
        (
            "media-types",
            FAIL,
            "pyodide.mjs: text/plain",
            only("pyodide.mjs", as_text),
        ),
        (
            "media-types",
            FAIL,
            "asm.wasm: no Content-Type",
            only(".wasm", lacking("content-type")),
        ),
        ("asset-caching", WARN, "no-cache", assets(lambda given: given.having(cache_control="no-cache"))),
        ("asset-nosniff", WARN, "shim.js", assets(lacking("x-content-type-options"))),
        ("compression", FAIL, "br for a client that accepts gzip", another_encoding),
        ("compression", FAIL, "br decompresses to other content", other_content),
        ("compression", FAIL, "gzip: ", not_compressed_as_told),
        ("compression-use", WARN, "asm.wasm", lambda asked, given: rightly(replace(asked, encoding="identity"))),
        ("vary", WARN, "no Vary", assets(lacking("vary"))),
    ],
    ids=lambda value: value.replace(" ", "-") if isinstance(value, str) else None,
)
def test_what_a_host_does_wrong_is_found_with_a_remedy(
    check: str, verdict: Verdict, words: str, sabotage: Sabotage
) -> None:
    seen = found(sabotage, portals=["https://company.portal.example"])
    assert verdicts(seen)[check] is verdict
    matching = [one for one in seen.findings if one.check == check and words in one.detail]
    assert matching and all(one.remedy for one in matching), seen.findings
    assert seen.failed is any(one is FAIL for one in verdicts(seen).values())


def test_a_redirect_to_a_slash_at_the_end_is_told_as_such() -> None:
    def slash(asked: Asked, given: Given) -> Given:
        return Given(308, {"location": "/app/"}) if asked.path == "app" else given

    with hosting(slash) as (url, _):
        seen = examine(Questions(f"{url}app", requests=1))
    assert [one.detail for one in seen.findings if one.check == "post"] == [
        "POST is redirected (308): from /app to /app/, a slash at the end"
    ]


def made_bundle(directory: Path, csp: str = POLICY) -> Path:
    for name, content in FILES.items():
        (directory / name).parent.mkdir(parents=True, exist_ok=True)
        (directory / name).write_bytes(content)
    Manifest("0123", "0", "1", "bx24", [], csp, manifest.list_files(directory)).write(directory)
    return directory


def test_every_file_is_compared_with_the_bundle_at_hand(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path)
    assert not found(None, bundle=bundle).failed
    seen = found(only("late.js", of_another_build), bundle=bundle)
    assert verdicts(seen)["assets"] is FAIL
    seen = found(only_page(lambda given: replace(given, content=given.content + b"<script>")), bundle=bundle)
    assert verdicts(seen)["bundle"] is FAIL


def test_every_file_is_compared_with_the_manifest_that_the_host_shows(tmp_path: Path) -> None:
    shown = (made_bundle(tmp_path) / manifest.NAME).read_bytes()

    def show(asked: Asked, given: Given) -> Given:
        if asked.path == manifest.NAME:
            return Given(200, {"content-type": "application/json"}, shown)
        return replace(given, content=b"other") if asked.path.endswith("app.zip") else given

    seen = found(show)
    assert "manifest on the host" in next(one.detail for one in seen.findings if one.check == "bundle")
    assert verdicts(seen)["assets"] is FAIL


def test_a_policy_other_than_the_bundles_is_worth_a_look(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path, POLICY + "; base-uri 'none'")
    assert verdicts(found(None, bundle=bundle))["page-policy"] is WARN


@pytest.mark.parametrize(
    ("seconds", "verdict"), [([0.01, 0.02], OK), ([0.01, 1.2], WARN), ([0.01, 5.1], FAIL), ([1.5, 1.5], WARN)]
)
def test_slow_answers_are_judged_by_the_portals_limit(seconds: list[float], verdict: Verdict) -> None:
    seen = Examination("https://app.example/")
    judge_times(seen, seconds)
    assert [(one.check, one.verdict) for one in seen.findings] == [("time", verdict)]


@pytest.mark.parametrize(
    ("url", "verdict"),
    [
        ("https://app.example/", OK),
        ("http://app.example/", FAIL),
        ("https://192.0.2.7/", FAIL),
        ("https://intranet/", FAIL),
        ("http://app.localhost:8000/", WARN),
        ("http://[::1]:8000/", WARN),
    ],
)
def test_the_address_must_be_one_that_a_portal_takes(url: str, verdict: Verdict) -> None:
    seen = Examination(url)
    judge_address(seen)
    assert [one.verdict for one in seen.findings] == [verdict]


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> tuple[int, str, str]:
    status = doctor_command.run(cli.parse("doctor", ["--no-boot", "--requests", "1", *arguments]))
    printed = capsys.readouterr()
    return status, printed.out, printed.err


def test_status_0_and_a_mark_for_every_check_when_nothing_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with hosting() as (url, _):
        status, out, _ = run(capsys, url)
    assert status == 0
    assert "✓ post " in out and "! address" in out and "✗" not in out
    assert out.endswith("20 in order, 1 worth a look, 0 broken\n")


def test_status_1_and_the_remedy_below_what_is_broken(capsys: pytest.CaptureFixture[str]) -> None:
    with hosting(only_post(lambda given: Given(405))) as (url, _):
        status, out, _ = run(capsys, url)
    lines = out.splitlines()
    broken = next(number for number, line in enumerate(lines) if line.startswith("✗ post"))
    assert status == 1
    assert "→ Make the host answer POST" in lines[broken + 1]


def test_json_holds_the_same_findings(capsys: pytest.CaptureFixture[str]) -> None:
    with hosting(only_page(lambda given: given.having(x_frame_options="SAMEORIGIN"))) as (url, _):
        status, out, _ = run(capsys, "--json", url)
    told = json.loads(out)
    assert (status, told["ok"], len(told["times_ms"])) == (1, False, 1)
    assert {"check": "tokens", "verdict": "ok"}.items() <= told["checks"][3].items()
    assert [one["check"] for one in told["checks"] if one["verdict"] == "fail"] == ["framing-headers"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:1/"], "cannot be reached"),
        (["ftp://app.example/"], "not an http(s) address"),
        (["--portal", "portal", "http://127.0.0.1:1/"], "not an origin"),
        (["--bundle", "/no/such", "http://127.0.0.1:1/"], "there is no /no/such"),
    ],
)
def test_status_2_when_it_cannot_be_examined(
    capsys: pytest.CaptureFixture[str], arguments: list[str], words: str
) -> None:
    status, out, err = run(capsys, *arguments)
    assert (status, out) == (2, "")
    assert words in err
    status, out, _ = run(capsys, "--json", *arguments)
    assert status == 2 and words in json.loads(out)["error"]


def test_our_own_server_passes(tmp_path: Path) -> None:
    bundle = made_bundle(tmp_path)
    for name in ("assets/0123/page/shim.js", "assets/0123/snapshot.bin", "pyodide/1/pyodide.asm.wasm"):
        (bundle / f"{name}.br").write_bytes(brotli.compress(FILES[name]))
        (bundle / f"{name}.gz").write_bytes(gzip.compress(FILES[name]))
    Manifest("0123", "0", "1", "bx24", [], POLICY, manifest.list_files(bundle)).write(bundle)
    with Server(bundle) as server:
        seen = examine(Questions(server.url, ["https://company.portal.example"], 3, bundle))
    wrong = [one for one in seen.findings if one.verdict is not OK]
    assert [one.check for one in wrong] == ["address"], wrong


def settings(given: Given) -> Sabotage:
    """A bundle whose app reads `worker-py.json`, which is answered so."""
    told = json.dumps({**CONTENTS, "config": "../../worker-py.json"})

    def answer(asked: Asked, rightly_given: Given) -> Given:
        if asked.path == "worker-py.json":
            return given
        if asked.path.endswith("bundle.js"):
            plain = replace(rightly_given, content=f"export const bundle = {told};\n".encode())
            return packed(plain, asked.encoding) if asked.encoding in PACKERS else plain
        return rightly_given

    return answer


@pytest.mark.parametrize(
    ("given", "verdict", "told"),
    [
        (Given(200, {"cache-control": "no-store"}, b"{}"), Verdict.OK, "is there, and is not kept by caches"),
        (Given(200, {"cache-control": "public, max-age=60"}, b"{}"), Verdict.WARN, "Cache-Control is"),
        (Given(200, {"cache-control": "immutable"}, b"{}"), Verdict.WARN, "Cache-Control is"),
        (Given(404), Verdict.FAIL, "status 404"),
        (Given(200, {}, b"[]"), Verdict.FAIL, "no JSON object"),
        (Given(200, {}, b"{"), Verdict.FAIL, "no JSON object"),
    ],
)
def test_the_settings_of_an_app_that_reads_them_are_there_and_not_cached(
    given: Given, verdict: Verdict, told: str
) -> None:
    noted = [one for one in found(settings(given)).findings if one.check == "config"]
    assert [(one.verdict, told in one.detail) for one in noted] == [(verdict, True)]


def test_the_settings_of_an_app_that_reads_none_are_not_asked_for() -> None:
    with hosting() as (url, asked):
        examine(Questions(url, requests=1))
    assert all(one.path != "worker-py.json" for one in asked)
