"""Compressed copies beside a bundle's files, and the server that picks among them."""

import gzip
import http.client
import json
import subprocess
from pathlib import Path

import pytest

from worker_py_tool import locking
from worker_py_tool.bundle import compress
from worker_py_tool.bundle.app_source import read_app
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.bundle.report import boot_files, report
from worker_py_tool.serve.served_bundle import accepts
from worker_py_tool.serve.server import Server
from worker_py_tool.setup import node_packages


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("compressed")
    app = directory / "app.py"
    app.write_text("from worker_py import App\n\napp = App()\n", encoding="utf-8")
    build(BuildOptions(app=str(app), out=directory / "out", hard_link=True))
    return directory / "out"


def fetch(server: Server, path: str, encoding: str | None) -> tuple[http.client.HTTPResponse, bytes]:
    connection = http.client.HTTPConnection(server.host, server.port, timeout=30)
    connection.request("GET", path, headers={"Accept-Encoding": encoding} if encoding else {})
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response, content


def test_only_what_gains_is_compressed(bundle: Path) -> None:
    shim = next(bundle.glob("assets/*/page/shim.js"))
    assert gzip.decompress(shim.with_name("shim.js.gz").read_bytes()) == shim.read_bytes()
    assert shim.with_name("shim.js.br").stat().st_size < shim.stat().st_size / 2
    assert not list(bundle.rglob("*.whl.br"))


@pytest.mark.parametrize(
    ("accepted", "sent"),
    [("br, gzip", "br"), ("gzip", "gzip"), ("gzip, br;q=0", "gzip"), (None, None), ("identity", None)],
)
def test_the_server_picks_the_best_encoding_that_the_browser_takes(
    bundle: Path, accepted: str | None, sent: str | None
) -> None:
    shim = next(bundle.glob("assets/*/page/shim.js"))
    with Server(bundle) as server:
        response, content = fetch(server, f"/{shim.relative_to(bundle)}", accepted)
    assert response.getheader("Content-Encoding") == sent
    assert response.getheader("Vary") == "Accept-Encoding"
    assert response.getheader("Content-Type") == "text/javascript; charset=utf-8"
    assert response.getheader("Content-Security-Policy")
    expected = shim.with_name(shim.name + {"br": ".br", "gzip": ".gz", None: ""}[sent]).read_bytes()
    assert content == expected


def test_each_encoding_has_an_entity_tag_of_its_own(bundle: Path) -> None:
    shim = f"/{next(bundle.glob('assets/*/page/shim.js')).relative_to(bundle)}"
    with Server(bundle) as server:
        tags = {fetch(server, shim, accepted)[0].getheader("ETag") for accepted in ("br", "gzip", None)}
    assert len(tags) == 3


def test_an_encoding_refused_by_its_weight_is_not_accepted() -> None:
    assert accepts("gzip, br;q=0.5", "br")
    assert not accepts("br;q=0, gzip", "br")
    assert not accepts("brotli", "br")


def test_the_same_content_is_compressed_once(bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise AssertionError("compressed again")

    copy = tmp_path / "shim.js"
    copy.write_bytes(next(bundle.glob("assets/*/page/shim.js")).read_bytes())
    monkeypatch.setattr(compress, "_run", refuse)
    compress.compress(tmp_path, best=False)
    assert (tmp_path / "shim.js.br").exists()


def test_what_takes_long_is_named_when_it_is_begun_and_when_it_is_done(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(compress, "CACHE", tmp_path / "cache")
    monkeypatch.setattr(locking, "CACHE", tmp_path / "cache")  # that it waits for another one is not said then
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "large.bin").write_bytes(b"text that packs well " * 30_000)
    (tmp_path / "site" / "small.js").write_bytes(b"text that packs well " * 100)
    compress.compress(tmp_path / "site", best=True)
    assert capsys.readouterr().err.splitlines() == [
        "compressing 1 MB at quality 11",
        "  large.bin: 0.6 MB ...",
        "  large.bin: 0.0 MB as Brotli",
    ]


def test_the_report_names_what_a_boot_fetches(bundle: Path) -> None:
    made = build(BuildOptions(app=str(bundle.parent / "app.py"), out=bundle.parent / "again", hard_link=True))
    names = [Path(path).name for path in boot_files(bundle.parent / "again", made)]
    assert names[:2] == ["index.html", "shim.js"]
    assert {"worker.js", "pyodide.asm.wasm", "snapshot.bin"} <= set(names)
    assert not {"python_stdlib.zip", "app.zip", "install.js"} & set(names)
    assert len(names) == len(set(names))
    assert "MB on the wire" in report(bundle.parent / "again", made, read_app(str(bundle.parent / "app.py")))


def test_a_file_that_changed_under_its_name_gets_a_copy_of_what_it_is_now(tmp_path: Path) -> None:
    for content in (b"one " * 4000, b"two " * 4000):
        (tmp_path / "index.html").write_bytes(content)
        compress.compress(tmp_path, best=False)
        assert gzip.decompress((tmp_path / "index.html.gz").read_bytes()) == content


def test_what_cannot_be_written_ends_it_with_the_reason_once_what_was_begun_is_done(tmp_path: Path) -> None:
    large, small = tmp_path / "large", tmp_path / "small"
    large.write_bytes(bytes(range(256)) * 20_000)
    small.write_bytes(b"small")
    files = [
        [str(large), str(tmp_path / "made")],
        *([str(small), str(tmp_path / "nowhere" / "made")] for _ in range(9)),
    ]
    jobs = tmp_path / "jobs.json"
    jobs.write_text(json.dumps({"quality": 11, "files": files}), encoding="utf-8")
    node = node_packages.require().executable
    done = subprocess.run([node, compress.SCRIPT, jobs], capture_output=True, text=True, check=False)
    assert done.returncode == 70
    assert set(done.stderr.splitlines()) == {f"ENOENT: no such file or directory, open '{tmp_path}/nowhere/made.br'"}
    assert [line["done"] for line in map(json.loads, done.stdout.splitlines()) if "done" in line] == [str(large)]
