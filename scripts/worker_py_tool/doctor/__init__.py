"""Examines a deployed handler from outside."""
