"""Brings what commands need onto the machine."""
