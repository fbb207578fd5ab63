"""The documentation as the command prints it."""

import tomllib

import pytest

from worker_py_tool import cli
from worker_py_tool.commands import docs
from worker_py_tool.paths import DOCS, ROOT

OF_THE_REPOSITORY = {"architecture", "benchmark"}


def test_every_page_is_printed_or_is_of_the_repositorys_own_work() -> None:
    assert {path.stem for path in DOCS.glob("*.md")} == docs.PAGES.keys() | OF_THE_REPOSITORY


def test_the_wheel_carries_what_is_printed() -> None:
    build = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["tool"]["hatch"]["build"]
    carried = build["targets"]["wheel"]["force-include"]
    for name in docs.PAGES:
        assert carried[f"docs/{name}.md"] == f"worker_py_tool/resources/docs/{name}.md"


def test_a_page_is_printed_as_it_is_written(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", "faq"]) == 0
    assert capsys.readouterr().out.strip() == (DOCS / "faq.md").read_text(encoding="utf-8").strip()


def test_without_a_page_all_of_it_is_printed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs"]) == 0
    printed = capsys.readouterr().out
    assert all(docs.text_of(name) in printed for name in docs.PAGES)


def test_programs_get_one_text_with_a_table_of_its_pages(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", "--llms"]) == 0
    printed = capsys.readouterr().out
    assert printed.startswith("# worker-py ")
    for name, about in docs.PAGES.items():
        assert f"- [{name}]({name}.md): {about}" in printed
        assert f"<!-- {name}.md -->\n\n{docs.text_of(name)}" in printed


def test_the_pages_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert cli.main(["docs", "--list"]) == 0
    assert capsys.readouterr().out.splitlines()[0] == "getting-started  from nothing to a card in your portal"


def test_a_page_that_is_not_there_is_an_error_in_words(
    capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(docs, "DOCS", DOCS / "nowhere")
    assert cli.main(["docs", "api"]) == 1
    assert "cannot be read" in capsys.readouterr().err
    with pytest.raises(SystemExit, match="2"):
        cli.main(["docs", "nonesuch"])
