"""What the tests share."""

from collections.abc import Iterator

import pytest
from pbx import Exchange


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    """An exchange that listens on loopback."""
    with Exchange() as listening:
        yield listening
