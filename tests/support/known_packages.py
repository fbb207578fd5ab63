"""Packages that people use, and what an app does with each in its first handler: the table of docs/packages.md."""

from collections.abc import Sequence
from dataclasses import dataclass
from importlib import metadata
from pathlib import Path
from textwrap import indent
from typing import Any

from tests.support.wheels import compiled_tag, lock_with, make_wheel


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """A package, as an app uses it.

    Attributes:
        requirement: As `--require` takes it.
        imports: What the app imports at its top.
        body: What its coroutine does; the last line is a `return`.
        answer: What comes of it.
        asks: The host that it asks by a request of the browser's, which the policy of the bundle refuses.
    """

    requirement: str
    imports: str
    body: str
    answer: Any
    asks: str = ""


KNOWN: dict[str, Known] = {
    "phonenumbers": Known(
        requirement="phonenumbers",
        imports="import phonenumbers",
        body="""
number = phonenumbers.parse("020 7946 0958", "GB")
return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.INTERNATIONAL)
""",
        answer="+44 20 7946 0958",
    ),
    "pydantic": Known(
        requirement="pydantic>=2",
        imports="import pydantic",
        body="""
class Caller(pydantic.BaseModel):
    phone: str
    calls: int

try:
    Caller(phone="+15550001", calls="many")
except pydantic.ValidationError as refused:
    return [Caller.model_validate_json('{"phone": "+15550001", "calls": "3"}').calls, refused.error_count()]
""",
        answer=[3, 1],
    ),
    "msgspec": Known(
        requirement="msgspec",
        imports="import msgspec",
        body="""
class Lamp(msgspec.Struct):
    price: int

return msgspec.json.decode(b'{"price": 20}', type=Lamp).price
""",
        answer=20,
    ),
    "python-dateutil": Known(
        requirement="python-dateutil",
        imports="import dateutil.parser\nimport dateutil.relativedelta",
        body="""
day = dateutil.parser.parse("31 January 2024") + dateutil.relativedelta.relativedelta(months=1)
return day.date().isoformat()
""",
        answer="2024-02-29",
    ),
    "tzdata": Known(
        requirement="tzdata",
        imports="import datetime\nimport zoneinfo",
        body="""
zones = zoneinfo.available_timezones()
noon = datetime.datetime(2024, 7, 1, 12, tzinfo=zoneinfo.ZoneInfo("Pacific/Chatham"))
return [len(zones) > 400, str(noon.utcoffset()), all(zoneinfo.ZoneInfo(name) for name in zones)]
""",
        answer=[True, "12:45:00", True],
    ),
    "babel": Known(
        requirement="babel",
        imports="import datetime\nimport babel.dates\nimport babel.numbers",
        body="""
day = babel.dates.format_date(datetime.date(2024, 2, 29), "full", locale="fr")
return [day, babel.numbers.format_decimal(1234567.5, locale="de")]
""",
        answer=["jeudi 29 février 2024", "1.234.567,5"],
    ),
    "attrs": Known(
        requirement="attrs",
        imports="import attrs",
        body="""
@attrs.frozen
class Deal:
    title: str
    amount: int = attrs.field(converter=int, validator=attrs.validators.ge(0))

return attrs.asdict(Deal("Lamps", "12"))
""",
        answer={"title": "Lamps", "amount": 12},
    ),
    "sqlalchemy": Known(
        requirement="sqlalchemy>=2",
        imports="import sqlalchemy\nimport sqlalchemy.orm",
        body="""
class Base(sqlalchemy.orm.DeclarativeBase):
    pass

class Call(Base):
    __tablename__ = "calls"
    id: sqlalchemy.orm.Mapped[int] = sqlalchemy.orm.mapped_column(primary_key=True)
    phone: sqlalchemy.orm.Mapped[str]

engine = sqlalchemy.create_engine("sqlite://")
Base.metadata.create_all(engine)
with sqlalchemy.orm.Session(engine) as session:
    session.add_all([Call(phone="+15550001"), Call(phone="+15550002")])
    session.commit()
    return session.scalars(sqlalchemy.select(Call.phone).order_by(Call.id.desc())).all()
""",
        answer=["+15550002", "+15550001"],
    ),
    "b24pysdk": Known(
        requirement="b24pysdk",
        imports="import b24pysdk",
        body="""
client = b24pysdk.Client(b24pysdk.BitrixWebhook(domain="portal.invalid", webhook_token="1/not-a-key"))
request = client.crm.contact.get(bitrix_id=1)
try:
    return request.result
except Exception as refused:
    return type(refused).__name__
""",
        answer="BitrixRequestError",
        asks="portal.invalid",
    ),
    "httpx": Known(
        requirement="httpx",
        imports="import httpx",
        body="""
refused = []
try:
    httpx.get("https://portal.invalid/")
except httpx.HTTPError as error:
    refused.append(type(error).__name__)
try:
    async with httpx.AsyncClient() as client:
        await client.get("https://portal.invalid/")
except httpx.HTTPError as error:
    refused.append(type(error).__name__)
return [*refused, httpx.URL("https://portal.invalid/rest").join("/rest/1").path]
""",
        answer=["ConnectError", "ConnectError", "/rest/1"],
    ),
}


