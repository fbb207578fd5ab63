"""What runs where: inside Pyodide there is no hypothesis, whose current releases are compiled."""

from importlib.util import find_spec

collect_ignore = [] if find_spec("hypothesis") else ["test_wire_properties.py"]
