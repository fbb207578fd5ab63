"""What a JUnit report says of each test: pytest's reports and Node's."""

import shlex
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

from worker_py_tool.paths import ROOT


@dataclass(frozen=True, slots=True)
class Case:
    """One test that ran, or did not.

    Attributes:
        tier: The tier that it ran in.
        file: Its file, relative to the repository; empty when the report does not say.
        name: Its name in that file; empty when the file as a whole could not be read.
        seconds: How long it took, its fixtures included.
        verdict: `passed`, `failed` or `skipped`.
    """

    tier: str
    file: str
    name: str
    seconds: float
    verdict: str

    def command(self, option: str = "") -> str:
        """What runs this test alone, or this check; `option` is one of scripts/test."""
        if self.tier == "lint":
            return f"scripts/lint {shlex.quote(self.name)}"
        test = f"{self.file}::{self.name}" if self.name else self.file
        words = ["scripts/test", self.tier, *([option] if option else []), "--", shlex.quote(test)]
        return " ".join(words if self.file else words[:-2])


def read(report: Path, tier: str) -> list[Case]:
    """The tests of a report.

    Raises:
        OSError: There is none.
        ElementTree.ParseError: It is no XML: whoever wrote it was ended meanwhile.
    """
    return [_case(element, tier) for element in ElementTree.parse(report).getroot().iter("testcase")]


def _case(element: ElementTree.Element, tier: str) -> Case:
    file, name = _place(element)
    return Case(tier, file, name, float(element.get("time", "0")), _verdict(element))


def _verdict(element: ElementTree.Element) -> str:
    if element.find("failure") is not None or element.find("error") is not None:
        return "failed"
    return "skipped" if element.find("skipped") is not None else "passed"


def _place(element: ElementTree.Element) -> tuple[str, str]:
    """Pytest's `classname` is the module and perhaps a class; Node's says nothing, and its `file` is absolute."""
    name, module = element.get("name", ""), element.get("classname", "")
    file = element.get("file", "")
    if not file and not module:  # a module that pytest could not import
        module, name = name, ""
    if not file and (ROOT / (as_file := module.replace(".", "/") + ".py")).is_file():
        file = as_file
    if Path(file).is_absolute() and Path(file).is_relative_to(ROOT):
        file = Path(file).relative_to(ROOT).as_posix()
    inside = module.removeprefix(file.removesuffix(".py").replace("/", "."))
    if file.endswith(".py") and inside.startswith("."):
        name = f"{inside[1:].replace('.', '::')}::{name}"
    # Node reports a file that failed as a whole under the file's own path.
    return file, "" if Path(name).is_absolute() and name.endswith(file) else name
