"""What ``worker-py.json`` says: settings of an app that change without another build, as the app's own type.

The file lies beside the page, and anybody can read it: no secrets belong there. Its top level holds the fields;
``portals`` may hold others for single portals, and ``lines`` for single lines, also inside of a portal's::

    {"greeting": "Hello", "portals": {"acme.bitrix24.com": {"lines": {"reg17": {"greeting": "Support"}}}}}
"""

from __future__ import annotations

import dataclasses
import difflib
import enum
import json
import sys
import types
import typing
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

from .errors import ConfigError, RegistrationError

FILE = "worker-py.json"
PORTALS, LINES = "portals", "lines"
"""Keys of the file that no field can have."""
LIMIT_CHARS = 256 * 1024
_SIMPLE: Mapping[Any, str] = {
    str: "a text", int: "a whole number", float: "a number", bool: "true or false", type(None): "null",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class _Filled:
    """A file that fits."""

    value: Any
    lines: Mapping[str, Any]
    unknown: tuple[str, ...]


class Config:
    """The app's settings, as the newest file that fits gives them.

    Args:
        config_type: the dataclass to fill; ``None`` for a read-only mapping.

    Raises:
        RegistrationError: it is no dataclass, or JSON cannot fill one of its fields.
    """

    def __init__(self, config_type: type | None) -> None:
        self._type = config_type
        self._hints = _hints(config_type) if config_type is not None else {}
        self._filled: _Filled | None = None
        self._taken: tuple[str | None, str] = (None, "")
        self.missing: str | None = None
        """Why there is nothing to give: a field has no default, and no file that fits has been read."""

    @property
    def began(self) -> bool:
        """Whether a file has been looked for."""
        return self._filled is not None or self.missing is not None

    def value(self, line: str | None = None) -> Any:
        """The settings; those of one line when it has any of its own.

        Raises:
            ConfigError: no file has been looked for yet, or none that fits.
        """
        if self._filled is None:
            raise ConfigError(
                self.missing
                or f"app.config was read before {FILE} was: it is there for handlers. A module that reads it while it "
                "is imported would keep the values of the build, which go into the snapshot; read it where you use it"
            )
        return self._filled.lines.get(line or "", self._filled.value)

    def take(self, text: str | None, portal: str = "", problem: str = "") -> list[str]:
        """Use a file from now on, if it fits.

        Args:
            text: what it says; ``None`` when it could not be read.
            portal: whose settings are wanted, as the page is told: ``acme.bitrix24.com``.
            problem: why it could not be read.

        Returns:
            What is wrong with it, in sentences; what was there before stays then, or the defaults do.
        """
        try:
            if text is None:
                raise ConfigError(f"{FILE} cannot be read: {problem}")
            self._filled = self._fill(text, portal)
            self._taken, self.missing = (text, portal), None
        except ConfigError as error:
            if self._filled is not None:
                return [f"{error}; what was read before stays in force"]
            try:
                self._filled, self.missing = self._fill("{}", portal), None
            except ConfigError as lacks:
                self.missing = f"{error}; no handler runs, because {lacks}" if text is None else str(error)
            return [self.missing or f"{error}; the defaults are in force"]
        return list(self._filled.unknown)

    def take_over(self, other: Config) -> None:
        """Use the file of another app, whose place this one takes.

        Raises:
            ConfigError: it does not fit.
        """
        if other.began:
            text, portal = other._taken
            self._filled = self._fill("{}" if text is None else text, portal)
            self._taken = other._taken

    def _fill(self, text: str, portal: str) -> _Filled:
        file = _object(text)
        own = _parts(file, PORTALS).get(portal, {})
        plain = {**_fields_of(file), **_fields_of(own)}
        lines = {**_parts(file, LINES), **_parts(own, LINES)}
        unknown = self._unknown([file, *_parts(file, PORTALS).values()])
        value = self._made(plain, unknown)
        of_lines = {line: self._made({**plain, **fields}, unknown) for line, fields in lines.items()}
        return _Filled(value, of_lines, tuple(dict.fromkeys(unknown)))

    def _made(self, fields: Mapping[str, Any], unknown: list[str]) -> Any:
        if self._type is None:
            return MappingProxyType(dict(fields))
        given = {name: _fit(fields[name], hint, name, unknown) for name, hint in self._hints.items() if name in fields}
        for each in dataclasses.fields(self._type):
            if _is_required(each) and each.name not in given:
                raise ConfigError(f"{FILE} lacks {each.name!r}, which has no default")
        return _instance(self._type, given, FILE)

    def _unknown(self, tables: list[Mapping[str, Any]]) -> list[str]:
        if self._type is None:
            return []
        found = [
            key for table in tables for each in (table, *_parts(table, LINES).values()) for key in _fields_of(each)
        ]
        return [_not_known(key, self._hints) for key in dict.fromkeys(found) if key not in self._hints]


def _not_known(key: str, known: Mapping[str, Any], where: str = "") -> str:
    near = difflib.get_close_matches(key, known, 1)
    meant = f": did you mean {where + near[0]!r}?" if near else ""
    return f"{FILE} has {where + key!r}, which the app does not know{meant}"


def _hints(config_type: type) -> dict[str, Any]:
    if not (isinstance(config_type, type) and dataclasses.is_dataclass(config_type)):
        raise RegistrationError(f"config_type should be a dataclass, not {config_type!r}")
    hints = _types_of(config_type)
    found = {each.name: hints[each.name] for each in dataclasses.fields(config_type) if each.init}
    for name, hint in found.items():
        if name in (PORTALS, LINES):
            raise RegistrationError(f"{config_type.__name__}.{name}: {FILE} uses this name; call the field otherwise")
        if not _can_be_filled(hint, (config_type,)):
            raise RegistrationError(
                f"{config_type.__name__}.{name}: {FILE} cannot hold {hint!r}; expected str, int, float, bool, None, an "
                "Enum of texts or numbers, Literal, list, tuple[…, ...], dict[str, …], a dataclass, or a union of these"
            )
    return found


def _is_required(each: dataclasses.Field[Any]) -> bool:
    return each.init and each.default is dataclasses.MISSING and each.default_factory is dataclasses.MISSING


def _types_of(config_type: Any) -> dict[str, Any]:
    try:
        return typing.get_type_hints(config_type)
    except Exception as error:  # whatever the app's own words for a type raise when they are read
        raise RegistrationError(
            f"{config_type.__name__}: the type of a field cannot be read ({type(error).__name__}: {error}); expected "
            "names that stand at the top of its module"
        ) from error


def _can_be_filled(hint: Any, within: tuple[type, ...]) -> bool:
    """Whether JSON can hold such a value, in a field of these dataclasses, the outermost first."""
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any or hint in _SIMPLE or origin is typing.Literal:
        return True
    if origin in (typing.Union, types.UnionType, list):
        return all(_can_be_filled(each, within) for each in inner)
    if origin is tuple:
        return len(inner) == 2 and inner[1] is ... and _can_be_filled(inner[0], within)
    if origin is dict:
        return inner[0] is str and _can_be_filled(inner[1], within)
    if isinstance(hint, type) and dataclasses.is_dataclass(hint):
        if hint in within:
            way = " in ".join(each.__name__ for each in (hint, *reversed(within)))
            raise RegistrationError(f"config_type contains itself: {way}; expected dataclasses that end somewhere")
        return all(_can_be_filled(each, (*within, hint)) for each in _types_of(hint).values())
    return hint in (list, dict) or (isinstance(hint, type) and issubclass(hint, enum.Enum))


def _fit(value: Any, hint: Any, where: str, unknown: list[str]) -> Any:
    """A value of JSON as a field's type wants it.

    Args:
        value: it.
        hint: the field's type.
        where: its name, for messages.
        unknown: gets a sentence for each key that a dataclass in it does not know.

    Raises:
        ConfigError: it does not fit.
    """
    origin, inner = typing.get_origin(hint), typing.get_args(hint)
    if hint is Any:
        return value
    if hint in _SIMPLE:
        return _fit_simple(value, hint, where)
    if origin is typing.Literal:
        return _one_of(value, inner, inner, where)
    if origin in (typing.Union, types.UnionType):
        return _fit_any(value, inner, where, unknown)
    if origin in (list, tuple) or hint is list:
        items = [
            _fit(each, (*inner, Any)[0], f"{where}[{i}]", unknown)
            for i, each in enumerate(_a(list, value, where, "a list"))
        ]
        return tuple(items) if origin is tuple else items
    if origin is dict or hint is dict:
        pairs = _a(dict, value, where, "an object").items()
        return {key: _fit(each, (*inner, Any, Any)[1], f"{where}.{key}", unknown) for key, each in pairs}
    if issubclass(hint, enum.Enum):
        return _one_of(value, [each.value for each in hint], list(hint), where)
    return _fit_dataclass(_a(dict, value, where, "an object"), hint, where, unknown)


def _fit_simple(value: Any, hint: Any, where: str) -> Any:
    if hint is float and isinstance(value, int) and not isinstance(value, bool) and abs(value) <= sys.float_info.max:
        return float(value)
    if not isinstance(value, hint) or (hint is not bool and isinstance(value, bool)):
        raise _unfit(where, _SIMPLE[hint], value)
    return value


def _fit_any(value: Any, hints: tuple[Any, ...], where: str, unknown: list[str]) -> Any:
    """As the first type that knows all of it wants it, else as the first that it fits."""
    fits: list[tuple[Any, list[str]]] = []
    refusals: list[ConfigError] = []
    for hint in hints:
        not_known: list[str] = []
        try:
            fits.append((_fit(value, hint, where, not_known), not_known))
        except ConfigError as error:
            refusals.append(error)
    if not fits:
        raise refusals[0]
    made, not_known = next((each for each in fits if not each[1]), fits[0])
    unknown += not_known
    return made


def _fit_dataclass(value: Mapping[str, Any], hint: Any, where: str, unknown: list[str]) -> Any:
    hints = typing.get_type_hints(hint)
    unknown += [_not_known(key, hints, f"{where}.") for key in value if key not in hints]
    given = {key: _fit(each, hints[key], f"{where}.{key}", unknown) for key, each in value.items() if key in hints}
    return _instance(hint, given, f"{FILE}: {where}")


def _instance(config_type: type, given: Mapping[str, Any], what: str) -> Any:
    try:
        return config_type(**given)
    except Exception as error:  # the app's own __post_init__ refuses it, by whatever it raises
        words = "" if isinstance(error, TypeError | ValueError) else f"{type(error).__name__}: "
        raise ConfigError(f"{what} does not fit: {words}{error}") from error


def _one_of(value: Any, known: Any, meant: Any, where: str) -> Any:
    for each, member in zip(known, meant, strict=True):
        if type(each) is type(value) and each == value:
            return member
    raise _unfit(where, " or ".join(json.dumps(each) for each in known), value)


def _a(kind: type, value: Any, where: str, words: str) -> Any:
    if not isinstance(value, kind):
        raise _unfit(where, words, value)
    return value


def _unfit(where: str, expected: str, value: Any) -> ConfigError:
    return ConfigError(f"{FILE}: {where} should be {expected}, not {json.dumps(value)[:80]}")


def _object(text: str) -> dict[str, Any]:
    if len(text) > LIMIT_CHARS:
        raise ConfigError(f"{FILE} has {len(text)} characters; expected at most {LIMIT_CHARS}")
    try:
        found = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise ConfigError(f"{FILE} is no JSON: {error}") from None
    if not isinstance(found, dict):
        raise ConfigError(f"{FILE} should be an object, not {type(found).__name__}")
    return found


def _fields_of(table: Mapping[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in (PORTALS, LINES)}


def _parts(table: Mapping[str, Any], key: str) -> dict[str, Mapping[str, Any]]:
    """The objects under ``portals`` or ``lines``, by their names."""
    named = _a(dict, table.get(key, {}), key, "an object")
    return {name: _a(dict, part, f"{key}.{name}", "an object") for name, part in named.items()}
