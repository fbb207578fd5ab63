"""Our server does what the recipes for other servers are held to."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import http_contract
from tests.support.http_contract import CASES, Case
from worker_py_tool.bundle.build import BuildOptions, build
from worker_py_tool.serve.server import Server


@pytest.fixture(scope="module")
def bundle(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("contract")
    (directory / "app.py").write_text("from worker_py import App\n\napp = App()\n", encoding="utf-8")
    (directory / "secret.txt").write_text("secret", encoding="utf-8")
    build(BuildOptions(app=str(directory / "app.py"), out=directory / "out", hard_link=True))
    return directory / "out"


@pytest.fixture(scope="module")
def server(bundle: Path) -> Iterator[Server]:
    with Server(bundle) as running:
        yield running


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.sentence)
def test_contract(case: Case, server: Server, bundle: Path) -> None:
    http_contract.check(case, server.port, bundle)
