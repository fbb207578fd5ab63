"""What all bundles want, made before a test has its time: the first one to build would spend most of its own on it."""

from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.paths import CACHE
from worker_py_tool.scratch import scratch

APP = "from worker_py import App\n\napp = App()\n"


def make() -> None:
    """Build a bundle of nothing: Python's library, the trimmed interpreter and what is compressed are kept.

    Raises:
        ToolError: It cannot be made.
    """
    with scratch("first-", CACHE) as directory:
        (directory / "app.py").write_text(APP, encoding="utf-8")
        build(BuildOptions(app=str(directory / "app.py"), out=directory / "out", hard_link=True))
