"""What an app needs: from a file of requirements, from the app's own head, or from its project, with `--require`."""

import argparse
import re
import tomllib
from collections.abc import Iterator, Sequence
from pathlib import Path

from worker_py_tool.bundle.project import Project, from_here
from worker_py_tool.bundle.requirement import name_of
from worker_py_tool.command_line import REPEATABLE
from worker_py_tool.errors import ToolError

OPEN = "# /// script"
CLOSE = "# ///"
"""The lines around a PEP 723 block."""


def add_options(parser: argparse.ArgumentParser) -> None:
    """Let a command line say what the app needs, and where Pyodide's own packages are."""
    add = parser.add_argument
    add(
        "--require",
        metavar="REQUIREMENT",
        **REPEATABLE,
        help="a package that the app imports, by name or path; repeatable",
    )
    add(
        "--requirements",
        metavar="FILE",
        type=Path,
        help="the app's dependencies (default: its PEP 723 block, else those of the pyproject.toml beside it)",
    )
    add(
        "--pyodide-packages",
        metavar="URL|DIR",
        default="",
        help="mirror of the packages that Pyodide has itself (default: where Pyodide publishes them)",
    )


def collect(main: Path, project: Project, require: Sequence[str], file: Path | None) -> list[str]:
    """All requirements of an app: of the first place that has any, and those of `require` beside them.

    `worker-py` itself is never among them: every bundle brings it.

    Args:
        main: The app's file; a package's `__init__.py`.
        project: The project's file.
        require: What the command line adds. It replaces what the project's table `require` says of the same package.
        file: The file of `--requirements`.

    Raises:
        ToolError: A file cannot be read, or says what cannot be done.
    """
    if file is not None:
        basis = list(_listed(file, ()))
    else:
        inline = _inline(main)
        basis = list(project.dependencies or ()) if inline is None else inline
    named = {name_of(each) for each in require}
    table = [each for each in project.require if name_of(each) not in named]
    everything = dict.fromkeys([*basis, *table, *require])
    return [each for each in everything if name_of(each) != "worker-py"]


def _inline(main: Path) -> list[str] | None:
    """The dependencies of the app's PEP 723 block; None without such a block."""
    # A source may be in another encoding, or in none: Python says so where it reads it, and the block is in ASCII.
    lines = main.read_text(encoding="utf-8-sig", errors="replace").splitlines()
    starts = [number for number, line in enumerate(lines) if line == OPEN]
    if not starts:
        return None
    if len(starts) > 1:
        raise ToolError(f"{main}:{starts[1] + 1}: a second `{OPEN}` block", "Leave one of them.")
    comments = []
    for line in lines[starts[0] + 1 :]:
        if line != "#" and not line.startswith("# "):
            break
        comments.append(line)
    if CLOSE not in comments:
        raise ToolError(f"{main}:{starts[0] + 1}: the block has no end", f"Write a line `{CLOSE}` below it.")
    last = len(comments) - 1 - comments[::-1].index(CLOSE)
    try:
        block = tomllib.loads("\n".join(line[2:] for line in comments[:last]))
    except tomllib.TOMLDecodeError as problem:
        raise ToolError(f"{main}:{starts[0] + 1}: the block is no TOML: {problem}") from problem
    found = block.get("dependencies", [])
    if not isinstance(found, list) or not all(isinstance(each, str) and each.strip() for each in found):
        raise ToolError(f"{main}:{starts[0] + 1}: dependencies should be a list of texts, not {found!r}")
    return [from_here(each, main.parent) for each in found]


def _listed(path: Path, readers: Sequence[Path]) -> Iterator[str]:
    """The lines of a file as pip reads it; of its options only `-r FILE`."""
    path = path.resolve()
    if path in readers:
        raise ToolError(f"--requirements: {path} reads itself", "Take the line with -r out.")
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError) as problem:
        reason = problem.strerror if isinstance(problem, OSError) else "it is not in UTF-8"
        raise ToolError(f"--requirements {path}: cannot be read: {reason}") from problem
    for line in re.sub(r"[ \t]*\\\r?\n[ \t]*", " ", text).splitlines():
        wanted = re.sub(r"(^|\s)#.*", "", line).strip()
        other = re.fullmatch(r"(?:-r|--requirement)(?:\s+|=)(.+)", wanted)
        if other:
            yield from _listed(path.parent / other[1], (*readers, path))
        elif re.search(r"(^|\s)-", wanted):
            raise ToolError(
                f"--requirements {path}: {wanted}: options of pip are not read, but for `-r FILE`",
                "Take it out. pylock.worker-py.toml keeps versions and hashes; pip's own settings name the index.",
            )
        elif wanted:
            yield from_here(wanted, path.parent)
