"""Configurations of web servers for a bundle: files by GET, the page by POST too, the headers of the manifest."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import TOOL
from worker_py_tool.serve import headers
from worker_py_tool.serve.media_types import MEDIA_TYPES, UNKNOWN

Kind = Literal["nginx", "caddy"]
KINDS: tuple[Kind, ...] = get_args(Kind)
_LONGER = r"6553[7-9]|655[4-9]\d|65[6-9]\d\d|6[6-9]\d{3}|[7-9]\d{4}|\d{6,}"
"""Decimal numbers above the limit for bodies, as a regular expression: Caddy cannot compare numbers."""
TEMPLATES = TOOL / "recipe_templates"
_FILES: Mapping[Kind, tuple[str, str]] = {
    "nginx": ("nginx.conf.j2", ".nginx.conf"),
    "caddy": ("Caddyfile.j2", ".Caddyfile"),
}
_UNQUOTABLE = frozenset('"\\$`{}\n')
"""What would mean something in one of the configurations, even in quotation marks."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where the server runs; what a person fills in otherwise.

    Attributes:
        listen: nginx: what `listen` says. Caddy: the site's address.
        access_log: The file of the access log.
        error_log: The file of nginx's error log.
    """

    listen: str
    access_log: str
    error_log: str = "/var/log/nginx/worker-py-error.log"


PLACES: Mapping[Kind, Place] = {
    "nginx": Place("80", "/var/log/nginx/worker-py.log"),
    "caddy": Place(":80", "/var/log/caddy/worker-py.log"),
}


def write(kind: Kind, directory: Path, manifest: Manifest) -> Path:
    """Write the configuration beside a bundle, where it is not served.

    Returns:
        The file: the bundle's name with `.nginx.conf` or `.Caddyfile` behind it.

    Raises:
        ToolError: The directory's name cannot stand in a configuration.
    """
    root = directory.resolve()
    path = root.with_name(root.name + _FILES[kind][1])
    path.write_text(render(kind, root, manifest, PLACES[kind]), encoding="utf-8")
    return path


def render(kind: Kind, root: Path, manifest: Manifest, place: Place) -> str:
    """The text of a configuration.

    Args:
        kind: Of which server.
        root: The bundle's absolute path.
        manifest: The bundle's manifest.
        place: Where the server runs.

    Raises:
        ToolError: The path cannot stand in a configuration.
    """
    import jinja2  # not at the top: the command line is checked before it is installed

    for text in (str(root), manifest.csp):
        if _UNQUOTABLE & set(text):
            raise ToolError(f"--emit {kind}: {text!r} cannot stand in a configuration", "Choose another path.")
    template = (TEMPLATES / _FILES[kind][0]).read_text(encoding="utf-8")
    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    return environment.from_string(template).render(
        build=manifest.build,
        policy=manifest.csp,
        refusal_policy=headers.REFUSAL_POLICY,
        permissions=headers.PERMISSIONS,
        everywhere=list(headers.EVERYWHERE.items()),
        forever=headers.FOREVER,
        hashed=headers.HASHED,
        types=[(ending.removeprefix("."), kind) for ending, kind in MEDIA_TYPES.items()],
        unknown_type=UNKNOWN,
        body_limit=headers.BODY_LIMIT,
        too_long=_LONGER,
        root=root,
        listen=place.listen,
        site=place.listen,
        server_name="_",
        access_log=place.access_log,
        error_log=place.error_log,
    )
