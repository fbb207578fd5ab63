"""Which versions are live where several stand side by side, as the page itself says."""

import json

from worker_py_tool.doctor.findings import Examination
from worker_py_tool.doctor.page import embedded_json


def tell_versions(page: bytes, seen: Examination) -> None:
    """Note what is live; nothing where the page is of one version."""
    found = embedded_json(page, "worker-py-rollout")
    if found is None:
        return
    try:
        told = json.loads(found)
        text = f"stable {told['stable']}"
        if told["canary"] is not None:
            canary = told["canary"]
            users = f" and {len(canary['users'])} named users" if canary["users"] else ""
            text += f"; canary {canary['build']} for {canary['percent']:g} % of the operators{users}"
        if told["before"]:
            text += f"; {told['before'][0]} where the stable one does not start"
    except (ValueError, KeyError, TypeError):
        seen.fail("versions", "the page does not say which versions are live", "Publish again: worker-py publish.")
    else:
        seen.ok("versions", text)
