"""The numbers of a sink in Prometheus' text format."""

from collections.abc import Mapping

from worker_py_tool.reports.summary import Summary

_BUILDS = 20
"""So many at most have a line of their own: anybody may make up builds."""


def rendered(kinds: Mapping[str, int], requests: Mapping[str, int], hour: Summary, size: int) -> str:
    """All lines.

    Args:
        kinds: Entries taken since the start, by kind.
        requests: Requests to the ingest address since the start, by the status of the answer.
        hour: What the last hour came to.
        size: Bytes of the sink's file.
    """
    lines = [
        *_family("worker_py_report_entries_total", "counter", "Entries taken since the start.", ("kind", kinds)),
        *_family("worker_py_report_requests_total", "counter", "Requests that brought entries.", ("status", requests)),
        *_family("worker_py_report_store_bytes", "gauge", "Size of what is kept.", ("", {"": size})),
        *_family("worker_py_operators", "gauge", "Browsers that reported within an hour.", ("", {"": hour.operators})),
        *_family(
            "worker_py_failures_last_hour",
            "gauge",
            "Failures within an hour.",
            ("version", {share.name: share.failures for share in hour.versions[:_BUILDS]}),
        ),
        "# HELP worker_py_boot_ms Milliseconds until an interpreter ran, within an hour.",
        "# TYPE worker_py_boot_ms gauge",
    ]
    for boots in hour.boots:
        for quantile, ms in (("0.5", boots.p50), ("0.95", boots.p95)):
            lines.append(f'worker_py_boot_ms{{mode="{_escaped(boots.mode)}",quantile="{quantile}"}} {ms}')
    return "\n".join(lines) + "\n"


def _family(name: str, kind: str, says: str, by: tuple[str, Mapping[str, int]]) -> list[str]:
    label, values = by
    lines = [f"# HELP {name} {says}", f"# TYPE {name} {kind}"]
    for value, count in sorted(values.items()):
        lines.append(f'{name}{{{label}="{_escaped(value)}"}} {count}' if label else f"{name} {count}")
    return lines


def _escaped(text: str) -> str:
    return text.replace("\\", r"\\").replace('"', r"\"").replace("\n", r"\n")