FROM_A_MIRROR: dict[str, Known] = {
    "jinja2": Known(
        requirement="jinja2",
        imports="import jinja2",
        body="""
page = jinja2.Environment(autoescape=True).from_string("{% for name in names %}<b>{{ name }}</b>{% endfor %}")
return page.render(names=["Ann & Bob"])
""",
        answer="<b>Ann &amp; Bob</b>",
    ),
    "jsonschema": Known(
        requirement="jsonschema",
        imports="import jsonschema",
        body="""
schema = {"type": "object", "properties": {"calls": {"$ref": "#/$defs/count"}}, "$defs": {"count": {"type": "integer"}}}
jsonschema.validate({"calls": 3}, schema)
try:
    jsonschema.validate({"calls": "many"}, schema)
except jsonschema.ValidationError as refused:
    return refused.json_path
""",
        answer="$.calls",
    ),
}
"""Those that need a compiled package which only Pyodide's own distribution has."""

RPDS = """
class HashTrieMap(dict):
    convert = classmethod(lambda cls, value: value if isinstance(value, cls) else cls(value))

    def insert(self, key, value):
        return HashTrieMap({**self, key: value})

    def remove(self, key):
        return HashTrieMap({other: value for other, value in self.items() if other != key})

    def update(self, *others, **more):
        made = HashTrieMap(self)
        for each in (*others, more):
            dict.update(made, each)
        return made


class HashTrieSet(frozenset):
    def insert(self, value):
        return HashTrieSet(self | {value})

    def update(self, *others):
        return HashTrieSet(self.union(*others))


class List(tuple):
    def __new__(cls, *values):
        return super().__new__(cls, values[0] if len(values) == 1 and hasattr(values[0], "__iter__") else values)

    def push_front(self, value):
        return List([value, *self])
"""
"""What jsonschema asks of rpds-py, which is written in Rust: persistent collections."""


def mirror_of(directory: Path, note: str = "") -> tuple[Path, Path]:
    """Wheels of markupsafe and rpds-py, compiled by their names, as a mirror of Pyodide's distribution holds them.

    Args:
        directory: Where to make it.
        note: Of what is in no other mirror.

    Returns:
        The mirror, and a lock file of Pyodide's that names what is in it.
    """
    mirror = directory / "mirror"
    mirror.mkdir(parents=True)
    markupsafe = metadata.files("markupsafe") or []
    python = {str(file): f"{file.read_text()}# {note}\n" for file in markupsafe if file.suffix == ".py"}
    made = [
        make_wheel(mirror, "markupsafe", python, version=metadata.version("markupsafe"), tag=compiled_tag()),
        make_wheel(mirror, "rpds_py", {"rpds/__init__.py": RPDS}, version="0.30.0", tag=compiled_tag()),
    ]
    return mirror, lock_with(directory / "pyodide-lock.json", *made)


def app_of(known: Sequence[Known]) -> str:
    """An app that imports packages, uses each when a card comes, and tells what came of it, one after the other."""
    imports = "\n".join(each.imports for each in known)
    uses = "\n\n".join(
        f"async def use_{number}():\n{indent(each.body.strip(), '    ')}" for number, each in enumerate(known)
    )
    uses_in_order = ", ".join(f"use_{number}" for number, _ in enumerate(known))
    return f"""
import asyncio
{imports}
from worker_py import App
from worker_py.events import Initialized

app = App(slice_limit_ms=5000)  # a machine that tests something else beside is slow


{uses}


@app.on(Initialized)
async def tell(event, card):
    answers = []
    for use in [{uses_in_order}]:
        answers.append(await use())
        await asyncio.sleep(0)  # each has its own slice
    await card.page.call("tell", answers)
"""
