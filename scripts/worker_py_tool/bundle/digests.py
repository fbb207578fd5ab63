"""Short names for content: what is made of the same is made once."""

import base64
import hashlib
from collections.abc import Iterable
from pathlib import Path

LENGTH = 20


def integrity(content: bytes) -> str:
    """The hash of a content, as a Content-Security-Policy names it."""
    return f"sha256-{base64.b64encode(hashlib.sha256(content).digest()).decode()}"


def digest_of_files(paths: Iterable[Path], first: bytes = b"") -> str:
    """Of what is in files, and of some bytes before it."""
    digest = hashlib.sha256(first)
    for path in paths:
        digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()[:LENGTH]


def digest_of_parts(parts: Iterable[bytes | str]) -> str:
    """Of parts, each with its length: the same bytes, divided in another way, have another name."""
    digest = hashlib.sha256()
    for part in parts:
        content = part.encode() if isinstance(part, str) else part
        digest.update(f"{len(content)}\n".encode() + content)
    return digest.hexdigest()[:LENGTH]


def digest_of_named(contents: Iterable[tuple[str, bytes]], *first: str) -> str:
    """Of contents and their names, and of some words before them."""
    return digest_of_parts([*first, *(part for named in contents for part in named)])
