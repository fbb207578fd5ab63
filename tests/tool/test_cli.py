"""What the command says about itself."""

import pytest

from worker_py_tool import cli


@pytest.mark.parametrize("asked", ["--help", "-h"])
def test_help_names_every_command_with_what_it_does(asked: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([asked]) == 0
    shown = capsys.readouterr()
    lines = {line.split(maxsplit=1)[0]: line for line in shown.out.splitlines() if line.startswith("  ")}
    assert list(lines) == list(cli.OFFERED)
    assert all(cli.COMMANDS[name] in lines[name] for name in cli.OFFERED)
    assert shown.err == ""


def test_a_command_that_there_is_not_is_named_and_all_others_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["sevre"]) == 2
    shown = capsys.readouterr()
    assert shown.err.startswith("error: sevre: there is no such command\n")
    assert "  serve " in shown.err
    assert shown.out == ""


def test_no_command_at_all_is_answered_by_the_list(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main([]) == 2
    assert capsys.readouterr().err.startswith("usage: ")
