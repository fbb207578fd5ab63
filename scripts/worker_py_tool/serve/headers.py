"""The headers that a bundle is served with, whoever serves it: our server, or one that a recipe configures."""

from worker_py_tool.serve.media_types import media_type

PAGE = "index.html"
HASHED = ("assets/", "pyodide/", "wheels/")
"""Directories whose addresses hold a hash: what is there never changes."""
FOREVER = "public, max-age=31536000, immutable"

BODY_LIMIT = 64 * 1024
"""Bytes that a body may have; the portal's form has one or two thousand."""

_ALLOWED_FEATURES = ("microphone", "autoplay", "camera", "geolocation")
"""What the portal's frame hands on (its `allow`): page scripts may use it, and frames of other origins may not."""
_DENIED_FEATURES = ("display-capture", "usb", "serial", "hid", "midi", "payment", "xr-spatial-tracking")
PERMISSIONS = ", ".join(
    [*(f"{name}=(self)" for name in _ALLOWED_FEATURES), *(f"{name}=()" for name in _DENIED_FEATURES)]
)
EVERYWHERE = {
    "X-Content-Type-Options": "nosniff",
    # The page's address holds DOMAIN and APP_SID: it must not go into anybody's log as a Referer.
    "Referrer-Policy": "no-referrer",
}
REFUSAL_POLICY = "default-src 'none'"


def is_script(path: str) -> bool:
    """Whether it needs the policy in a header of its own: a worker does not inherit that of the page."""
    return path.endswith((".js", ".mjs"))


def for_file(path: str, policy: str) -> dict[str, str]:
    """Headers of one file of a bundle, without those that depend on its content or encoding.

    Args:
        path: Its path in the bundle.
        policy: The bundle's Content-Security-Policy.
    """
    hashed = path.startswith(HASHED)
    headers = {
        **EVERYWHERE,
        "Content-Type": media_type(path),
        "Cache-Control": FOREVER if hashed else "no-store",
        # A portal that asks its frames for cross-origin isolation may have the page. What the page loads is its own.
        "Cross-Origin-Resource-Policy": "cross-origin" if path == PAGE else "same-origin",
    }
    if path == PAGE or is_script(path):
        headers["Content-Security-Policy"] = policy
    if path == PAGE:
        headers["Permissions-Policy"] = PERMISSIONS
    return headers
