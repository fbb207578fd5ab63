"""The two implementations of the simulated REST, asked the same at random, give the same answers word for word."""

import json
import random
import subprocess
from pathlib import Path
from typing import Any

from worker_py_tool import node_packages, php_query
from worker_py_tool.portal_methods import METHODS
from worker_py_tool.portal_rest import PortalRest

CONTRACT = Path(__file__).parents[1] / "contract" / "portal_rest.json"
SENSIBLE: list[tuple[str, dict[str, Any]]] = [
    (step["method"], step["params"] | ({"CALL_ID": "page.1"} if "CALL_ID" in step["params"] else {}))
    for part in json.loads(CONTRACT.read_text(encoding="utf-8"))
    for step in part["steps"]
    if "register" not in step["method"]
]
SENSIBLE += [
    (f"crm.{kind}.update", {"id": at, "fields": {"TITLE": "New"}}) for kind, at in (("lead", 41), ("activity", 61))
]
ANSWER = Path(__file__).with_name("answer_portal.mjs")
SESSIONS = 60
REQUESTS = 40
VALUES: list[Any] = [
    *("", "7", "Mara", "+12025550143", "Ö", "NEW", "0", "-3", "3000", "2300.00", "Y", "PAGE_BACKGROUND_WORKER"),
    *(0, 1, 7, 31, 61, 121, 1001, 1100, True, False, None, ["1", 2], [], {"a": 1}, "http://app.example/", "page.1"),
]
NAMES = (
    *("ID", "id", "TITLE", "NAME", "LAST_NAME", "PHONE", "OPPORTUNITY", "STAGE_ID"),
    *("OWNER_ID", "ENTITY_ID", "COMMENT", "OWNER_TYPE_ID", "TYPE_ID", "SUBJECT"),
)
PARAMS = (
    *("id", "ID", "start", "USER_ID", "PHONE_NUMBER", "TYPE", "CALL_ID", "SHOW", "DURATION"),
    *("FILENAME", "STATUS_CODE", "EXTERNAL_CALL_ID", "PLACEMENT", "HANDLER", "FIND"),
)
OPERATORS = ("", "=", "!", "!=", ">", ">=", "<", "<=", "%")
UNPREDICTABLE = {"telephony.externalcall.register"}
"""It makes ids up: the contract has it."""


def scalar(dice: random.Random) -> Any:
    return dice.choice([one for one in VALUES if not isinstance(one, dict)])


def params(dice: random.Random) -> dict[str, Any]:
    made: dict[str, Any] = {name: scalar(dice) for name in dice.sample(PARAMS, dice.randint(0, 5))}
    if dice.random() < 0.5:
        made["filter"] = {dice.choice(OPERATORS) + dice.choice(NAMES): scalar(dice) for _ in range(dice.randint(0, 2))}
    if dice.random() < 0.3:
        made["select"] = dice.sample([*NAMES, "*"], dice.randint(0, 3))
    if dice.random() < 0.6:
        made["fields"] = {name: dice.choice(VALUES) for name in dice.sample(NAMES, dice.randint(0, 12))}
    if dice.random() < 0.3:
        made["OPTIONS"] = {"errorHandlerUrl": "http://app.example/e"}
    return made


def request(dice: random.Random) -> tuple[str, dict[str, Any]]:
    methods = sorted(METHODS.keys() - UNPREDICTABLE)
    match dice.randrange(12):
        case 0:
            queries = ("", "id=7", "filter[NAME]=Ada&select[]=NAME", "filter[>=ID]=1050", "ID=31&fields[TITLE]=a+b%21")
            commands = [f"{dice.choice(methods)}?{dice.choice(queries)}" for _ in range(dice.randint(0, 4))]
            keyed = dice.random() < 0.5
            cmd = {f"k{at}": one for at, one in enumerate(commands)} if keyed else commands
            return "batch", {"halt": dice.choice((0, 1)), "cmd": cmd}
        case 1:
            fault = dice.choice(("down", "webhook", "not_admin", "public_handlers", "none_such"))
            return "simulation.configure", {fault: dice.random() < 0.5}
        case 2:
            return "simulation.configure", {"reset": True}
        case 3:
            call = {"CALL_ID": "page.1", "PHONE_NUMBER": dice.choice(("+12025550143", "+1")), "TYPE": 2}
            return "simulation.opened", call
        case 4:
            return dice.choice(("simulation.notices", "simulation.placements", "simulation.installed", "no.such")), {}
        case 5 | 6 | 7 | 8:
            method, sensible = dice.choice(SENSIBLE)
            return method, sensible | ({dice.choice(PARAMS): scalar(dice)} if dice.random() < 0.3 else {})
        case _:
            return dice.choice(methods), params(dice)


def answers(requests: list[tuple[str, dict[str, Any]]]) -> list[list[Any]]:
    rest = PortalRest()
    token = rest.handle("simulation.session", {})[1]["result"]["AUTH_ID"]
    return [
        json.loads(json.dumps(rest.handle(method, {"auth": token, **given})))  # as it was at that moment
        for method, given in requests
    ]


def without_time(answered: list[Any]) -> Any:
    status, answer = answered
    answer.pop("time", None)
    return status, answer


def test_page_and_server_answer_the_same_at_random() -> None:
    dice = random.Random(20)
    sessions = [[request(dice) for _ in range(REQUESTS)] for _ in range(SESSIONS)]
    node = str(node_packages.require().executable)
    run = subprocess.run([node, ANSWER], input=json.dumps(sessions).encode(), capture_output=True, check=True)
    succeeded: set[str] = set()
    for requests, theirs in zip(sessions, json.loads(run.stdout), strict=True):
        for step, our_answer, their_answer in zip(requests, answers(requests), theirs, strict=True):
            assert without_time(their_answer) == without_time(our_answer), step
            if our_answer[0] == 200:
                succeeded.add(step[0].removesuffix(".json").lower())
    assert METHODS.keys() - UNPREDICTABLE <= succeeded, "the dice never asked for these in a way that works"


def test_queries_are_read_alike_at_random() -> None:
    dice = random.Random(7)
    parts = ["a", "b", "[", "]", "[]", "[0]", "[1]", "[k]", "=", "&", "%5B", "+", "é", "x"]
    queries = ["".join(dice.choices(parts, k=dice.randint(1, 14))) for _ in range(2000)]
    module = (ANSWER.parents[2] / "static/portal/rest_api/query.js").as_uri()
    script = (
        f"import {{parseQuery}} from {json.dumps(module)};"
        "let all='';for await(const c of process.stdin)all+=c;"
        "process.stdout.write(JSON.stringify(JSON.parse(all).map(parseQuery)))"
    )
    node = str(node_packages.require().executable)
    command = [node, "--input-type=module", "-e", script]
    run = subprocess.run(command, input=json.dumps(queries).encode(), capture_output=True, check=True)
    for query, theirs in zip(queries, json.loads(run.stdout), strict=True):
        assert theirs == php_query.parse(query), query
