"""Properties of the wire, by hypothesis: anything may come in, and nothing but the documented error comes out."""

import json
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from worker_py import App, CallCard, CallDirection, CallState, PayloadError, UiState
from worker_py import events as ev
from worker_py.commands import Command, CommandName
from worker_py.events import EventMeta
from worker_py.state import CardState, after_command
from worker_py.testing import Portal
from worker_py.wire import EVENTS, FROM_PAGE, error_code, parse, read_event, to_json, ui_states

settings.register_profile(
    "unit",
    max_examples=60,
    deadline=None,  # and no other judgement of how fast a machine is
    suppress_health_check=[HealthCheck.too_slow],
    derandomize=True,
    database=None,
)
settings.load_profile("unit")

scalars = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=20)
anything = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=12), inner, max_size=4)
)
names = st.sampled_from([spec.name for spec in EVENTS])
wire_keys = st.sampled_from(
    "CALL_ID PHONE_NUMBER LINE_NUMBER LINE_NAME CRM_ENTITY_TYPE CRM_ENTITY_ID CRM_ACTIVITY_ID CRM_BINDINGS "
    "CALL_DIRECTION CALL_STATE CALL_LIST_MODE phoneNumber target type".split()
)
likely = anything | st.dictionaries(wire_keys, anything, max_size=8) | st.sampled_from(["5", "*", "1", True, [], ""])
message_keys = st.sampled_from(
    "seq name payload at redelivered id answer error result value mode reason card call_id kept cursor".split()
)
messages = st.builds(
    lambda kind, rest: {"t": kind, **rest},
    st.sampled_from(FROM_PAGE) | anything,
    st.dictionaries(message_keys, anything | names, max_size=8),
)
sound_events = st.builds(
    lambda seq, name, payload, redelivered: {
        "t": "event",
        "seq": seq,
        "at": 1,
        "name": name,
        "payload": payload,
        "redelivered": redelivered,
    },
    st.integers(-2, 30),
    names,
    likely,
    st.booleans(),
)
states = st.dictionaries(st.sampled_from(sorted(CardState.__dataclass_fields__)), anything, max_size=13)


def ids(**more: Any) -> st.SearchStrategy[int]:
    return st.integers(0, 10**17, **more)


number = st.from_regex(r"\+[0-9]{3,15}", fullmatch=True)
bindings = st.lists(st.tuples(st.sampled_from(["LEAD", "CONTACT", "COMPANY", "DEAL"]), ids()), max_size=4)


@given(name=names | st.text(max_size=40), payload=likely)
def test_reading_an_event_raises_nothing_but_payload_errors(name: str, payload: Any) -> None:
    try:
        event = read_event(name, payload, EventMeta(raw=payload))
    except PayloadError as error:
        assert str(error)
    else:
        assert type(event) in {spec.event_type for spec in EVENTS}
        assert event.meta.raw is payload


@given(payload=likely)
def test_reading_an_answer_raises_nothing_but_payload_errors(payload: Any) -> None:
    code = error_code(payload)
    assert code is None or code
    try:
        found = ui_states(payload)
    except PayloadError:
        return
    assert all(isinstance(each, UiState) for each in found)


@given(text=st.text(max_size=60) | anything.map(json.dumps))
def test_parsing_raises_nothing_but_payload_errors(text: str) -> None:
    try:
        assert parse(text)["t"] in FROM_PAGE
    except PayloadError as error:
        assert str(error)


@settings(max_examples=80)
@given(batch=st.lists(messages | sound_events | anything | st.just({"t": "attach", "mode": "m"}), max_size=12))
def test_nothing_that_a_page_says_is_raised_or_stops_the_next_event(batch: list[Any]) -> None:
    app = App(handler_timeout_s=1)
    seen: list[str] = []

    @app.on(ev.Initialized)
    async def remember(event: ev.Initialized, card: CallCard) -> None:
        seen.append(event.call_id)
        await card.set_mute(True)

    with Portal(app) as portal:
        failures: list[Any] = []
        portal.loop.set_exception_handler(lambda _, context: failures.append(context))
        for message in batch:
            portal.deliver(portal.page.id, json.dumps(message))
        portal.advance(100)
        portal.page.tell({"t": "attach", "mode": "memory", "reason": ""})
        portal.page.tell({"t": "event", "seq": 10**30, "name": "BackgroundCallCard::initialized", "payload": LAST})
        assert not failures
        assert "the last call" in seen


LAST = {"CALL_ID": "the last call"}


@given(text=st.text(max_size=30))
def test_text_that_is_no_json_is_reported_and_never_raised(text: str) -> None:
    with Portal(App()) as portal:
        portal.deliver(portal.page.id, text)
        try:
            known = json.loads(text)["t"] in FROM_PAGE
        except (ValueError, TypeError, KeyError, RecursionError):
            known = False
        assert known or [report["kind"] for report in portal.reports] == ["bad_message"]


@given(fields=states)
def test_a_kept_state_of_any_shape_is_taken_as_far_as_it_fits(fields: dict[str, Any]) -> None:
    state = CardState.from_json(fields)
    for name, value in vars(state).items():
        assert value in (fields.get(name), vars(CardState())[name])
    for kept in (state.known(), vars(state)):
        assert CardState.from_json(json.loads(json.dumps(kept))) == state


