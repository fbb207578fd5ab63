"""How the modules of a package hang together: in no circle, not even for their types, and by no private fields.

And how long a function may be; biome holds the same of JavaScript.
"""

import ast
import re
from collections.abc import Mapping, Set
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from worker_py_tool.paths import STATIC, TOOL, WORKER_PY


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
    return circle_in(imports(package))


def circle_in(graph: Mapping[str, Set[str]]) -> list[str]:
    """One circle of a graph, if there is any."""
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        found: list[str] = error.args[1]
        return found
    return []


@pytest.mark.parametrize("package", [WORKER_PY, TOOL], ids=lambda package: str(package.name))
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


OF_THE_STANDARD_LIBRARY = {"_emscripten_info", "_log_destroy_pending", "_name_", "_scheduled", "_value_"}


def private_writes(source: str) -> set[str]:
    """The private fields that are set on anything but ``self``."""
    nodes = [each for each in ast.walk(ast.parse(source)) if isinstance(each, ast.Attribute)]
    written = [
        each
        for each in nodes
        if isinstance(each.ctx, ast.Store) and each.attr.startswith("_") and not each.attr.startswith("__")
    ]
    return {each.attr for each in written if not (isinstance(each.value, ast.Name) and each.value.id == "self")}


def test_no_module_writes_private_fields_of_others() -> None:
    sources = [path.read_text(encoding="utf-8") for path in WORKER_PY.rglob("*.py")]
    assert set().union(*map(private_writes, sources)) == OF_THE_STANDARD_LIBRARY
    assert private_writes("self._a = 1\nself.card._b = 2\npage._c += 3\nx.y = z._d") == {"_b", "_c"}


# JavaScript --------------------------------------------------------------------------------------------------

NAMED = re.compile(r"""(?:\bfrom|\bimport)\s*\(?\s*["'](\.{1,2}/[^"']+\.js)["']""")
"""What a module imports: as it is loaded, once it runs, or for its types."""


def circle_of_scripts(folder: Path) -> list[str]:
    """As `circle`, of the ES modules below a folder."""
    graph = {
        path.relative_to(folder).as_posix(): {
            (path.parent / name).resolve().relative_to(folder.resolve()).as_posix()
            for name in NAMED.findall(path.read_text(encoding="utf-8"))
        }
        for path in folder.rglob("*.js")
    }
    return circle_in(graph)


def test_the_scripts_have_no_modules_that_import_each_other_in_a_circle_not_even_for_their_types() -> None:
    assert circle_of_scripts(STATIC) == []


@pytest.mark.parametrize(
    ("sources", "found"),
    [
        ({"a.js": 'import { b } from "./b.js";', "b.js": 'export * from "./a.js";'}, 2),
        ({"a.js": 'import "./b/c.js";', "b/c.js": 'const later = () => import("../a.js");'}, 2),
        ({"a.js": 'import {\n  b,\n} from "./b.js";', "b.js": '/** @typedef {import("./a.js").A} A */'}, 2),
        ({"a.js": 'import "./b.js";', "b.js": 'import "other";'}, 0),
    ],
)  # fmt: skip
def test_a_circle_of_scripts_is_found_whatever_way_they_are_imported(
    tmp_path: Path, sources: dict[str, str], found: int
) -> None:
    for name, source in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    assert len(set(circle_of_scripts(tmp_path))) == found


LONGEST = 60
"""Lines of a function, its docstring apart."""


def test_no_function_is_longer_than_can_be_seen_at_once() -> None:
    long = []
    for path in [*WORKER_PY.rglob("*.py"), *TOOL.rglob("*.py")]:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                docstring = (ast.get_docstring(node, clean=False) or "").splitlines()
                if (node.end_lineno or 0) - node.lineno + 1 - len(docstring) > LONGEST:
                    long.append(f"{path}: {node.name}")
    assert long == []
