"""Where things are in the repository."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
STATIC = ROOT / "static"
PORTAL = STATIC / "portal"
TEMPLATE = ROOT / "index.html.j2"
DOCS = ROOT / "docs"
REQUIREMENTS = ROOT / "requirements"
NODE_MODULES = ROOT / "node_modules"
VENV = ROOT / ".venv"
CACHE = ROOT / ".cache"
"""Downloads, locks and scratch directories; never committed, safe to delete while no command runs."""
