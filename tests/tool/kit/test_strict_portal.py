"""What a failure in the browser is to the test; tests/browser/kit has portals that fail."""

import pytest

from worker_py import CommandTimeout, RestError
from worker_py_tool.kit.strict_portal import OF_FAULTS, BrowserFailures, Callbacks, FailedInBrowser


def test_a_failure_is_raised_as_it_was_told() -> None:
    failures = BrowserFailures(strict=True)
    failures.check()
    failures.add(FailedInBrowser("KeyError", "handler greet failed"))
    with pytest.raises(FailedInBrowser, match="handler greet failed"):
        failures.check()
    failures.check()  # once


def test_one_is_expected_by_its_class_or_one_above_it() -> None:
    failures = BrowserFailures(strict=True)
    for kinds in (KeyError, LookupError, Exception, (ValueError, LookupError)):
        with failures.expect(kinds) as expected:
            failures.add(FailedInBrowser("KeyError", "handler greet failed"))
        assert str(expected.exception) == "handler greet failed"
    with pytest.raises(FailedInBrowser), failures.expect(ValueError):
        failures.add(FailedInBrowser("KeyError", "another one"))


def test_what_comes_of_a_fault_fails_no_test_and_can_be_expected() -> None:
    failures = BrowserFailures(strict=True)
    failures.excused = OF_FAULTS
    failures.add(FailedInBrowser(CommandTimeout.__name__, "not answered"))
    failures.check()
    with failures.expect(RestError):
        failures.add(FailedInBrowser(CommandTimeout.__name__, "not answered"))
        failures.add(FailedInBrowser(RestError.__name__, "down"))
    failures.add(FailedInBrowser("KeyError", "its own"))
    with pytest.raises(FailedInBrowser, match="its own"):
        failures.check()


def test_what_the_browser_calls_cannot_use_the_browser() -> None:
    callbacks = Callbacks()
    with callbacks.running(), pytest.raises(RuntimeError, match="cannot use the portal"):
        callbacks.check()
    callbacks.check()
