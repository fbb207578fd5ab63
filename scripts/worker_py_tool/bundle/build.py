"""Makes a bundle: the placement page with all that it loads, as files for any static host.

The layout, which `scripts/serve` and the page's own modules rely on::

    index.html                       the placement page
    assets/<build>/                  our modules, the app, page scripts; <build> is a hash over all of it
    pyodide/<version>-<hash>/        the interpreter, from npm
    wheels/<hash>/                   worker_py, and the app's requirements
    manifest.json                    every file's hash, and the headers the bundle wants
"""

import hashlib
import json
import os
import shutil
import zipfile
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Literal

from worker_py_tool.bundle import (
    compress,
    config_file,
    entries,
    fence,
    frozen,
    imports,
    inventory,
    manifest,
    origins,
    phone,
    publish,
    snapshot,
    target,
    trim,
    wheel_check,
    wheels,
)
from worker_py_tool.bundle.app_source import AppSource, read_app
from worker_py_tool.bundle.digests import digest_of_files, integrity
from worker_py_tool.bundle.frozen import Frozen
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.bundle.page_script import PageScript, read_page_scripts
from worker_py_tool.bundle.phone import PhoneKind
from worker_py_tool.bundle.report_target import ReportTarget
from worker_py_tool.bundle.snapshot import Snapshot
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import NODE_MODULES, STATIC, TEMPLATE, version
from worker_py_tool.process import say

OFFICIAL_BX24 = "https://api.bitrix24.com/api/v1/"
PYODIDE_FILES = ("pyodide.mjs", "pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip")
B24JSSDK_NAME = "@bitrix24/b24jssdk"
B24JSSDK = NODE_MODULES / B24JSSDK_NAME / "dist" / "umd" / "index.min.js"
PLACEHOLDER = entries.CONTENTS
OPTIONAL = ("live", "phone", "portal")
"""Folders of `static` that are not in every bundle."""
CHOOSER = STATIC / "page" / "chooser.js"
"""Written into the page that `publish` makes."""
GUARD = STATIC / "page" / "guard.js"
"""Written into the page itself: a script that the page had to fetch would hold its `load`."""
LOCK = "pyodide-lock.json"
Client = Literal["bx24", "b24jssdk"]
Compression = Literal["none", "fast", "best"]


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildOptions:
    """What `scripts/build` takes.

    Attributes:
        app: `PATH[:NAME]`: a file or package directory, and the App's name in it.
        out: Directory to make, or to replace when it is a bundle.
        include: Patterns of the app's files that are packed although they look like something that should not be.
        client: The client of the portal that the page uses.
        bx24_url: Address of the script that defines BX24, or a local .js file, which is then copied into the bundle.
        portals: Origins and patterns of the portals; empty: any https parent, and loopback addresses.
        connect: Origins that page scripts talk to.
        page_scripts: JavaScript files of the integrator, loaded in this order.
        phone: The phone that the page brings, if any.
        live: The page's scripts may bring other source for the app while it runs. For the demo: whoever can make
            them do so runs Python with all that the app may do. The command line does not offer it.
        follow: With `live`, the page asks its server which of the app's files run: `worker-py dev` is one that says so.
        requirements: Requirements of the app, as pip takes them.
        lock: Where the app's `pylock.worker-py.toml` is, or would be; without it packages are chosen anew.
        frozen: Insist on it.
        settings: Limits for an app that gives none in code; None is no limit.
        config: What `worker-py.json` says at first.
        pyodide_packages: Address or directory of the packages of Pyodide's distribution; empty: where it publishes
            them.
        report_to: Where the page's reports go, if anywhere.
        report_messages: They may hold what exceptions say.
        report_sample: Which part of the boots is reported, from 0 to 1.
        snapshot: Make a memory snapshot of the interpreter, which boots several times faster.
        compress: Put Brotli and gzip beside the files; `best` takes about a minute.
        hard_link: Link Pyodide's files instead of copying them, for bundles that nobody changes.
    """

    app: str
    out: Path
    include: Sequence[str] = ()
    client: Client = "bx24"
    bx24_url: str = OFFICIAL_BX24
    portals: Sequence[str] = ()
    connect: Sequence[str] = ()
    page_scripts: Sequence[Path] = ()
    phone: PhoneKind | None = None
    live: bool = False
    follow: bool = False
    requirements: Sequence[str] = ()
    lock: Path | None = None
    frozen: bool = False
    settings: Mapping[str, float | None] = field(default_factory=dict)
    config: Mapping[str, Any] | None = None
    pyodide_packages: str = ""
    report_to: ReportTarget | None = None
    report_messages: bool = False
    report_sample: float = 1
    snapshot: bool = True
    compress: Compression = "fast"
    hard_link: bool = False


