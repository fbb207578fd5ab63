"""A STUN server (RFC 8489) that answers when the test says so: a browser finds an address late."""

from __future__ import annotations

import socket
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

BINDING, BOUND, XOR_MAPPED_ADDRESS = 0x0001, 0x0101, 0x0020
COOKIE = 0x2112A442
IPV4 = 1
OTHER_PORT = 9
"""What it says of each address is not so: an address that the browser knows already would be no other one."""


@contextmanager
def late_stun() -> Iterator[tuple[int, Callable[[], None]]]:
    """Run it for the time of the block; its port on 127.0.0.1, and what makes it answer."""
    answers = threading.Event()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as server:
        server.bind(("127.0.0.1", 0))
        thread = threading.Thread(target=_serve, args=(server, answers), daemon=True)
        thread.start()
        try:
            yield server.getsockname()[1], answers.set
        finally:
            answers.set()
            server.sendto(b"", server.getsockname())  # ends it
            thread.join()


def _serve(server: socket.socket, answers: threading.Event) -> None:
    while True:
        asked, came_by = server.recvfrom(2048)
        if not asked:
            return
        answers.wait()
        kind, _, cookie = struct.unpack("!HHI", asked[:8])
        if (kind, cookie) == (BINDING, COOKIE):
            host = struct.unpack("!I", socket.inet_aton(came_by[0]))[0] ^ COOKIE
            address = struct.pack("!BBHI", 0, IPV4, OTHER_PORT ^ (COOKIE >> 16), host)
            attribute = struct.pack("!HH", XOR_MAPPED_ADDRESS, len(address)) + address
            server.sendto(struct.pack("!HHI", BOUND, len(attribute), COOKIE) + asked[8:20] + attribute, came_by)
