"""Origins on the command line, and the policy made of them."""

import pytest

from worker_py_tool.bundle.origins import ANY_PORTAL, content_security_policy, is_insecure, origin
from worker_py_tool.errors import ToolError


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("https://company.bitrix24.com", "https://company.bitrix24.com"),
        ("https://Company.Bitrix24.com/", "https://company.bitrix24.com"),
        ("https://*.bitrix24.com", "https://*.bitrix24.com"),
        ("http://localhost:*", "http://localhost:*"),
        ("http://127.0.0.1:8000", "http://127.0.0.1:8000"),
        ("http://[::1]:8000", "http://[::1]:8000"),
    ],
)
def test_an_origin_is_taken(text: str, expected: str) -> None:
    assert origin(text, "--portal") == expected


@pytest.mark.parametrize(
    "text",
    [
        *(
            "https://*.com",
            "https://*.com/",
            "https://*.COM:443",
            "https://*.com:*",
            "https://*.co.uk",
            "http://*.com.br",
        ),
        *("https://*.xn--p1ai", "https://*.ru", "https://*.0.0.1"),
    ],
)
def test_a_pattern_for_everybodys_names_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="anybody may have a name under"):
        origin(text, "--portal")


@pytest.mark.parametrize(
    "text",
    [
        "https://*.company.com",
        "https://*.com.example",
        "http://*.localhost:*",
        "https://*.corp",
        "https://*.company.co.uk",
    ],
)
def test_a_pattern_for_ones_own_names_is_taken(text: str) -> None:
    assert origin(text, "--portal") == text


@pytest.mark.parametrize(
    ("portal", "insecure"),
    [
        ("http://portal.example", True),
        ("http://localhost.example:80/", True),
        ("HTTP://*.example", True),
        ("https://portal.example", False),
        ("http://localhost", False),
        ("http://portal.localhost:8000", False),
        ("http://127.0.0.1:*", False),
        ("http://[::1]:8000", False),
    ],
)
def test_plain_http_is_no_secure_context_unless_on_this_machine(portal: str, *, insecure: bool) -> None:
    assert is_insecure(portal) is insecure


@pytest.mark.parametrize(
    "text",
    [
        "company.bitrix24.com",
        "https://company.bitrix24.com/path",
        "https://a.example; script-src *",
        "https://a.example https://b.example",
        "https://*",
        "https://a.*.example",
        "javascript://a.example",
        "wss://a.example",
        "*",
        "",
        "https://user@a.example",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    with pytest.raises(ToolError, match="not an origin"):
        origin(text, "--portal")


def test_a_page_script_may_talk_to_a_websocket() -> None:
    assert origin("wss://pbx.example:7443", "--connect", ("https", "wss")) == "wss://pbx.example:7443"


def test_the_policy_lets_portals_frame_and_be_asked_and_nobody_else() -> None:
    policy = content_security_policy(["https://p.example"], ["https://api.example"], ["wss://pbx.example"])
    directives = dict(part.split(" ", 1) for part in policy.split("; "))
    assert directives == {
        "default-src": "'none'",
        "script-src": "'self' 'wasm-unsafe-eval' https://api.example",
        "worker-src": "'self'",
        "connect-src": "'self' https://p.example wss://pbx.example",
        "style-src": "'self'",
        "img-src": "'self' data:",
        "media-src": "'self' blob: mediastream:",
        "frame-ancestors": "https://p.example",
        "base-uri": "'none'",
        "form-action": "'none'",
    }


def test_without_a_portal_no_plain_http_beyond_this_machine_may_frame() -> None:
    assert all(text == "https:" or "localhost" in text or "127.0.0.1" in text for text in ANY_PORTAL)
