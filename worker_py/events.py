"""The vocabulary of what happens: the portal's 17 events, and the life of interpreter, pages and cards.

Source:
    https://apidocs.bitrix24.com/api-reference/widgets/ui-interaction/page-background-worker/events/index.html
"""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, Self


class OpenEnum(StrEnum):
    """An enumeration of strings that keeps a value it does not know instead of failing."""

    @classmethod
    def _missing_(cls, value: object) -> Self | None:
        if not isinstance(value, str):
            return None
        member = str.__new__(cls, value)
        member._name_ = value
        member._value_ = value
        return member

    def __reduce_ex__(self, proto: object) -> tuple[type[Self], tuple[str]]:
        """By value: Python 3.11.2 copies and pickles by name, and finds only members that it knows."""
        return type(self), (self.value,)


class CallDirection(OpenEnum):
    """Who calls whom."""

    INCOMING = "incoming"
    OUTGOING = "outgoing"
    CALLBACK = "callback"


class CallState(OpenEnum):
    """How far the call is when its card appears."""

    IDLE = "idle"
    CONNECTING = "connecting"
    CONNECTED = "connected"


class UiState(OpenEnum):
    """The 12 looks of a call card; each shows buttons of its own."""

    INCOMING = "incoming"
    TRANSFER_INCOMING = "transferIncoming"
    OUTGOING = "outgoing"
    CONNECTING_INCOMING = "connectingIncoming"
    CONNECTING_OUTGOING = "connectingOutgoing"
    CONNECTED = "connected"
    TRANSFERRING = "transferring"
    TRANSFER_FAILED = "transferFailed"
    TRANSFER_CONNECTED = "transferConnected"
    ERROR = "error"
    MONEY_ERROR = "moneyError"
    REDIAL = "redial"


@dataclass(frozen=True, slots=True)
class CrmBinding:
    """A CRM entity that the call is bound to."""

    entity_type: str
    """``LEAD``, ``CONTACT``, ``COMPANY``, ``DEAL`` or another type's name."""
    entity_id: int


@dataclass(frozen=True, slots=True)
class EventMeta:
    """Where an event came from."""

    id: str = ""
    """Unique within the page; the same again when the event is delivered again."""
    name: str = ""
    """The portal's full name, such as ``BackgroundCallCard::muteButtonClick``."""
    received_at: int = 0
    """When the page got it, in milliseconds since the epoch."""
    page_id: str = ""
    redelivered: bool = False
    """It was handed to an interpreter before, which did not live to see its handlers end."""
    resumed: bool = False
    """The call is known already: it was taken up from a page, or from an interpreter, that has gone; or the portal
    shows a fresh card for it (``card.data`` is kept, ``card.state`` is as at first)."""
    raw: Any = None
    """The payload as it came."""


@dataclass(frozen=True, slots=True)
class Event:
    """Base of every event; two events are equal when their own fields are."""

    meta: EventMeta = field(default_factory=EventMeta, kw_only=True, compare=False, repr=False)


class CardEvent(Event):
    """Base of the portal's 17 events: handlers take ``(event, card)``."""

    __slots__ = ()


class PageEvent(Event):
    """Base of events about a page: handlers take ``(event, page)``."""

    __slots__ = ()


@dataclass(frozen=True, slots=True)
class Initialized(CardEvent):
    """The card was created; only from now on can it be managed.

    Source: …/page-background-worker/events/initialized.html
    """

    call_id: str
    phone_number: str | None = None
    """``None`` when the number is unknown or hidden."""
    line_number: str = ""
    line_name: str = ""
    crm_entity_type: str = ""
    """``LEAD``, ``CONTACT``, ``COMPANY``, ``DEAL``; empty when unbound."""
    crm_entity_id: int = 0
    """0 when unbound."""
    crm_activity_id: int | None = None
    crm_bindings: tuple[CrmBinding, ...] = ()
    call_direction: CallDirection = CallDirection.INCOMING
    call_state: CallState = CallState.IDLE
    call_list_mode: bool = False


@dataclass(frozen=True, slots=True)
class AddCommentButtonClick(CardEvent):
    """The operator saved a comment.

    Source: …/page-background-worker/events/add-comment-button-click.html
    """

    comment: str
    """May be empty."""


@dataclass(frozen=True, slots=True)
class MuteButtonClick(CardEvent):
    """The operator clicked *mute*. Not fired by ``set_mute``.

    Source: …/page-background-worker/events/mute-button-click.html
    """

    muted: bool
    """The state after the click."""


