"""What ``worker-py.json`` says: filled into the app's own type, read anew, and reported when it does not fit."""

import enum
import json
from dataclasses import dataclass, field
from typing import Any, Literal

import pytest

from worker_py import App, CallCard, ConfigError, RegistrationError
from worker_py.config import LIMIT_CHARS, Config
from worker_py.events import Initialized
from worker_py.testing import PORTAL, Portal


class Tone(enum.Enum):
    WARM = "warm"
    DRY = "dry"


@dataclass
class Pbx:
    url: str
    retries: int = 3

    def __post_init__(self) -> None:
        if not self.url:
            raise ValueError("a url is needed")
        assert self.retries >= 0, "retries"


@dataclass
class Fax:
    url: str
    pages: int = 1


@dataclass(frozen=True)
class Settings:
    greeting: str = "Hello"
    wrap_up_s: float = 30.0
    transfer_to: str | None = None
    tone: Tone = Tone.WARM
    mode: Literal["auto", 2] = "auto"
    groups: tuple[int, ...] = ()
    labels: dict[str, str] = field(default_factory=dict)
    pbx: Pbx | None = None
    loud: bool = False
    tags: list[str] = field(default_factory=list)
    anything: Any = None
    line: Pbx | Fax | None = None

    def __post_init__(self) -> None:
        if not self.greeting:
            raise KeyError("greeting")


@dataclass
class Required:
    pbx: str


def taken(text: str, config_type: type = Settings, portal: str = "") -> Any:
    """The settings that a file gives without a complaint."""
    config = Config(config_type)
    assert config.take(text, portal) == []
    return config.value()


def refused(text: str | None, config_type: type = Settings) -> str:
    """What is said of a file that does not fit."""
    config = Config(config_type)
    (told,) = config.take(text, problem="the server answers 404")
    return told


def test_defaults_fill_what_a_file_leaves_out() -> None:
    assert taken("{}") == Settings()
    assert taken('{"greeting": "Servus", "wrap_up_s": 5}') == Settings(greeting="Servus", wrap_up_s=5.0)


def test_values_become_what_their_fields_are() -> None:
    given = {
        "transfer_to": "12",
        "tone": "dry",
        "mode": 2,
        "groups": [1, 2],
        "labels": {"a": "b"},
        "pbx": {"url": "wss://pbx.example"},
        "loud": True,
        "tags": ["x"],
        "anything": {"deep": [1]},
    }
    pbx = Pbx("wss://pbx.example")
    assert taken(json.dumps(given)) == Settings(
        "Hello", 30.0, "12", Tone.DRY, 2, (1, 2), {"a": "b"}, pbx, True, ["x"], {"deep": [1]}
    )


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ('{"greeting": 5}', "greeting should be a text, not 5"),
        ('{"wrap_up_s": true}', "wrap_up_s should be a number, not true"),
        ('{"tone": "loud"}', 'tone should be "warm" or "dry", not "loud"'),
        ('{"mode": true}', 'mode should be "auto" or 2, not true'),
        ('{"groups": [1, "2"]}', 'groups[1] should be a whole number, not "2"'),
        ('{"labels": {"a": 1}}', "labels.a should be a text, not 1"),
        ('{"pbx": {"retries": 1}}', "pbx does not fit: Pbx.__init__() missing"),
        ('{"pbx": {"url": ""}}', "pbx does not fit: a url is needed"),
        ('{"pbx": {"url": "u", "retries": -1}}', "pbx does not fit: AssertionError: retries"),
        ('{"wrap_up_s": 1' + "0" * 400 + "}", "wrap_up_s should be a number, not 1000"),
        ('{"greeting": ""}', "worker-py.json does not fit: KeyError: 'greeting'"),
        ("[]", "should be an object, not list"),
        ("{", "is no JSON: "),
        ('{"lines": {"reg1": {"greeting": 1}}}', "greeting should be a text, not 1"),
        ('{"portals": []}', "portals should be an object, not []"),
        (f'{{"greeting": "{"x" * LIMIT_CHARS}"}}', "characters; expected at most"),
        (None, "cannot be read: the server answers 404"),
    ],
)
def test_what_does_not_fit_is_told_in_words_and_the_defaults_hold(text: str | None, told: str) -> None:
    said = refused(text)
    assert told in said
    assert said.endswith("the defaults are in force")


