"""Failures of an app under test: raised, or expected."""

import pytest

from worker_py.failures import Failures


def raised(error: BaseException) -> BaseException:
    try:
        raise error
    except BaseException as caught:  # noqa: BLE001 - any kind is wanted
        return caught


async def greet() -> None:
    """What somebody forgets to await."""


def test_the_first_failure_is_raised_once_and_tells_of_the_others() -> None:
    failures = Failures(strict=True)
    failures.add(raised(LookupError("first")))
    failures.add(OSError("second"))
    with pytest.raises(LookupError, match="first") as caught:
        failures.check()
    assert caught.value.__notes__ == ["After that, in the same call: OSError: second"]
    assert "raised" in [entry.name for entry in caught.traceback]
    failures.check()


def test_without_strictness_nothing_is_raised() -> None:
    failures = Failures(strict=False)
    failures.add(LookupError())
    failures.check()


def test_an_interrupt_from_the_keyboard_of_a_handler_does_not_end_all_tests() -> None:
    failures = Failures(strict=True)
    failures.add(KeyboardInterrupt())
    with pytest.raises(AssertionError, match="KeyboardInterrupt") as caught:
        failures.check()
    assert isinstance(caught.value.__cause__, KeyboardInterrupt)


@pytest.mark.parametrize("strict", [True, False])
def test_one_failure_of_the_kind_is_taken(strict: bool) -> None:
    failures = Failures(strict=strict)
    error = KeyError("x")
    with failures.expect((OSError, LookupError)) as expected:
        failures.add(error)
        failures.check()
    assert expected.exception is error
    failures.check()


def test_only_one_is_taken_and_the_next_one_is_raised() -> None:
    failures = Failures(strict=True)
    with pytest.raises(IndexError, match="two"), failures.expect(LookupError):
        failures.add(KeyError("one"))
        failures.add(IndexError("two"))


def test_one_of_another_kind_is_raised_instead() -> None:
    failures = Failures(strict=True)
    with pytest.raises(OSError, match="other"), failures.expect(LookupError):
        failures.add(OSError("other"))


@pytest.mark.parametrize("strict", [True, False])
def test_a_failure_that_does_not_come_fails(strict: bool) -> None:
    with (
        pytest.raises(AssertionError, match="expected a failure: OSError or KeyError; there was none"),
        Failures(strict=strict).expect((OSError, KeyError)),
    ):
        pass


def test_a_failure_of_before_is_not_the_one_that_is_expected() -> None:
    failures = Failures(strict=True)
    failures.add(LookupError("before"))
    with pytest.raises(LookupError, match="before"), failures.expect(LookupError):
        pass


def test_what_the_test_itself_raises_in_the_block_goes_first() -> None:
    failures = Failures(strict=True)
    with pytest.raises(AssertionError, match="the test's own"), failures.expect(LookupError):
        raise AssertionError("the test's own")
