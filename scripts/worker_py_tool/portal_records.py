"""Records of the simulated REST: found by id, filtered, selected, given out in pages."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

from worker_py_tool.portal_session import Params, Record, RestFault

PAGE_SIZE: Final = 50
"""Records in one answer of a list method; ``next`` tells where the following page starts."""

_NOT_DIGITS: Final = re.compile(r"\D+")
_OPERATOR: Final = re.compile(r"^(!=|>=|<=|!|=|>|<|%)")
_WHOLE: Final = re.compile(r"-?[0-9]+")
_NUMERIC: Final = re.compile(r"[+-]?[0-9]+(\.[0-9]+)?")


@dataclass(frozen=True, slots=True)
class Page:
    """One page of a list: its records, the place of the following page, and how many there are in all."""

    records: list[Record]
    following: int | None
    total: int


def text(value: object) -> str:
    """Give a value as the portal keeps it and gives it back: in words."""
    if isinstance(value, bool):
        return "Y" if value else "N"
    if isinstance(value, dict | list):
        return "Array"  # as PHP puts it
    return "" if value is None else str(value)


def first(params: Params, *names: str, absent: object = None) -> object:
    """Give the first of these parameters that is there; one without a value is not, as in PHP."""
    return next((params[name] for name in names if params.get(name) is not None), absent)


def named(value: object) -> Mapping[str, Any]:
    """Give the value when it has names, else nothing."""
    return value if isinstance(value, Mapping) else {}


def whole_number(params: Params, name: str, absent: int = 0) -> int:
    """Read a whole number among the parameters.

    Args:
        params: the parameters.
        name: which one.
        absent: what stands for none.

    Raises:
        RestFault: it is something else.
    """
    given = text(params.get(name))
    if not given:
        return absent
    if not _WHOLE.fullmatch(given):
        raise RestFault(400, "ERROR_ARGUMENT", f"The parameter {name} is not a whole number", name)
    return int(given)


def by_id(records: list[Record], params: Params) -> Record:
    """Find the record that ``id`` or ``ID`` names.

    Raises:
        RestFault: there is none.
    """
    wanted = text(first(params, "id", "ID"))
    if not wanted:
        raise RestFault(400, "", "ID is not defined or invalid.")
    for record in records:
        if record["ID"] == wanted:
            return record
    raise RestFault(400, "", "Not found")


def page(records: list[Record], params: Params) -> Page:
    """Give the page that ``filter``, ``select`` and ``start`` ask for."""
    conditions = named(first(params, "filter", "FILTER"))
    found = [one for one in records if all(matches(one, key, value) for key, value in conditions.items())]
    start = max(0, whole_number(params, "start"))
    end = start + PAGE_SIZE
    shown = [_selected(one, params.get("select")) for one in found[start:end]]
    return Page(shown, end if end < len(found) else None, len(found))


def _selected(record: Record, names: object) -> Record:
    if not isinstance(names, list) or not names or "*" in names:
        return dict(record)
    return {key: value for key, value in record.items() if key == "ID" or key in names}


def matches(record: Record, key: str, wanted: object) -> bool:
    """Tell whether a record meets a condition of a filter.

    Args:
        record: the record.
        key: a field's name behind an operator, which may be missing.
        wanted: a value, or a list of those that will do.
    """
    operator = _OPERATOR.match(key)
    name = key[operator.end() :] if operator else key
    value = first(record, name, absent="")
    if name == "PHONE":
        phones = value if isinstance(value, list) else []
        return any(_digits(named(one).get("VALUE")) == _digits(wanted) for one in phones)
    accepted = [text(one) for one in wanted] if isinstance(wanted, list) else [text(wanted)]
    match operator.group() if operator else "=":
        case "=":
            return text(value) in accepted
        case "!" | "!=":
            return text(value) not in accepted
        case "%":
            return any(one.lower() in text(value).lower() for one in accepted)
        case comparison:
            return _compare(comparison, text(value), accepted[0] if accepted else "")


def _compare(comparison: str, value: str, limit: str) -> bool:
    if not _NUMERIC.fullmatch(value) or not _NUMERIC.fullmatch(limit):
        return False
    left, right = float(value), float(limit)
    return {">": left > right, ">=": left >= right, "<": left < right, "<=": left <= right}[comparison]


def _digits(number: object) -> str:
    return _NOT_DIGITS.sub("", text(number))
