"""The demo: the simulated portal with an app in it."""
