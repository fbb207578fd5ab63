"""The app, which the other modules register their handlers with."""

from worker_py import App

app = App()
