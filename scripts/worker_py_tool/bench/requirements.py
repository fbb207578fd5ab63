"""What packages that the app imports cost at the boot, with a snapshot that holds them and without."""

from functools import partial

from worker_py_tool.bench import browsers, stage
from worker_py_tool.bench.results import Row, Table
from worker_py_tool.bench.rounds import by_turns
from worker_py_tool.bench.run import Run

PACKAGES = {
    "six": "1.17.0",
    "idna": "3.10",
    "sortedcontainers": "2.4.0",
    "tabulate": "0.9.0",
    "xmltodict": "0.14.2",
}
"""Small pure packages without dependencies, and their versions."""
COUNTS, QUICK_COUNTS = (0, 1, 2, 3, 4, 5), (0, 5)
SNAPSHOT, PLAIN = "ours, dedicated worker", "ours without snapshot"


def measure(run: Run) -> list[Table]:
    """Boot apps with more and more packages, with a warm cache."""
    run.stage.need(stage.PORTAL)
    places: dict[tuple[str, int], str] = {}
    for count in QUICK_COUNTS if run.quick else COUNTS:
        for name, snapshot in ((SNAPSHOT, True), (PLAIN, False)):
            site = f"requires-{count}{'' if snapshot else '-plain'}"
            requirements = [f"{package}=={version}" for package, version in list(PACKAGES.items())[:count]]
            run.stage.need_bundle(site, _app(list(PACKAGES)[:count]), requirements=requirements, snapshot=snapshot)
            places[name, count] = site
    with run.stage.served() as server, browsers.fresh(run.playwright) as context:
        takes = {key: partial(browsers.boot, context, server, site) for key, site in places.items()}
        samples = by_turns(takes, run.rounds(4, 0 if run.quick else 2))
    rows = [Row(name, taken, count) for (name, count), taken in samples.items()]
    title = "From the start of the page until a handler can run, warm cache"
    return [Table("requirements", title, "ms", rows, PLAIN, "packages")]


def _app(packages: list[str]) -> str:
    imports = "".join(f"import {package}\n" for package in packages)
    return f'"""An app that imports {len(packages)} packages."""\n\n{imports}from worker_py import App\n\napp = App()\n'
