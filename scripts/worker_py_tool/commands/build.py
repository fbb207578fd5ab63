"""scripts/build: the command line of `build`."""

import argparse
import json
from collections.abc import Set
from dataclasses import asdict
from pathlib import Path

from worker_py_tool.bundle import dependencies, distribution, manifest, origins, project, publish, pylock, report_target
from worker_py_tool.bundle.app_source import find, read_app
from worker_py_tool.bundle.build import OFFICIAL_BX24, BuildOptions, build
from worker_py_tool.bundle.page_script import check_page_scripts
from worker_py_tool.bundle.phone import PHONES
from worker_py_tool.bundle.project import CLIENTS
from worker_py_tool.bundle.report import boot_files, large_files, report
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import command
from worker_py_tool.process import say
from worker_py_tool.serve import recipes
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Make a bundle of an app: files for any static host."


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add(
        "--app",
        metavar="PATH[:NAME]",
        help="the app's file or package directory, and its App's name in it; [tool.worker-py] of the pyproject.toml "
        "beside it stands in for options that are not given",
    )
    add("--out", metavar="DIR", type=Path, help="directory to make; a bundle that is there already is replaced")
    add(
        "--include",
        metavar="PATTERN",
        **REPEATABLE,
        help="file of the app's package to pack although it looks like a secret or is left out otherwise",
    )
    add("--client", choices=CLIENTS, help="client of the portal (default: bx24)")
    add("--bx24-url", metavar="URL", help="script that defines BX24, or a local .js file to copy")
    add("--portal", metavar="ORIGIN", **REPEATABLE, help="portal that may frame the page; may be a pattern")
    add("--connect", metavar="ORIGIN", **REPEATABLE, help="what page scripts talk to, such as wss://pbx.example")
    add("--page-script", metavar="FILE.js", type=Path, **REPEATABLE, help="your own JavaScript for the page")
    add("--phone", choices=PHONES, help="a phone in the page: loopback, for demos, or jssip, SIP over WebSocket")
    dependencies.add_options(options)
    add("--frozen", action="store_true", help=f"insist on the packages of {pylock.NAME}, as `worker-py lock` wrote it")
    add(
        "--report-to",
        metavar="DSN|URL",
        help="where the page reports failures and boots: a DSN, or our own sink's address",
    )
    add(
        "--report-messages",
        action="store_true",
        help="send what exceptions say too: that may hold numbers, names and comments of calls",
    )
    add(
        "--report-sample",
        metavar="PART",
        type=float,
        default=1.0,
        help="which part of the boots is reported, from 0 to 1 (default: 1); failures always are",
    )
    add(
        "--emit",
        choices=(*recipes.KINDS, *recipes.EDGES),
        **REPEATABLE,
        help="also write a server's configuration, beside DIR",
    )
    add("--release", action="store_true", help="for production: best compression")
    add("--no-snapshot", action="store_true", help="leave out the interpreter's memory: smaller, and slower to start")
    add("--json", action="store_true", help="print what was made as JSON, for machines")
    add("--check", metavar="DIR", type=Path, help="build nothing: hold a bundle's files against its manifest")


def needs(options: argparse.Namespace) -> Set[Need]:
    """Refuses what cannot be built before anything is installed."""
    if options.check is not None:
        publish.put_back(options.check)
        manifest.read(options.check)
        return frozenset()
    chosen = wanted(options)
    read_app(chosen.app, chosen.include)
    distribution.check(options.pyodide_packages)
    check_page_scripts(chosen.page_scripts)
    publish.check_target(chosen.out.resolve())
    for text in chosen.portals:
        origins.origin(text, "--portal")
    for text in chosen.connect:
        origins.origin(text, "--connect", origins.CONNECT_SCHEMES)
    return {Need.BUILD}


def run(options: argparse.Namespace) -> int:
    """Make the bundle, and print where its page is; or check one, with status 1 when something is wrong."""
    if options.check is not None:
        return _check(options.check, as_json=options.json)
    chosen = wanted(options)
    if not chosen.portals:
        say(
            "warning: without --portal any https page may frame this one; name your portal: --portal https://company.bitrix24.com"
        )
    for portal in filter(origins.is_insecure, chosen.portals):
        say(f"warning: --portal {portal}: Python cannot run inside of a page that came by plain http; use https")
    made = build(chosen)
    recipes_written = {kind: str(_emit(kind, chosen.out, made)) for kind in options.emit}
    page = chosen.out / "index.html"
    app = read_app(chosen.app, chosen.include)
    for path, size in large_files(made, app):
        say(f"warning: {path} has {size / 1e6:.1f} MB, and every browser loads it")
    if options.json:
        boot = boot_files(chosen.out, made)
        packed = {name: len(content) for name, content in app.files}
        told = {"page": str(page), "recipes": recipes_written, "boot": boot, "app": packed, "left_out": app.left_out}
        print(json.dumps({**told, **asdict(made)}, indent=2))
        return 0
    say(report(chosen.out, made, app))
    for kind, path in recipes_written.items():
        say(f"{kind}: {path}")
    print(page)
    return 0


def _emit(kind: str, out: Path, made: manifest.Manifest) -> Path:
    if kind in recipes.EDGES:
        return recipes.write_edge(kind, out, made)
    return recipes.write(kind, out, made)  # type: ignore[arg-type]


def wanted(options: argparse.Namespace) -> BuildOptions:
    """What to build: the project's file, and the command line above it."""
    beside = project.read(options.app)
    app, out = options.app or beside.app, options.out or beside.out
    if app is None:
        raise ToolError(
            "--app is missing",
            f"Name the app's file: {command('build')} --app handlers.py --out DIR; or write it into {project.NAME}",
        )
    if out is None:
        raise ToolError(
            "--out is missing", f"Name the directory to make: {command('build')} --app handlers.py --out DIR"
        )
    report_to = options.report_to or beside.report_to
    if not 0 <= options.report_sample <= 1:
        raise ToolError(f"--report-sample {options.report_sample:g}: not a part of the whole", "Give one from 0 to 1.")
    return BuildOptions(
        app=app,
        out=out,
        include=options.include,
        client=options.client or beside.client or "bx24",
        bx24_url=options.bx24_url or beside.bx24_url or OFFICIAL_BX24,
        portals=options.portal or beside.portal,
        connect=options.connect or beside.connect,
        page_scripts=options.page_script or beside.page_script,
        phone=options.phone or beside.phone,
        requirements=dependencies.collect(find(app)[2], beside, options.require, options.requirements),
        pyodide_packages=options.pyodide_packages,
        lock=project.in_short(beside.directory / pylock.NAME),
        frozen=options.frozen,
        report_to=None if report_to is None else report_target.read(report_to),
        report_messages=options.report_messages,
        report_sample=options.report_sample,
        settings=beside.settings,
        config=beside.config,
        snapshot=not options.no_snapshot,
        compress="best" if options.release else "fast",
    )


def _check(directory: Path, *, as_json: bool) -> int:
    wrong = manifest.check(directory)
    if as_json:
        print(json.dumps({"directory": str(directory), "ok": not wrong, "wrong": wrong}, indent=2))
    else:
        files = len(manifest.read(directory).files)
        print("\n".join(wrong) if wrong else f"{directory}: all {files} files are in order")
    return 1 if wrong else 0
