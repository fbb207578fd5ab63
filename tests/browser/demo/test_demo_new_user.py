"""What a new user does: takes a copy of the repository, runs one command, opens the first line it prints.

CI takes the repository as it is cloned, too, and sets it up by the same `launch.sh`; the demo that comes then is that
of the other tests here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
from playwright.sync_api import Page, expect

from worker_py_tool.paths import ROOT

FIRST_LINE_S = 600


def copy_of_the_repository(target: Path) -> None:
    """What a clone would hold, with what is not committed yet."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().split("\0"):
        if name and (ROOT / name).is_file():
            (target / name).parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(ROOT / name, target / name)


@pytest.mark.campaign
@pytest.mark.timeout(FIRST_LINE_S)
def test_one_command_and_the_first_call_is_answered_by_python(tmp_path: Path, page: Page) -> None:
    """The copy installs everything it needs; pip and npm may use what they keep of earlier downloads."""
    copy_of_the_repository(tmp_path)
    env = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "VIRTUAL_ENV")}
    with subprocess.Popen(
        [tmp_path / "scripts" / "demo"], cwd="/", env=env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    ) as process:
        try:
            assert process.stdout is not None
            address = process.stdout.readline().strip()
            assert address.startswith("http://")
            page.goto(address)
            expect(page.locator("#guide")).to_have_text("It rings. Press Answer: Python takes the call.")
            page.get_by_role("button", name="Answer").click()
            expect(page.locator("#card-status")).to_have_text("Answered by Python")
        finally:
            process.terminate()
