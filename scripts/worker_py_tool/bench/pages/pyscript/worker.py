"""What the worker of PyScript runs."""

from worker_py import App

app = App()
