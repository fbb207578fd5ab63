"""The demo as a directory of plain files: portal, placement page and client in one tree, for any web server.

It works below any path, on one origin, and where only GET is answered. Nothing in it is asked of a server: the portal's
REST is in its page. The layout, beside the files of ``static/portal``::

    index.html       the portal's page, which says where everything is
    app/             a bundle: the placement page
    manifest.json    all files, for the service worker that keeps them, and for the next build
"""

import dataclasses
import html
import shutil
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from worker_py_tool.bundle import manifest, plain_names, publish
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.demo import demo, editor
from worker_py_tool.demo.portal_server import SCRIPT as SERVER
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import PORTAL

APP = "app"
PLAIN_HTML = '<html lang="en">'
"""What is replaced in the portal's page."""


def write(out: Path, **options: Any) -> Manifest:
    """Make the directory, or replace one that was made before.

    Args:
        out: The directory.
        options: What of the demo's bundle is another app's, by the names of `BuildOptions`.

    Returns:
        What was written.

    Raises:
        ToolError: It cannot be built, or the directory holds something else.
    """
    with publish.staged(out) as directory:
        shutil.copytree(
            PORTAL, directory, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__", ".*", SERVER.name)
        )
        (directory / editor.PATH).write_bytes(editor.library())  # what lay there imports from npm packages
        made = demo.build_demo(
            directory / APP, phone="loopback", live=True, portals=(), hard_link=False, compress="none", **options
        )
        plain_names.use(directory / APP)
        _say_where_everything_is(directory / "index.html", made.build)
        whole = dataclasses.replace(
            made,
            csp=f"{made.csp}; frame-src 'self'",
            files=manifest.list_files(directory),
        )
        whole.write(directory)
    return whole


def _say_where_everything_is(page: Path, build_id: str) -> None:
    text = page.read_text(encoding="utf-8")
    if text.count(PLAIN_HTML) != 1:
        raise ToolError(
            f"{page.name} of the portal lacks {PLAIN_HTML}", "The repository is damaged: check it out again."
        )
    query = urlencode({"app": f"{APP}/", "rest": "page", "method": "get", "build": build_id})
    tag = f'<html lang="en" data-query="{html.escape(query)}">'
    page.write_text(text.replace(PLAIN_HTML, tag), encoding="utf-8")
