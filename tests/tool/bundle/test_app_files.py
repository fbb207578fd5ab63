"""What of an app's package goes into the bundle, and what ends the build."""

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from worker_py_tool import cli
from worker_py_tool.bundle import app_files, manifest
from worker_py_tool.bundle.app_source import AppSource, read_app
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.bundle.report import large_files, report
from worker_py_tool.commands import build as build_command
from worker_py_tool.errors import ToolError

Write = Callable[[str, str], Path]


@pytest.fixture
def shop(write: Write, tmp_path: Path) -> Path:
    """A package `shop`."""
    write("shop/__init__.py", "app = 1\n")
    return tmp_path / "shop"


def packed(shop: Path, *include: str) -> list[str]:
    return [name.removeprefix("shop/") for name, _ in read_app(str(shop), include).files]


def refusal(shop: Path, *include: str) -> str:
    with pytest.raises(ToolError) as refused:
        read_app(str(shop), include)
    assert "\n" not in refused.value.message and refused.value.remedy
    return refused.value.message


@pytest.mark.parametrize(
    "name",
    [
        *("id_rsa", "server.pem", "prod.env", "credentials.json", "calls.sqlite", "keys/Signing.KEY"),
        *("client_secret.json", "calls.db", "secrets.py", "prod.env.json", "token.json", "backup.sql", "trace.har"),
        *("cert.p12", "terraform.tfstate"),
    ],
)
def test_a_file_with_the_name_of_a_secret_ends_the_build_until_it_is_named(write: Write, shop: Path, name: str) -> None:
    write(f"shop/{name}", "x")
    assert f"shop/{name} (by its name)" in refusal(shop)
    for pattern in (name, f"shop/{name}", Path(name).name, f"*{Path(name).suffix or name}"):
        assert packed(shop, pattern) == ["__init__.py", name]


@pytest.mark.parametrize(
    ("content", "what"),
    [
        ("x = '''-----BEGIN RSA PRIVATE KEY-----\nabc'''", "a private key"),
        ("-----BEGIN OPENSSH PRIVATE KEY-----", "a private key"),
        ('{"private_key": "-----BEGIN PRIVATE KEY-----\\nMII"}', "a private key"),
        ("SQLite format 3\0" + "x" * 100, "a database"),
        ("HOOK = 'https://acme.bitrix24.com/rest/1/0123456789abcdef/profile'", "an inbound webhook"),
        ("key = 'AKIA0123456789ABCDEF'", "an access key"),
    ],
)
def test_a_secret_under_a_harmless_name_is_found_by_its_content(
    write: Write, shop: Path, content: str, what: str
) -> None:
    write("shop/texts.py", content)
    assert "shop/texts.py (it holds " in refusal(shop) and what in refusal(shop)
    assert packed(shop, "texts.py") == ["__init__.py", "texts.py"]


def test_an_app_of_one_file_is_looked_at_too(write: Write) -> None:
    app = write("handlers.py", "app = '-----BEGIN PRIVATE KEY-----'\n")
    assert "handlers.py (it holds a private key)" in refusal(app)
    assert [name for name, _ in read_app(str(app), ["handlers.py"]).files] == ["handlers.py"]


def test_names_and_texts_of_ordinary_code_are_no_secrets(write: Write, shop: Path) -> None:
    names = ["tokenizer.py", "keyboard.py", "environment.py", "dbutils.py", "secret_santa.py", "de.json", "logo.svg"]
    for name in names:
        write(f"shop/{name}", "# -----BEGIN CERTIFICATE-----\nURL = 'https://acme.bitrix24.com/rest/1/KEY/profile'\n")
    assert packed(shop) == sorted(["__init__.py", *names])


def test_directories_of_other_tools_caches_and_back_ups_are_left_out_and_told(write: Write, shop: Path) -> None:
    for name in (
        "node_modules/left-pad/index.js",
        "venv/lib/os.py",
        "my-env/pyvenv.cfg",
        "my-env/id_rsa",
        "fonts-cache/CACHEDIR.TAG",
        "backup/handlers.py",
        "build/handlers.py",
        "shop.egg-info/PKG-INFO",
        "handlers.py~",
        "handlers.py.bak",
        "calls.log",
        "__pycache__/x.pyc",
        ".git/config",
        ".env",
    ):
        write(f"shop/{name}", "x")
    (shop / "venv" / "lib64").symlink_to("lib")
    app = read_app(str(shop))
    assert [name for name, _ in app.files] == ["shop/__init__.py"]
    directories = ("backup/", "build/", "fonts-cache/", "my-env/", "node_modules/", "shop.egg-info/", "venv/")
    assert sorted(app.left_out) == sorted(
        f"shop/{name}" for name in (*directories, "handlers.py~", "handlers.py.bak", "calls.log")
    )


def test_a_package_whose_name_is_like_that_of_a_tools_directory_is_packed(write: Write, shop: Path) -> None:
    write("shop/build/__init__.py", "")
    write("shop/cache/rates.json", "{}")
    assert packed(shop) == ["__init__.py", "build/__init__.py", "cache/rates.json"]


def test_the_bundle_that_was_built_into_the_package_is_not_packed_with_the_next(write: Write, shop: Path) -> None:
    write("shop/web/index.html", "page")
    Manifest("0" * 12, "0", "0", "bx24", [], "", manifest.list_files(shop / "web")).write(shop / "web")
    app = read_app(str(shop))
    assert (packed(shop), app.left_out) == (["__init__.py"], ("shop/web/",))


