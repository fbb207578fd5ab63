"""The methods of the simulated REST: each takes a session and parameters, and gives its result.

The portal's page holds the same in JavaScript, for when there is no server (``static/portal/rest_api/rest.js``). A
method that is added here is added there: ``tests/contract/portal_rest.json`` is what both must do.
"""

from collections.abc import Mapping
from typing import Final

from worker_py_tool.portal_app import APP_METHODS
from worker_py_tool.portal_calls import CALL_METHODS
from worker_py_tool.portal_crm import CRM_METHODS, Method

__all__ = ["METHODS", "Method"]

METHODS: Final[Mapping[str, Method]] = {**CRM_METHODS, **CALL_METHODS, **APP_METHODS}
"""By their names in lower case: the portal does not mind the case."""
