"""The tests and linters of the repository."""
