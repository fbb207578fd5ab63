"""Several versions under one address: what is live, what stays, what is taken back."""

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from worker_py_tool.bundle import manifest, rollout
from worker_py_tool.bundle.manifest import Manifest
from worker_py_tool.cli import main
from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.versions import tell_versions
from worker_py_tool.errors import ToolError

ONE, TWO, THREE = "1" * 12, "2" * 12, "3" * 12
DAY_S = 86_400


def bundle(directory: Path, build: str) -> Path:
    """A bundle of this build."""
    path = directory / f"bundle-{build}"
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n<title>worker-py</title>\n'
        f'<script type="application/json" id="worker-py-config">{{"build": "{build}"}}</script>\n'
        f'<script type="worker-py/shim-module" src="assets/{build}/page/shim.js"></script>\n</head>\n<body></body>'
    )
    for name, text in {"index.html": page, f"assets/{build}/page/shim.js": build, "pyodide/1/a.wasm": "same"}.items():
        (path / name).parent.mkdir(parents=True, exist_ok=True)
        (path / name).write_text(text)
    policy = f"default-src 'none'; script-src 'self' 'sha256-{build}'; frame-ancestors https://{build[0]}.example"
    portals = [f"https://{build[0]}.example"]
    Manifest(build, "0.2.0", "0", "bx24", portals, policy, manifest.list_files(path)).write(path)
    return path


def publish(tmp_path: Path, build: str, now: float = 0, **options: object) -> rollout.Rollout:
    made = bundle(tmp_path, build)
    return rollout.publish(made, tmp_path / "site", clock=lambda: now, **options)  # type: ignore[arg-type]


def told(site: Path) -> dict[str, object]:
    """What the page is told of the versions."""
    page = (site / "index.html").read_text()
    text = page.partition('id="worker-py-rollout">')[2].partition("</script>")[0]
    found: dict[str, object] = json.loads(text)
    return found


def test_a_site_is_a_bundle_to_every_server(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    site = tmp_path / "site"
    assert manifest.is_bundle(site)
    assert [line for line in manifest.check(site) if "versions/" not in line] == ["manifest.json"][:0]
    assert told(site) == {"stable": ONE, "canary": None, "before": [], "builds": [ONE]}
    page = (site / "index.html").read_text()
    assert page.count('<template data-build="') == 1
    assert page.count("<title>") == 1
    assert gzip.decompress((site / "index.html.gz").read_bytes()).decode() == page


def test_versions_stand_side_by_side_and_the_policy_allows_what_any_of_them_needs(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, TWO, channel="canary", percent=10, users=["7", "12"])
    site = tmp_path / "site"
    assert told(site)["canary"] == {"build": TWO, "percent": 10, "users": ["7", "12"]}
    assert [(site / f"assets/{build}/page/shim.js").read_text() for build in (ONE, TWO)] == [ONE, TWO]
    made = manifest.read(site)
    assert made.build == ONE
    assert made.portals == ["https://1.example", "https://2.example"]
    assert f"'sha256-{ONE}' 'sha256-{TWO}'" in made.csp
    assert "default-src 'none';" in made.csp
    assert "frame-ancestors https://1.example https://2.example" in made.csp


def test_a_new_stable_version_ends_the_canary_and_the_one_before_is_what_browsers_fall_back_to(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, TWO, channel="canary", percent=10)
    publish(tmp_path, TWO)
    assert told(tmp_path / "site") == {"stable": TWO, "canary": None, "before": [ONE], "builds": [TWO, ONE]}


def test_rollback_makes_live_what_was_so_before_and_deletes_nothing(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, TWO)
    rollout.rollback(tmp_path / "site")
    assert told(tmp_path / "site") == {"stable": ONE, "canary": None, "before": [], "builds": [ONE]}
    assert (tmp_path / f"site/assets/{TWO}/page/shim.js").exists()  # pages that run it load from it still
    with pytest.raises(ToolError, match="nothing was live before"):
        rollout.rollback(tmp_path / "site")


def test_files_stay_for_a_month_after_their_version_was_last_live(tmp_path: Path) -> None:
    publish(tmp_path, ONE, 0)
    publish(tmp_path, TWO, 1 * DAY_S)
    rollout.rollback(tmp_path / "site", clock=lambda: 2 * DAY_S)
    gone = tmp_path / f"site/assets/{TWO}"
    publish(tmp_path, THREE, 31 * DAY_S)
    assert gone.exists()
    publish(tmp_path, ONE, 33 * DAY_S)
    assert not gone.exists()
    assert (tmp_path / f"site/assets/{ONE}/page/shim.js").exists()
    assert (tmp_path / "site/pyodide/1/a.wasm").exists()


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ({"channel": "canary", "percent": 10}, "nothing is stable here yet"),
        ({"percent": 10}, "for a canary"),
        ({"users": ["7"]}, "for a canary"),
    ],
)
def test_what_makes_no_sense_is_refused(tmp_path: Path, options: dict[str, Any], said: str) -> None:
    with pytest.raises(ToolError, match=said):
        publish(tmp_path, ONE, **options)


def test_a_canary_for_nobody_a_damaged_bundle_and_a_foreign_directory_are_refused(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    with pytest.raises(ToolError, match="for nobody"):
        publish(tmp_path, TWO, channel="canary")
    damaged = bundle(tmp_path, THREE)
    (damaged / "index.html").write_text("other")
    with pytest.raises(ToolError, match=r"index\.html"):
        rollout.publish(damaged, tmp_path / "site")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign" / "letter.txt").write_text("mine")
    with pytest.raises(ToolError, match="is not empty"):
        rollout.publish(bundle(tmp_path, TWO), tmp_path / "foreign")
    assert told(tmp_path / "site")["stable"] == ONE


def test_the_commands_say_what_is_live(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    site = str(tmp_path / "site")
    assert main(["publish", str(bundle(tmp_path, ONE)), "--to", site]) == 0
    canary = ["--channel", "canary", "--percent", "10", "--users", "7,12"]
    assert main(["publish", str(bundle(tmp_path, TWO)), "--to", site, *canary]) == 0
    assert f"canary: {TWO} for 10 % of the operators, and for 7, 12" in capsys.readouterr().out
    assert main(["rollback", site]) == 0
    assert capsys.readouterr().out == f"stable: {ONE}\n"
    assert main(["rollback", str(tmp_path)]) == 1
    assert main(["publish", str(tmp_path / f"bundle-{ONE}"), "--to", site, "--percent", "0"]) == 1


def test_the_doctor_tells_what_is_live(tmp_path: Path) -> None:
    publish(tmp_path, ONE)
    publish(tmp_path, TWO)
    publish(tmp_path, THREE, channel="canary", percent=5)
    seen = Examination("https://app.example/")
    tell_versions((tmp_path / "site" / "index.html").read_bytes(), seen)
    [finding] = seen.findings
    expected = f"stable {TWO}; canary {THREE} for 5 % of the operators; {ONE} where the stable one does not start"
    assert finding.detail == expected
    tell_versions(b"<html>", seen)
    assert len(seen.findings) == 1
