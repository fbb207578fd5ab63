"""Host-side tools of worker-py: build, serve, demo, test, lint. What runs in the browser is the package `worker_py`."""
