"""Events as the tests raise them: short names and payloads."""

from __future__ import annotations

from typing import Final

from worker_py.payloads import INITIALIZED
from worker_py_tool.kit.browser_portal import Raised

PREFIX: Final = "BackgroundCallCard::"


def initialized(call_id: str, **fields: object) -> Raised:
    """A full ``initialized`` of this call; the fields go over it."""
    return ("initialized", {**INITIALIZED, "CALL_ID": call_id, **fields})


def comments(count: int, first: int = 0) -> list[Raised]:
    """Events that can be told apart: comments that are numbers."""
    return [("addCommentButtonClick", str(number)) for number in range(first, first + count)]


def one_of_each(call_id: str) -> list[Raised]:
    """All 17 events of a call, the one that closes its card last."""
    return [
        initialized(call_id),
        ("entityChanged", {"PHONE_NUMBER": "+4930123456", "CRM_ENTITY_TYPE": "CONTACT", "CRM_ENTITY_ID": 8}),
        ("addCommentButtonClick", "first"),
        ("muteButtonClick", True),
        ("holdButtonClick", True),
        ("transferButtonClick", {"phoneNumber": "+4930999", "target": "5"}),
        ("cancelTransferButtonClick", []),
        ("completeTransferButtonClick", []),
        ("nextButtonClick", []),
        ("skipButtonClick", []),
        ("answerButtonClick", []),
        ("qualityMeterClick", "4"),
        ("dialpadButtonClick", "#"),
        ("makeCallButtonClick", []),
        ("notifyAdminButtonClick", []),
        ("hangupButtonClick", []),
        ("closeButtonClick", []),
    ]
