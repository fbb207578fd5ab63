"""A slow link: what all connections of a server share, and how long a packet is under way."""

import threading
import time
from dataclasses import dataclass, field

CHUNK_BYTES = 8192
"""Written at a time: connections that send at once take turns by it."""


@dataclass
class EmulatedLink:
    """A link with a rate and a round-trip time.

    What is sent waits for what was sent before it, on whatever connection. There is no slow start and no loss, and
    what the browser sends takes no bandwidth.

    Attributes:
        bits_per_s: How much passes in a second.
        round_trip_s: From a request until its answer may begin; a new connection costs one more.
    """

    bits_per_s: float
    round_trip_s: float
    _free_at: float = field(default=0.0, init=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, init=False)

    def wait_for_round_trip(self) -> None:
        """Wait until the other end has heard, and has been heard."""
        time.sleep(self.round_trip_s)

    def reserve(self, size: int) -> float:
        """Take the link for so many bytes; when they are through, by `time.monotonic`."""
        with self._lock:
            self._free_at = max(self._free_at, time.monotonic()) + size * 8 / self.bits_per_s
            return self._free_at

    def wait_until(self, moment: float) -> None:
        """Wait for what `reserve` said."""
        time.sleep(max(0.0, moment - time.monotonic()))
