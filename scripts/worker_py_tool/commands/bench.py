"""scripts/bench: the command line of the benchmark."""

import argparse
from collections.abc import Set
from pathlib import Path

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import CACHE, DOCS, INSTALLED, ROOT, command
from worker_py_tool.setup.bootstrap import Need

DESCRIPTION = "Measure the placement page beside plain Pyodide, PyScript, and handlers in JavaScript."

SECTIONS = ("boot", "link", "events", "memory", "handlers", "long-run", "requirements", "serving")


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    add = options.add_argument
    add("sections", metavar="SECTION", nargs="*", help=f"what to measure (default: all): {', '.join(SECTIONS)}")
    add(
        "--engine",
        choices=("chromium", "firefox", "webkit"),
        default="chromium",
        help="which browser's engine, for the section boot",
    )
    add(
        "--against",
        metavar="DIR",
        type=Path,
        help="another bundle to boot beside ours, built with bench/pages/ready.js as a page script",
    )
    add("--quick", action="store_true", help="few and short rounds: enough to see that it works")
    add(
        "--json",
        metavar="FILE",
        type=Path,
        default=CACHE / "bench" / "bench.json",
        help="where to write all samples (default: .cache/bench/bench.json)",
    )
    add("--from", dest="source", metavar="FILE", type=Path, help="measure nothing: take the samples of an earlier run")
    add("--plots", metavar="DIR", type=Path, help="draw SVG plots into this directory")
    add("--write-docs", action="store_true", help="put plots and tables into README.md and docs/ (a whole run only)")


def needs(options: argparse.Namespace) -> Set[Need]:
    """What a browser needs; the drawing library only when something is drawn."""
    for name in options.sections:
        if name not in SECTIONS:
            raise ToolError(f"there is no section {name}", f"Sections: {', '.join(SECTIONS)}")
    if options.engine != "chromium" and options.sections != ["boot"]:
        raise ToolError("--engine is for the section boot", f"Run: {command('bench')} boot --engine {options.engine}")
    if options.against and options.sections != ["boot"]:
        raise ToolError("--against is for the section boot", f"Run: {command('bench')} boot --against DIR")
    if options.write_docs and (options.sections or options.quick):
        raise ToolError("--write-docs wants a whole run", "Leave out the sections and --quick.")
    if options.write_docs and INSTALLED:
        raise ToolError("--write-docs is for the repository, whose pages it writes", "Use --plots DIR and --json FILE.")
    draws = options.plots or options.write_docs
    return {Need.BROWSER} | ({Need.PLOTS} if draws else set())


def run(options: argparse.Namespace) -> int:
    """Measure, print what came out, and write it where it is wanted."""
    from worker_py_tool.bench import docs, results, sections, text

    if options.source:
        report = results.read(options.source)
    else:
        report = sections.measure(
            options.sections or SECTIONS, quick=options.quick, engine=options.engine, against=options.against
        )
        options.json.parent.mkdir(parents=True, exist_ok=True)
        options.json.write_text(report.to_json(), encoding="utf-8")
    print(text.whole(report), flush=True)
    if options.plots or options.write_docs:
        from worker_py_tool.bench import plots

        for directory in {options.plots, DOCS / "images" if options.write_docs else None} - {None}:
            plots.draw(report, directory)
    if options.write_docs:
        docs.write(report, ROOT / "README.md", DOCS / "benchmark.md")
    return 0