def build(options: BuildOptions) -> Manifest:
    """Make a bundle.

    Returns:
        Its manifest, as it was written.

    Raises:
        ToolError: An option is wrong, or the directory must not be replaced; nothing has changed then.
    """
    app = read_app(options.app, options.include)
    scripts = read_page_scripts(options.page_scripts)
    portals = [origins.origin(text, "--portal") for text in options.portals] or list(origins.ANY_PORTAL)
    connect = [origins.origin(text, "--connect", origins.CONNECT_SCHEMES) for text in options.connect]
    if options.report_to is not None and options.report_to.origin is not None:
        connect.append(options.report_to.origin)
    client = _client_script(options)
    with publish.staged(options.out) as directory:
        packages = frozen.freeze(
            options.requirements,
            live=options.live,
            pyodide_packages=options.pyodide_packages,
            lock=options.lock,
            insist=options.frozen,
        )
        # Other source may come to a live one, which asks for what this does not.
        pyodide = fence.PYODIDE if options.live else trim.pyodide_for(app, packages.app)
        memory = snapshot.make(app, packages.app, pyodide)  # which tries the app too
        if not options.snapshot:
            memory = Snapshot(memory.archive, None, "built without one")
        assets = _assets(options, scripts, client, packages, memory)
        contents = _contents(directory, options, app, packages, memory, pyodide)
        contents["hashes"] = _hashes(directory, assets, contents)
        build_id = _write_assets(directory, assets, contents)
        config = {
            "build": build_id,
            "client": options.client,
            "portals": portals,
            "bx24_url": client.url if client.content is None else f"assets/{build_id}/{client.name}",
            "phone": options.phone,
            **({"live": True} if options.live else {}),
            **({"follow": True} if options.follow else {}),
            **_report(options),
        }
        _write_page(directory, config, scripts)
        if options.compress != "none":
            compress.compress(directory, best=options.compress == "best")
        written = [f"'{integrity(script)}'" for script in _written()]
        result = Manifest(
            build=build_id,
            version=version(),
            pyodide=target.pyodide_version(),
            client=options.client,
            portals=portals,
            csp=origins.content_security_policy(portals, [*written, *client.origins], connect),
            packages=list(packages.versions),
            files=manifest.list_files(directory),
        )
        result.write(directory)
        if contents["config"] is not None or (options.out / config_file.NAME).is_file():
            config_file.write(directory, options.out, options.config)
    return result


def _report(options: BuildOptions) -> dict[str, Any]:
    """What the page has to know of the report sink."""
    if options.report_to is None:
        return {}
    sink = {key: value for key, value in asdict(options.report_to).items() if value is not None}
    how = {"messages": options.report_messages, "sample": options.report_sample}
    return {"report": {**sink, **how, "version": version(), "pyodide": target.pyodide_version()}}