@given(
    event=st.builds(
        ev.Initialized,
        call_id=st.text(min_size=1, max_size=40),
        phone_number=st.none() | number,
        line_number=st.text(max_size=10),
        line_name=st.text(max_size=10),
        crm_entity_type=st.sampled_from(["", "LEAD", "CONTACT", "COMPANY", "DEAL"]),
        crm_entity_id=ids(),
        crm_activity_id=st.none() | st.integers(1, 10**9),
        crm_bindings=bindings.map(lambda rows: tuple(ev.CrmBinding(*row) for row in rows)),
        call_direction=st.sampled_from(CallDirection) | st.text(max_size=9).map(CallDirection),
        call_state=st.sampled_from(CallState) | st.text(max_size=9).map(CallState),
        call_list_mode=st.booleans(),
    ),
    as_text=st.booleans(),
)
def test_every_valid_initialized_round_trips(event: ev.Initialized, as_text: bool) -> None:
    def as_sent(value: int) -> int | str:
        return str(value) if as_text else value

    payload: dict[str, Any] = {
        "CALL_ID": event.call_id,
        "LINE_NUMBER": event.line_number,
        "LINE_NAME": event.line_name,
        "CRM_ENTITY_TYPE": event.crm_entity_type,
        "CRM_ENTITY_ID": as_sent(event.crm_entity_id),
        "CRM_ACTIVITY_ID": "" if event.crm_activity_id is None else as_sent(event.crm_activity_id),
        "CRM_BINDINGS": [
            {"ENTITY_TYPE": row.entity_type, "ENTITY_ID": as_sent(row.entity_id)} for row in event.crm_bindings
        ],
        "CALL_DIRECTION": event.call_direction,
        "CALL_STATE": event.call_state,
        "CALL_LIST_MODE": event.call_list_mode,
    }
    if event.phone_number is not None:
        payload["PHONE_NUMBER"] = event.phone_number
    assert read_event("BackgroundCallCard::initialized", json.loads(json.dumps(payload)), EventMeta()) == event


@given(
    case=st.one_of(
        st.text(max_size=30).map(lambda text: ("addCommentButtonClick", text, ev.AddCommentButtonClick(text))),
        st.booleans().map(lambda state: ("muteButtonClick", state, ev.MuteButtonClick(state))),
        st.booleans().map(lambda state: ("holdButtonClick", state, ev.HoldButtonClick(state))),
        st.integers(1, 5).map(lambda rating: ("qualityMeterClick", str(rating), ev.QualityMeterClick(rating))),
        st.sampled_from("0123456789*#").map(lambda key: ("dialpadButtonClick", key, ev.DialpadButtonClick(key))),
        st.tuples(number, st.text(min_size=1, max_size=9)).map(
            lambda row: (
                "transferButtonClick",
                {"phoneNumber": row[0], "target": row[1]},
                ev.TransferButtonClick(row[0], row[1]),
            )
        ),
        st.tuples(st.sampled_from(["user", "pstn", "queue"]), ids()).map(
            lambda row: (
                "transferButtonClick",
                {"type": row[0], "target": row[1]},
                ev.TransferButtonClick(None, str(row[1]), row[0]),
            )
        ),
        st.tuples(number, st.sampled_from(["LEAD", "DEAL"]), ids()).map(
            lambda row: (
                "entityChanged",
                {"PHONE_NUMBER": row[0], "CRM_ENTITY_TYPE": row[1], "CRM_ENTITY_ID": row[2]},
                ev.EntityChanged(*row),
            )
        ),
    )
)
def test_every_other_valid_event_round_trips(case: tuple[str, Any, ev.CardEvent]) -> None:
    name, payload, event = case
    found = read_event(f"BackgroundCallCard::{name}", json.loads(json.dumps(payload)), EventMeta())
    assert (type(found), found) == (type(event), event)


commands = st.one_of(
    st.builds(Command, st.just(CommandName.SET_MUTE), st.fixed_dictionaries({"muted": st.booleans()})),
    st.builds(Command, st.just(CommandName.SET_HOLD), st.fixed_dictionaries({"held": st.booleans()})),
    st.builds(
        Command,
        st.just(CommandName.SET_UI_STATE),
        st.fixed_dictionaries(
            {"uiState": st.sampled_from([state.value for state in UiState])},
            optional={"disableAutoStartTimer": st.booleans()},
        ),
    ),
    st.builds(Command, st.just(CommandName.SET_CARD_TITLE), st.fixed_dictionaries({"title": st.text()})),
    st.builds(Command, st.just(CommandName.SET_STATUS_TEXT), st.fixed_dictionaries({"statusText": st.text()})),
    st.builds(
        Command,
        st.sampled_from(
            [CommandName.GET_LIST_UI_STATES, CommandName.START_TIMER, CommandName.STOP_TIMER, CommandName.CLOSE]
        ),
        st.just({}),
    ),
)


@given(command=commands)
def test_every_command_round_trips(command: Command) -> None:
    text = to_json({"t": "command", "id": "c1", "command": command.name, "params": command.params})
    message = json.loads(text)
    assert Command(CommandName(message["command"]), message["params"]) == command
    assert isinstance(after_command(CardState(), command), CardState)