def test_what_is_left_out_otherwise_is_packed_when_it_is_named(write: Write, shop: Path) -> None:
    write("shop/node_modules/chimes/index.js", "x")
    write("shop/node_modules/other/index.js", "x")
    write("shop/.well-known/keys", "x")
    assert packed(shop, "node_modules/chimes/*", ".well-known/*") == [
        ".well-known/keys",
        "__init__.py",
        "node_modules/chimes/index.js",
    ]


def test_a_pattern_that_names_nothing_is_refused(shop: Path) -> None:
    assert "--include *.pem: names no file" in refusal(shop, "*.pem")


def test_a_link_within_the_package_is_packed_as_what_it_leads_to(write: Write, shop: Path) -> None:
    write("shop/texts/de.json", "{}")
    (shop / "german.json").symlink_to("texts/de.json")
    assert dict(read_app(str(shop)).files)["shop/german.json"] == b"{}"


@pytest.mark.parametrize("include", [(), ("notes.txt",)], ids=["plain", "named"])
def test_a_link_out_of_the_package_is_refused(write: Write, shop: Path, include: tuple[str, ...]) -> None:
    target = write("private/notes.txt", "mine")
    (shop / "notes.txt").symlink_to(target)
    assert f"shop/notes.txt is a link out of the package, to {target.resolve()}" in refusal(shop, *include)


def test_a_link_to_a_secret_of_the_package_is_one(write: Write, shop: Path) -> None:
    write("shop/.env", "x")
    (shop / "settings.txt").symlink_to(".env")
    assert "shop/settings.txt (by its name)" in refusal(shop)


@pytest.mark.parametrize("target", ["nowhere.txt", "loop.txt"])
def test_a_link_that_leads_nowhere_is_told(shop: Path, target: str) -> None:
    (shop / "loop.txt").symlink_to(target)
    assert "shop/loop.txt is a link that leads nowhere" in refusal(shop)


@pytest.mark.timeout(30)  # a pipe that is read never ends
def test_a_pipe_and_a_socket_are_told_and_never_read(
    shop: Path, write: Write, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    os.mkfifo(shop / "queue")
    assert "shop/queue is a pipe, no file" in refusal(shop)
    assert "shop/queue is a pipe, no file" in refusal(shop, "queue")
    (shop / "queue").unlink()
    monkeypatch.chdir(shop)  # the address of a socket is short
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind("control")
        assert "shop/control is a socket, no file" in refusal(shop)
    os.mkfifo(tmp_path / "handlers.py")
    with pytest.raises(ToolError, match=r"handlers\.py: is a pipe, no file"):
        read_app(str(tmp_path / "handlers.py"))


@pytest.mark.parametrize("name", [b"line\nbreak.txt", b"bytes\xff.txt", b"back\\slash.txt", b"two..dots.txt"])
def test_an_oddly_named_file_is_told(shop: Path, name: bytes) -> None:
    with open(os.path.join(os.fsencode(shop), name), "w"):
        pass
    refused = refusal(shop)
    assert "has a name that not every archive takes" in refused
    refused.encode()


def test_what_must_not_be_read_is_told(write: Write, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    closed = write("shop/closed/texts.json", "{}")
    read, scan = Path.read_bytes, os.scandir

    def deny(path: Path) -> bytes:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return read(path)

    with monkeypatch.context() as unreadable:
        unreadable.setattr(Path, "read_bytes", deny)
        assert refusal(shop) == "--app: shop/closed/texts.json cannot be read: Permission denied"

    def deny_directory(path: Path) -> object:
        if path == closed.parent:
            raise PermissionError(13, "Permission denied", str(path))
        return scan(path)

    monkeypatch.setattr(os, "scandir", deny_directory)
    assert refusal(shop) == "--app: shop/closed cannot be read: Permission denied"


def test_more_than_a_browser_should_load_is_refused(write: Write, shop: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write("shop/film.bin", "x" * 2000)
    monkeypatch.setattr(app_files, "MOST_BYTES", 1000)
    assert "has 0 MB of files: more than" in refusal(shop)


def test_the_report_lists_what_was_packed_with_sizes_and_names_what_is_large(tmp_path: Path) -> None:
    app = AppSource(
        tmp_path, "shop", "app", (("shop/a.py", b"x" * 70), ("shop/film.bin", b"x" * 5_000_001)), ("shop/b~",)
    )
    (tmp_path / "index.html").write_text("page")
    (tmp_path / "big.whl").write_bytes(b"x" * 6_000_000)
    for name in ("page/early.js", "worker/worker.js", "snapshot.bin"):
        path = tmp_path / "assets" / "abc" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("")
    (tmp_path / "assets" / "abc" / "worker" / "bundle.js").write_text(
        'export const bundle = {"bare": false, "libraries": []};'
    )
    made = Manifest("abc", "0", "0", "bx24", [], "", manifest.list_files(tmp_path))
    text = report(tmp_path, made, app)
    assert "    shop/a.py               70 bytes\n    shop/film.bin    5,000,001 bytes\n  left out: shop/b~\n" in text
    assert large_files(made, app) == [("big.whl", 6_000_000), ("shop/film.bin", 5_000_001)]


def test_an_option_of_the_command_line_names_what_is_packed(write: Write, shop: Path, tmp_path: Path) -> None:
    write("shop/public.pem", "x")
    arguments = ["--app", str(shop), "--out", str(tmp_path / "out")]
    with pytest.raises(ToolError, match=r"looks like a secret: shop/public\.pem"):
        build_command.needs(cli.parse("build", arguments))
    build_command.needs(cli.parse("build", [*arguments, "--include", "*.pem"]))