def test_an_unknown_key_is_a_warning_with_the_one_that_was_meant() -> None:
    config = Config(Settings)
    told = config.take('{"greting": "x", "lines": {"reg1": {"xyz": 1}}, "portals": {"a.example": {"tonne": 1}}}')
    assert told == [
        "worker-py.json has 'greting', which the app does not know: did you mean 'greeting'?",
        "worker-py.json has 'xyz', which the app does not know",
        "worker-py.json has 'tonne', which the app does not know: did you mean 'tone'?",
    ]
    assert config.value() == Settings()


def test_an_unknown_key_inside_of_a_field_is_a_warning_too_and_the_rest_of_the_file_holds() -> None:
    config = Config(Settings)
    told = config.take('{"greeting": "Servus", "pbx": {"url": "u", "retrys": 5}, "lines": {"reg1": {"loud": true}}}')
    assert told == ["worker-py.json has 'pbx.retrys', which the app does not know: did you mean 'pbx.retries'?"]
    assert config.value() == Settings(greeting="Servus", pbx=Pbx("u"))


def test_of_two_types_the_one_that_knows_all_keys_is_taken() -> None:
    assert taken('{"line": {"url": "u", "pages": 2}}') == Settings(line=Fax("u", 2))
    config = Config(Settings)
    assert config.take('{"line": {"url": "u", "colour": 2}}') == [
        "worker-py.json has 'line.colour', which the app does not know"
    ]
    assert config.value().line == Pbx("u")


def test_a_file_whose_values_the_apps_own_check_refuses_keeps_no_handler_from_running() -> None:
    app = App(config_type=Settings)
    seen: list[str] = []

    @app.on(Initialized)
    def greet(event: Initialized, card: CallCard) -> None:
        seen.append(app.config.greeting)

    with Portal(app, config={"pbx": {"url": ""}}) as portal:
        portal.initialized()
        assert seen == ["Hello"]
        assert [report["kind"] for report in portal.reports] == ["config"]


def test_a_file_that_does_not_fit_leaves_the_last_good_one_in_force() -> None:
    config = Config(Settings)
    config.take('{"greeting": "good"}')
    for text in ('{"greeting": 1}', "{", None):
        (told,) = config.take(text, problem="the server answers 500")
        assert told.endswith("; what was read before stays in force")
        assert config.value().greeting == "good"


def test_portals_and_lines_have_settings_of_their_own() -> None:
    text = json.dumps(
        {
            "greeting": "all",
            "loud": True,
            "lines": {"reg1": {"greeting": "line"}, "reg2": {"tone": "dry"}},
            "portals": {"a.example": {"greeting": "A", "lines": {"reg1": {"greeting": "A's line"}}}},
        }
    )
    config = Config(Settings)
    assert config.take(text, "a.example") == []
    assert config.value() == Settings("A", loud=True)
    assert config.value("reg1").greeting == "A's line"
    assert config.value("reg2") == Settings("A", loud=True, tone=Tone.DRY)
    assert config.value("reg9") == config.value(None) == config.value()
    config.take(text, "b.example")
    assert (config.value().greeting, config.value("reg1").greeting) == ("all", "line")


def test_without_a_type_it_is_a_mapping_that_nobody_changes() -> None:
    app = App()
    with Portal(app, config={"a": {"b": 1}, "portals": {PORTAL: {"c": 2}}}):
        assert app.config == {"a": {"b": 1}, "c": 2}
        with pytest.raises(TypeError):
            app.config["a"] = 2


def test_reading_it_while_the_module_is_imported_is_refused_in_words() -> None:
    app = App(config_type=Settings)
    with pytest.raises(ConfigError, match=r"A module that reads it while it is imported would keep .* the snapshot"):
        _ = app.config.greeting


@dataclass
class Bad:
    when: complex


@dataclass
class Reserved:
    lines: int = 1


@dataclass
class Menu:
    label: str
    entries: "dict[str, list[Menu]]" = field(default_factory=dict)


@dataclass
class Phone:
    greeting: str = ""
    desk: "Desk | None" = None


@dataclass
class Desk:
    phones: "tuple[Phone, ...]" = ()


Tree = list["Tree"]


@dataclass
class Aliased:
    tree: Tree = field(default_factory=list)


@dataclass
class Unreadable:
    when: "Nowhere"  # type: ignore[name-defined]  # noqa: F821


