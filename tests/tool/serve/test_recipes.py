"""What `scripts/build --emit` writes (`tests/browser/install/test_recipes.py` runs it), and how load is read."""

from pathlib import Path

import pytest

from worker_py_tool.bench import serving
from worker_py_tool.bench.serving import Load
from worker_py_tool.bundle import manifest, publish
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.errors import ToolError
from worker_py_tool.serve import recipes

POLICY = "default-src 'none'; frame-ancestors https://*.portal.example"


@pytest.fixture
def made(tmp_path: Path) -> Manifest:
    (tmp_path / "out").mkdir()
    (tmp_path / "out" / "index.html").write_text("page")
    written = Manifest("0" * 12, "0", "0", "bx24", [], POLICY, manifest.list_files(tmp_path / "out"))
    written.write(tmp_path / "out")
    return written


@pytest.mark.parametrize(("kind", "name"), [("nginx", "out.nginx.conf"), ("caddy", "out.Caddyfile")])
def test_a_configuration_lies_beside_the_bundle_and_names_policy_and_place(
    tmp_path: Path, made: Manifest, kind: recipes.Kind, name: str
) -> None:
    path = recipes.write(kind, tmp_path / "out", made)
    assert path == tmp_path / name
    text = path.read_text(encoding="utf-8")
    assert f'"{POLICY}"' in text
    assert str(tmp_path / "out") in text
    publish.check_target(tmp_path / "out")


@pytest.mark.parametrize("name", ["a$b", 'a"b', "a{b}", "a\nb"])
def test_a_path_that_would_mean_something_in_a_configuration_is_refused(made: Manifest, name: str) -> None:
    for kind in recipes.KINDS:
        with pytest.raises(ToolError, match="cannot stand in a configuration"):
            recipes.render(kind, Path("/srv") / name, made, recipes.PLACES[kind])


def test_a_path_with_a_blank_stays_in_one_piece(made: Manifest) -> None:
    for kind in recipes.KINDS:
        assert '"/srv/my app"' in recipes.render(kind, Path("/srv/my app"), made, recipes.PLACES[kind])


def test_what_wrk_tells_is_read_and_failures_are_counted() -> None:
    load = serving.read("Running 3s test\nrequests=3000 micros=2000000 p50=1500.0 p99=20500.0 errors=2\n")
    assert load == Load(requests_per_s=1500, p50_ms=1.5, p99_ms=20.5, requests=3000, errors=2)
    with pytest.raises(ToolError, match="unknown"):
        serving.read("unable to connect")
