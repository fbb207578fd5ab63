"""The table of mutations fits the product: `tests/support/mutations.py` itself is run by hand."""

from tests.support.mutations import MUTATIONS


def test_every_mutation_finds_its_text_and_the_tests_that_notice_it() -> None:
    assert [flaw for mutation in MUTATIONS if (flaw := mutation.flaw())] == []


def test_there_are_twenty_of_different_names_that_change_something() -> None:
    assert len({mutation.name for mutation in MUTATIONS}) == len(MUTATIONS) >= 20
    assert all(mutation.old != mutation.new for mutation in MUTATIONS)
