"""Writes docs/reference.md from the docstrings of `worker_py`: .venv/bin/python docs/make_reference.py."""

import logging
import re
from pathlib import Path

from griffe import Alias, GriffeLoader, Object, Parser
from griffe2md import ConfigDict, render_object_docs

ROOT = Path(__file__).resolve().parents[1]
REFERENCE = ROOT / "docs" / "reference.md"
PARTS = (
    "app.App",
    "card.CallCard",
    "state.CardState",
    "events",
    "page.Page",
    "rest.Rest",
    "registry.HandlerFailure",
    "errors",
    "testing",
)
"""What an app imports or is handed, in the order of docs/api.md."""
HEAD = """# Reference

Every public class and function of `worker_py` with its signature and docstring. [api.md](api.md) explains how they work
together.

<!-- made from the docstrings by docs/make_reference.py -->

"""
CONFIG = ConfigDict(
    docstring_style="google",
    docstring_section_style="list",
    filters=["!^_"],
    heading_level=2,
    line_length=100,
    members_order="source",
    merge_init_into_class=True,
    separate_signature=True,
    show_object_full_path=False,
    show_root_full_path=True,
    show_root_members_full_path=False,
    show_signature_annotations=True,
    signature_crossrefs=False,
    annotations_path="brief",
    summary=False,
    show_if_no_docstring=False,
)


def rendered() -> str:
    """The whole page."""
    loader = GriffeLoader(search_paths=[ROOT], docstring_parser=Parser.google)
    package = loader.load("worker_py")
    text = []
    for name in PARTS:
        mark_coroutines(package[name])
        text.append(plain(render_object_docs(package[name], CONFIG).strip()))
    return HEAD + "\n\n".join(text) + "\n"


def mark_coroutines(item: Object | Alias) -> None:
    """Signatures are printed without their `async`: the text has to say it."""
    if item.is_alias:
        return
    if item.is_function and "async" in item.labels and item.docstring:
        item.docstring.value = f"Coroutine. {item.docstring.value}"
    for member in item.members.values():
        mark_coroutines(member)


def plain(text: str) -> str:
    """Types in backquotes without links, of which most would lead to Python's own."""
    unlinked = re.sub(r"\[([^\[\]]+)\]\(#[^)]*\)", r"\1", text)
    quoted = re.sub(r"</?code>", "`", unlinked)
    signatures = quoted.replace("```python", "```py")  # no examples to run
    return re.sub(r"``([^`\n]+)``", r"`\1`", signatures)


if __name__ == "__main__":
    logging.getLogger("griffe").setLevel(logging.ERROR)
    REFERENCE.write_text(rendered(), encoding="utf-8")
    print(REFERENCE)
