"""Where reports go: DSNs, addresses, and what is neither."""

import pytest

from worker_py_tool.bundle.report_target import ReportTarget, read
from worker_py_tool.errors import ToolError
from worker_py_tool.paths import version


def test_a_dsn_becomes_the_address_of_its_projects_envelopes() -> None:
    target = read("https://abc123@sentry.example:9000/under/42")
    agent = f"sentry_client=worker-py/{version()}"
    url = f"https://sentry.example:9000/under/api/42/envelope/?sentry_key=abc123&sentry_version=7&{agent}"
    assert target == ReportTarget(url, several=False, dsn="https://abc123@sentry.example:9000/under/42")
    assert target.origin == "https://sentry.example:9000"


def test_another_address_is_our_own_sinks() -> None:
    target = read("https://app.example/reports/envelope")
    assert (target.several, target.dsn, target.origin) == (True, None, "https://app.example")


def test_a_path_is_on_the_pages_own_host_which_it_may_connect_to_anyway() -> None:
    target = read("/reports/envelope")
    assert (target.url, target.several, target.origin) == ("/reports/envelope", True, None)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("sentry.example", "neither a DSN nor"),
        ("ftp://a@b/1", "neither a DSN nor"),
        ("//evil.example/1", "neither a DSN nor"),
        ("https://abc@sentry.example/", "not a DSN"),
        ("https://abc@sentry.example/project", "not a DSN"),
        ("https://abc:secret@sentry.example/1", "holds a secret"),
        ("http://app.example/reports/envelope", "cannot send to plain http"),
        ("https://app.example:port/", "not an address"),
        ("https://app.example/a b", "neither a DSN nor"),
        ("https://app.example; script-src *", "neither a DSN nor"),
    ],
)
def test_what_is_neither_is_refused_before_anything_is_built(text: str, said: str) -> None:
    with pytest.raises(ToolError, match=said):
        read(text)


def test_loopback_may_be_plain_for_tests() -> None:
    assert read("http://127.0.0.1:9/reports/envelope").origin == "http://127.0.0.1:9"
