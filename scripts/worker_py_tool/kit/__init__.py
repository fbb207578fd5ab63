"""The pytest plugin, and what its browser portals are made of."""
