"""worker-py docs: the documentation that came with this version."""

import argparse
import pydoc

from worker_py_tool.errors import ToolError
from worker_py_tool.paths import DOCS, version

DESCRIPTION = "Print the documentation of this version: all of it, or one page."

PAGES = {
    "getting-started": "from nothing to a card in your portal",
    "api": "events, commands, REST, page functions, settings",
    "testing": "tests in memory and in a browser, recorded calls",
    "live": "working on an app while a call runs",
    "deployment": "builds, the project's file, packages, servers, the doctor",
    "portal": "how the portal behaves, and registration",
    "phone": "a phone in the page",
    "storage": "what is kept in the browser",
    "faq": "questions, and what to do when something is wrong",
    "reference": "every class and function",
    "packages": "packages that work, what they cost, an extension of your own",
    "reports": "what fails, on which desk, since which version",
    "rollout": "a new version for some first, and back",
    "support": "what was run where, and when",
    "browsers": "what each browser can do",
}
"""In the order in which one reads them. What only this repository's own work needs is not among them."""


def add_options(options: argparse.ArgumentParser) -> None:
    """What its command line takes."""
    options.epilog = "pages: " + "; ".join(f"{name}: {about}" for name, about in PAGES.items())
    options.add_argument("page", metavar="PAGE", nargs="?", choices=PAGES, help="one of the pages below")
    options.add_argument("--llms", action="store_true", help="as one text for programs, with a table of its pages")
    options.add_argument("--list", action="store_true", help="only which pages there are")


def run(options: argparse.Namespace) -> int:
    """Print it; where a person reads, page by page."""
    wanted = [options.page] if options.page else list(PAGES)
    if options.list:
        print("\n".join(f"{name:<16} {PAGES[name]}" for name in wanted))
    elif options.llms:
        print(one_text(wanted))
    else:
        pydoc.pager("\n\n".join(text_of(name) for name in wanted))
    return 0


def text_of(page: str) -> str:
    """A page as it is written, in Markdown.

    Raises:
        ToolError: It is not there.
    """
    try:
        return (DOCS / f"{page}.md").read_text(encoding="utf-8").strip()
    except OSError as problem:
        raise ToolError(
            f"{DOCS / page}.md: cannot be read: {problem.strerror}", "The installation is damaged: install it again."
        ) from problem


def one_text(pages: list[str]) -> str:
    """Pages as one text, each behind a line with its name; and before them what there is."""
    table = "\n".join(f"- [{name}]({name}.md): {PAGES[name]}" for name in pages)
    head = (
        f"# worker-py {version()}\n\n"
        "> Call-card logic of Bitrix24 telephony apps in Python, which runs in the operator's browser.\n\n"
        f"## Pages\n\n{table}"
    )
    parts = [f"<!-- {name}.md -->\n\n{text_of(name)}" for name in pages]
    return "\n\n".join([head, *parts])
