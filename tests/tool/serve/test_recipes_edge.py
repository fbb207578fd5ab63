"""What `build --emit` writes for edge networks: Cloudflare's is run by its own runtime, others as far as they can."""

import http.client
import json
import subprocess
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support.edge import workerd
from worker_py_tool.bundle import manifest
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.serve import headers, recipes
from worker_py_tool.setup import node_packages

POLICY = "default-src 'none'; frame-ancestors https://*.portal.example"
FILES = {
    "index.html": "<!doctype html>page",
    "assets/abc/page/shim.js": "1;",
    "assets/abc/page/shim.js.br": "packed",
    "pyodide/1/a.wasm": "\0asm",
}


@pytest.fixture
def made(tmp_path: Path) -> Manifest:
    root = tmp_path / "out"
    for name, text in FILES.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text)
    written = Manifest("0" * 12, "0", "0", "bx24", [], POLICY, manifest.list_files(root))
    written.write(root)
    return written


@pytest.fixture
def edge(tmp_path: Path, made: Manifest) -> Iterator[int]:
    """The port of Cloudflare's runtime, which runs the Worker that was written."""
    with workerd(tmp_path / "out") as port:
        yield port


def ask(port: int, method: str, path: str, body: str | None = None) -> tuple[int, str, http.client.HTTPMessage]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
    try:
        form = {"Content-Type": "application/x-www-form-urlencoded"} if body else {}
        connection.request(method, path, body, form)
        answer = connection.getresponse()
        return answer.status, answer.read().decode(), answer.headers
    finally:
        connection.close()


def test_cloudflares_runtime_answers_as_the_bundle_wants_it(edge: int) -> None:
    for method, body in (("GET", None), ("POST", "AUTH_ID=planted")):
        for path in ("/", "/index.html", "/?DOMAIN=portal.example&APP_SID=planted"):
            status, content, named = ask(edge, method, path, body)
            assert (status, content) == (200, FILES["index.html"])
            assert "planted" not in str(named)
            wanted = headers.for_file("index.html", POLICY)
            assert {name: named[name] for name in wanted} == wanted
    for path in ("assets/abc/page/shim.js", "assets/%61bc/page/shim.js", "pyodide/1/a.wasm"):
        status, content, named = ask(edge, "GET", f"/{path}")
        plain = path.replace("%61", "a")
        assert (status, content) == (200, FILES[plain])
        wanted = headers.for_file(plain, POLICY)
        assert {name: named[name] for name in wanted} == wanted
    assert ask(edge, "HEAD", "/")[:2] == (200, "")
    for path in ("/nothing", "/assets/abc/nothing.js", "/assets/abc/page/shim.js.br", "/%E0%A4", "/assets/"):
        status, _, named = ask(edge, "GET", path)
        assert (status, named["Cache-Control"]) == (404, "no-store")
    status, _, named = ask(edge, "POST", "/assets/abc/page/shim.js", "a=b")
    assert (status, named["Allow"]) == (405, "GET, HEAD, OPTIONS")
    status, _, named = ask(edge, "OPTIONS", "/")
    assert (status, named["Allow"]) == (204, "GET, HEAD, OPTIONS, POST")


def test_wrangler_is_told_to_ask_the_worker_first(tmp_path: Path, made: Manifest) -> None:
    directory = recipes.write_edge("cloudflare", tmp_path / "out", made)
    lines = [line for line in (directory / "wrangler.jsonc").read_text().splitlines() if "//" not in line]
    config = json.loads("\n".join(lines))
    assert (directory / config["assets"]["directory"]).resolve() == (tmp_path / "out").resolve()
    assert config["assets"]["run_worker_first"] is True
    assert config["assets"]["html_handling"] == "none"
    assert (directory / config["main"]).is_file()


def test_netlify_is_told_the_headers_of_each_file_and_its_function_answers_post(tmp_path: Path, made: Manifest) -> None:
    directory = recipes.write_edge("netlify", tmp_path / "out", made)
    config = tomllib.loads((directory / "netlify.toml").read_text())
    assert (directory / config["build"]["publish"]).resolve() == (tmp_path / "out").resolve()
    rules = {rule["for"]: rule["values"] for rule in config["headers"]}
    assert rules["/"] == headers.for_file("index.html", POLICY)
    assert rules["/assets/*"]["Cache-Control"] == headers.FOREVER
    assert rules["/assets/*.js"]["Content-Security-Policy"] == POLICY
    script = """
        globalThis.fetch = async (url) => new Response(`page of ${url}`);
        const { default: answer, config } = await import(process.argv[1]);
        const request = new Request("https://app.example/?APP_SID=planted", { method: "POST", body: "a" });
        const said = await answer(request);
        console.log(JSON.stringify([said.status, await said.text(), Object.fromEntries(said.headers), config]));
    """
    function = str(directory / config["build"]["edge_functions"] / "page.mjs")
    status, text, named, about = json.loads(run_node(script, function))
    assert (status, text) == (200, "page of https://app.example/index.html")
    assert named["content-security-policy"] == POLICY
    assert about == {"path": ["/", "/index.html"], "method": "POST"}


def test_cloudfronts_function_sends_a_post_of_the_page_to_get_it(tmp_path: Path, made: Manifest) -> None:
    text = (recipes.write_edge("s3-cloudfront", tmp_path / "out", made) / "template.yaml").read_text()
    function = text.partition("FunctionCode: |\n")[2].partition("\n  Headers:")[0]
    assert len(function) < 10_000
    script = f"""
        {function}
        const ask = (method, uri, querystring = {{}}) => handler({{ request: {{ method, uri, querystring }} }});
        const query = {{ DOMAIN: {{ value: "portal.example" }}, APP_SID: {{ value: "1" }} }};
        console.log(JSON.stringify([ask("POST", "/", query), ask("GET", "/"), ask("POST", "/assets/a.js")]));
    """
    page, read, other = json.loads(run_node(script))
    assert (page["statusCode"], page["headers"]["location"]["value"]) == (303, "/?DOMAIN=portal.example&APP_SID=1")
    assert (read["method"], other["method"]) == ("GET", "POST")
    assert POLICY in text.replace('\\"', '"')


def run_node(script: str, *arguments: str) -> str:
    node = node_packages.require().executable
    return subprocess.run(
        [str(node), "--input-type=module", "-e", script, *arguments], capture_output=True, text=True, check=True
    ).stdout
