"""What the doctor has found so far: a finding for each check.

What each check wants, and why, stands in docs/deployment.md. A finding that fails breaks the widget or its security;
one that warns costs speed or comfort.
"""

import enum
from dataclasses import asdict, dataclass, field
from typing import Any


class Verdict(enum.StrEnum):
    """What a check came to."""

    OK = "ok"
    WARN = "warn"
    FAIL = "fail"


@dataclass(frozen=True, slots=True)
class Finding:
    """One check's result.

    Attributes:
        check: its name, which stays the same from version to version.
        verdict: what it came to.
        detail: what was seen, with the values.
        remedy: what to do; empty when nothing is to be done.
    """

    check: str
    verdict: Verdict
    detail: str
    remedy: str = ""


@dataclass(slots=True)
class Examination:
    """Everything found so far.

    Attributes:
        url: the handler's address.
        findings: in the order in which they were made.
        times_ms: of the posts of the page; empty when none was answered.
    """

    url: str
    findings: list[Finding] = field(default_factory=list)
    times_ms: list[float] = field(default_factory=list)

    def ok(self, check: str, detail: str) -> None:
        """Note that a check is in order."""
        self.findings.append(Finding(check, Verdict.OK, detail))

    def warn(self, check: str, detail: str, remedy: str) -> None:
        """Note what works, and could be better."""
        self.findings.append(Finding(check, Verdict.WARN, detail, remedy))

    def fail(self, check: str, detail: str, remedy: str) -> None:
        """Note what is broken."""
        self.findings.append(Finding(check, Verdict.FAIL, detail, remedy))

    def ok_unless_noted(self, check: str, detail: str) -> None:
        """Note that a check is in order if it has found nothing."""
        if all(one.check != check for one in self.findings):
            self.ok(check, detail)

    @property
    def failed(self) -> bool:
        """Whether anything is broken."""
        return any(one.verdict is Verdict.FAIL for one in self.findings)

    @property
    def warned(self) -> bool:
        """Whether anything is worth a look."""
        return any(one.verdict is Verdict.WARN for one in self.findings)

    def as_json(self) -> dict[str, Any]:
        """The whole as plain data."""
        times = [round(one, 1) for one in self.times_ms]
        return {"url": self.url, "ok": not self.failed, "checks": list(map(asdict, self.findings)), "times_ms": times}
