"""What kind a file is, by its name: browsers refuse scripts and modules of another type."""

import os

MEDIA_TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".json": "application/json",
    ".mjs": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".py": "text/plain; charset=utf-8",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".wasm": "application/wasm",
    ".wav": "audio/wav",
    ".whl": "application/zip",
    ".zip": "application/zip",
}
UNKNOWN = "application/octet-stream"


def media_type(path: str) -> str:
    """The Content-Type of a file, by its name."""
    return MEDIA_TYPES.get(os.path.splitext(path)[1], UNKNOWN)
