"""Starts a program that ends with its parent, and takes no more than its share.

It runs alone, `python -I leash.py PARENT BYTES SECONDS PROGRAM...`, and the program takes its place. PARENT is the
process that started it; BYTES bounds the memory that the program may write to, SECONDS the time of the processor,
which also ends it where the system does not tell of its parent's end.
"""

import ctypes
import os
import resource
import signal
import sys

PR_SET_PDEATHSIG = 1


def main(parent: int, most_bytes: int, most_seconds: int, program: list[str]) -> None:
    """Set the limits, and become the program."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGKILL, 0, 0, 0)
    if os.getppid() != parent:
        sys.exit("whoever started this has gone")
    for kind, most, more in ((resource.RLIMIT_DATA, most_bytes, 0), (resource.RLIMIT_CPU, most_seconds, 5)):
        _, allowed = resource.getrlimit(kind)
        free = allowed == resource.RLIM_INFINITY
        resource.setrlimit(kind, (most, most + more) if free else (min(most, allowed), min(most + more, allowed)))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.execv(program[0], program)


if __name__ == "__main__":
    main(int(sys.argv[1]), int(sys.argv[2]), int(sys.argv[3]), sys.argv[4:])
