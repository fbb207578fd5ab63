"""The command `worker-py` as people get it: from the wheel, in an environment of its own, in an empty directory."""

import http.client
import json
import os
import re
import shutil
import subprocess
import sys
import urllib.request
import venv
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.support.browsers import driver
from worker_py_tool import paths
from worker_py_tool.bundle import manifest, wheels
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.kit.browsers import launch_options
from worker_py_tool.paths import CACHE, ROOT, TOOL
from worker_py_tool.serve import recipes
from worker_py_tool.setup import chromium, node_packages, python_packages

pytestmark = [pytest.mark.slow, pytest.mark.timeout(600)]


@pytest.fixture(scope="module")
def host_wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("wheel")
    wheel = ("wheel", "--quiet", "--no-deps", "--no-index", "--no-build-isolation", "--wheel-dir", directory, ROOT)
    run(*python_packages.pip(*wheel))
    return next(directory.glob("*.whl"))


@pytest.fixture(scope="module")
def environment(host_wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A virtual environment with the wheel, its extra `build`, and pytest; it has no pip of its own: ours fills it."""
    directory = tmp_path_factory.mktemp("environment")
    venv.create(directory, with_pip=False, symlinks=True)
    install(directory, f"{host_wheel}[build]", "pytest")
    return directory


@pytest.fixture(scope="module")
def empty_caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The user's: empty at first, and then kept from one command to the next, as a user's are."""
    return tmp_path_factory.mktemp("empty-caches")


@pytest.fixture(scope="module")
def caches(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Those of a user who has built before: what all bundles want is in them, as the repository has it."""
    directory = tmp_path_factory.mktemp("caches")
    kept = directory / "worker-py" / paths.version()
    for name in OF_ALL_BUNDLES:
        if (CACHE / name).exists():
            shutil.copytree(CACHE / name, kept / ".cache" / name)
    lock = json.loads((ROOT / "package-lock.json").read_text(encoding="utf-8"))
    for name, package in lock["packages"].items():
        if name and not package.get("dev") and (ROOT / name).exists():  # some are for other machines
            shutil.copytree(ROOT / name, kept / name)
    shutil.copy(node_packages.STATE, kept / "node_modules")
    return directory


OF_ALL_BUNDLES = ("compiled", "compressed", "library", "pyodide", "wheels")
"""Directories of the cache: most of the time of a first build goes into these."""


def install(environment: Path, *packages: str) -> None:
    """Nothing is compiled beforehand: most of it is never imported here."""
    pip = python_packages.pip("--python", environment / "bin" / "python", "install", "--quiet", "--no-compile")
    run(*pip, *packages)


def run(*command: str | Path, cwd: Path | None = None, home: Path | None = None) -> str:
    """Run a program that has to succeed; `home` is where it finds the user's caches."""
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**env, **({"XDG_CACHE_HOME": str(home)} if home else {})},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@contextmanager
def serving(worker_py: Path, bundle: Path) -> Iterator[tuple[str, int]]:
    """`worker-py serve`, and where it listens."""
    process = subprocess.Popen([worker_py, "serve", bundle, "--port", "0"], stdout=subprocess.PIPE, text=True)
    with process:
        try:
            assert process.stdout
            host, _, port = process.stdout.readline().strip().removeprefix("http://").rstrip("/").partition(":")
            yield host, int(port)
        finally:
            process.terminate()


def ask(address: tuple[str, int], method: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection(*address, timeout=30)
    connection.request(method, "/?DOMAIN=acme.bitrix24.com", body="AUTH_ID=1" if method == "POST" else None)
    response = connection.getresponse()
    content = response.read()
    connection.close()
    return response.status, content


@pytest.mark.parametrize(
    "home",
    # What the first of a user's commands makes, is made alike in a checkout, of files that the wheel has, as below.
    ["caches", pytest.param("empty_caches", marks=pytest.mark.campaign)],
)
def test_new_test_build_serve_and_doctor(
    environment: Path, home: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    caches: Path = request.getfixturevalue(home)
    worker_py = environment / "bin" / "worker-py"
    run(worker_py, "new", "cards", cwd=tmp_path)
    project = tmp_path / "cards"
    said = run(environment / "bin" / "python", "-m", "pytest", "-q", cwd=project)
    assert "4 passed, 2 skipped" in said and "pip install 'worker-py[test]'" in said  # there is no Playwright

    build = ("build", "--app", "app.py", "--out", "dist", "--portal", "https://acme.bitrix24.com", "--json")
    made = json.loads(run(worker_py, *build, cwd=project, home=caches))
    assert made["page"] == "dist/index.html"
    assert made["csp"].count("frame-ancestors https://acme.bitrix24.com;") == 1
    assert any(name.endswith("/snapshot.bin") for name in made["files"])

    with serving(worker_py, project / "dist") as address:
        status, page = ask(address, "POST")
        assert (status, page) == (200, (project / "dist" / "index.html").read_bytes())
        assert ask(address, "GET") == (status, page)

        url = "http://{}:{}/".format(*address)
        seen = json.loads(
            run(worker_py, "doctor", url, "--portal", "https://acme.bitrix24.com", "--json", cwd=tmp_path)
        )
        worth_a_look = {"address"} if chromium.find_installed() else {"address", "boot"}
        others = [one for one in seen["checks"] if one["check"] != "time"]  # how fast this machine answers
        found = {one["check"]: one["verdict"] for one in others if one["verdict"] != "ok"}
        assert found == dict.fromkeys(worth_a_look, "warn")


@pytest.mark.campaign  # test_commands.py has the command in CI, a checkout's; `dev` is held by the test behind this
def test_the_demo_serves_the_portal_and_the_projects_handlers_in_it(
    environment: Path, caches: Path, tmp_path: Path
) -> None:
    worker_py = environment / "bin" / "worker-py"
    run(worker_py, "new", "cards", cwd=tmp_path)
    env = {**os.environ, "XDG_CACHE_HOME": str(caches)}
    demo = [str(worker_py), "demo", "--app", "cards/app.py"]
    with subprocess.Popen(demo, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            portal = process.stdout.readline().strip()
            app = parse_qs(urlsplit(portal).query)["app"][0]
            for address, word in ((portal, "portal"), (app, "worker-py-config")):
                with urllib.request.urlopen(address, timeout=60) as answer:
                    assert word in answer.read().decode()
        finally:
            process.terminate()


@pytest.mark.skipif(not chromium.find_installed(), reason="there is no browser here")
def test_a_strangers_way_to_a_changed_handler_in_the_browser_is_one_page_and_three_commands(
    environment: Path, caches: Path, tmp_path: Path
) -> None:
    page = (ROOT / "README.md").read_text(encoding="utf-8")
    way = page.partition("From nothing to a handler that you have changed")[2]
    install, new, show = re.findall(r"^```sh\n(.*?)^```$", way, re.MULTILINE | re.DOTALL)[0].splitlines()
    assert install.partition("  #")[0] == "pip install '.[build]'"  # which made the environment
    worker_py, *arguments = new.partition("  #")[0].split()
    run(environment / "bin" / worker_py, *arguments, cwd=tmp_path)
    app = tmp_path / "cards" / "app.py"
    source = app.read_text(encoding="utf-8")
    app.write_text(source.replace("Hidden number", "Who might that be"), encoding="utf-8")
    worker_py, *arguments = show.split()
    env = {**os.environ, "XDG_CACHE_HOME": str(caches)}
    command = [str(environment / "bin" / worker_py), *arguments]
    with (
        subprocess.Popen(command, cwd=tmp_path, env=env, stdout=subprocess.PIPE, text=True) as serving,
        driver() as own,
    ):
        try:
            assert serving.stdout
            address = serving.stdout.readline().strip()
            browser = own.chromium.launch(**launch_options("chromium", tmp_path))
            portal = browser.new_page()
            portal.goto(f"{address}&plain")
            portal.evaluate("portal.ready")
            portal.wait_for_function("portal.frames()[0].bound.length === 17")
            portal.evaluate("""portal.incomingCall({ phoneNumber: "hidden", crmEntityType: "", crmEntityId: 0 })""")
            portal.wait_for_function("portal.card().title === 'Who might that be'")
            browser.close()
        finally:
            serving.terminate()


def test_the_environment_holds_neither_tests_nor_the_repository(host_wheel: Path) -> None:
    names = zipfile.ZipFile(host_wheel).namelist()
    tops = {name.split("/")[0] for name in names if ".dist-info/" not in name}
    assert tops == {"worker_py", "worker_py_tool"}
    assert "worker_py_tool/resources/static/page/shim.js" in names
    assert "worker_py_tool/resources/static/portal/server.mjs" in names
    assert "worker_py_tool/resources/index.html.j2" in names


def test_the_environment_holds_every_file_of_the_tool_and_what_npm_installs_by(host_wheel: Path) -> None:
    names = set(zipfile.ZipFile(host_wheel).namelist())
    files = {path.relative_to(TOOL.parent).as_posix() for path in TOOL.rglob("*") if path.is_file()}
    assert {name for name in files if "__pycache__" not in name} - names == set()
    assert {f"worker_py_tool/resources/{name}" for name in node_packages.LOCK_FILES} - names == set()


def test_what_runs_in_the_browser_is_a_wheel_without_host_code_or_dependencies() -> None:
    archive = zipfile.ZipFile(wheels.worker_py())
    assert {name.split("/")[0] for name in archive.namelist() if ".dist-info/" not in name} == {"worker_py"}
    metadata = next(name for name in archive.namelist() if name.endswith("/METADATA"))
    assert "Requires-Dist" not in archive.read(metadata).decode()


@pytest.mark.parametrize("live", [False, True])
def test_what_takes_other_source_is_only_in_the_wheel_for_live_editing(live: bool) -> None:
    names = zipfile.ZipFile(wheels.worker_py(live=live)).namelist()
    assert ("worker_py/_live.py" in names, "worker_py/dispatch.py" in names) == (live, True)


def test_the_command_says_what_it_offers(environment: Path) -> None:
    done = subprocess.run([environment / "bin" / "worker-py"], capture_output=True, text=True, check=False)
    listed = [line.split(maxsplit=1)[0] for line in done.stderr.splitlines() if line.startswith("  ")]
    offered = ["new", "dev", "demo", "lock", "build", "publish", "rollback", "serve", "reports"]
    offered += ["record-to-test", "doctor", "docs", "bench"]
    assert (done.returncode, listed) == (2, offered)


def test_a_missing_extra_is_named_with_its_remedy(environment: Path, tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text("import sys\nsys.modules['jinja2'] = None\n", encoding="utf-8")
    (tmp_path / "app.py").write_text("from worker_py import App\napp = App()\n", encoding="utf-8")
    done = subprocess.run(
        [environment / "bin" / "worker-py", "build", "--app", "app.py", "--out", "dist"],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(tmp_path)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 1
    assert "pip install 'worker-py[build]'" in done.stderr


# The last: from here on the environment has more than the others want it to have -------------------------


@pytest.mark.campaign  # tests/browser/kit/test_connector.py runs the same tests beside the sources
@pytest.mark.skipif(not chromium.find_installed(), reason="there is no browser here")
def test_the_connector_of_the_docs_passes_its_tests_in_a_clean_directory(
    environment: Path, host_wheel: Path, caches: Path, tmp_path: Path
) -> None:
    project = shutil.copytree(ROOT / "docs" / "examples" / "connector", tmp_path / "connector")
    readme = (project / "README.md").read_text(encoding="utf-8")
    assert "pip install 'worker-py[test]' phonenumbers websockets\npython -m pytest\n" in readme
    python = environment / "bin" / "python"
    install(environment, f"{host_wheel}[test]", "phonenumbers", "websockets")
    said = run(python, "-m", "pytest", "-q", cwd=project, home=caches)
    assert "14 passed" in said and "skipped" not in said


IN_AN_IMAGE = ("FROM", "ARG", "USER", "VOLUME", "EXPOSE")
"""What says how an image is made, or how it is run: not carried out here."""


INSTALLING = re.compile(r"python -m venv (\S+)\s+&& \1/bin/pip install --no-cache-dir 'worker-py\[build\]'(?=\s)")


@pytest.mark.parametrize("installed", [True, pytest.param(False, marks=pytest.mark.campaign)])
def test_the_steps_of_the_container_file_serve_the_bundle(
    host_wheel: Path, environment: Path, tmp_path: Path, installed: bool
) -> None:
    """Each step in a directory that stands for the image's root; `useradd` needs the right to and is not run.

    Where `installed`, an environment that has the wheel already stands for the one that a step makes and fills.
    """
    bundle, image, programs = tmp_path / "dist", tmp_path / "image", tmp_path / "programs"
    bundle.mkdir()
    (bundle / "index.html").write_text("<!doctype html>page")
    made = Manifest("0" * 12, "0", "0", "bx24", [], "default-src 'none'", manifest.list_files(bundle))
    made.write(bundle)
    file = recipes.write_edge("container", bundle, made) / "Containerfile"
    programs.mkdir()
    (programs / "python").symlink_to(sys.executable)
    (programs / "useradd").write_text(f'#!/bin/sh\necho "$@" >> {programs / "users"}\n')
    (programs / "useradd").chmod(0o755)
    (image / "var" / "lib" / "worker-py").mkdir(parents=True)  # which useradd would have made
    steps = [step.split(None, 1) for step in file.read_text().replace("\\\n", " ").splitlines() if step[:1].isalpha()]
    arguments = dict(text.split("=") for kind, text in steps if kind == "ARG")
    commands = {}
    for kind, text in steps:
        for folder in ("/opt/", "/srv/", "/var/lib/"):
            text = re.sub(rf"(?<![\w.-]){folder}", f"{image}{folder}", text)
        for name, value in arguments.items():
            text = text.replace(f"${{{name}}}", value)
        if kind == "RUN":
            script, found = INSTALLING.subn(rf"mkdir -p \1 && rmdir \1 && ln -s {environment} \1", text)
            assert found == 1
            if not installed:
                script = text.replace("'worker-py[build]'", f"'{host_wheel}[build]'")
            run("env", f"PATH={programs}:{os.environ['PATH']}", "sh", "-ec", script, cwd=tmp_path)
        elif kind == "COPY":
            source, destination = text.split()
            shutil.copytree(tmp_path / source, destination)
        elif kind in ("CMD", "HEALTHCHECK"):
            commands[kind] = json.loads(text.removeprefix("CMD "))
        else:
            assert kind in IN_AN_IMAGE
    [user] = [text for kind, text in steps if kind == "USER"]
    assert (programs / "users").read_text().split()[-1] == user
    with subprocess.Popen([*commands["CMD"], "--port", "0"], stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout
            port = process.stdout.readline().strip().rstrip("/").rpartition(":")[2]
            assert ask(("127.0.0.1", int(port)), "POST") == (200, (bundle / "index.html").read_bytes())
            assert ["EXPOSE", "8000"] in steps  # where serve listens when nobody says otherwise
            run(*(part.replace(":8000/", f":{port}/") for part in commands["HEALTHCHECK"]))
        finally:
            process.terminate()
    assert (image / "var" / "lib" / "worker-py" / "reports.sqlite").stat().st_size > 0
