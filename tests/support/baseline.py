"""As a pytest plugin in a project: what it starts of Chromium compiles as this suite's browsers do."""

from tests.support.browsers import BASELINE_ONLY
from worker_py_tool.kit import browsers

browsers.FLAGS.append(BASELINE_ONLY)
