"""Playwright's synchronous interface learns who calls it as `inspect` would tell, and quicker."""

import inspect
import traceback

from playwright._impl import _connection, _sync_base

from tests.support import stacks


def test_a_stack_holds_the_frames_that_inspect_finds() -> None:
    quick, thorough = stacks.stack(0), inspect.stack(0)
    told = [
        [(found.frame, found.filename, found.lineno, found.function) for found in each] for each in (quick, thorough)
    ]
    assert told[0] == told[1]
    assert quick[0].function == "test_a_stack_holds_the_frames_that_inspect_finds"


def test_the_end_of_a_stack_is_what_traceback_finds() -> None:
    quick, thorough = stacks.extract_stack(limit=3), traceback.extract_stack(limit=3)
    assert quick == thorough
    assert quick.format() == thorough.format()
    assert quick[-1].line == "quick, thorough = stacks.extract_stack(limit=3), traceback.extract_stack(limit=3)"


def test_playwright_asks_for_the_end_of_a_stack_where_it_is_given_this_one() -> None:
    wanted = "traceback.extract_stack(limit=10)"  # where it is not asked for any more, drop it
    assert wanted in inspect.getsource(_sync_base.SyncBase._sync)
    assert wanted in inspect.getsource(_connection.Connection._send_message_to_server)
    with stacks.quick_stacks():
        for module in (_sync_base, _connection):
            assert vars(module)["traceback"].extract_stack is stacks.extract_stack
            assert vars(module)["traceback"].format_list is traceback.format_list
    assert vars(_connection)["traceback"] is traceback


def test_playwright_asks_for_it_at_each_call_of_its_synchronous_interface() -> None:
    assert "inspect.stack(0)" in inspect.getsource(_sync_base.SyncBase._sync)  # or it costs nothing any more: drop it
    assert {line.strip() for line in inspect.getsource(_sync_base).splitlines() if "inspect." in line} == {
        'setattr(task, "__pw_stack__", inspect.stack(0))'
    }
    with stacks.quick_stacks():
        assert vars(_sync_base)["inspect"].stack is stacks.stack
    assert vars(_sync_base)["inspect"] is inspect
