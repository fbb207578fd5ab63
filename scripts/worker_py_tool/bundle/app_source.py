"""The app that goes into a bundle: a file or a package directory, checked and packed into app.zip."""

import ast
import hashlib
import io
import keyword
import platform
import sys
import zipfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.bundle import app_files, target
from worker_py_tool.errors import ToolError

ZIP_TIME = (1980, 1, 1, 0, 0, 0)
RESERVED = {"worker_py", "micropip", "packaging", "pyodide", "pyodide_js", "js", "test", "tests"}
FORM = "Give a file or a package directory, and the App's name in it when that is not `app`: --app handlers.py:my_app"


@dataclass(frozen=True, slots=True)
class AppSource:
    """The app of a bundle.

    Attributes:
        path: The file, or the package directory.
        module: The name under which Python imports it.
        attribute: The name of the App in it.
        files: What goes into the archive: path in it, and content.
        left_out: Paths in a package directory that do not, and that one might miss.
    """

    path: Path
    module: str
    attribute: str
    files: tuple[tuple[str, bytes], ...]
    left_out: tuple[str, ...] = ()

    def archive(self) -> bytes:
        """The same app gives the same bytes: times and rights are fixed, entries are sorted and stored as they are."""
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
            for name, content in self.files:
                entry = zipfile.ZipInfo(name, ZIP_TIME)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.create_system = 3
                entry.external_attr = 0o100644 << 16
                archive.writestr(entry, content)
        return buffer.getvalue()

    @property
    def version(self) -> str:
        """What names exactly these files."""
        return hashlib.sha256(self.archive()).hexdigest()[:12]


def read_app(specification: str, include: Sequence[str] = ()) -> AppSource:
    """Read the app that `--app` names.

    Args:
        specification: `PATH[:NAME]`.
        include: Patterns of files that are packed although they look like something that should not be.

    Raises:
        ToolError: There is no such file, it cannot be imported under its name or packed, or it defines no such App.
    """
    path, attribute, main = find(specification)
    packing = app_files.pack(path, include)
    _check_defines(main, attribute)
    return AppSource(path, _module(path), attribute, tuple(packing.files), tuple(packing.left_out))


def find(specification: str) -> tuple[Path, str, Path]:
    """The file or directory that `--app` names, the App's name, and the file that defines it.

    Raises:
        ToolError: There is no such file, or it cannot be imported under its name.
    """
    path, attribute = split(specification)
    if not attribute.isidentifier() or keyword.iskeyword(attribute):
        raise ToolError(f"--app {specification}: {attribute!r} is not a Python name", FORM)
    if not path.exists():
        raise ToolError(f"--app {specification}: there is no {path}", FORM)
    _check_module_name(path, _module(path))
    if path.is_dir():
        main = path / "__init__.py"
        if not main.is_file():
            raise ToolError(f"--app {specification}: {path} is no package: it has no __init__.py", FORM)
        return path, attribute, main
    if path.suffix != ".py":
        raise ToolError(f"--app {specification}: {path.name} is not a .py file", FORM)
    app_files.regular(path, "--app")
    return path, attribute, path


def _module(path: Path) -> str:
    return path.name if path.is_dir() else path.stem


def split(specification: str) -> tuple[Path, str]:
    """The file or directory that `--app` names, and the App's name in it."""
    whole = Path(specification)
    if whole.exists() or ":" not in specification:
        return whole.resolve() if whole.exists() else whole, "app"
    head, _, attribute = specification.rpartition(":")
    return Path(head).resolve() if Path(head).exists() else Path(head), attribute


def _check_module_name(path: Path, module: str) -> None:
    if not module.isidentifier() or keyword.iskeyword(module):
        raise ToolError(f"--app: {path.name} cannot be imported: {module!r} is not a Python name", "Rename it.")
    if module in RESERVED or module in sys.stdlib_module_names:
        raise ToolError(f"--app: {path.name} would hide Python's or worker-py's own module {module!r}", "Rename it.")


def _check_defines(main: Path, attribute: str) -> None:
    try:
        tree = ast.parse(main.read_bytes(), str(main))
    except (SyntaxError, ValueError) as problem:
        line = getattr(problem, "lineno", None)
        where = f"{main}:{line}" if line else str(main)
        browsers = target.read().version if target.LOCK.exists() else sys.version_info[:2]
        newer, newest = sys.version_info < browsers, "{}.{}".format(*browsers)
        raise ToolError(
            f"--app: {where}: {getattr(problem, 'msg', problem)}",
            f"Checked by Python {platform.python_version()}: newer syntax needs a build with {newest}."
            if newer
            else "",
        ) from problem
    names = _defined_names(tree.body)
    if attribute not in names and "*" not in names:
        raise ToolError(
            f"--app: {main} defines no {attribute!r}",
            f"Write `{attribute} = App()` at its top level, or name what it is called: --app {main.name}:NAME",
        )


def _defined_names(body: list[ast.stmt]) -> set[str]:
    """Names bound at a module's top level, inside `if`, `try` and `with` blocks too; `*` for a star import."""
    names: set[str] = set()
    for statement in body:
        if isinstance(statement, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            names.add(statement.name)
            continue
        for node in ast.walk(statement):
            if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
                names.add(node.id)
            elif isinstance(node, ast.alias):
                names.add(node.asname or node.name.split(".")[0])
    return names
