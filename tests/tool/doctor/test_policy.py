"""The doctor reads a Content-Security-Policy as a browser does."""

import pytest

from worker_py_tool.doctor.policy import allows, flaws, framing_flaw, parse, sources


@pytest.mark.parametrize(
    ("source", "origin", "covered"),
    [
        ("https://a.example", "https://a.example", True),
        ("https://a.example", "https://A.example:443", True),
        ("https://a.example", "https://a.example:443", True),
        ("https://a.example", "https://a.example:8443", False),
        ("https://a.example:*", "https://a.example:8443", True),
        ("https://a.example", "http://a.example", False),
        ("http://a.example", "https://a.example", True),
        ("http://a.example:8000", "https://a.example", False),
        ("https://*.a.example", "https://x.y.a.example", True),
        ("https://*.a.example", "https://a.example", False),
        ("https://*.a.example", "https://nota.example", False),
        ("https://*.a.example", "https://*.a.example", True),
        ("a.example", "https://a.example", True),
        ("https:", "https://a.example", True),
        ("https:", "http://a.example", False),
        ("*", "https://a.example", True),
        ("*", "'self'", True),
        ("'self'", "'self'", True),
        ("'none'", "https://a.example", False),
        ("http://[::1]:8000", "http://[::1]:8000", True),
        ("http://[::1]", "http://[::1]", True),
        ("wss://pbx.example", "wss://pbx.example", True),
    ],
)
def test_a_source_covers_an_origin(source: str, origin: str, covered: bool) -> None:
    assert allows({"connect-src": [source]}, "connect-src", origin) is covered


def test_a_directive_that_is_missing_falls_back_and_without_any_nothing_is_restricted() -> None:
    assert sources({"default-src": ["'none'"], "script-src": ["'self'"]}, "worker-src") == ["'self'"]
    assert sources({"default-src": ["'none'"]}, "connect-src") == ["'none'"]
    assert sources({"default-src": ["'none'"]}, "frame-ancestors") is None
    assert allows({}, "connect-src", "'self'")


def test_the_first_of_two_directives_counts_and_commas_part_policies() -> None:
    assert parse(["script-src 'self'; SCRIPT-SRC *, frame-ancestors 'none'", " ; "]) == [
        {"script-src": ["'self'"]},
        {"frame-ancestors": ["'none'"]},
    ]


def test_every_policy_must_let_the_portal_frame_the_page() -> None:
    both = parse(["frame-ancestors https://a.example", "frame-ancestors https://b.example"])
    assert "does not cover https://a.example" in framing_flaw(both, ["https://a.example"])
    assert framing_flaw(both[:1], ["https://a.example"]) == ""


@pytest.mark.parametrize("lax", ["*", "https:", "data:", "'unsafe-eval'", "'unsafe-inline'"])
def test_a_policy_that_allows_more_than_is_needed_is_lax(lax: str) -> None:
    found = flaws({"script-src": ["'self'", "'wasm-unsafe-eval'", lax]})
    assert [(one.fatal, lax in one.text) for one in found] == [(False, True)]


def test_unsafe_inline_beside_a_hash_is_ignored_as_browsers_do() -> None:
    assert flaws({"script-src": ["'self'", "'wasm-unsafe-eval'", "'unsafe-inline'", "'sha256-AAAA'"]}) == []


def test_no_policy_for_scripts_at_all_is_lax() -> None:
    assert [one.fatal for one in flaws({"frame-ancestors": ["https:"]})] == [False]
