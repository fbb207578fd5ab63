"""What one page of the simulated portal sees: its tokens, its copy of the data, its faults."""

import copy
import json
import secrets
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

from worker_py_tool.paths import PORTAL

Params = Mapping[str, Any]
Record = dict[str, Any]

DIRECTORY: Final = PORTAL / "rest_api" / "directory.json"
"""The made-up people whom the portal's page shows too."""
CRM: Final[Mapping[str, Any]] = json.loads(DIRECTORY.with_name("crm.json").read_text(encoding="utf-8"))
"""What else the CRM holds, and what a new record begins with."""
TOKEN_LIFETIME_S: Final = 3600
LONGEST_DELAY_MS: Final = 60_000
MOST_REFUSALS: Final = 1000


class RestFault(Exception):
    """An error answer of the portal.

    Attributes:
        status: the HTTP status.
        error: the code, which the portal leaves empty for some errors.
        description: the words beside it.
        argument: the parameter that was wrong, for errors that name one.
    """

    def __init__(self, status: int, error: str, description: str, argument: str = "") -> None:
        super().__init__(f"{status} {error}: {description}")
        self.status = status
        self.error = error
        self.description = description
        self.argument = argument

    def answer(self) -> Record:
        """Give the body of the answer."""
        named = {"argument": self.argument} if self.argument else {}
        return {"error": self.error, "error_description": self.description, **named}


@dataclass(slots=True)
class Faults:
    """How one session's REST misbehaves; set by ``simulation.configure``."""

    limit: int = 0
    """So many of the next calls are refused with ``QUERY_LIMIT_EXCEEDED``."""
    down: bool = False
    """Every call fails with status 500."""
    deny: list[str] = field(default_factory=list)
    """Methods refused with ``ACCESS_DENIED``."""
    delay_ms: dict[str, float] = field(default_factory=dict)
    """Methods answered late, by so much; ``*`` is every method."""
    missing_scopes: list[str] = field(default_factory=list)
    """Scopes that the app was not granted."""
    not_admin: bool = False
    """Whoever works here may not install apps."""
    webhook: bool = False
    """The token is no app's: methods that need one refuse it."""
    public_handlers: bool = False
    """Names under ``.localhost`` are refused as handlers too; localhost and bare IP addresses always are."""
    stubs: dict[str, Any] = field(default_factory=dict)
    """Results of methods, by their names, in place of the portal's own; one with an ``error`` is an error answer."""

    def delay_s(self, method: str) -> float:
        """Give the seconds by which a method is answered late."""
        return self.delay_ms.get(method, self.delay_ms.get("*", 0.0)) / 1000

    def stub(self, method: str) -> list[Any]:
        """Give the result that was given for a method; nothing when there is none."""
        return [result for name, result in self.stubs.items() if name.lower() == method]

    def check(self, method: str) -> None:
        """Refuse a call that some fault concerns.

        Args:
            method: the method called.

        Raises:
            RestFault: the error that the fault makes.
        """
        if self.down:
            raise RestFault(500, "INTERNAL_SERVER_ERROR", "Internal server error")
        if self.limit > 0:
            self.limit -= 1
            raise RestFault(503, "QUERY_LIMIT_EXCEEDED", "Too many requests")
        if method in self.deny:
            raise RestFault(403, "ACCESS_DENIED", "Access denied!")