def _contents(
    directory: Path, options: BuildOptions, app: AppSource, packages: Frozen, memory: Snapshot, pyodide: Path
) -> dict[str, Any]:
    """What the worker is told of the bundle; puts the interpreter and the wheels into it."""
    return {
        "pyodideUrl": f"../../{_add_pyodide(directory, pyodide, options.hard_link)}/",
        "wheels": [f"../../{_add_wheel(directory, path)}" for path in packages.app],
        "app": {"archive": "app.zip", "module": app.module, "attribute": app.attribute},
        "settings": dict(options.settings),
        "config": f"../../{config_file.NAME}" if options.config is not None or config_file.is_read(app) else None,
        "live": options.live and app.version,
        "snapshot": None if memory.content is None else "snapshot.bin",
        "filled": memory.filled,
        "bare": bool(memory.bare),
        "libraries": [_library(path, packages.app) for path in memory.libraries],
        "withoutSnapshot": memory.reason or None,
        "lock": LOCK,
        "lockInfo": target.info(),
    }


def _library(path: str, packages: Sequence[Path]) -> dict[str, str]:
    """Which file of which archive is this file of the interpreter."""
    for wheel in packages:
        with zipfile.ZipFile(wheel) as archive:
            for place, entry in wheel_check.installed(archive.infolist()):
                if path.endswith(f"/site-packages/{place}"):
                    return {"archive": f"../../{wheels.address(wheel)}", "file": entry.filename}
    raise ToolError(f"{path}: no wheel of the bundle has this file, which the app loads")


def _write_assets(directory: Path, assets: Mapping[str, bytes], contents: Mapping[str, Any]) -> str:
    """Write them, and the module that tells what they are, into a folder that is named after all of it; its name."""
    build_id = _build_id({**assets, entries.EARLY: entries.early().encode()}, contents)
    folder = directory / "assets" / build_id
    told = {"build": build_id, **contents}
    worker = entries.with_contents(assets[entries.WORKER], json.dumps(told, ensure_ascii=False))
    for name, content in {**assets, entries.WORKER: worker, PLACEHOLDER: _bundle_module(told)}.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    return build_id


def _hashes(directory: Path, assets: Mapping[str, bytes], contents: Mapping[str, Any]) -> dict[str, str]:
    """The hash of each file that is loaded as bytes, by its address as the worker's modules write it."""
    bytes_of = {name: assets[name] for name in ("app.zip", LOCK, "snapshot.bin") if name in assets}
    outside = [*contents["wheels"], *(f"{contents['pyodideUrl']}{name}" for name in PYODIDE_FILES)]
    bytes_of |= {url: (directory / url.removeprefix("../../")).read_bytes() for url in outside}
    return {url: integrity(content) for url, content in bytes_of.items()}


def _written() -> tuple[bytes, bytes]:
    """The scripts that are written into the page."""
    return GUARD.read_bytes(), entries.early().encode()


@dataclass(frozen=True, slots=True)
class _ClientScript:
    """Where the page gets its client from: a file of the bundle when there is content, else an address."""

    url: str
    name: str = ""
    content: bytes | None = None
    origins: tuple[str, ...] = ()


def _client_script(options: BuildOptions) -> _ClientScript:
    if options.client == "b24jssdk":
        return _ClientScript("", "b24jssdk.js", B24JSSDK.read_bytes())
    url = options.bx24_url
    if url.startswith(("https://", "http://")):
        return _ClientScript(url, origins=(origins.origin_of(url, "--bx24-url"),))
    if Path(url).is_file() and url.endswith(".js"):
        return _ClientScript("", Path(url).name, Path(url).read_bytes())
    if "://" in url or url.startswith("//") or not url:
        raise ToolError(
            f"--bx24-url {url}: neither an http(s) address, nor a path", f"The official one is {OFFICIAL_BX24}"
        )
    say(f"note: --bx24-url {url}: no such file here, so the page asks its own host for it")
    return _ClientScript(url)