@pytest.mark.parametrize(
    ("config_type", "told"),
    [
        (dict, "config_type should be a dataclass, not"),
        (Bad, r"Bad\.when: worker-py\.json cannot hold <class 'complex'>; expected str, int"),
        (Reserved, r"Reserved\.lines: worker-py\.json uses this name"),
        (Menu, "config_type contains itself: Menu in Menu; expected dataclasses that end somewhere"),
        (Phone, "config_type contains itself: Phone in Desk in Phone"),
        (Aliased, r"Aliased\.tree: worker-py\.json cannot hold "),
        (Unreadable, r"Unreadable: the type of a field cannot be read \(NameError: name 'Nowhere' is not defined\)"),
    ],
)
def test_a_type_that_json_cannot_fill_is_refused_at_once(config_type: type, told: str) -> None:
    with pytest.raises(RegistrationError, match=told):
        App(config_type=config_type)


def greeting_app(config_type: type | None = Settings) -> App:
    app = App(config_type=config_type)

    @app.on(Initialized)
    async def greet(event: Initialized, card: CallCard) -> None:
        await card.set_status_text(f"{app.config.greeting} {app.config_of_line(event.line_number).greeting}")

    return app


def test_handlers_have_it_and_a_page_that_attaches_later_brings_the_file_as_it_is_then() -> None:
    with Portal(greeting_app(), config={"greeting": "one"}) as portal:
        portal.initialized(CALL_ID="A", LINE_NUMBER="reg1")
        portal.finish("A")
        portal.advance(5)
        portal.config = {"greeting": "two", "lines": {"reg1": {"greeting": "line"}}}
        portal.open_page()
        portal.initialized(CALL_ID="B", LINE_NUMBER="reg1")
    assert [params["statusText"] for _, params in portal.sent] == ["one one", "two line"]


def test_a_call_goes_on_with_the_settings_that_it_began_with_and_the_next_one_has_the_new() -> None:
    app = greeting_app()
    with Portal(app, config={"greeting": "one"}) as portal:
        portal.initialized(CALL_ID="A")
        portal.config = {"greeting": "two"}
        portal.open_page()
        assert app.config.greeting == "one"
        portal.initialized(CALL_ID="B")  # A is over, whether anybody said so or not
        assert app.config.greeting == "two"


def test_what_is_wrong_with_the_file_is_reported_to_every_page() -> None:
    with Portal(greeting_app(), config={"greting": "x"}) as portal:
        second = portal.open_page()
        for page in (portal.page, second):
            reports = [message["text"] for message in page.messages if message["t"] == "report"]
            assert reports == ["worker-py.json has 'greting', which the app does not know: did you mean 'greeting'?"]


def reads(portal: Portal, text: str | None, problem: str = "") -> None:
    """The interpreter gets the file, or hears why it cannot."""
    portal.loop.call_soon(lambda: portal.dispatcher.configure(text, PORTAL, problem))
    portal.loop.settle()


def test_without_a_setting_that_has_no_default_no_handler_runs_and_the_page_says_so() -> None:
    app = App(config_type=Required)
    ran = []

    @app.on(Initialized)
    def greet(event: Initialized, card: CallCard) -> None:
        ran.append(app.config.pbx)

    with Portal(app, config={"pbx": "wss://pbx.example"}, attach=False) as portal:
        reads(portal, None, "the server answers 404")
        portal.read_config = lambda: None  # type: ignore[method-assign]
        portal.initialized(CALL_ID="A")
        assert ran == []
        assert portal.page.unacknowledged == {}
        assert {"t": "problem", "kind": "no_config", "call_id": "", "on": True} in portal.page.messages
        assert "no handler runs, because worker-py.json lacks 'pbx'" in str(portal.page.messages)
        portal.finish("A")
        portal.advance(5)
        reads(portal, '{"pbx": "wss://pbx.example"}')
        assert portal.page.messages[-1] == {"t": "problem", "kind": "no_config", "call_id": "", "on": False}
        portal.initialized(CALL_ID="B")
    assert ran == ["wss://pbx.example"]


def test_the_kit_refuses_to_go_on_without_a_setting_that_has_no_default() -> None:
    with pytest.raises(ConfigError, match=r"lacks 'pbx', which has no default; give it: Portal\(app, config="):
        Portal(App(config_type=Required))


def test_another_version_of_the_app_takes_the_file_over() -> None:
    before, after = Config(None), Config(Required)
    before.take('{"greeting": "x"}')
    with pytest.raises(ConfigError, match="lacks 'pbx'"):
        after.take_over(before)
    before.take('{"pbx": "wss://pbx.example"}')
    after.take_over(before)
    assert after.value().pbx == "wss://pbx.example"