@dataclass(slots=True)
class Session:
    """One portal page's view of the portal."""

    records: dict[str, list[Record]]
    """The CRM's, by their kind."""
    employees: list[Record]
    user_id: str = ""
    """Who works here; the first employee when empty."""
    access_token: str = ""
    refresh_token: str = ""
    expires_at: float = 0.0
    lifetime_s: float = TOKEN_LIFETIME_S
    used_at: float = 0.0
    """When a method was last called; 0 when none was."""
    former_tokens: set[str] = field(default_factory=set)
    comments: list[Record] = field(default_factory=list)
    calls: dict[str, Record] = field(default_factory=dict)
    placements: list[Record] = field(default_factory=list)
    """What the app has registered, as ``placement.get`` gives it."""
    installed: bool = False
    """Whether the app has said that its installation has ended."""
    notices: list[Record] = field(default_factory=list)
    """What the portal's page has to show, hide or finish, oldest first."""
    faults: Faults = field(default_factory=Faults)

    @classmethod
    def new(cls, user_id: str = "") -> "Session":
        """Make a session with data and tokens of its own.

        Args:
            user_id: who works here; the first employee when empty.
        """
        records = copy.deepcopy(_records())
        employees = [{**one, "ACTIVE": True} for one in records.pop("employees")]
        session = cls(records, employees, user_id)
        session.renew()
        return session

    def renew(self) -> None:
        """Give out new tokens; the former access token has expired."""
        if self.access_token:
            self.former_tokens.add(self.access_token)
        self.access_token = secrets.token_hex(20)
        self.refresh_token = secrets.token_hex(20)
        self.expires_at = time.monotonic() + self.lifetime_s

    def tokens(self) -> Record:
        """Give the tokens as the portal's page hands them to a frame."""
        return {
            "AUTH_ID": self.access_token,
            "REFRESH_ID": self.refresh_token,
            "AUTH_EXPIRES": int(self.lifetime_s),
        }

    def accepts(self, token: str) -> bool:
        """Tell whether a token of this session is still good."""
        return token == self.access_token and time.monotonic() < self.expires_at

    def configure(self, params: Params) -> None:
        """Change the faults, by their names; ``expire`` ends the present token at once, ``reset`` takes faults back.

        Args:
            params: the faults to change.

        Raises:
            RestFault: a name that is no fault, or a value that makes no sense.
        """
        for name, value in params.items():
            if not _makes_sense(name, value):
                raise RestFault(400, "ERROR_ARGUMENT", f"simulation.configure: {name} cannot be {value!r}"[:200])
            if name == "reset":
                self.faults = Faults()
            elif name == "expire":
                self.expires_at = 0.0 if value else time.monotonic() + self.lifetime_s
            elif name == "lifetime_s":
                self.lifetime_s = float(value)
            elif name in Faults.__slots__:
                setattr(self.faults, name, value)
            elif name != "auth":
                raise RestFault(400, "ERROR_ARGUMENT", f"simulation.configure knows no {name!r}")


def _makes_sense(name: str, value: object) -> bool:
    """Whether a fault may have this value: nothing waits for more than a minute."""
    if name == "delay_ms":
        return isinstance(value, Mapping) and all(_is_number(each, LONGEST_DELAY_MS) for each in value.values())
    if name == "stubs":
        return isinstance(value, Mapping)
    if name == "lifetime_s":
        return _is_number(value, TOKEN_LIFETIME_S)
    if name == "limit":
        return _is_number(value, MOST_REFUSALS)
    if name in ("deny", "missing_scopes"):
        return isinstance(value, list) and all(isinstance(each, str) for each in value)
    return True


def _is_number(value: object, most: float) -> bool:
    return isinstance(value, int | float) and 0 <= value <= most


@cache
def _records() -> dict[str, list[Record]]:
    directory: dict[str, list[Record]] = json.loads(DIRECTORY.read_text(encoding="utf-8"))
    directory["contacts"] += _extra_contacts()
    return {
        **{kind: directory[kind] for kind in ("contacts", "deals", "employees")},
        **{kind: CRM[kind] for kind in ("companies", "leads", "activities")},
    }


def _extra_contacts() -> list[Record]:
    """Contacts besides those of the directory, so that lists have more than one page."""
    extra = CRM["extra_contacts"]
    first, last = extra["first_names"], extra["last_names"]
    return [
        {
            **CRM["new_records"]["contacts"],
            "ID": str(extra["first_id"] + index),
            "NAME": first[index % len(first)],
            "LAST_NAME": last[index % len(last)],
        }
        for index in range(extra["count"])
    ]
