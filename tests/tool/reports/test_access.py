"""Who may do what with a sink."""

import os
import stat
from pathlib import Path

import pytest

from worker_py_tool.errors import ToolError
from worker_py_tool.reports.access import BURST, PER_SECOND, Keyhole, Rate, token


def test_the_token_is_made_once_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    made, path, fresh = token(tmp_path / "r.sqlite")
    assert fresh
    assert len(made) >= 32
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert token(tmp_path / "r.sqlite") == (made, path, False)


def test_a_token_that_others_may_read_is_refused(tmp_path: Path) -> None:
    _, path, _ = token(tmp_path / "r.sqlite")
    os.chmod(path, 0o644)
    with pytest.raises(ToolError, match="others may read the token"):
        token(tmp_path / "r.sqlite")


def test_a_file_without_a_token_opens_nothing(tmp_path: Path) -> None:
    _, path, _ = token(tmp_path / "r.sqlite")
    path.write_text("\n")
    with pytest.raises(ToolError, match="holds no token"):
        token(tmp_path / "r.sqlite")


def test_the_token_opens_by_header_and_by_its_cookie_and_nothing_else_does() -> None:
    keyhole = Keyhole("the token")
    assert keyhole.opens("Bearer the token", None)
    assert keyhole.opens(None, f"other=1; worker_py_reports={keyhole.cookie}")
    refused: list[tuple[str | None, str | None]] = [
        (None, None),
        ("Bearer", None),
        ("Basic the token", None),
        ("Bearer the tokens", None),
    ]
    refused += [(None, "worker_py_reports=the token"), (None, "worker_py_reports="), (None, "é=é;;=")]
    assert not any(keyhole.opens(*headers) for headers in refused)
    assert "the token" not in keyhole.cookie


def test_each_address_may_send_so_much_and_a_flood_of_one_leaves_room_for_others() -> None:
    now = [0.0]
    rate = Rate(lambda: now[0])
    assert [rate.wait_s("flood") for _ in range(BURST)] == [0] * BURST
    assert rate.wait_s("flood") == pytest.approx(1 / PER_SECOND)
    assert rate.wait_s("office") == 0
    now[0] += 1
    assert [rate.wait_s("flood") == 0 for _ in range(PER_SECOND + 1)] == [True] * PER_SECOND + [False]


def test_addresses_beyond_number_cost_a_bounded_memory_and_share_one_limit() -> None:
    rate = Rate(lambda: 0.0)
    taken = sum(rate.wait_s(f"10.{number}") == 0 for number in range(20_000))
    assert taken == 3000
    assert len(rate._of) == 10_000
