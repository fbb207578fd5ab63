"""Runs other programs, and tells the person at the terminal what goes on."""

import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from worker_py_tool.errors import ToolError

SHOWN_LINES = 20


class NotDone(ToolError):
    """A program was ended because it took too long.

    Attributes:
        printed: Its standard output until then.
    """

    def __init__(self, message: str, remedy: str, printed: str) -> None:
        super().__init__(message, remedy)
        self.printed = printed


def say(text: str) -> None:
    """Print progress to stderr: stdout belongs to a command's result."""
    print(text, file=sys.stderr, flush=True)


def run_quietly(
    command: Sequence[str | Path],
    purpose: str,
    *,
    cwd: Path | None = None,
    env: Mapping[str, str] | None = None,
    clean_env: Mapping[str, str] | None = None,
    timeout_s: float | None = None,
    remedy: str = "",
    program: str = "",
) -> str:
    """Run a program and return its standard output.

    Args:
        command: Program and arguments.
        purpose: What it is for, as in "install the Python packages"; part of the error message.
        cwd: Directory to run in.
        env: Variables to add to the environment.
        clean_env: The whole environment instead.
        timeout_s: Limit, in seconds; None for no limit.
        remedy: What the reader can do when it fails.
        program: Its name, when another starts it.

    Raises:
        NotDone: It took too long.
        ToolError: It cannot be started, or ended with another status than 0.
    """
    try:
        done = subprocess.run(
            [str(part) for part in command],
            cwd=cwd,
            env=clean_env if clean_env is not None else {**os.environ, **(env or {})},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=timeout_s,
            check=False,
        )
    except OSError as problem:
        raise ToolError(f"could not {purpose}: {command[0]} did not start: {problem}", remedy) from problem
    except subprocess.TimeoutExpired as problem:
        printed = problem.stdout.decode(errors="replace") if isinstance(problem.stdout, bytes) else problem.stdout or ""
        raise NotDone(f"could not {purpose}: not done after {timeout_s:g} s", remedy, printed) from problem
    if done.returncode == -signal.SIGXCPU:
        raise NotDone(f"could not {purpose}: it took too much of the processor", remedy, done.stdout)
    if done.returncode != 0:
        shown = _shorten((done.stdout + done.stderr).strip().splitlines())
        raise ToolError(
            f"could not {purpose}: {program or Path(command[0]).name} ended with status {done.returncode}\n{shown}",
            remedy,
        )
    return done.stdout


def run_watched(
    command: Sequence[str | Path], purpose: str, on_line: Callable[[str], None], *, timeout_s: float
) -> None:
    """Run a program, and hand on each line of its standard output as it comes.

    Raises:
        ToolError: It cannot be started, took too long, or ended with another status than 0.
    """
    with tempfile.TemporaryFile("w+", errors="replace") as complaints:
        try:
            process = subprocess.Popen(
                [str(part) for part in command],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=complaints,
                text=True,
                errors="replace",
            )
        except OSError as problem:
            raise ToolError(f"could not {purpose}: {command[0]} did not start: {problem}") from problem
        watchdog = threading.Timer(timeout_s, process.kill)
        watchdog.start()
        with process:
            for line in process.stdout or ():
                on_line(line.rstrip("\n"))
        if not watchdog.is_alive():
            raise ToolError(f"could not {purpose}: not done after {timeout_s} s")
        watchdog.cancel()
        if process.returncode != 0:
            complaints.seek(0)
            shown = _shorten(complaints.read().strip().splitlines())
            raise ToolError(
                f"could not {purpose}: {Path(command[0]).name} ended with status {process.returncode}\n{shown}"
            )


def _shorten(lines: Sequence[str]) -> str:
    """Some programs say first what is wrong, others last."""
    if len(lines) > 2 * SHOWN_LINES:
        lines = [*lines[:SHOWN_LINES], "...", *lines[-SHOWN_LINES:]]
    return "\n".join(lines)
