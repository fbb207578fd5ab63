"""worker-py dev: the simulated portal with an app that is being worked on."""