def _add_pyodide(directory: Path, pyodide: Path, hard_link: bool) -> str:
    sources = [pyodide / name for name in PYODIDE_FILES]
    folder = f"pyodide/{target.pyodide_version()}-{digest_of_files(sources)[:12]}"
    (directory / folder).mkdir(parents=True)
    for path in sources:
        _place(path, directory / folder / path.name, hard_link)
    return folder


def _add_wheel(directory: Path, wheel: Path) -> str:
    url = wheels.address(wheel)
    (directory / url).parent.mkdir(parents=True, exist_ok=True)
    _place(wheel, directory / url, hard_link=False)
    return url


def _place(source: Path, target: Path, hard_link: bool) -> None:
    if hard_link:
        with suppress(OSError):  # another file system
            os.link(source, target)
            return
    shutil.copyfile(source, target)


def _assets(
    options: BuildOptions, scripts: Sequence[PageScript], client: _ClientScript, packages: Frozen, memory: Snapshot
) -> dict[str, bytes]:
    """What goes under assets/<build>/, by its paths."""
    npm = [*(phone.BUNDLED if options.phone == "jssip" else ()), *(B24JSSDK_NAME,) * (options.client == "b24jssdk")]
    assets = {
        **_modules(scripts, client),
        "app.zip": memory.archive,
        LOCK: packages.lock,
        **phone.assets(options.phone),
        **inventory.files(packages.app, npm),
    }
    if options.live:
        assets |= {f"live/{path.name}": path.read_bytes() for path in sorted((STATIC / "live").glob("*.js"))}
    assets = entries.joined(assets)
    if memory.content is not None:
        assets["snapshot.bin"] = memory.content
    return assets


def _modules(scripts: Sequence[PageScript], client: _ClientScript) -> dict[str, bytes]:
    """The modules of `static`, and what options bring, by their paths."""
    files = sorted(path for path in STATIC.rglob("*") if path.suffix in (".css", ".js"))
    names = {path.relative_to(STATIC).as_posix(): path for path in files if path not in (GUARD, CHOOSER)}
    ours = {name: path.read_bytes() for name, path in names.items() if name.partition("/")[0] not in OPTIONAL}
    del ours[PLACEHOLDER]
    assets = dict(ours)
    theirs = [(script.name, script.content, "--page-script") for script in scripts]
    if client.content is not None:
        theirs.append((client.name, client.content, "--bx24-url"))
    for name, content, option in theirs:
        if name in assets:
            raise ToolError(f"{option} {name}: the bundle has a file of that name already", "Rename yours.")
        assets[name] = content
    return assets


def _build_id(assets: Mapping[str, bytes], contents: Mapping[str, object]) -> str:
    digest = hashlib.sha256(json.dumps(contents, sort_keys=True).encode())
    for name in sorted(assets):
        digest.update(f"\n{name} {hashlib.sha256(assets[name]).hexdigest()}".encode())
    return digest.hexdigest()[:12]


def _bundle_module(contents: Mapping[str, object]) -> bytes:
    text = json.dumps(contents, indent=2, ensure_ascii=False)
    comment = (
        "// Generated by scripts/build: what this bundle holds, with addresses relative to the folder of its build."
    )
    return f"{comment}\nexport const bundle = {text};\n".encode()


def _write_page(directory: Path, config: Mapping[str, object], scripts: Sequence[PageScript]) -> None:
    # The only imports beyond the standard library: options are checked before they are installed.
    import jinja2
    from markupsafe import Markup

    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined, keep_trailing_newline=True)
    guard, early = _written()
    phone_modules = ["phone/start.js"] if config["phone"] else []
    page = environment.from_string(TEMPLATE.read_text(encoding="utf-8")).render(
        config=config,
        guard=Markup(guard.decode()),
        early=Markup(early.decode()),
        bx24_url=config["bx24_url"],
        assets=f"assets/{config['build']}",
        modules=imports.graph(directory / f"assets/{config['build']}", (entries.SHIM, *phone_modules)),
        page_scripts=scripts,
    )
    (directory / "index.html").write_text(page, encoding="utf-8")