@dataclass(frozen=True, slots=True)
class HoldButtonClick(CardEvent):
    """The operator clicked *hold*. Not fired by ``set_hold``.

    Source: …/page-background-worker/events/hold-button-click.html
    """

    held: bool
    """The state after the click."""


@dataclass(frozen=True, slots=True)
class CloseButtonClick(CardEvent):
    """The operator closed the card; it closes by itself.

    Source: …/page-background-worker/events/close-button-click.html
    """


@dataclass(frozen=True, slots=True)
class TransferButtonClick(CardEvent):
    """The operator chose whom to transfer the call to.

    Source: …/page-background-worker/events/transfer-button-click.html
    """

    phone_number: str | None
    """The call's own number; ``None`` when it was not sent."""
    target: str
    """An employee's id or a phone number."""
    target_type: str | None = None
    """``user``, ``pstn`` or ``queue``; the portal says so on no card that an app can manage."""


@dataclass(frozen=True, slots=True)
class CancelTransferButtonClick(CardEvent):
    """The operator clicked *return to call*.

    Source: …/page-background-worker/events/cancel-transfer-button-click.html
    """


@dataclass(frozen=True, slots=True)
class CompleteTransferButtonClick(CardEvent):
    """The operator clicked *redirect*.

    Source: …/page-background-worker/events/complete-transfer-button-click.html
    """


@dataclass(frozen=True, slots=True)
class HangupButtonClick(CardEvent):
    """The operator clicked *hang up*.

    Source: …/page-background-worker/events/hang-up-button-click.html
    """


@dataclass(frozen=True, slots=True)
class NextButtonClick(CardEvent):
    """The operator went on to the next entry of a call list, in which no external call is; the card moves on by itself.

    Source: …/page-background-worker/events/next-button-click.html
    """


@dataclass(frozen=True, slots=True)
class SkipButtonClick(CardEvent):
    """The operator clicked *skip*.

    Source: …/page-background-worker/events/skip-button-click.html
    """


@dataclass(frozen=True, slots=True)
class AnswerButtonClick(CardEvent):
    """The operator clicked *answer*.

    Source: …/page-background-worker/events/answer-button-click.html
    """


@dataclass(frozen=True, slots=True)
class EntityChanged(CardEvent):
    """The card shows another CRM entity; also raised for each new card that has one, just before it is initialized.

    Handlers get it after ``Initialized`` all the same. A card of an internal call raises none.

    Source: …/page-background-worker/events/entity-changed.html
    """

    phone_number: str | None = None
    crm_entity_type: str = ""
    crm_entity_id: int = 0


@dataclass(frozen=True, slots=True)
class QualityMeterClick(CardEvent):
    """The operator rated the connection.

    Source: …/page-background-worker/events/quality-meter-click.html
    """

    rating: int
    """1 to 5."""


@dataclass(frozen=True, slots=True)
class DialpadButtonClick(CardEvent):
    """The operator pressed a key of the dial pad.

    Source: …/page-background-worker/events/dialpad-button-click.html
    """

    key: str
    """One of ``0``-``9``, ``*``, ``#``."""


@dataclass(frozen=True, slots=True)
class MakeCallButtonClick(CardEvent):
    """The operator clicked *call* or *call again*.

    Source: …/page-background-worker/events/make-call-button-click.html
    """


@dataclass(frozen=True, slots=True)
class NotifyAdminButtonClick(CardEvent):
    """The operator asked to tell the administrator that the account is empty.

    Source: …/page-background-worker/events/notify-admin-button-click.html
    """


@dataclass(frozen=True, slots=True)
class Started(Event):
    """The interpreter runs. Once per interpreter; handlers take ``(event, None)``."""


@dataclass(frozen=True, slots=True)
class PageAttached(PageEvent):
    """A portal page joined the interpreter."""

    mode: str
    """How the interpreter is hosted, such as ``dedicated`` or ``shared``."""
    reason: str = ""
    """Why so, in words."""


@dataclass(frozen=True, slots=True)
class PageDetached(PageEvent):
    """A portal page left the interpreter."""

    reason: str


@dataclass(frozen=True, slots=True)
class CardClosed(Event):
    """The call is over for the app; the last event of a card. Handlers take ``(event, card)``.

    The portal seldom says that it takes a card away: it is noticed within three seconds.
    """

    call_id: str
    reason: str
    """``closed_by_app``, ``closed_by_operator``, ``closed_by_portal`` (no window shows the card any more),
    ``replaced``, ``page_gone`` or ``user_changed``."""
