"""The phone that a bundle may bring: the modules of `static/phone`, and JsSIP in a form that browsers load."""

from typing import Literal, get_args

from worker_py_tool.bundle.one_module import notice_of, one_module
from worker_py_tool.paths import STATIC

PhoneKind = Literal["loopback", "jssip"]
PHONES: tuple[PhoneKind, ...] = get_args(PhoneKind)
FOLDER = STATIC / "phone"
LIBRARY = "jssip_library.js"
BUNDLED = ("jssip", "debug", "ms", "events", "sdp-transform")
"""The packages in it, whose licences go with it."""
SIP = ("jssip.js", "sip_leg.js", "registration.js", "reinvite.js", "trickle.js", "exchange_socket.js", "challenge.js")
ONLY = {"loopback": {"loopback.js"}, "jssip": {*SIP, LIBRARY}}
"""What one kind of phone needs and the other does not."""


def assets(kind: PhoneKind | None) -> dict[str, bytes]:
    """What a bundle with this phone holds more, by its name under assets/<build>/.

    Raises:
        ToolError: JsSIP cannot be bundled.
    """
    if kind is None:
        return {}
    others = {name for other, names in ONLY.items() if other != kind for name in names}
    files = [path for path in sorted(FOLDER.glob("*.js")) if path.name not in others]
    found = {f"phone/{path.name}": path.read_bytes() for path in files}
    if kind == "jssip":
        found[f"phone/{LIBRARY}"] = _jssip()
    return found


def _jssip() -> bytes:
    """JsSIP as one module; its package is made of CommonJS files."""
    return one_module(FOLDER / LIBRARY, "JsSIP", "\n".join(map(notice_of, BUNDLED)))
