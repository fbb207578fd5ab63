"""What all Python tests share: coroutine tests run on a loop with virtual time, in CPython and inside Pyodide alike."""

import inspect
from collections.abc import Callable
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from tests.support.spreading import Spreading


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem: pytest.Function) -> bool | None:
    """Run a coroutine test: a 30-second deadline costs it nothing, and one that waits for ever fails at once."""
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    from worker_py.testing import run  # only tests of worker_py are coroutines

    wanted = inspect.signature(pyfuncitem.obj).parameters
    run(pyfuncitem.obj(**{name: pyfuncitem.funcargs[name] for name in wanted}))
    return True


class SpreadHooks:
    """Where tests are spread over several processes; inside Pyodide nothing is."""

    @pytest.hookimpl
    def pytest_xdist_make_scheduler(self, config: pytest.Config, log: Callable[..., None]) -> "Spreading | None":
        """How files go to processes."""
        from tests.support.spreading import Spreading  # pytest-xdist is not in Pyodide

        return Spreading(config, log) if config.getoption("dist") == "loadfile" else None


def pytest_configure(config: pytest.Config) -> None:
    """Spread tests in our own way."""
    if config.pluginmanager.hasplugin("xdist"):
        config.pluginmanager.register(SpreadHooks())
