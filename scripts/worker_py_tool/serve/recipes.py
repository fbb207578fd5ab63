"""Configurations of web servers for a bundle: files by GET, the page by POST too, the headers of the manifest."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Literal, get_args

from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import TOOL
from worker_py_tool.serve import headers
from worker_py_tool.serve.media_types import MEDIA_TYPES, UNKNOWN

Kind = Literal["nginx", "caddy"]
KINDS: tuple[Kind, ...] = get_args(Kind)
Edge = Literal["cloudflare", "netlify", "s3-cloudfront", "container"]
EDGES: tuple[Edge, ...] = get_args(Edge)
_LONGER = r"6553[7-9]|655[4-9]\d|65[6-9]\d\d|6[6-9]\d{3}|[7-9]\d{4}|\d{6,}"
"""Decimal numbers above the limit for bodies, as a regular expression: Caddy cannot compare numbers."""
TEMPLATES = TOOL / "recipe_templates"
_FILES: Mapping[Kind, tuple[str, str]] = {
    "nginx": ("nginx.conf.j2", ".nginx.conf"),
    "caddy": ("Caddyfile.j2", ".Caddyfile"),
}
_EDGE_FILES: Mapping[Edge, Mapping[str, str]] = {
    "cloudflare": {"worker.js": "cloudflare.worker.js.j2", "wrangler.jsonc": "wrangler.jsonc.j2"},
    "netlify": {"netlify.toml": "netlify.toml.j2", "edge-functions/page.mjs": "netlify.mjs.j2"},
    "s3-cloudfront": {"template.yaml": "s3-cloudfront.yaml.j2"},
    "container": {"Containerfile": "Containerfile.j2"},
}
"""What is written for an edge network, or for a container of `serve`, into a directory beside the bundle."""
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


def write_edge(kind: Edge, directory: Path, manifest: Manifest) -> Path:
    """Write what an edge network or a container needs into a directory beside a bundle, where it is not served.

    Returns:
        The directory: the bundle's name with `.cloudflare` or so behind it.
    """
    root = directory.resolve()
    target = root.with_name(f"{root.name}.{kind}")
    function = _render("cloudfront.function.js.j2", {}).strip()
    for name, template in _EDGE_FILES[kind].items():
        path = target / name
        path.parent.mkdir(parents=True, exist_ok=True)
        about = {**_about(manifest), "relative": f"../{root.name}", "name": name, "function": function}
        about |= {"bundle": root.name, "target": target.name}
        path.write_text(_render(template, about), encoding="utf-8")
    return target


def _about(manifest: Manifest) -> dict[str, Any]:
    """What all templates are told."""
    places = (headers.PAGE, "assets/0/a.js", "assets/0/a.mjs", *(f"{folder}0/a.zip" for folder in headers.HASHED))
    named = {path: headers.for_file(path, manifest.csp) for path in places}
    page = named.pop(headers.PAGE)
    files = {name: value for name, value in named["assets/0/a.js"].items() if not name.startswith("Content-")}
    scripts = {"Content-Security-Policy": manifest.csp}
    return {
        "build": manifest.build,
        "policy": manifest.csp,
        "refusal_policy": headers.REFUSAL_POLICY,
        "permissions": headers.PERMISSIONS,
        "everywhere": headers.EVERYWHERE,
        "forever": headers.FOREVER,
        "hashed": headers.HASHED,
        "types": MEDIA_TYPES,
        "unknown_type": UNKNOWN,
        "page_headers": page,
        "rules": [
            ("/", page),
            ("/index.html", page),
            *((f"/{folder}*", files) for folder in headers.HASHED),
            *((f"/{folder}*.{ending}", scripts) for folder in headers.HASHED for ending in ("js", "mjs")),
        ],
    }


def _render(template: str, about: Mapping[str, Any]) -> str:
    import jinja2  # not at the top: the command line is checked before it is installed

    environment = jinja2.Environment(undefined=jinja2.StrictUndefined, keep_trailing_newline=True, autoescape=False)
    environment.filters["tojson"] = lambda value: json.dumps(value, ensure_ascii=False)
    return environment.from_string((TEMPLATES / template).read_text(encoding="utf-8")).render(**about)


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
    for text in (str(root), manifest.csp):
        if _UNQUOTABLE & set(text):
            raise ToolError(f"--emit {kind}: {text!r} cannot stand in a configuration", "Choose another path.")
    limits = {"body_limit": headers.BODY_LIMIT, "too_long": _LONGER}
    return _render(_FILES[kind][0], {**_about(manifest), **limits, **asdict(place), "root": root})
