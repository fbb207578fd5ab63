"""What all Python tests share: coroutine tests run on a loop with virtual time, in CPython and inside Pyodide alike."""

import inspect

import pytest


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test: a 30-second deadline costs it nothing, and one that waits for ever fails at once."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from worker_py.testing import run  # only tests of worker_py are coroutines

    wanted = inspect.signature(pyfuncitem.obj).parameters
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True
