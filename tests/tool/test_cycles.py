"""No modules of a package import each other in a circle, not even for their types."""

import ast
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from worker_py_tool.paths import WORKER_PY


def imports(package: Path) -> dict[str, set[str]]:
    """Which modules of a package each one imports, wherever in its file: what a package re-exports is not followed."""
    modules = {_name(path, package): path for path in package.rglob("*.py")}
    return {name: _imported(path, name, set(modules)) for name, path in modules.items()}


def _name(path: Path, package: Path) -> str:
    parts = path.relative_to(package.parent).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def _imported(path: Path, name: str, modules: set[str]) -> set[str]:
    found: set[str] = set()
    above = name.split(".") if path.name == "__init__.py" else name.split(".")[:-1]
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            where = above[: len(above) + 1 - node.level] if node.level else []
            base = ".".join([*where, *filter(None, [node.module])])
            inner = [f"{base}.{each.name}" for each in node.names]
            found |= {each if each in modules else base for each in inner}
    return found & modules - {name}


def circle(package: Path) -> list[str]:
    """Modules that import each other in a circle, from one to itself again; empty when there are none."""
    try:
        TopologicalSorter(imports(package)).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.mark.parametrize("package", [WORKER_PY], ids=lambda package: str(package.name))
def test_a_package_has_no_modules_that_import_each_other_in_a_circle(package: Path) -> None:
    assert circle(package) == []


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ({"a.py": "from . import b", "b.py": "def f():\n    from .a import f"}, 2),
        ({"a.py": "from .b.c import f", "b/__init__.py": "", "b/c.py": "from ..a import g"}, 2),
        ({"a.py": "import p.b", "b.py": "from p.c import f", "c.py": "if TYPE_CHECKING:\n    from .a import g"}, 3),
        ({"a.py": "from . import b", "b.py": "from os import path", "__init__.py": "from .a import f"}, 0),
    ],
)  # fmt: skip
def test_a_circle_is_found_whatever_way_the_modules_are_imported(
    tmp_path: Path, sources: dict[str, str], found: int
) -> None:
    for name, source in sources.items():
        path = tmp_path / "p" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    assert len(set(circle(tmp_path / "p"))) == found
