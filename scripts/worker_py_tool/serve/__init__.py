"""Serves bundles: our own server, and configurations for others."""
