"""Runs in Node's Pyodide, for `snapshot.mjs`: describes why the import of an app failed."""

import json
import sys
import traceback


def describe() -> str:
    """What was raised last, as JSON.

    Returns:
        `type`, the name of its class; `text`, what it says; `traceback`; of a failed import `module`, which one, and
        `wanted`, the name in it; `path`, the file that it names; and `untried`, whether only a browser can tell.
    """
    error: BaseException = vars(sys)["last_exc"]
    kind = type(error)
    owner = "" if kind.__module__ == "builtins" else f"{kind.__module__}."
    module, wanted, path = _place(error)
    return json.dumps(
        {
            "type": f"{owner}{kind.__qualname__}",
            "text": str(error),
            "traceback": "".join(traceback.format_exception(error)),
            "module": module,
            "wanted": wanted,
            "path": path,
            "untried": _is_untried(error, module, wanted),
        }
    )


def _place(error: BaseException) -> tuple[str, str, str]:
    module = wanted = path = ""
    if isinstance(error, ImportError):
        module, wanted = error.name or "", getattr(error, "name_from", None) or ""
    elif isinstance(error, AttributeError) and type(error.obj).__module__ == "pyodide.ffi":
        module, wanted = "js", error.name or ""
    elif isinstance(error, OSError):
        path = str(error.filename or "")
    return module, wanted, path


OF_WORKERS = frozenset(
    {
        "EventSource",
        "FileReaderSync",
        "IDBKeyRange",
        "OffscreenCanvas",
        "SharedWorker",
        "WebSocket",
        "Worker",
        "WorkerGlobalScope",
        "XMLHttpRequest",
        "caches",
        "cookieStore",
        "importScripts",
        "indexedDB",
        "location",
        "origin",
        "self",
    }
)
"""What a browser's worker has and Node does not, at the top of `js`."""


def _is_untried(error: BaseException, module: str, wanted: str) -> bool:
    """Whether the app asked for what is in a browser's worker, and not here."""
    if module == "js" and wanted in OF_WORKERS:
        return True
    return type(error).__name__ == "JsException" and "while the bundle is made" in str(error)
