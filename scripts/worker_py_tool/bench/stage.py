"""The sites that are measured: bundles of ours, and the pages of the others, compressed alike."""

import hashlib
import json
import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from worker_py_tool.bench.emulated_link import EmulatedLink
from worker_py_tool.bench.site_server import SiteServer
from worker_py_tool.bundle import build, compress, manifest, origins, wheels
from worker_py_tool.bundle.build import BuildOptions
from worker_py_tool.demo import demo
from worker_py_tool.paths import CACHE, NODE_MODULES

HERE = Path(__file__).parent
PAGES = HERE / "pages"
APP = (HERE / "app.py").read_text(encoding="utf-8")
PYODIDE = tuple(NODE_MODULES / "pyodide" / name for name in (*build.PYODIDE_FILES, build.LOCK))
PYSCRIPT = NODE_MODULES / "@pyscript" / "core" / "dist"

PORTAL = "portal"
OURS = "ours"
OURS_PLAIN = "ours-plain"
PLAIN = "plain"
PYSCRIPT_SITE = "pyscript"
FLOOR = "floor"
JAVASCRIPT = "javascript"
AGAINST = "against"
"""Another bundle that somebody brings, such as one of an earlier commit."""


@dataclass
class Stage:
    """A directory with a directory for each site. Each is made when it is first asked for.

    Attributes:
        directory: Holds the sites.
        best: Compress the usual sites with the highest quality, which takes about a minute for a snapshot that is new.
        policies: The Content-Security-Policy of each bundle.
    """

    directory: Path
    best: bool
    policies: dict[str, str] = field(default_factory=dict)

    def served(self, link: EmulatedLink | None = None) -> SiteServer:
        """A server of all sites, to be used in a `with` statement."""
        return SiteServer(self.directory, self.policies, link)

    def need(self, *sites: str) -> None:
        """Make those of the usual sites that are not there yet."""
        for site in sites:
            self._once(site, SITES[site], best=self.best)

    def need_bundle(self, site: str, app: str, *, requirements: Sequence[str] = (), snapshot: bool = True) -> None:
        """Make a site of ours for an app that is only compared with itself: it is compressed fast.

        Args:
            site: Its name.
            app: The text of its file.
            requirements: What it imports.
            snapshot: Whether it boots from one.
        """
        self._once(site, partial(_bundle, app=app, requirements=requirements, snapshot=snapshot), best=False)

    def bring(self, bundle: Path) -> None:
        """Take a bundle that is there as the site `AGAINST`. It has `pages/ready.js` as a page script."""
        self.policies[AGAINST] = manifest.read(bundle).csp
        shutil.copytree(bundle, self.directory / AGAINST)

    def has(self, site: str) -> bool:
        """Whether it was made."""
        return (self.directory / site).exists()

    def _once(self, site: str, make: Callable[["Stage", Path], None], *, best: bool) -> None:
        target = self.directory / site
        if not target.exists():
            make(self, target)
            compress.compress(target, best=best)


@contextmanager
def staged(*, best: bool) -> Iterator[Stage]:
    """A stage for the time of the block."""
    CACHE.mkdir(exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="bench-", dir=CACHE) as name:
        yield Stage(Path(name), best)


def _copy(target: Path, *files: Path) -> None:
    target.mkdir(exist_ok=True)
    for file in files:
        shutil.copyfile(file, target / file.name)


def _bundle(stage: Stage, target: Path, *, app: str, requirements: Sequence[str] = (), snapshot: bool = True) -> None:
    file = stage.directory / "apps" / target.name / "bench_app.py"
    file.parent.mkdir(parents=True)
    file.write_text(app, encoding="utf-8")
    options = BuildOptions(
        app=str(file),
        out=target,
        bx24_url=str(demo.CLIENT),
        portals=origins.LOOPBACK_PORTALS,
        page_scripts=(PAGES / "ready.js",),
        requirements=requirements,
        snapshot=snapshot,
        compress="none",
    )
    stage.policies[target.name] = build.build(options).csp


def _pyodide_with_wheels(target: Path) -> Path:
    """Pyodide with micropip and the wheel of worker_py beside it; gives the latter."""
    wheel = wheels.worker_py()
    _copy(target, *PYODIDE, *wheels.loader(), wheel)
    lock_file = target / "pyodide-lock.json"
    lock = json.loads(lock_file.read_text(encoding="utf-8"))
    for path in wheels.loader():  # the package index has micropip built anew: same version, other bytes
        for package in lock["packages"].values():
            if package["file_name"] == path.name:
                package["sha256"] = hashlib.sha256(path.read_bytes()).hexdigest()
    lock_file.write_text(json.dumps(lock, separators=(",", ":")), encoding="utf-8")
    return wheel


def _plain(stage: Stage, target: Path) -> None:
    wheel = _pyodide_with_wheels(target)
    _copy(target, *(PAGES / "plain").iterdir())
    (target / "wheel.js").write_text(f"export const wheel = {json.dumps(wheel.name)};\n", encoding="utf-8")


def _pyscript(stage: Stage, target: Path) -> None:
    wheel = _pyodide_with_wheels(target)
    _copy(target, *(path for path in (PAGES / "pyscript").iterdir() if path.is_file()))  # pip leaves bytecode there
    shutil.copytree(PYSCRIPT, target / "core", ignore=shutil.ignore_patterns("*.map"))
    config = {"interpreter": "/pyodide.mjs", "packages": [f"/{wheel.name}"]}
    (target / "pyscript.json").write_text(json.dumps(config), encoding="utf-8")


SITES: dict[str, Callable[[Stage, Path], None]] = {
    PORTAL: lambda stage, target: _copy(target, *(PAGES / "portal").iterdir()),
    OURS: partial(_bundle, app=APP),
    OURS_PLAIN: partial(_bundle, app=APP, snapshot=False),
    PLAIN: _plain,
    PYSCRIPT_SITE: _pyscript,
    FLOOR: lambda stage, target: _copy(target, *(PAGES / "floor").iterdir()),
    JAVASCRIPT: lambda stage, target: _copy(target, *(HERE / "javascript").iterdir(), demo.CLIENT),
}
