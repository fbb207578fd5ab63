# Sourced by the commands in scripts/: finds a Python that is new enough and hands over to the package beside this file.
# shellcheck shell=sh

# new_enough PYTHON: whether it runs and is at least 3.11.
new_enough() {
    command -v "$1" >/dev/null 2>&1 && "$1" -c 'import sys; sys.exit(sys.version_info < (3, 11))' >/dev/null 2>&1
}

# launch COMMAND [ARGUMENT]...
launch() {
    package=$(dirname -- "$(readlink -f -- "$0")")/worker_py_tool
    if [ -n "${WORKER_PY_PYTHON:-}" ]; then
        new_enough "$WORKER_PY_PYTHON" && exec "$WORKER_PY_PYTHON" "$package" "$@"
        echo "error: WORKER_PY_PYTHON names $WORKER_PY_PYTHON, which is no Python 3.11 or newer." >&2
        exit 1
    fi
    for python in python3 python3.14 python3.13 python3.12 python3.11 python; do
        new_enough "$python" && exec "$python" "$package" "$@"
    done
    found=$(python3 --version 2>&1) || found='no python3'
    {
        echo "error: scripts/$1 needs Python 3.11 or newer; this machine has $found on its PATH."
        echo "  Install one (Debian, Ubuntu: apt-get install python3 python3-venv), or name one that is elsewhere:"
        echo "  WORKER_PY_PYTHON=/path/to/python3 scripts/$1"
    } >&2
    exit 1
}
