"""The bundle that `scripts/build` makes."""

import base64
import hashlib
import json
import re
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urljoin

import pytest

from worker_py_tool.bundle import frozen, manifest, snapshot
from worker_py_tool.bundle.build import OFFICIAL_BX24, BuildOptions, build
from worker_py_tool.bundle.phone import PHONES
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]
SOURCE = "from worker_py import App\n\napp = App()\n"


@pytest.fixture
def app(write: Write) -> str:
    return str(write("handlers.py", SOURCE))


def bundle_module(out: Path, build_id: str) -> dict[str, object]:
    text = (out / "assets" / build_id / "worker" / "bundle.js").read_text()
    match = re.fullmatch(r"//.*\nexport const bundle = (.*);\n", text, re.DOTALL)
    assert match is not None
    content = json.loads(match[1])
    assert isinstance(content, dict)
    return content


def test_everything_the_bundle_names_is_in_it(app: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = build(BuildOptions(app=app, out=out, hard_link=True))
    content = bundle_module(out, made.build)
    assets = out / "assets" / made.build
    assert content["build"] == made.build
    assert content["app"] == {"archive": "app.zip", "module": "handlers", "attribute": "app"}
    assert isinstance(content["wheels"], list)
    assert all((assets / url).is_file() for url in content["wheels"])
    assert (assets / str(content["pyodideUrl"]) / "pyodide.mjs").is_file()
    assert (assets / "app.zip").is_file()
    assert manifest.read(out) == made
    assert manifest.list_files(out) == made.files


def test_the_limits_of_the_project_go_to_the_worker(app: str, tmp_path: Path) -> None:
    limits = {"slice_limit_ms": None, "handler_timeout_s": 10.0}
    made = build(BuildOptions(app=app, out=tmp_path / "out", settings=limits, snapshot=False, hard_link=True))
    assert bundle_module(tmp_path / "out", made.build)["settings"] == limits


def test_the_page_loads_the_client_first_then_the_shim_then_page_scripts(
    app: str, write: Write, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    scripts = [write("phone.js", "var phone;"), write("tones.mjs", "export {};")]
    made = build(BuildOptions(app=app, out=out, page_scripts=scripts, hard_link=True))
    tags = re.findall(r"<script[^>]*>", (out / "index.html").read_text())
    assert tags == [
        '<script type="application/json" id="worker-py-config">',
        '<script id="worker-py-early">',
        '<script id="worker-py-guard">',
        f'<script type="worker-py/client" src="{OFFICIAL_BX24}">',
        f'<script type="worker-py/shim-module" src="assets/{made.build}/page/shim.js">',
        f'<script type="worker-py/install-module" src="assets/{made.build}/install/install.js">',
        f'<script type="worker-py/page" src="assets/{made.build}/phone.js">',
        f'<script type="worker-py/page-module" src="assets/{made.build}/tones.mjs">',
    ]


def test_the_policy_names_the_hashes_of_the_scripts_that_are_in_the_page(app: str, tmp_path: Path) -> None:
    made = build(BuildOptions(app=app, out=tmp_path / "out", snapshot=False, hard_link=True))
    page = (tmp_path / "out" / "index.html").read_text()
    digests = [
        base64.b64encode(hashlib.sha256(inline.encode()).digest()).decode()
        for name in ("guard", "early")
        for inline in re.findall(rf'<script id="worker-py-{name}">(.*?)</script>', page, re.DOTALL)
    ]
    hashes = "'sha256-{}' 'sha256-{}'".format(*digests)
    assert f"script-src 'self' 'wasm-unsafe-eval' {hashes} https://api.bitrix24.com; " in made.csp
    assert not any(path.endswith(("/guard.js", "/early.js")) for path in made.files)


def test_page_and_worker_start_from_one_script_each(app: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = build(BuildOptions(app=app, out=out, snapshot=False, hard_link=True))
    folder = f"assets/{made.build}/"
    page = (out / "index.html").read_text()
    assert re.findall(r'<link rel="modulepreload" href="([^"]+)">', page) == [f"{folder}page/shim.js"]
    for name in ("page/shim.js", "worker/worker.js"):
        assert not re.findall(
            r"""(?:^|[;}])import\b[^(;]*from|(?:^|[;}])import["']""", (out / folder / name).read_text()
        )
    assert "fflate" in (out / folder / "worker/worker.js").read_text()  # its licence goes with it


def test_what_only_an_entry_would_load_is_in_it_and_what_comes_later_is_whole(app: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    made = build(BuildOptions(app=app, out=out, snapshot=False, hard_link=True))
    folder = f"assets/{made.build}/"
    held = {path.removeprefix(folder) for path in made.files if path.startswith(folder) and path.endswith(".js")}
    assert not {"page/link.js", "page/binder.js", "worker/boot.js", "worker/zip.js"} & held
    assert {"page/support.js", "page/reporting.js", "install/install.js", "worker/report_sender.js"} <= held
    for path in held:
        text = re.sub(r"/\*.*?\*/", "", (out / folder / path).read_text(), flags=re.DOTALL)
        named = re.findall(r"""\b(?:from ?|import ?|import\()["'](\.{1,2}/[\w./-]+\.js)["']""", text)
        missing = {urljoin(path, name) for name in named} - held
        assert not {name for name in missing if not name.startswith("live/")}, path


def test_a_bundle_holds_the_phone_that_was_asked_for_and_no_other(app: str, tmp_path: Path) -> None:
    out = tmp_path / "out"
    held = {}
    for kind in (None, *PHONES):
        made = build(BuildOptions(app=app, out=out, phone=kind, snapshot=False, compress="none", hard_link=True))
        prefix = f"assets/{made.build}/phone/"
        held[kind] = {path.removeprefix(prefix) for path in made.files if path.startswith(prefix)}
        tag = f'<script type="worker-py/page-module" src="{prefix}start.js">'
        assert (tag in (out / "index.html").read_text()) is (kind is not None)
        if kind == "jssip":
            library = (out / prefix / "jssip_library.js").read_text(encoding="utf-8")

    assert held[None] == set()
    assert held["loopback"] - held["jssip"] == {"loopback.js"}
    of_sip = {
        "challenge.js",
        "exchange_socket.js",
        "jssip.js",
        "jssip_library.js",
        "registration.js",
        "reinvite.js",
        "sip_leg.js",
        "trickle.js",
    }
    assert held["jssip"] - held["loopback"] == of_sip
    assert 'from "jssip"' not in library
    assert re.search(r"export\{\w+ as Grammar,\w+ as UA,\w+ as WebSocketInterface\}", library)
    assert "Copyright (c) 2012-2015 José Luis Millán" in library, "its licence goes with it"


def test_two_builds_of_the_same_input_are_identical(app: str, tmp_path: Path) -> None:
    first = build(BuildOptions(app=app, out=tmp_path / "a", hard_link=True))
    second = build(BuildOptions(app=app, out=tmp_path / "b"))
    assert first == second
    assert (tmp_path / "a" / "manifest.json").read_bytes() == (tmp_path / "b" / "manifest.json").read_bytes()


@pytest.mark.slow
def test_time_zone_and_language_of_the_machine_change_nothing(
    write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = (
        "import datetime, locale, random, time, uuid\n"
        "now = (time.timezone, time.tzname, time.localtime(), datetime.datetime.now().astimezone())\n"
        "drawn = (random.random(), uuid.uuid1(), uuid.uuid4(), hash('text'))\n"
    )
    app = str(write("handlers.py", f"{SOURCE}{source}"))
    made = []
    for zone, language in (("America/New_York", "de_DE.UTF-8"), ("Asia/Vladivostok", "C")):
        monkeypatch.setenv("TZ", zone)
        monkeypatch.setenv("LANG", language)
        monkeypatch.setenv("LC_ALL", language)
        monkeypatch.setattr(snapshot, "CACHE", tmp_path / zone)  # else the second takes what the first made
        monkeypatch.setattr(frozen, "CACHE", tmp_path / zone)
        made.append(build(BuildOptions(app=app, out=tmp_path / "out", compress="none")))
        monkeypatch.setattr(snapshot, "INTERPRETERS", tmp_path / "here")  # the first was started somewhere else
    assert made[0] == made[1]
    assert any(path.endswith("/snapshot.bin") for path in made[0].files)


@pytest.mark.slow
def test_another_app_has_another_address(write: Write, tmp_path: Path) -> None:
    builds = set()
    for number in range(2):
        path = write("handlers.py", f"{SOURCE}number = {number}\n")
        builds.add(build(BuildOptions(app=str(path), out=tmp_path / "out", compress="none", hard_link=True)).build)
    assert len(builds) == 2


def test_a_local_client_is_copied_and_its_origin_is_our_own(app: str, write: Write, tmp_path: Path) -> None:
    client = write("bx24.js", "var BX24 = {};")
    made = build(BuildOptions(app=app, out=tmp_path / "out", bx24_url=str(client), hard_link=True))
    tag = f'<script type="worker-py/client" src="assets/{made.build}/bx24.js">'
    assert tag in (tmp_path / "out" / "index.html").read_text()
    assert re.search("script-src 'self' 'wasm-unsafe-eval'( 'sha256-[^ ]*'){2}; ", made.csp)


def test_the_sdk_is_brought_along(app: str, tmp_path: Path) -> None:
    made = build(BuildOptions(app=app, out=tmp_path / "out", client="b24jssdk", hard_link=True))
    tag = f'<script type="worker-py/client" src="assets/{made.build}/b24jssdk.js">'
    page = (tmp_path / "out" / "index.html").read_text()
    assert tag in page
    assert '"client": "b24jssdk"' in page


def test_values_in_the_page_cannot_end_its_script(app: str, tmp_path: Path) -> None:
    build(BuildOptions(app=app, out=tmp_path / "out", bx24_url='x"></script><script>alert(1)//', hard_link=True))
    assert "<script>" not in (tmp_path / "out" / "index.html").read_text()


def test_a_page_script_must_not_replace_a_module_of_ours(app: str, write: Write, tmp_path: Path) -> None:
    with pytest.raises(ToolError, match="the bundle has a file of that name already"):
        build(BuildOptions(app=app, out=tmp_path / "out", page_scripts=[write("protocol.js", "")], hard_link=True))
    assert not (tmp_path / "out").exists()
