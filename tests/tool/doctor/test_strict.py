"""What `doctor --strict` asks for beyond that the handler works."""

import json
from typing import Any

import pytest

from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.http import Answer
from worker_py_tool.doctor.strict import examine_strictly

HEADERS = {
    "strict-transport-security": ["max-age=31536000; includeSubDomains"],
    "content-security-policy": ["default-src 'none'; frame-ancestors https://company.bitrix24.com"],
}
CONFIG = {
    "build": "0" * 12,
    "bx24_url": "https://api.bitrix24.com/api/v1/",
    "report": {"url": "https://sink.example/reports/envelope", "messages": False},
}


def found(config: object = CONFIG, **headers: list[str]) -> dict[str, str]:
    """The verdict of each check."""
    page = f'<script type="application/json" id="worker-py-config">{json.dumps(config)}</script>'
    named = {**HEADERS, **{name.replace("_", "-"): value for name, value in headers.items()}}
    seen = Examination("https://app.example/")
    examine_strictly(answer(page.encode(), named), seen)
    return {one.check: one.verdict.value for one in seen.findings}


def answer(content: bytes, headers: dict[str, list[str]]) -> Answer:
    values = {name: tuple(each) for name, each in headers.items()}
    return Answer(url="https://app.example/", status=200, headers=values, content=content, broken="", seconds=0.1)


def test_a_page_that_is_fit_for_many_operators_passes() -> None:
    assert set(found().values()) == {"ok"}
    assert len(found()) == 5


@pytest.mark.parametrize(
    ("check", "config", "headers"),
    [
        ("transport", {}, {"strict_transport_security": []}),
        ("transport", {}, {"strict_transport_security": ["max-age=60"]}),
        ("portals", {}, {"content_security_policy": ["frame-ancestors https:"]}),
        ("portals", {}, {"content_security_policy": ["frame-ancestors https://a.example http://localhost:*"]}),
        ("portals", {}, {"content_security_policy": []}),
        ("live", {"live": True}, {}),
        ("client", {"bx24_url": "http://api.example/"}, {}),
        ("reports", {"report": None}, {}),
        ("reports", {"report": {"url": "https://sink.example/", "messages": True}}, {}),
        ("reports", {"report": {"url": "http://sink.example/", "messages": False}}, {}),
    ],
)
def test_what_is_missing_is_named(check: str, config: dict[str, Any], headers: dict[str, list[str]]) -> None:
    verdicts = found({**CONFIG, **config}, **headers)
    assert [name for name, verdict in verdicts.items() if verdict == "fail"] == [check]


@pytest.mark.parametrize("config", [None, [], "text"])
def test_a_page_without_its_configuration_is_not_the_bundles(config: object) -> None:
    assert found(config)["config"] == "fail"
