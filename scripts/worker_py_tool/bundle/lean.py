"""Runs in Node's Pyodide, for `library.py`: compiles Python's library, without what memory need not hold."""

import ast
import importlib.util
import io
import marshal
import types
import zipfile

DOCSTRING = "Left out of the bundle: see https://docs.python.org/3/library/"
"""What `help()` says in the place of each docstring."""
UNCHECKED = (0b01).to_bytes(4, "little")
_HEADER = importlib.util.MAGIC_NUMBER + UNCHECKED + bytes(8)
_DOCUMENTED = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
_TIME = (1980, 1, 1, 0, 0, 0)


def run(archive: bytes, path: str) -> bytes:
    """The archive with compiled code in the place of its sources; what is no Python of this version stays as it is.

    Args:
        archive: The library.
        path: Where it will be, for tracebacks.
    """
    made = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(archive)) as original, zipfile.ZipFile(made, "w") as lean:
        for name in original.namelist():
            content = original.read(name)
            code = _compiled(content, f"{path}/{name}") if name.endswith(".py") else None
            if code is None:
                lean.writestr(zipfile.ZipInfo(name, _TIME), content)
            else:
                lean.writestr(zipfile.ZipInfo(f"{name}c", _TIME), _HEADER + marshal.dumps(code))
    return made.getvalue()


def _compiled(source: bytes, name: str) -> types.CodeType | None:
    try:
        return compile(without_docstrings(ast.parse(source)), name, "exec", dont_inherit=True)
    except SyntaxError:
        return None


def without_docstrings(tree: ast.Module) -> ast.Module:
    """The same with another docstring wherever there is one."""
    for node in ast.walk(tree):
        if isinstance(node, _DOCUMENTED) and ast.get_docstring(node, clean=False) is not None:
            statement = node.body[0]
            assert isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
            statement.value.value = DOCSTRING
    return tree
